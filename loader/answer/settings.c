// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "answer/reject.h"

/* What this kernel has for who asks nothing else; 6.12's where they changed. */
#define DEFAULT_HOPS 64
#define DEFAULT_RATELIMIT 1000
#define DEFAULT_RATEMASK4 6168
#define DEFAULT_MSGS_PER_SEC 1000
#define DEFAULT_MSGS_BURST 50
/* Types 0, 1, 3 to 127: all errors but Packet Too Big. */
#define DEFAULT_RATEMASK6 "0-1,3-127"

static bool text_of(int dir, const char *path, char *buf, size_t size)
{
	ssize_t n;
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

static u32 number_of(int dir, const char *path, u32 otherwise)
{
	char buf[32], *end;
	long n;

	if (!text_of(dir, path, buf, sizeof(buf)))
		return otherwise;
	errno = 0;
	n = strtol(buf, &end, 10);
	if (errno || end == buf || n < 0 || n > INT32_MAX)
		return otherwise;
	return (u32)n;
}

static u8 hops_of(int dir, const char *path, u32 otherwise)
{
	u32 n = number_of(dir, path, otherwise);

	return (u8)(n > 255 ? otherwise : n);
}

/* proc_do_large_bitmap(): "0-1,3-127". */
static void bitmap(const char *s, u32 *bits)
{
	unsigned long from, to;
	char *end;

	memset(bits, 0, 32);
	while (*s >= '0' && *s <= '9') {
		from = to = strtoul(s, &end, 10);
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && from < 256; from++)
			bits[from / 32] |= 1U << from % 32;
		s = *end == ',' ? end + 1 : end;
	}
}

static void devices(struct reject_settings *s, int dir)
{
	int fd = openat(dir, "ipv6/conf", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char path[300];
	u8 hops;

	s->nr_devices = 0;
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (s->nr_devices < REJECT_DEVICES && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(s->device[0].name))
			continue;
		snprintf(path, sizeof(path), "ipv6/conf/%s/hop_limit", entry->d_name);
		hops = hops_of(dir, path, s->hop_limit);
		if (hops == s->hop_limit)
			continue;
		strcpy(s->device[s->nr_devices].name, entry->d_name);
		s->device[s->nr_devices++].hop_limit = hops;
	}
	closedir(d);
}

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void reject_settings_read(struct reject_settings *s, int dir)
{
	char mask[512];
	u64 key = s->key;

	memset(s, 0, sizeof(*s));
	s->key = key;
	s->ttl = hops_of(dir, "ipv4/ip_default_ttl", DEFAULT_HOPS);
	s->inbound_ifaddr = number_of(dir, "ipv4/icmp_errors_use_inbound_ifaddr", 0);
	s->reflect_mark[RECORD_IPV4] = number_of(dir, "ipv4/fwmark_reflect", 0);
	s->reflect_mark[RECORD_IPV6] = number_of(dir, "ipv6/fwmark_reflect", 0);
	s->hop_limit = hops_of(dir, "ipv6/conf/default/hop_limit", DEFAULT_HOPS);
	devices(s, dir);
	s->flow_labels = number_of(dir, "ipv6/auto_flowlabels", 1);
	s->flow_label_ranges = number_of(dir, "ipv6/flowlabel_state_ranges", 0);
	s->ratelimit[RECORD_IPV4] = number_of(dir, "ipv4/icmp_ratelimit", DEFAULT_RATELIMIT);
	s->ratelimit[RECORD_IPV6] = number_of(dir, "ipv6/icmp/ratelimit", DEFAULT_RATELIMIT);
	s->ratemask4 = number_of(dir, "ipv4/icmp_ratemask", DEFAULT_RATEMASK4);
	bitmap(text_of(dir, "ipv6/icmp/ratemask", mask, sizeof(mask)) ? mask : DEFAULT_RATEMASK6,
	       s->ratemask6);
	/* One namespace only had these two before 6.12. */
	s->msgs_per_sec = number_of(dir, "ipv4/icmp_msgs_per_sec", DEFAULT_MSGS_PER_SEC);
	s->msgs_burst = number_of(dir, "ipv4/icmp_msgs_burst", DEFAULT_MSGS_BURST);
	s->wall_offset = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
	if (!s->key && getrandom(&s->key, sizeof(s->key), GRND_NONBLOCK) != sizeof(s->key))
		s->key = (u64)nanoseconds(CLOCK_BOOTTIME);
	s->key += !s->key;
}

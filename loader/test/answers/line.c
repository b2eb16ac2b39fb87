// SPDX-License-Identifier: GPL-2.0-only
/*
 * LOG's line for a packet. One record a line on stdin, words NAME=VALUE in any order, numbers as C
 * writes them, bytes in hexadecimal: prefix=HEX flags=N family=0|1 hook=N in=NAME,INDEX,TYPE
 * out=... physin=... physout=... mac=HEX vlan=TCI,PROTO owner=UID,GID mark=N len=N data=HEX ae=0|1.
 * On stdout the line for each. With --kmsg LEVEL to /dev/kmsg as well, as far as its ration allows;
 * at the end "N written, N lost".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "answer/kmsg.h"
#include "answer/logtext.h"

#define LINE (1 << 18)

static union {
	struct answer_record r;
	u8 space[RECORD_SIZE_3];
} u;
static char line[LINE];
static bool names_ae;

/* Returns the number of bytes. */
static u32 unhex(u8 *out, size_t size, const char *s)
{
	unsigned int byte;
	u32 n = 0;

	for (; n < size && sscanf(s, "%2x", &byte) == 1; s += 2)
		out[n++] = (u8)byte;
	return n;
}

static void device(struct record_device *d, const char *s)
{
	size_t n = strcspn(s, ",");
	char *end;

	memcpy(d->name, s, n < 15 ? n : 15);
	if (s[n] != ',')
		return;
	d->index = (u32)strtoul(s + n + 1, &end, 0);
	if (*end == ',')
		d->type = (u32)strtoul(end + 1, NULL, 0);
}

static void two(u32 *a, u32 *b, const char *s)
{
	char *end;

	*a = (u32)strtoul(s, &end, 0);
	*b = *end == ',' ? (u32)strtoul(end + 1, NULL, 0) : 0;
}

static int device_word(const char *name, const char *value)
{
	struct record_device *d = NULL;

	if (!strcmp(name, "in"))
		d = &u.r.in;
	else if (!strcmp(name, "out"))
		d = &u.r.out;
	else if (!strcmp(name, "physin"))
		d = &u.r.phys_in;
	else if (!strcmp(name, "physout"))
		d = &u.r.phys_out;
	if (!d)
		return -ENOENT;
	device(d, value);
	if (d == &u.r.phys_in || d == &u.r.phys_out)
		u.r.flags |= RECORD_BRIDGED;
	return 0;
}

static int number_word(const char *name, const char *value)
{
	u32 a, b;

	two(&a, &b, value);
	if (!strcmp(name, "flags")) {
		u.r.rule.flags = (u8)a;
	} else if (!strcmp(name, "family")) {
		u.r.family = (u8)a;
	} else if (!strcmp(name, "hook")) {
		u.r.hook = (u8)a;
	} else if (!strcmp(name, "mark")) {
		u.r.mark = a;
	} else if (!strcmp(name, "len")) {
		u.r.len = a;
	} else if (!strcmp(name, "ae")) {
		names_ae = a;
	} else if (!strcmp(name, "vlan")) {
		u.r.vlan = (u16)a;
		u.r.vlan_proto = (u16)b;
	} else if (!strcmp(name, "owner")) {
		u.r.uid = a;
		u.r.gid = b;
		u.r.flags |= RECORD_OWNER;
	} else {
		return -ENOENT;
	}
	return 0;
}

static int word(char *s)
{
	char *value = strchr(s, '=');

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(s, "prefix")) {
		unhex((u8 *)u.r.rule.prefix, ANSWER_PREFIX - 1, value);
	} else if (!strcmp(s, "data")) {
		u.r.captured = unhex(u.r.data, sizeof(u) - sizeof(u.r), value);
	} else if (!strcmp(s, "mac")) {
		u.r.mac_len = (u8)unhex(u.r.mac, ANSWER_MAC, value);
		u.r.flags |= RECORD_MAC;
	} else if (device_word(s, value)) {
		return number_word(s, value);
	}
	return 0;
}

struct kmsg {
	int fd, policy, level;
	struct kmsg_ration ration;
	unsigned int written, lost;
};

static void to_kmsg(struct kmsg *k, const struct buffer *text)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (kmsg_ration_take(&k->ration, kmsg_policy(k->policy),
			     (u64)now.tv_sec * 1000000000U + (u64)now.tv_nsec) &&
	    !kmsg_write(k->fd, k->level, text->data, text->len))
		k->written++;
	else
		k->lost++;
}

int main(int argc, char **argv)
{
	struct buffer out = { 0 };
	struct kmsg k = { .fd = -1, .policy = -1 };
	struct utsname name;
	char *s, *rest;

	if (argc == 3 && !strcmp(argv[1], "--kmsg")) {
		k.fd = kmsg_open(NULL);
		k.policy = kmsg_policy_open();
		k.level = atoi(argv[2]);
	}
	uname(&name);
	while (fgets(line, sizeof(line), stdin)) {
		memset(&u, 0, sizeof(u));
		names_ae = log_names_ae(name.release);
		for (s = strtok_r(line, " \n", &rest); s; s = strtok_r(NULL, " \n", &rest)) {
			if (word(s)) {
				fprintf(stderr, "line: %s?\n", s);
				return 2;
			}
		}
		if (u.r.len < u.r.captured)
			u.r.len = u.r.captured;
		out.len = 0;
		log_text(&u.r, names_ae, &out);
		printf("%s\n", out.data);
		fflush(stdout);
		if (k.fd >= 0)
			to_kmsg(&k, &out);
	}
	if (k.fd >= 0)
		printf("%u written, %u lost\n", k.written, k.lost);
	buffer_free(&out);
	return 0;
}

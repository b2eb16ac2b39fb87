// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets and what the kernel would know of them, one a line on standard input, become what
 * reject_build() would send: its bytes in hexadecimal, or "none". Settings are the network
 * namespace's. A line has NAME=VALUE:
 * - packet: in hexadecimal; len: bytes it had, if not all are there; family: 4 or 6;
 * - type: enum reject4_type or reject6_type; hook, pkt_type, flags, route_flags, mark as in the
 *   record; in, out: ifindex, in_type, out_type: ARPHRD_*, in_name;
 * - source: the address that the kernel would choose; hops: the hop limit of the route back;
 * - checksum=1: it is filled in, look whether it is right.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer/checksum.h"
#include "answer/reject.h"

static union {
	struct answer_record r;
	u8 space[RECORD_SIZE_3];
} record;
static u8 source[16];
static bool has_source, look;
static u8 hops;

static size_t unhex(const char *s, u8 *to, size_t size)
{
	unsigned int byte;
	size_t n;

	for (n = 0; n < size && sscanf(s + 2 * n, "%2x", &byte) == 1; n++)
		to[n] = (u8)byte;
	return n;
}

static int field(const char *name, const char *value)
{
	struct answer_record *r = &record.r;
	unsigned long n = strtoul(value, NULL, 0);
	const struct {
		const char *name;
		u32 *to;
	} numbers[] = {
		{ "route_flags", &r->route_flags },
		{ "in", &r->in.index },
		{ "in_type", &r->in.type },
		{ "out", &r->out.index },
		{ "out_type", &r->out.type },
		{ "mark", &r->mark },
		{ "len", &r->len },
	};
	const struct {
		const char *name;
		u8 *to;
	} bytes[] = {
		{ "type", &r->rule.type },
		{ "hook", &r->hook },
		{ "pkt_type", &r->pkt_type },
		{ "flags", &r->flags },
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!strcmp(name, numbers[i].name))
			return *numbers[i].to = (u32)n, 0;
	}
	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		if (!strcmp(name, bytes[i].name))
			return *bytes[i].to = (u8)n, 0;
	}
	if (!strcmp(name, "family"))
		return r->family = n == 6, 0;
	if (!strcmp(name, "hops"))
		return hops = (u8)n, 0;
	if (!strcmp(name, "checksum"))
		return look = n, 0;
	if (!strcmp(name, "in_name"))
		return snprintf(r->in.name, sizeof(r->in.name), "%s", value), 0;
	if (!strcmp(name, "source"))
		return has_source = inet_pton(strchr(value, ':') ? AF_INET6 : AF_INET, value,
					      source) == 1,
		       0;
	if (!strcmp(name, "packet"))
		return r->captured = (u32)unhex(value, r->data, sizeof(record) - sizeof(*r)), 0;
	fprintf(stderr, "replay: what is %s?\n", name);
	return -1;
}

static int line(char *text, const struct reject_settings *s)
{
	struct answer_record *r = &record.r;
	struct reply reply;
	struct timespec now;
	char *name, *value;
	bool reset;
	u32 i;

	memset(&record, 0, sizeof(record));
	clock_gettime(CLOCK_BOOTTIME, &now);
	r->time = (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
	has_source = look = false;
	hops = 0;
	r->rule.kind = ANSWER_REJECT;
	for (name = strtok(text, " \n"); name; name = strtok(NULL, " \n")) {
		value = strchr(name, '=');
		if (!value)
			return -1;
		*value++ = '\0';
		if (field(name, value))
			return -1;
	}
	if (!r->len)
		r->len = r->captured;
	reset = r->rule.type == (r->family ? REJECT6_TCP_RESET : REJECT4_TCP_RESET);
	if (look && checksum_bad(r->family, r->data, r->captured, reset))
		r->flags |= RECORD_BAD_CHECKSUM;
	if (record_check(r, sizeof(record)))
		return puts("bad"), 0;
	if (reject_build(r, s, &reply) != REJECT_SEND)
		return puts("none"), 0;
	if (has_source && (reply.source_wanted || reply.family == RECORD_IPV4) &&
	    !memcmp(reply.data + (reply.family ? 8 : 12), "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		    reply.family ? 16 : 4))
		reply_set_source(&reply, source);
	if (hops)
		reply_set_hop_limit(&reply, hops);
	for (i = 0; i < reply.len; i++)
		printf("%02x", reply.data[i]);
	puts("");
	return 0;
}

int main(void)
{
	struct reject_settings s = { 0 };
	int dir = open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
	static char text[4 * RECORD_SIZE_3];

	reject_settings_read(&s, dir);
	while (fgets(text, sizeof(text), stdin)) {
		if (line(text, &s))
			return 1;
		fflush(stdout);
	}
	return 0;
}

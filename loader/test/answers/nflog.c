// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer/nflog.h"

/*
 * nflog OUTPUT: hands the packets of standard input on. A line is "KEY=VALUE ..." for one packet,
 * or "sleep MS". At the end: "sent N lost N". Devices are NAME:INDEX:TYPE, bytes are hexadecimal.
 */

static u8 room[sizeof(struct answer_record) + 0x10000];

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static u32 bytes(const char *hex, u8 *to, size_t most)
{
	u32 n = 0;

	for (unsigned int b; n < most && sscanf(hex, "%2x", &b) == 1; hex += 2)
		to[n++] = (u8)b;
	return n;
}

static void device(struct record_device *d, const char *text)
{
	if (sscanf(text, "%15[^:]:%u:%u", d->name, &d->index, &d->type) != 3)
		exit(2);
}

static void set_number(struct answer_record *r, const char *key, u32 n)
{
	const struct {
		const char *key;
		void *field;
		size_t size;
	} fields[] = {
		{ "group", &r->rule.group, 2 },	 { "threshold", &r->rule.threshold, 2 },
		{ "hook", &r->hook, 1 },	 { "family", &r->family, 1 },
		{ "mark", &r->mark, 4 },	 { "protocol", &r->protocol, 2 },
		{ "pkt_type", &r->pkt_type, 1 },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(key, fields[i].key)) {
			memcpy(fields[i].field, &n, fields[i].size);
			return;
		}
	fprintf(stderr, "what is %s=?\n", key);
	exit(2);
}

static void set(struct answer_record *r, const char *key, const char *value)
{
	if (!strcmp(key, "in")) {
		device(&r->in, value);
	} else if (!strcmp(key, "out")) {
		device(&r->out, value);
	} else if (!strcmp(key, "physin")) {
		device(&r->phys_in, value);
		r->flags |= RECORD_BRIDGED;
	} else if (!strcmp(key, "physout")) {
		device(&r->phys_out, value);
		r->flags |= RECORD_BRIDGED;
	} else if (!strcmp(key, "mac")) {
		r->flags |= RECORD_MAC;
		r->mac_len = (u8)bytes(value, r->mac, sizeof(r->mac));
	} else if (!strcmp(key, "data")) {
		r->captured = r->len = bytes(value, r->data, 0x10000);
	} else if (!strcmp(key, "prefix")) {
		bytes(value, (u8 *)r->rule.prefix, ANSWER_PREFIX - 1);
	} else if (!strcmp(key, "size")) {
		r->rule.size = (u32)strtoul(value, NULL, 10);
		r->rule.flags = ANSWER_NFLOG_SIZE;
	} else if (!strcmp(key, "owner")) {
		if (sscanf(value, "%u:%u", &r->uid, &r->gid) != 2)
			exit(2);
		r->flags |= RECORD_OWNER;
	} else {
		set_number(r, key, (u32)strtoul(value, NULL, 0));
	}
}

/* Until standard input has something, or @until; flushes what is due. */
static void wait_until(struct nflog_out *out, u64 until, struct pollfd *input)
{
	for (;;) {
		u64 due = nflog_due(out), t = now(), next = due && due < until ? due : until;
		u64 ms = next > t ? (next - t) / 1000000 + 1 : 0;

		if (poll(input, input ? 1 : 0, ms > 100000 ? 100000 : (int)ms) > 0)
			return;
		nflog_flush(out, now());
		if (now() >= until)
			return;
	}
}

static void line(struct nflog_out *out, char *text)
{
	struct answer_record *r = (struct answer_record *)room;

	if (!strncmp(text, "sleep ", 6)) {
		wait_until(out, now() + strtoul(text + 6, NULL, 10) * 1000000, NULL);
		return;
	}
	memset(r, 0, sizeof(*r));
	r->rule.kind = ANSWER_NFLOG;
	r->time = now();
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) {
		char *value = strchr(word, '=');

		if (!value)
			exit(2);
		*value++ = 0;
		set(r, word, value);
	}
	nflog_write(out, r);
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	static char text[0x40000];
	struct nflog_counts counts;
	struct nflog_spec spec;
	struct error err = { 0 };
	struct nflog_out *out;

	if (argc != 2)
		return 2;
	if (nflog_spec_parse(argv[1], &spec, &err) || nflog_open(&spec, &out, &err) ||
	    nflog_settle(out, &err)) {
		error_print(&err, STDERR_FILENO);
		return 1;
	}
	setvbuf(stdin, NULL, _IONBF, 0);
	while (fgets(text, sizeof(text), stdin)) {
		line(out, text);
		wait_until(out, UINT64_MAX, &input);
	}
	nflog_flush(out, UINT64_MAX);
	counts = nflog_counts(out);
	printf("sent %llu lost %llu\n", (unsigned long long)counts.sent,
	       (unsigned long long)counts.lost);
	nflog_close(out);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: feed FEED.BPF.O RING KIND COUNT [PER_SECOND]
 *
 * Writes COUNT records into the pinned RING, as the evaluator would for packets from 10.8.0.2 to
 * 10.8.0.1: KIND reset, port, log, nflog, bad. Prints how many found room.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader/test/answers/feed.h"

#define BATCH	1000U

static u16 sum(const u8 *p, size_t len)
{
	u32 s = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		s += (u32)(p[i] << 8 | p[i + 1]);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (u16)~s;
}

/* A SYN or a UDP datagram of no bytes; nobody looks at the checksum behind IP's. */
static void packet(struct answer_record *r, int tcp)
{
	u8 *p = r->data;
	u16 check;

	r->len = r->captured = tcp ? 40 : 28;
	p[0] = 0x45;
	p[3] = (u8)r->len;
	p[8] = 64;
	p[9] = tcp ? 6 : 17;
	inet_pton(AF_INET, "10.8.0.2", p + 12);
	inet_pton(AF_INET, "10.8.0.1", p + 16);
	check = htons(sum(p, 20));
	memcpy(p + 10, &check, 2);
	p[20] = 0x30;
	p[23] = 80;
	if (tcp) {
		p[32] = 0x50;
		p[33] = 2;
	} else {
		p[25] = 8;
	}
}

static int make(struct answer_record *r, const char *kind)
{
	r->protocol = 0x0800;
	r->hook = 1;		/* NF_INET_LOCAL_IN */
	r->flags = RECORD_ROUTE;
	r->route_flags = 0x80000000U;	/* RTCF_LOCAL */
	r->ct_info = 8;
	strcpy(r->in.name, "v0");
	r->in.index = 2;
	r->in.type = 1;
	packet(r, !strcmp(kind, "reset"));
	r->rule.kind = ANSWER_REJECT;
	if (!strcmp(kind, "reset")) {
		r->rule.type = REJECT4_TCP_RESET;
	} else if (!strcmp(kind, "port")) {
		r->rule.type = REJECT4_PORT_UNREACHABLE;
	} else if (!strcmp(kind, "log")) {
		r->rule.kind = ANSWER_LOG;
		r->rule.level = 6;
		strcpy(r->rule.prefix, "bf-feed ");
	} else if (!strcmp(kind, "nflog")) {
		r->rule.kind = ANSWER_NFLOG;
	} else if (!strcmp(kind, "bad")) {
		r->rule.kind = 77;
	} else {
		return -1;
	}
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long run(int prog, unsigned long count, unsigned long rate)
{
	unsigned long sent = 0, written = 0;
	double start = now();

	while (sent < count) {
		unsigned long n = count - sent < BATCH ? count - sent : BATCH;
		struct feed f = { .count = (u32)n };
		LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = &f, .ctx_size_in = sizeof(f));
		double due = rate ? start + (double)(sent + n) / (double)rate : 0;

		if (bpf_prog_test_run_opts(prog, &o))
			return written;
		sent += n;
		written += o.retval;
		while (due > now())
			usleep(500);
	}
	return written;
}

int main(int argc, char **argv)
{
	_Alignas(8) static u8 bytes[RECORD_SIZE_0];
	struct bpf_object *o;
	u32 key = 0;
	int ring;

	if (argc < 5 || make((struct answer_record *)bytes, argv[3]))
		return 2;
	ring = bpf_obj_get(argv[2]);
	o = bpf_object__open(argv[1]);
	if (ring < 0 || !o ||
	    bpf_map__reuse_fd(bpf_object__find_map_by_name(o, "ring"), ring) ||
	    bpf_object__load(o) ||
	    bpf_map_update_elem(bpf_object__find_map_fd_by_name(o, "record"), &key, bytes, 0)) {
		perror("feed");
		return 1;
	}
	printf("%lu\n", run(bpf_program__fd(bpf_object__find_program_by_name(o, "feed")),
			    strtoul(argv[4], NULL, 10), argc > 5 ? strtoul(argv[5], NULL, 10) : 0));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options of an ICMP error: those of the packet that are to be returned, as __ip_options_echo()
 * and ip_options_build() (net/ipv4/ip_options.c) do. ip_options_compile() has run over a packet
 * before it meets REJECT: pointers are moved on already, and this host's entry is filled in.
 */
#include <string.h>

#include "answer/reject_internal.h"

#define OPTIONS_MAX 40U

enum {
	OPTION_END = 0,
	OPTION_NOOP = 1,
	OPTION_RR = 7,
	OPTION_TS = 68,
	OPTION_LSRR = 131,
	OPTION_CIPSO = 134,
	OPTION_SSRR = 137
};

/* Of timestamps, the low four bits of byte 3. */
enum { TS_ONLY = 0, TS_AND_ADDRESS = 1 };

/* Where the options of a packet are; NULL: it has none of these. */
struct options {
	const u8 *rr, *ts, *srr, *cipso;
};

struct echo {
	u8 *p; /* the options of the reply */
	u8 len;
	struct reply *reply;
	u32 now_ms;
};

static bool option_ok(const u8 *opt, size_t left)
{
	unsigned int least = opt[0] == OPTION_TS ? 5 : 4;

	if (left < 2 || opt[1] < 2 || opt[1] > left)
		return false;
	if (opt[0] == OPTION_CIPSO)
		return true;
	return opt[1] >= least - 1 && opt[2] >= least;
}

static const u8 **place(struct options *o, u8 type)
{
	switch (type) {
	case OPTION_RR:
		return &o->rr;
	case OPTION_TS:
		return &o->ts;
	case OPTION_LSRR:
	case OPTION_SSRR:
		return &o->srr;
	case OPTION_CIPSO:
		return &o->cipso;
	default:
		return NULL;
	}
}

/* ip_options_compile(). Packets with broken options do not get here, but for forged ones of this
 * host, which the kernel takes as having none.
 */
static bool find(struct options *o, const u8 *opt, size_t left)
{
	const u8 **at;

	while (left && *opt != OPTION_END) {
		if (*opt == OPTION_NOOP) {
			opt++;
			left--;
			continue;
		}
		at = place(o, *opt);
		if (left < 2 || opt[1] < 2 || opt[1] > left ||
		    (at && (*at || !option_ok(opt, left))))
			return false;
		if (at)
			*at = opt;
		left -= opt[1];
		opt += opt[1];
	}
	return true;
}

/* The reply's source goes to @at of the reply's options. */
static void want_source(struct echo *e, size_t at)
{
	u8 *p = e->p + at;

	e->reply->address[e->reply->nr_address++] = (u8)(p - e->reply->data);
	memcpy(p, e->reply->data + 12, 4);
}

static int record_route(struct echo *e, const u8 *opt)
{
	u8 *to = e->p + e->len;
	u8 len = opt[1], at = opt[2];

	memcpy(to, opt, len);
	if (at <= len) {
		if (at + 3 > len)
			return -1;
		to[2] = (u8)(at + 4);
		want_source(e, e->len + at - 1U);
	}
	e->len = (u8)(e->len + len);
	return 0;
}

static int timestamp(struct echo *e, const u8 *opt)
{
	u8 *to = e->p + e->len;
	u8 len = opt[1], at = opt[2], kind = opt[3] & 15;

	memcpy(to, opt, len);
	if (at <= len && (kind == TS_ONLY || kind == TS_AND_ADDRESS)) {
		if (at + 3 + (kind == TS_AND_ADDRESS ? 4 : 0) > len)
			return -1;
		if (kind == TS_AND_ADDRESS) {
			want_source(e, e->len + at - 1U);
			at = (u8)(at + 4);
		}
		put_be32(to + at - 1, e->now_ms);
		to[2] = (u8)(at + 4);
	}
	e->len = (u8)(e->len + len);
	return 0;
}

/* The way that the packet came, back: the last hop becomes the destination. */
static void source_route(struct echo *e, const u8 *opt, const u8 *sender)
{
	u8 *to = e->p + e->len, *destination = e->reply->data + 16;
	u8 at = (u8)((opt[2] > opt[1] ? opt[1] + 1 : opt[2]) - 4), n = 4;
	const u8 *last = opt + at - 1;

	if (at <= 3)
		return;
	for (at = (u8)(at - 4); at > 3; at = (u8)(at - 4), n = (u8)(n + 4))
		memcpy(to + n - 1, opt + at - 1, 4);
	/* RFC 1812: routes that have the sender in them, too. */
	if (!memcmp(sender, opt + at + 3, 4))
		n = (u8)(n - 4);
	if (n <= 3)
		return;
	to[0] = opt[0];
	to[1] = (u8)(n + 3);
	to[2] = 4;
	memcpy(to + n - 1, sender, 4);
	memcpy(destination, last, 4);
	e->len = (u8)(e->len + n + 3);
}

int reject_options(const struct answer_record *r, size_t ihl, u32 now_ms, struct reply *reply)
{
	struct echo e = { .p = reply->data + IPV4_HEADER, .reply = reply, .now_ms = now_ms };
	struct options o = { 0 };

	if (!find(&o, r->data + IPV4_HEADER, ihl - IPV4_HEADER))
		return 0;
	if ((o.rr && record_route(&e, o.rr)) || (o.ts && timestamp(&e, o.ts)))
		return -1;
	if (o.srr)
		source_route(&e, o.srr, r->data + 12);
	if (o.cipso) {
		memcpy(e.p + e.len, o.cipso, o.cipso[1]);
		e.len = (u8)(e.len + o.cipso[1]);
	}
	while (e.len & 3)
		e.p[e.len++] = OPTION_END;
	reply->header_len = (u8)(IPV4_HEADER + e.len);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_MATCH_H
#define BPF_MATCH_H

#include "bpf/packet.h"

/* Does one rule match? Its box first, then its match program. */

enum match_result {
	MATCH_NO,
	MATCH_YES,
	MATCH_HOTDROP,		/* iptables' hotdrop: the packet is dropped, nothing is counted */
	MATCH_BAD,		/* the image is wrong */
};

static __always_inline int in_range(u32 value, u32 range)
{
	return value >= range >> 16 && value <= (range & 0xffff);
}

/* ((x ^ value) & mask) over four words; op, then value[4] and mask[4]. */
static __always_inline int same_address6(struct image_space *img, u64 at, const u32 *x)
{
	const u32 *v = image_at(img, at + 8, 32);

	if (!v)
		return 0;
	return !(((x[0] ^ v[0]) & v[4]) | ((x[1] ^ v[1]) & v[5]) | ((x[2] ^ v[2]) & v[6]) |
		 ((x[3] ^ v[3]) & v[7]));
}

static __always_inline int same_address4(struct image_space *img, u64 at, u32 x, u32 value)
{
	const u32 *mask = image_at(img, at + 8, 8);

	return mask && !((x ^ value) & *mask);
}

/* The ops that compare: 1 holds, 0 does not. */
static __always_inline int op_holds(struct image_space *img, const struct packet *p, u64 at,
				    u32 code, u32 flags, u32 arg)
{
	switch (code) {
	case OP_SPORT:
		return in_range(p->sport, arg);
	case OP_DPORT:
		return in_range(p->dport, arg);
	case OP_ICMP:
		return (flags & OP_ANY) ||
		       (p->dport >> 8 == arg >> 16 && (p->dport & 255) >= ((arg >> 8) & 255) &&
			(p->dport & 255) <= (arg & 255));
	case OP_TCP_FLAGS:
		return (p->tcp_flags & (arg >> 8)) == (arg & 255);
	case OP_TCP_OPTION:
		return (p->options[(arg >> 6) & 3] >> (arg & 63)) & 1;
	case OP_CT_STATE:
		return (p->ct & arg) != 0;
	case OP_PROTO:
		return p->proto == arg;
	case OP_FRAGMENT:
		return p->flags & PACKET_FRAGMENT;
	case OP_SRC4:
		return same_address4(img, at, p->src[0], arg);
	case OP_DST4:
		return same_address4(img, at, p->dst[0], arg);
	case OP_SRC6:
		return same_address6(img, at, p->src);
	case OP_DST6:
		return same_address6(img, at, p->dst);
	case OP_IN:
		return in_range(p->in, arg);
	case OP_OUT:
		return in_range(p->out, arg);
	}
	return 0;
}

/* match_op() - one op at @at: enum match_result, and its size in bytes << 8; OP_END: size 0. */
verified_once u32 match_op(struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	u32 code, size;

	if (!img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op || op->code > OP_LAST || !op->size)
		return MATCH_BAD;
	code = op->code;
	if (code == OP_END)
		return MATCH_YES;
	size = op->size * 8U << 8;
	if (code == OP_PARSED)
		return p->flags & PACKET_UNPARSED ? MATCH_HOTDROP : MATCH_YES | size;
	if (code == OP_L4 && p->l4 != L4_READABLE)
		return p->l4 == L4_SHORT ? MATCH_HOTDROP : MATCH_NO;
	if (code == OP_L4)
		return MATCH_YES | size;
	if (code == OP_TCP_OPTION && (p->flags & PACKET_OPTIONS_BAD))
		return MATCH_HOTDROP;
	if (!op_holds(img, p, at, code, op->flags, op->arg) ^ (op->flags & OP_INVERT))
		return MATCH_NO;
	return MATCH_YES | size;
}

struct op_scan {
	struct image_space *img;
	const struct packet *p;
	u64 at;
	u32 result;
	u32 pad;
};

static long op_step(u32 i, struct op_scan *s)
{
	u32 result = match_op(s->img, s->p, s->at);

	(void)i;
	s->at += result >> 8;
	if ((result & 255) == MATCH_YES && result >> 8)
		return 0;
	s->result = result & 255;
	return 1;
}

/* match_program() - the ops from @at on. */
verified_once u32 match_program(struct image_space *img, const struct packet *p, u64 at)
{
	struct op_scan s = { .img = img, .p = p, .at = at, .result = MATCH_BAD };

	if (!img || !p)
		return MATCH_BAD;
	portable_loop(IMAGE_OPS_MAX, op_step, &s);
	return s.result;
}

#ifdef PLANT_PORT_END	/* a bug the differential test must find: a range without its end */
#define PLANTED_END(port) ((port) - 1U)
#else
#define PLANTED_END(port) (port)
#endif

/*
 * outside() - sign bit set if @x is not in [@lo, @hi]. Differences instead of comparisons: clang
 * turns those into branches, and the verifier then follows every combination of them.
 */
static __always_inline u64 outside(u64 x, u64 lo, u64 hi)
{
	u64 below = x - lo, above = hi - x;

	barrier_var(below);
	barrier_var(above);
	return below | above;
}

/*
 * What is left once addresses and interfaces fit; the order is ip6_packet_match()'s: the protocol
 * comes last, and cannot be known in IPv6 if the headers cannot be read. @ports: outside() of the
 * ports.
 */
static __always_inline u32 match_rest(struct image_space *img, const struct packet *p, u64 programs,
				      u32 flags, u32 proto, u64 ports, u32 check)
{
	if (p->flags & PACKET_UNPARSED) {
		if (!check)
			return flags & BOX_PARSED ? MATCH_HOTDROP : MATCH_YES;
	} else {
		if ((flags & BOX_PROTO) && p->proto != proto)
			return MATCH_NO;
		if (flags & BOX_L4) {
			if (p->l4 == L4_READABLE) {
				if (ports >> 63)
					return MATCH_NO;
			} else if (!check) {
				return p->l4 == L4_SHORT ? MATCH_HOTDROP : MATCH_NO;
			}
		}
	}
	if (!check)
		return MATCH_YES;
	return match_program(img, p, programs + check - 8);
}

static __always_inline u32 match_rule4(struct image_space *img, const struct packet *p,
				       u64 programs, const struct image_rule4 *r)
{
	u64 src = (u64)(p->src[0] ^ r->src) >> (r->src_shift & 63);
	u64 dst = (u64)(p->dst[0] ^ r->dst) >> (r->dst_shift & 63);

	if (src | dst)
		return MATCH_NO;
	if ((outside(p->in8, r->in_lo, r->in_hi) | outside(p->out8, r->out_lo, r->out_hi)) >> 63)
		return MATCH_NO;
	return match_rest(img, p, programs, r->flags, r->proto,
			  outside(p->sport, r->sport_lo, r->sport_hi) |
			  outside(p->dport, r->dport_lo, PLANTED_END(r->dport_hi)), r->check);
}

/* The top @len bits of two addresses are the same. */
static __always_inline int same_prefix6(const u32 *a, const u32 *b, u32 len)
{
	u64 hi = ((u64)a[0] << 32 | a[1]) ^ ((u64)b[0] << 32 | b[1]);
	u64 lo = ((u64)a[2] << 32 | a[3]) ^ ((u64)b[2] << 32 | b[3]);

	if (len >= 128)
		return !(hi | lo);
	if (len > 64)
		return !hi && !(lo >> (128 - len));
	if (!len)
		return 1;
	return !(hi >> (64 - len));
}

static __always_inline u32 match_rule6(struct image_space *img, const struct packet *p,
				       u64 programs, const struct image_rule6 *r)
{
	if (!same_prefix6(p->src, r->src, r->src_len) || !same_prefix6(p->dst, r->dst, r->dst_len))
		return MATCH_NO;
	if ((outside(p->in8, r->in_lo, r->in_hi) | outside(p->out8, r->out_lo, r->out_hi)) >> 63)
		return MATCH_NO;
	return match_rest(img, p, programs, r->flags, r->proto,
			  outside(p->sport, r->sport_lo, r->sport_hi) |
			  outside(p->dport, r->dport_lo, r->dport_hi), r->check);
}

#endif

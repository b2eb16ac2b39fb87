/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_MATCH_H
#define BPF_MATCH_H

#include "bpf/packet.h"

/* Does one rule match? Its addresses and ports, its trait, and then its match program. */

enum match_result {
	MATCH_NO,
	MATCH_YES,
	MATCH_HOTDROP,		/* iptables' hotdrop: the packet is dropped, nothing is counted */
	MATCH_BAD,		/* the image is wrong */
	MATCH_PROGRAM,		/* as far as it can be seen here: its program decides */
	MATCH_DROP,		/* it holds, and the packet is dropped once the rule is counted */
};

#ifdef EVALUATOR_EXTENDED
#include "bpf/ops_field.h"
#include "bpf/ops_ct.h"
#include "bpf/ops_connlimit.h"
#include "bpf/ops_rate.h"
#include "bpf/ops_recent.h"
#include "bpf/ops_payload.h"
#include "bpf/ops_header.h"
#include "bpf/ops_object.h"
#include "bpf/ops_set.h"
#include "bpf/ops_transport.h"
#include "bpf/ops_srh.h"
#endif

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

/* in_list() - OP_MULTIPORT at @at. What a word does not need is a range that is in it twice. */
verified_once int in_list(struct image_space *img, const struct packet *p, u64 at, u32 arg)
{
	u32 i, x, y;

	if (!img || !p)
		return 0;
	x = arg & MULTIPORT_SOURCE ? p->sport : p->dport;
	y = arg & MULTIPORT_DESTINATION ? p->dport : p->sport;
	for (i = 0; i < MULTIPORT_WORDS; i++) {
		const u32 *range = image_at(img, at + 8 + i * 8, 8);

		if (i >= arg >> 8 || !range)
			return 0;
		if (in_range(x, range[0]) || in_range(x, range[1]) || in_range(y, range[0]) ||
		    in_range(y, range[1]))
			return 1;
	}
	return 0;
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
	case OP_MULTIPORT:
		return in_list(img, p, at, arg);
	}
	return 0;
}

#ifdef EVALUATOR_EXTENDED
#define GROUP(number, function)							\
	if (group == (number) && group_in(number))				\
		return function(ctx, img, p, at)

/* The group's function says enum match_result, without OP_INVERT. */
static __always_inline u32 ask_group(hook_ctx *ctx, struct image_space *img, const struct packet *p,
				     u64 at, u32 group)
{
	GROUP(OPS_FIELD, ops_field);
	GROUP(OPS_CT, ops_ct);
	GROUP(OPS_RATE, ops_rate);
	GROUP(OPS_RECENT, ops_recent);
	GROUP(OPS_PAYLOAD, ops_payload);
	GROUP(OPS_HEADER, ops_header);
	GROUP(OPS_OBJECT, ops_object);
	GROUP(OPS_SET, ops_set);
	GROUP(OPS_TRANSPORT, ops_transport);
	GROUP(OPS_SRH, ops_srh);
	GROUP(OPS_CONNLIMIT, ops_connlimit);
	return MATCH_BAD;
}
#undef GROUP

/* match_group() - an op that is not a basic one: as match_op(). */
static __always_inline u32 match_group(hook_ctx *ctx, struct image_space *img,
				       const struct packet *p, u64 at, const struct image_op *op)
{
	u32 flags = op->flags, size = op->size * 8U << 8;
	u32 match = ask_group(ctx, img, p, at, OP_GROUP(op->code));

	if (match == MATCH_NO || match == MATCH_YES)
		match ^= flags & OP_INVERT;
	return match == MATCH_YES || match == MATCH_DROP ? match | size : match;
}
#else
#define match_group(ctx, img, p, at, op)	MATCH_BAD
#endif

/* match_op() - one op at @at: enum match_result, and its size in bytes << 8; OP_END: size 0. */
verified_once u32 match_op(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	u32 code, size;

	/* clang passes anything for an unused argument; the verifier insists on a context */
	barrier_var(ctx);
	if (!img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op || !op->size)
		return MATCH_BAD;
	code = op->code;
	if (code > OP_LAST)
		return match_group(ctx, img, p, at, op);
	if (code == OP_END)
		return MATCH_YES;
	size = op->size * 8U << 8;
	if (code == OP_PARSED)
		return p->flags & PACKET_UNPARSED ? MATCH_HOTDROP : MATCH_YES | size;
	if (code == OP_L4 && p->l4 != L4_READABLE)
		return p->l4 == L4_SHORT ? MATCH_HOTDROP : MATCH_NO;
	if (code == OP_L4)
		return MATCH_YES | size;
	if (code == OP_MULTIPORT && p->ports != L4_READABLE)
		return p->ports == L4_SHORT ? MATCH_HOTDROP : MATCH_NO;
	if (!op_holds(img, p, at, code, op->flags, op->arg) ^ (op->flags & OP_INVERT))
		return MATCH_NO;
	return MATCH_YES | size;
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

/* Not 0 if the addresses of an IPv4 record are others than the packet's. */
static __always_inline u64 other_addresses4(const struct packet *p, const struct image_rule4 *r)
{
	u64 src = (u64)(p->src[0] ^ r->src) >> (r->rest & 63);
	u64 dst = (u64)(p->dst[0] ^ r->dst) >> (r->rest >> RULE4_SHIFT & 63);

	return src | dst;
}

/* Without what the lower @n bits say, 0 to 64. */
static __always_inline u64 above(u64 x, u32 n)
{
	u32 half = n / 2;

	return x >> (half & 63) >> ((n - half) & 63);
}

static __always_inline u64 other_prefix6(const u32 *a, const u32 *b, const u8 *shift)
{
	u64 hi = ((u64)a[0] << 32 | a[1]) ^ ((u64)b[0] << 32 | b[1]);
	u64 lo = ((u64)a[2] << 32 | a[3]) ^ ((u64)b[2] << 32 | b[3]);

	return above(hi, shift[0]) | above(lo, shift[1]);
}

static __always_inline u64 other_addresses6(const struct packet *p, const struct image_rule6 *r)
{
	return other_prefix6(p->src, r->src, r->src_shift) |
	       other_prefix6(p->dst, r->dst, r->dst_shift);
}

/*
 * Not 0 if the ports of a record of either family are others. Ports that the packet does not have
 * are in every range: match_l4() decides. @known: 1, or 0 for such a packet.
 */
#define OTHER_PORTS(p, r, known)						\
	((outside((p)->sport, (r)->sport_lo, (r)->sport_hi) |			\
	  outside((p)->dport, (r)->dport_lo, PLANTED_END((r)->dport_hi))) >> 63 & (known))

static __always_inline int wrong_interfaces(const struct packet *p, const struct image_trait *t,
					    u32 flags)
{
	u32 in = outside(p->in, t->in_lo, t->in_hi) >> 63;
	u32 out = outside(p->out, t->out_lo, t->out_hi) >> 63;

	return (in ^ !!(flags & TRAIT_NOT_IN)) | (out ^ !!(flags & TRAIT_NOT_OUT));
}

/* A match of ports or types, and the TCP flags. */
static __always_inline u32 match_l4(const struct packet *p, const struct image_trait *t, u32 flags)
{
	if (p->l4 == L4_FRAGMENT)
		return MATCH_NO;
	if (p->l4 == L4_SHORT) {
		if (t->program)
			return MATCH_PROGRAM;
		if ((flags & TRAIT_CT_FIRST) && !(p->ct & t->ct))
			return MATCH_NO;
		return MATCH_HOTDROP;
	}
	if ((flags & TRAIT_TCP) &&
	    ((p->tcp_flags & t->tcp_mask) == t->tcp_flags) == !!(flags & TRAIT_NOT_TCP))
		return MATCH_NO;
	return MATCH_YES;
}

static __always_inline const struct image_trait *trait_at(struct image_space *img, u32 number)
{
	u64 traits = header_of(img)->traits.offset;

	return image_at(img, traits + (u64)number * sizeof(struct image_trait),
			sizeof(struct image_trait));
}

/*
 * match_odd() - of a packet that is a later fragment, or whose headers cannot all be read. The
 * order is ip6_packet_match()'s: the protocol comes after the interfaces, and cannot be known in
 * IPv6 if the headers cannot be read.
 */
verified_once u32 match_odd(struct image_space *img, const struct packet *p, u32 number)
{
	const struct image_trait *t;
	u32 flags, l4;

	if (!img || !p)
		return MATCH_BAD;
	t = trait_at(img, number);
	if (!t)
		return MATCH_BAD;
	flags = t->flags;
	if ((flags & TRAIT_INTERFACE) && wrong_interfaces(p, t, flags))
		return MATCH_NO;
	if (p->flags & PACKET_UNPARSED) {
		if (flags & TRAIT_PARSED)
			return t->program ? MATCH_PROGRAM : MATCH_HOTDROP;
	} else {
		if ((flags & TRAIT_PROTO) && p->proto != t->proto)
			return MATCH_NO;
		if (flags & (p->flags & PACKET_FRAGMENT ? TRAIT_WHOLE : TRAIT_FRAGMENT))
			return MATCH_NO;
		if (flags & TRAIT_L4) {
			l4 = match_l4(p, t, flags);
			if (l4 != MATCH_YES)
				return l4;
		}
	}
	if (t->ct && !(p->ct & t->ct))
		return MATCH_NO;
	return t->program && !(flags & TRAIT_WHOLE_L4) ? MATCH_PROGRAM : MATCH_YES;
}

/*
 * Not 0 if the protocol, the TCP flags or the state are others, or the rule wants fragments. For a
 * packet that is not odd; without branches, as outside(). A trait without TRAIT_TCP has no mask.
 */
static __always_inline u64 other_trait(const struct packet *p, const struct image_trait *t,
				       u64 flags)
{
	u64 proto = (p->proto ^ t->proto) & (0 - (flags & TRAIT_PROTO));
	u64 tcp = (p->tcp_flags & t->tcp_mask) ^ t->tcp_flags, same = tcp - 1;
	u64 any = (u64)t->ct - 1, none = (u64)(p->ct & t->ct) - 1;

	barrier_var(same);
	barrier_var(any);
	barrier_var(none);
	/* the sign says that it was 0 */
	same = (same >> 63) ^ 1 ^ (flags / TRAIT_NOT_TCP & 1);
	return proto | (flags & TRAIT_FRAGMENT) | same | (none & ~any) >> 63;
}

/* match_trait() - what is left once addresses and ports fit. */
static __always_inline u32 match_trait(struct image_space *img, const struct packet *p, u32 number)
{
	const struct image_trait *t;
	u32 flags;

	if (p->l4 | p->flags)
		return match_odd(img, p, number);
	t = trait_at(img, number);
	if (!t)
		return MATCH_BAD;
	flags = t->flags;
	if ((flags & TRAIT_INTERFACE) && wrong_interfaces(p, t, flags))
		return MATCH_NO;
	if (other_trait(p, t, flags))
		return MATCH_NO;
	return t->program && !(flags & TRAIT_WHOLE_L4) ? MATCH_PROGRAM : MATCH_YES;
}

#endif

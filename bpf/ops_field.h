/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_FIELD_H
#define BPF_OPS_FIELD_H

/*
 * OPS_FIELD: what stands in the IP header and in the packet, and what the kernel knows of it;
 * net/netfilter/xt_{mark,cpu,pkttype,devgroup,realm,hl,dscp,ecn,length,iprange,mac,tcpmss,u32}.c,
 * net/ipv6/netfilter/ip6t_eui64.c. Included by bpf/match.h.
 */

#define FIELD_WHOLE	4U	/* bytes of a word */
#define FIELD_BROKEN	7U	/* they are inside of the packet, and could not be read */
#define FIELD_NONE	(1ULL << 32)	/* of a number that is not there */

/*
 * field_word_here() - the word at @off from the network header, in host order | bytes of it that
 * are in the packet << 32. Those that are not read as 0.
 */
static __always_inline u64 field_word_here(hook_ctx *ctx, u32 off)
{
	struct reader r;
	u32 back = 0, word;

	hook_reader(ctx, &r);
	if (off >= r.len || r.len < 4)
		return 0;
	if (off > r.len - 4)
		back = off - (r.len - 4);
	if (read_words(ctx, &r, off - back, &word, 1))
		return (u64)FIELD_BROKEN << 32;
	return net32(word) << (back * 8 & 31) | (u64)(4 - back) << 32;
}

/* field_word() - the same, where a call more is no problem: at most 8 may be pending. */
verified_once u64 field_word(hook_ctx *ctx, u32 off)
{
	return field_word_here(ctx, off);
}

#ifdef __bpf__

/* _skb_refdst, SKB_DST_NOREF: the last bit is no part of the pointer. */
static __always_inline u64 field_realm(const struct sk_buff *skb)
{
	const struct dst_entry *dst;
	u64 address = skb->_skb_refdst & ~1UL;

	dst = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct dst_entry));
	if (!address || !bpf_core_field_exists(dst->tclassid))
		return FIELD_NONE;
	return dst->tclassid;
}

static __always_inline u64 field_group(u64 device)
{
	const struct net_device *dev;

	dev = bpf_rdonly_cast((void *)device, bpf_core_type_id_kernel(struct net_device));
	return device ? (u32)dev->group : FIELD_NONE;
}

/* field_meta() - enum image_meta of the packet; or FIELD_NONE. */
static __always_inline u64 field_meta(hook_ctx *ctx, u32 what)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);
	const struct nf_hook_state *state = untrusted_state((u64)ctx->state);

	switch (what) {
	case META_MARK:
		return skb->mark;
	case META_CPU:
		return portable_cpu();
	case META_PKTTYPE:
		return BPF_CORE_READ_BITFIELD(skb, pkt_type);
	case META_IN_GROUP:
		return field_group((u64)state->in);
	case META_OUT_GROUP:
		return field_group((u64)state->out);
	case META_REALM:
		return field_realm(skb);
	}
	return FIELD_NONE;
}

#define ARPHRD_ETHER_	1
#define MAC_HEADER	14U	/* ETH_HLEN: destination, source, type */

/*
 * field_mac() - address of the MAC header. 0: not an Ethernet device; 1: there is no such header.
 * skb_mac_header_was_set(), skb_mac_header_len().
 */
static __always_inline u64 field_mac(hook_ctx *ctx)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);
	const struct net_device *dev;
	u64 device = (u64)skb->dev;
	u32 mac = skb->mac_header;

	dev = bpf_rdonly_cast((void *)device, bpf_core_type_id_kernel(struct net_device));
	if (!device || dev->type != ARPHRD_ETHER_)
		return 0;
	if (mac == 0xffff || skb->network_header - mac < MAC_HEADER)
		return 1;
	return (u64)skb->head + mac;
}

/* field_mac_half() - half word @i of it, as it stands there. */
static __always_inline u16 field_mac_half(u64 mac, const u32 i)
{
	return sixteen(mac)->half[i];
}

#else

static inline u64 field_meta(hook_ctx *ctx, u32 what)
{
	return what < META_COUNT ? ctx->meta[what] : FIELD_NONE;
}

static inline u64 field_mac(hook_ctx *ctx)
{
	if (!ctx->ethernet)
		return 0;
	return ctx->mac ? (u64)(uintptr_t)ctx->mac : 1;
}

static inline u16 field_mac_half(u64 mac, u32 i)
{
	u16 half;

	memcpy(&half, (const u8 *)(uintptr_t)mac + 2 * i, sizeof(half));
	return half;
}

#endif

#define PACKET_BROADCAST_	1
#define PACKET_MULTICAST_	2
#define PACKET_LOOPBACK_	5

/* A packet that was looped back has no type of its own; pkttype_mt(). */
static __always_inline u64 field_type(const struct packet *p, u64 type)
{
	if (type != PACKET_LOOPBACK_)
		return type;
	return p->family || p->dst[0] >> 28 == 14 ? PACKET_MULTICAST_ : PACKET_BROADCAST_;
}

/* OP_META, OP_IP_WORD: is @value in the range behind the op at @at? */
static __always_inline u32 field_holds(struct image_space *img, u64 at, u64 value)
{
	const struct op_range *range = image_at(img, at + 8, sizeof(*range));
	u32 masked;

	if (!range || value >= FIELD_NONE)
		return MATCH_BAD;
	masked = (u32)value & range->mask;
	return masked >= range->lo && masked <= range->hi ? MATCH_YES : MATCH_NO;
}

static __always_inline u32 field_within(u32 x, u32 range)
{
	return x >= range >> 16 && x <= (range & 0xffff) ? MATCH_YES : MATCH_NO;
}

/* length_mt(): IPv4 has the length in its header, unless it is too large for that (BIG TCP). */
static __always_inline u32 field_length(hook_ctx *ctx, const struct packet *p)
{
	u32 len = p->family ? 0 : (u32)field_word(ctx, 0) & 0xffff;

	return len ? len : p->len;
}

/* a < b, addresses of IPv6 */
static __always_inline int field_below(const u32 *a, const u32 *b)
{
	u64 a_hi = (u64)a[0] << 32 | a[1], b_hi = (u64)b[0] << 32 | b[1];
	u64 a_lo = (u64)a[2] << 32 | a[3], b_lo = (u64)b[2] << 32 | b[3];

	return a_hi < b_hi || (a_hi == b_hi && a_lo < b_lo);
}

/* OP_RANGE4, OP_RANGE6 */
static __always_inline u32 field_range(struct image_space *img, const struct packet *p, u64 at,
				       u32 code, u32 arg)
{
	const u32 *x = arg ? p->dst : p->src;
	const u32 *end = image_at(img, at + 8, code == OP_RANGE4 ? 8 : 32);

	if (!end)
		return MATCH_BAD;
	if (code == OP_RANGE4)
		return x[0] >= end[0] && x[0] <= end[1] ? MATCH_YES : MATCH_NO;
	return field_below(x, end) || field_below(end + 4, x) ? MATCH_NO : MATCH_YES;
}

/* OP_MAC: mac_mt(). @other: 1 for any address but this one. */
static __always_inline u32 field_is_mac(hook_ctx *ctx, struct image_space *img, u64 at, u32 other)
{
	const u16 *want = image_at(img, at + 8, 8);
	u64 mac = field_mac(ctx);
	u32 same;

	if (!want)
		return MATCH_BAD;
	if (mac <= 1)
		return MATCH_NO;
	same = field_mac_half(mac, 3) == want[0] && field_mac_half(mac, 4) == want[1] &&
	       field_mac_half(mac, 5) == want[2];
	return same != (other & 1) ? MATCH_YES : MATCH_NO;
}

#define ETHERTYPE_IPV6	0x86dd

/* OP_EUI64: eui64_mt6(). ip6_rcv() has seen that the version is 6. */
static __always_inline u32 field_eui64(hook_ctx *ctx, const struct packet *p)
{
	u64 mac = field_mac(ctx);
	u32 a, b, c;

	if (!mac)
		return MATCH_NO;
	if (mac == 1)
		return MATCH_HOTDROP;
	if (net16(field_mac_half(mac, 6)) != ETHERTYPE_IPV6)
		return MATCH_NO;
	a = net16(field_mac_half(mac, 3));
	b = net16(field_mac_half(mac, 4));
	c = net16(field_mac_half(mac, 5));
	/* 01:02:03:04:05:06 is the second half of an address as 0302:03ff:fe04:0506 */
	return p->src[2] == ((a << 16 | (b & 0xff00) | 0xff) ^ 0x02000000) &&
	       p->src[3] == (0xfe000000 | (b & 0xff) << 16 | c) ? MATCH_YES : MATCH_NO;
}

/*
 * field_tcp() - where xt_ecn.c and xt_tcpmss.c look for the TCP header: they do not ask whether
 * this is a later fragment, and ip6_packet_match() leaves the offset 0 then (ipv6_find_hdr()).
 */
static __always_inline u32 field_tcp(const struct packet *p)
{
	return p->family && p->ports == L4_FRAGMENT ? 0 : p->l4_at;
}

/* Are the 20 bytes there? */
static __always_inline int field_tcp_whole(hook_ctx *ctx, const struct packet *p)
{
	return p->l4 == L4_READABLE || field_word(ctx, field_tcp(p) + 16) >> 32 == FIELD_WHOLE;
}

/* OP_TCP_ECN: match_tcp() of xt_ecn.c. Without a header nothing matches, inverted or not. */
static __always_inline u32 field_ecn(hook_ctx *ctx, const struct packet *p, u32 arg)
{
	u32 flags = p->tcp_flags;

	if (p->l4 != L4_READABLE)
		flags = (u32)field_word(ctx, field_tcp(p) + 12) >> 16;
	if (!field_tcp_whole(ctx, p))
		return MATCH_NO;
	return (flags & (arg >> 8 & 255)) == (arg & 255) ? MATCH_YES : MATCH_NO;
}

#define MSS_NONE	(1U << 16)
#define MSS_BROKEN	(1U << 17)

struct mss_walk {
	hook_ctx *ctx;
	u32 at, end;		/* offsets from the network header */
	u32 mss;
	u32 pad;
};

/* One TCP option: 0 and 1 are one byte long, others have a length; a length of 0 counts as 1. */
static long mss_step(u32 i, struct mss_walk *w)
{
	u32 left = w->end - w->at, kind, len;
	u64 word;

	(void)i;
	if (w->at >= w->end)
		return 1;
	word = field_word_here(w->ctx, w->at);
	kind = word >> 24 & 255;
	len = word >> 16 & 255;
	if (word >> 32 == FIELD_BROKEN) {
		w->mss = MSS_BROKEN;
		return 1;
	}
	if (kind == 2 && left >= 4 && len == 4) {
		w->mss = word & 0xffff;
		return 1;
	}
	w->at += kind < 2 || left == 1 || !len ? 1 : len;
	return 0;
}

/* OP_TCP_MSS: tcpmss_mt(). */
verified_once u32 field_mss(hook_ctx *ctx, const struct packet *p, u32 range)
{
	struct mss_walk w = { .ctx = ctx, .mss = MSS_NONE };
	u32 len;

	if (!group_in(OPS_FIELD) || !p)
		return MATCH_BAD;
	w.at = field_tcp(p);
	if (!field_tcp_whole(ctx, p))
		return MATCH_HOTDROP;
	len = ((u32)field_word(ctx, w.at + 12) >> 28) * 4;
	w.end = w.at + len;
	if (len < 20 || !(field_word(ctx, w.end - 1) >> 32))
		return MATCH_HOTDROP;
	w.at += 20;
	portable_loop(40, mss_step, &w);
	if (w.mss == MSS_BROKEN)
		return MATCH_HOTDROP;
	return field_within(w.mss, range);
}

struct u32_walk {
	hook_ctx *ctx;
	struct image_space *img;
	u32 at;			/* of the op */
	u32 value;
	u32 base;		/* what "@" has added up */
	u8 ranges;		/* that are left of this test */
	u8 found;		/* the value is in one of those that were */
	u8 result;
	u8 pad;
};

/* A word of the packet at @number behind the base. Returns 1 if the walk ends. */
static __always_inline long u32_load(struct u32_walk *w, u32 number)
{
	u64 off = (u64)w->base + number, word;

	word = off >> 32 ? 0 : field_word_here(w->ctx, (u32)off);
	w->value = (u32)word;
	if (word >> 32 == FIELD_WHOLE)
		return 0;
	w->result = word >> 32 == FIELD_BROKEN ? MATCH_HOTDROP : MATCH_NO;
	return 1;
}

static __always_inline long u32_operate(struct u32_walk *w, u32 op, u32 number)
{
	switch (op) {
	case U32_LOAD:
		w->base = 0;
		w->found = 0;
		return u32_load(w, number);
	case U32_AND:
		w->value &= number;
		return 0;
	case U32_LEFT:
		w->value <<= number & 31;
		return 0;
	case U32_RIGHT:
		w->value >>= number & 31;
		return 0;
	}
	w->base += w->value;
	if (w->base < w->value) {
		w->result = MATCH_NO;
		return 1;
	}
	return u32_load(w, number);
}

/* One struct op_u32. */
static long u32_step(u32 i, struct u32_walk *w)
{
	const struct op_u32 *word = image_at(w->img, (u64)w->at + 8 + i * 8, sizeof(*word));

	if (!word) {
		w->result = MATCH_BAD;
		return 1;
	}
	if (!w->ranges) {
		w->ranges = word->ranges;
		return u32_operate(w, word->op, word->number);
	}
	w->found |= w->value >= word->lo && w->value <= word->hi;
	if (--w->ranges || w->found)
		return 0;
	w->result = MATCH_NO;
	return 1;
}

/* OP_U32: u32_match_it(). */
verified_once u32 field_u32(hook_ctx *ctx, struct image_space *img, u64 at)
{
	struct u32_walk w = { .ctx = ctx, .img = img, .at = (u32)at, .result = MATCH_YES };
	const struct image_op *op;

	if (!group_in(OPS_FIELD) || !img)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	portable_loop(op->size - 1U, u32_step, &w);
	return w.result;
}

/* OP_META, OP_IP_WORD */
static __always_inline u32 field_read(hook_ctx *ctx, struct image_space *img,
				      const struct packet *p, u64 at, u32 code, u32 arg)
{
	u64 value;

	if (code == OP_META) {
		value = field_meta(ctx, arg);
		/* the kernel's own answers are not marked */
		if (group_in(OPS_ANSWER) && arg == META_MARK && (p->own & OWN_MARKED))
			value = 0;
		return field_holds(img, at, arg == META_PKTTYPE ? field_type(p, value) : value);
	}
	value = field_word(ctx, arg);
	return field_holds(img, at, value >> 32 == FIELD_WHOLE ? (u32)value : FIELD_NONE);
}

/* An op of this group: enum match_result, without OP_INVERT. */
verified_once u32 ops_field(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	u32 arg;

	barrier_var(ctx);
	if (!group_in(OPS_FIELD) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	arg = op->arg;
	switch (op->code) {
	case OP_META:
	case OP_IP_WORD:
		return field_read(ctx, img, p, at, op->code, arg);
	case OP_LENGTH:
		return field_within(field_length(ctx, p), arg);
	case OP_RANGE4:
	case OP_RANGE6:
		return field_range(img, p, at, op->code, arg);
	case OP_MAC:
		return field_is_mac(ctx, img, at, arg);
	case OP_EUI64:
		return field_eui64(ctx, p);
	case OP_TCP_ECN:
		return field_ecn(ctx, p, arg);
	case OP_TCP_MSS:
		return field_mss(ctx, p, arg);
	case OP_U32:
		return field_u32(ctx, img, at);
	}
	return MATCH_BAD;
}

#endif

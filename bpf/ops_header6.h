/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_HEADER6_H
#define BPF_OPS_HEADER6_H

/*
 * Extension headers of IPv6, as net/ipv6/netfilter/ip6t_ah.c, ip6t_frag.c, ip6t_rt.c, ip6t_hbh.c
 * (also dst) and ip6t_ipv6header.c see them. Part of OPS_HEADER.
 */

struct header_find {
	hook_ctx *ctx;
	struct reader r;
	u32 off, next;		/* the header looked at */
	u32 target;
	u32 result;		/* MATCH_YES: it is at @off */
};

/*
 * One step of ipv6_find_hdr() (net/ipv6/exthdrs_core.c) for a target: MATCH_NO is its -ENOENT,
 * MATCH_HOTDROP any other error. The target itself may be longer than the packet; what is after it
 * does not matter.
 */
static long find_step(u32 i, struct header_find *f)
{
	u32 next = f->next, off = f->off, need = 1, len;
	u16 w[2] = { 0 };

	(void)i;
	f->result = MATCH_NO;
	if (!is_extension(next) || next == IPPROTO_NONE_)
		return 1;
	if (next == IPPROTO_ROUTING_ || next == IPPROTO_FRAGMENT_)
		need = 2;
	f->result = MATCH_HOTDROP;
	if ((u64)off + need * 2 > f->r.len || read_halves(f->ctx, &f->r, off, w, need))
		return 1;
	if (next == f->target) {
		f->result = MATCH_YES;
		return 1;
	}
	if (next == IPPROTO_FRAGMENT_ && (net16(w[1]) & 0xfff8)) {
		f->result = MATCH_NO;
		return 1;
	}
	len = extension_length(next, net16(w[0]) & 255);
	f->next = net16(w[0]) >> 8;
	f->off = off + len;
	return f->r.len - off < len;
}

/* find_header() - the first header @target: its offset | enum match_result << 32. */
verified_once u64 find_header(hook_ctx *ctx, u32 target)
{
	struct header_find f;

	hook_reader(ctx, &f.r);
	f.ctx = ctx;
	f.off = 40;
	f.target = target;
	f.result = MATCH_HOTDROP;
	if (read_words(ctx, &f.r, 4, &f.next, 1))
		return (u64)MATCH_HOTDROP << 32;
	f.next = (net32(f.next) >> 8) & 255;
	portable_loop(IPV6_HEADERS_MAX, find_step, &f);
	return f.off | (u64)f.result << 32;
}

/* A header that has been found, its first word in host order. */
struct ext_header {
	struct reader r;
	u32 off;
	u32 word;
};

/* Are there fewer than @need bytes of it in the packet? */
static __always_inline int header_short(const struct ext_header *h, u32 need)
{
	return h->r.len - h->off < need;
}

/* Bytes of the header, as it says. */
static __always_inline u32 header_length(const struct ext_header *h, u32 next)
{
	return extension_length(next, (h->word >> 16) & 255);
}

static __always_inline u32 number_fits(u32 x, const u32 *range, u32 flags)
{
	return (x >= range[0] && x <= range[1]) ^ (flags & HEADER_NOT_NUMBER ? 1U : 0U);
}

static __always_inline u32 length_fits(u32 len, u32 want, u32 flags)
{
	return (len == want) ^ (flags & HEADER_NOT_LENGTH ? 1U : 0U);
}

/* @word: the second one of the header, host order. A length of 0 is every length, also with "!". */
static __always_inline u32 match_ah6(const struct ext_header *h, u32 word, const u32 *want,
				     u32 flags)
{
	u32 len = header_length(h, IPPROTO_AH_);

	if (header_short(h, 12) || header_short(h, len))
		return MATCH_HOTDROP;
	return number_fits(word, want, flags) && (!want[2] || length_fits(len, want[2], flags)) &&
	       !(flags & HEADER_RESERVED && h->word & 0xffff);
}

static __always_inline u32 match_frag(const struct ext_header *h, u32 word, const u32 *want,
				      u32 flags)
{
	u32 first = h->word;

	return number_fits(word, want, flags) &&
	       !((flags & HEADER_RESERVED && first & 0xff0006) ||
		 (flags & FRAG_FIRST && first & 0xfff8) || (flags & FRAG_MORE && !(first & 1)) ||
		 (flags & FRAG_LAST && first & 1));
}

static __always_inline u32 match_rt(const struct ext_header *h, u32 word, const u32 *want,
				    u32 flags)
{
	u32 len = header_length(h, IPPROTO_ROUTING_), type = h->word >> 8 & 255;

	if (header_short(h, len))
		return MATCH_HOTDROP;
	if (flags & HEADER_LENGTH && !length_fits(len, want[3], flags))
		return MATCH_NO;
	if (flags & RT_TYPE && (type == want[2]) == !!(flags & RT_NOT_TYPE))
		return MATCH_NO;
	return number_fits(h->word & 255, want, flags) && !(flags & HEADER_RESERVED && word);
}

static __always_inline u32 match_options(const struct ext_header *h, const u32 *want, u32 flags)
{
	u32 len = header_length(h, IPPROTO_DSTOPTS_);

	if (header_short(h, len))
		return MATCH_HOTDROP;
	return !(flags & HEADER_LENGTH) || length_fits(len, want[0], flags);
}

/* The fields of the header at @off; each kind of header asks for 8 bytes at least. */
verified_once u32 match_fields(hook_ctx *ctx, struct image_space *img, u64 at, u32 off)
{
	const struct image_op *op;
	struct ext_header h;
	const u32 *want;
	u32 word;

	if (!img)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	want = image_at(img, at + 8, 16);
	if (!op || !want)
		return MATCH_BAD;
	hook_reader(ctx, &h.r);
	h.off = off;
	if (header_short(&h, 8) || read_words(ctx, &h.r, off, &h.word, 1) ||
	    read_words(ctx, &h.r, off + 4, &word, 1))
		return MATCH_HOTDROP;
	h.word = net32(h.word);
	word = net32(word);
	switch (op->code) {
	case OP_AH6:
		return match_ah6(&h, word, want, op->arg);
	case OP_FRAG:
		return match_frag(&h, word, want, op->arg);
	case OP_RT:
		return match_rt(&h, word, want, op->arg);
	case OP_TLV:
		return match_options(&h, want, op->arg);
	}
	return MATCH_BAD;
}

struct address_scan {
	hook_ctx *ctx;
	struct reader r;
	struct image_space *img;
	u32 want;		/* where the addresses of the rule are in the image */
	u32 off;		/* of those of the header */
	u32 i, nr;		/* how many of the rule's were found; how many there are */
	u32 differ;		/* this address, as far as it was read */
	u32 strict;
};

/* A word of the header's addresses: in strict order each has to be the rule's, else some. */
static long address_step(u32 i, struct address_scan *s)
{
	const u32 *want = image_at(s->img, (u64)s->want + s->i * 16, 16);
	u32 word;

	if (s->i >= s->nr || !want || read_words(s->ctx, &s->r, s->off + i * 4, &word, 1))
		return 1;
	s->differ |= word ^ want[i & 3];
	if ((i & 3) < 3)
		return 0;
	if (s->differ && s->strict)
		return 1;
	if (!s->differ)
		s->i++;
	s->differ = 0;
	return 0;
}

/*
 * The addresses of the type 0 header at @off, which match_fields() has seen to be in the packet:
 * are those of the rule at @at all there is, or among them in this order?
 */
verified_once u32 match_addresses(hook_ctx *ctx, struct image_space *img, u64 at, u32 off)
{
	struct address_scan s;
	const struct image_op *op;
	u32 there;
	u8 len;

	if (!img)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	hook_reader(ctx, &s.r);
	if (!op || read_byte(ctx, &s.r, off + 1, &len))
		return MATCH_BAD;
	there = len / 2;
	s.ctx = ctx;
	s.img = img;
	s.want = (u32)at + 24;
	s.off = off + 8;
	s.i = 0;
	s.nr = op->arg >> 8;
	s.differ = 0;
	s.strict = !(op->arg & RT_NOT_STRICT);
	if (s.nr > there || (s.strict && s.nr != there))
		return MATCH_NO;
	portable_loop(there * 4, address_step, &s);
	return s.i == s.nr;
}

struct tlv_scan {
	hook_ctx *ctx;
	struct reader r;
	const u16 *want;	/* type << 8 | length, 255: any */
	u32 nr, found;
	u32 at, left;		/* the next option, and bytes from there to the end of the header */
};

/* One option has to be the next one of the rule. */
static long tlv_step(u32 i, struct tlv_scan *s)
{
	u32 want, size = 1;
	u8 type, len;

	if (i >= s->nr || i >= TLV_MAX || !s->left || read_byte(s->ctx, &s->r, s->at, &type))
		return 1;
	want = s->want[i];
	if (type != want >> 8)
		return 1;
	if (type) {
		if (s->left < 2 || read_byte(s->ctx, &s->r, s->at + 1, &len))
			return 1;
		if ((want & 255) != 255 && (want & 255) != len)
			return 1;
		size = len + 2U;
	}
	s->found = i + 1;
	/* only the last one may be longer than the header */
	if (s->left < size)
		return 1;
	s->at += size;
	s->left -= size;
	return 0;
}

/* The options of the header at @off, which match_fields() has seen to be in the packet. */
verified_once u32 match_tlvs(hook_ctx *ctx, struct image_space *img, u64 at, u32 off)
{
	const struct image_op *op;
	struct tlv_scan s;
	u8 len;

	if (!img)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	s.want = image_at(img, at + 16, TLV_MAX * 2);
	hook_reader(ctx, &s.r);
	if (!op || !s.want || read_byte(ctx, &s.r, off + 1, &len))
		return MATCH_BAD;
	s.ctx = ctx;
	s.nr = op->arg >> 8;
	s.found = 0;
	s.at = off + 2;
	s.left = (len + 1U) * 8 - 2;
	portable_loop(TLV_MAX, tlv_step, &s);
	return s.found == s.nr;
}

struct header_list {
	hook_ctx *ctx;
	struct reader r;
	u32 off, next;
	u32 seen;		/* HEADERS_* */
	u32 result;
};

/* Bit of a header that the walk passes over; 0: not one. */
static __always_inline u32 headers_bit(u32 next)
{
	switch (next) {
	case IPPROTO_HOPOPTS_:
		return HEADERS_HOPOPTS;
	case IPPROTO_DSTOPTS_:
		return HEADERS_DSTOPTS;
	case IPPROTO_ROUTING_:
		return HEADERS_ROUTING;
	case IPPROTO_FRAGMENT_:
		return HEADERS_FRAGMENT;
	case IPPROTO_AH_:
		return HEADERS_AH;
	}
	return 0;
}

/*
 * One header as ipv6header_mt6() counts it: it goes on behind fragment headers, and a header may
 * end behind the packet. s->result: MATCH_YES when the list is complete.
 */
static long list_step(u32 i, struct header_list *s)
{
	u32 bit = headers_bit(s->next);
	u16 w[1] = { 0 };

	(void)i;
	s->result = MATCH_YES;
	if (s->next == IPPROTO_NONE_) {
		s->seen |= HEADERS_NONE;
		return 1;
	}
	if (!bit && s->next != IPPROTO_ESP_) {
		s->seen |= HEADERS_PROTO;
		return 1;
	}
	s->result = MATCH_NO;
	if (s->r.len - s->off < 2)
		return 1;
	s->result = MATCH_YES;
	if (!bit) {
		s->seen |= HEADERS_ESP;
		return 1;
	}
	s->result = MATCH_HOTDROP;
	if (read_halves(s->ctx, &s->r, s->off, w, 1))
		return 1;
	s->seen |= bit;
	s->off += extension_length(s->next, net16(w[0]) & 255);
	s->next = net16(w[0]) >> 8;
	if (s->off <= s->r.len)
		return 0;
	if (s->next != IPPROTO_NONE_ && s->next != IPPROTO_ESP_)
		s->seen |= HEADERS_PROTO;
	s->result = MATCH_YES;
	return 1;
}

/* OP_IPV6HEADER; OP_INVERT is not used: with HEADERS_SOFT "!" wants none of the list. */
verified_once u32 match_list(hook_ctx *ctx, u32 arg)
{
	struct header_list s;
	u32 want = arg & HEADERS_MASK, invert = arg & HEADERS_NOT ? HEADERS_MASK : 0, differ;

	hook_reader(ctx, &s.r);
	s.ctx = ctx;
	s.off = 40;
	s.seen = 0;
	s.result = MATCH_HOTDROP;
	if (read_words(ctx, &s.r, 4, &s.next, 1))
		return MATCH_HOTDROP;
	s.next = (net32(s.next) >> 8) & 255;
	portable_loop(IPV6_HEADERS_MAX, list_step, &s);
	if (s.result != MATCH_YES)
		return s.result;
	if (arg & HEADERS_SOFT)
		return (s.seen ^ want ^ invert) & want ? MATCH_NO : MATCH_YES;
	differ = s.seen != want;
	return differ == !!invert ? MATCH_YES : MATCH_NO;
}

/* Which header an op is about; 0 is the hop-by-hop header. */
static __always_inline u32 op_target(const struct image_op *op)
{
	switch (op->code) {
	case OP_AH6:
		return IPPROTO_AH_;
	case OP_FRAG:
		return IPPROTO_FRAGMENT_;
	case OP_RT:
		return IPPROTO_ROUTING_;
	}
	return op->arg & TLV_DST ? IPPROTO_DSTOPTS_ : IPPROTO_HOPOPTS_;
}

/* The ops of this file; @op is at @at. */
static __always_inline u32 ops_header6(hook_ctx *ctx, struct image_space *img,
				       const struct packet *p, const struct image_op *op, u64 at)
{
	u32 match;
	u64 found;

	if (op->code == OP_IPV6HEADER)
		return match_list(ctx, op->arg);
	/* Most packets have no such headers. */
	if (p->l4_at == 40 && !(p->flags & PACKET_UNPARSED))
		return MATCH_NO;
	found = find_header(ctx, op_target(op));
	match = (u32)(found >> 32);
	if (match == MATCH_YES)
		match = match_fields(ctx, img, at, (u32)found);
	if (match == MATCH_YES && op->code == OP_RT && op->arg & RT_ADDRESSES)
		match = match_addresses(ctx, img, at, (u32)found);
	if (match == MATCH_YES && op->code == OP_TLV && op->arg & TLV_GIVEN)
		match = match_tlvs(ctx, img, at, (u32)found);
	return match;
}

#endif

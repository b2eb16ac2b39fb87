/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_HEADER_H
#define BPF_OPS_HEADER_H

#include "bpf/ops_header6.h"
#include "bpf/ops_transport.h"

/*
 * OPS_HEADER: transport headers other than TCP's and UDP's: net/netfilter/xt_esp.c, xt_sctp.c,
 * xt_dccp.c, net/ipv4/netfilter/ipt_ah.c, net/ipv6/netfilter/ip6t_mh.c; extension headers of IPv6
 * are in bpf/ops_header6.h. Included by bpf/match.h.
 *
 * The rules of these ops have -p, and an OP_L4 before them: their headers (header_size()) can be
 * read, and the packet is no later fragment.
 */

/* OP_SPI: ESP, and AH of IPv4. OP_MH: nothing may follow the header, says the header. */
verified_once u32 match_first(hook_ctx *ctx, struct image_space *img, const struct packet *p,
			   u64 at)
{
	const struct image_op *op;
	const u32 *range;
	struct reader r;
	u32 word, mh, arg;

	if (!img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	mh = op->code == OP_MH;
	arg = op->arg;
	hook_reader(ctx, &r);
	if (read_words(ctx, &r, p->l4_at + (mh ? 0 : arg), &word, 1))
		return MATCH_HOTDROP;
	word = net32(word);
	if (mh && word >> 24 != IPPROTO_NONE_)
		return MATCH_HOTDROP;
	if (mh)
		return (word >> 8 & 255) - (arg >> 8) <= (arg & 255) - (arg >> 8);
	range = image_at(img, at + 8, 8);
	if (!range)
		return MATCH_BAD;
	return word >= range[0] && word <= range[1] ? MATCH_YES : MATCH_NO;
}

/* A chunk has 4 bytes at least; no packet has room for so many. */
#define CHUNKS_MAX	65536

struct chunk_scan {
	hook_ctx *ctx;
	struct reader r;
	const struct sctp_chunks *list;
	u64 missing;		/* SCTP_ALL: of the list */
	u32 at;
	u16 which;		/* SCTP_* */
	u16 result;
};

/* match_flags(): the flags of a type that is in the list. */
static __always_inline u32 chunk_flags_fit(const struct sctp_chunks *list, u32 type, u32 flags)
{
	u32 i;

	portable_unroll
	for (i = 0; i < SCTP_FLAGS; i++)
		if (list->flags[i].used && list->flags[i].type == type)
			return (flags & list->flags[i].mask) == list->flags[i].value;
	return 1;
}

/* chunk_step() - one chunk as match_packet() looks at it; not 0: the answer is s->result. */
static long chunk_step(u32 i, struct chunk_scan *s)
{
	u32 word, type, len, in;

	(void)i;
	s->result = MATCH_HOTDROP;
	if ((u64)s->at + 4 > s->r.len || read_words(s->ctx, &s->r, s->at, &word, 1))
		return 1;
	word = net32(word);
	len = word & 0xffff;
	if (!len)
		return 1;
	type = word >> 24;
	in = s->which & SCTP_EVERY || (SCTP_NAMED(type) && s->list->types >> SCTP_BIT(type) & 1);
	if (in)
		in = 1 + chunk_flags_fit(s->list, type, (word >> 16) & 255);
	/* 0: not in the list, 1: with other flags, 2: as wanted */
	switch (s->which & SCTP_WHICH) {
	case SCTP_ANY:
		s->result = MATCH_YES;
		if (in == 2)
			return 1;
		s->result = MATCH_NO;
		break;
	case SCTP_ALL:
		if (in == 2)
			s->missing &= ~(1ULL << SCTP_BIT(type));
		s->result = s->missing ? MATCH_NO : MATCH_YES;
		break;
	default:
		s->result = MATCH_NO;
		if (in != 2)
			return 1;
		s->result = MATCH_YES;
	}
	s->at += (len + 3) & ~3U;
	return s->at >= s->r.len;
}

/* OP_SCTP_CHUNKS: behind the header of 12 bytes there is at least one chunk. */
verified_once u32 match_chunks(hook_ctx *ctx, struct image_space *img, const struct packet *p,
			       u64 at, u32 which)
{
	struct chunk_scan s;

	if (!img || !p)
		return MATCH_BAD;
	s.list = image_at(img, at + 8, sizeof(*s.list));
	if (!s.list)
		return MATCH_BAD;
	hook_reader(ctx, &s.r);
	s.ctx = ctx;
	s.missing = s.list->types;
	s.at = p->l4_at + 12;
	s.which = (u16)which;
	s.result = MATCH_HOTDROP;
	portable_loop(CHUNKS_MAX, chunk_step, &s);
	return s.result;
}

/*
 * What follows the first 12 bytes of a DCCP header, in words, four bits for each type:
 * dccp_packet_hdr_len() in linux/dccp.h.
 */
#define DCCP_WORDS	0x3333332232222031ULL

/* OP_DCCP_TYPE, OP_DCCP_OPTION: options are walked as TCP's. */
verified_once u32 match_dccp(hook_ctx *ctx, const struct packet *p, u32 code, u32 arg)
{
	struct option_scan s;
	u32 type, doff, own;
	u8 byte;

	if (!p)
		return MATCH_BAD;
	hook_reader(ctx, &s.r);
	if (read_byte(ctx, &s.r, p->l4_at + 8, &byte))
		return MATCH_HOTDROP;
	type = (byte >> 1) & 15;
	if (code == OP_DCCP_TYPE)
		return arg >> type & 1 ? MATCH_YES : MATCH_NO;
	own = 12 + (byte & 1U) * 4 + (u32)(DCCP_WORDS >> type * 4 & 15) * 4;
	if (read_byte(ctx, &s.r, p->l4_at + 4, &byte))
		return MATCH_HOTDROP;
	doff = byte * 4U;
	if (doff < own)
		return MATCH_HOTDROP;
	s.ctx = ctx;
	s.at = p->l4_at + own;
	s.end = p->l4_at + doff;
	s.wanted = arg;
	s.found = 0;
	if (doff > own && s.end > s.r.len)
		return MATCH_HOTDROP;
	portable_loop(255 * 4, option_step, &s);
	return s.found ? MATCH_YES : MATCH_NO;
}

/*
 * drop_inverted() - xt_sctp.c and xt_dccp.c invert the result also where they set hotdrop: with "!"
 * such a match holds, and the packet is dropped after the rule was counted.
 */
static __always_inline u32 drop_inverted(u32 match, u32 flags)
{
	return match == MATCH_HOTDROP && flags & OP_INVERT ? MATCH_DROP : match;
}

verified_once u32 ops_header(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	u32 arg;

	if (!group_in(OPS_HEADER) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	arg = op->arg;
	switch (op->code) {
	case OP_SPI:
	case OP_MH:
		return match_first(ctx, img, p, at);
	case OP_SCTP_CHUNKS:
		return drop_inverted(match_chunks(ctx, img, p, at, arg), op->flags);
	case OP_DCCP_TYPE:
	case OP_DCCP_OPTION:
		return drop_inverted(match_dccp(ctx, p, op->code, arg), op->flags);
	}
	return ops_header6(ctx, img, p, op, at);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_TRANSPORT_H
#define BPF_OPS_TRANSPORT_H

/* OPS_TRANSPORT: TCP options, tcp_find_option() in net/netfilter/xt_tcpudp.c. */

struct option_scan {
	hook_ctx *ctx;
	struct reader r;
	u32 at, end;		/* offsets from the network header */
	u32 wanted;
	u32 found;
};

/* One option: 0 and 1 are one byte long, others have a length; a length of 0 counts as 1. */
static long option_step(u32 i, struct option_scan *s)
{
	u8 kind, len = 0;

	(void)i;
	if (s->at >= s->end || read_byte(s->ctx, &s->r, s->at, &kind))
		return 1;
	if (kind == s->wanted) {
		s->found = 1;
		return 1;
	}
	if (kind >= 2 && s->at + 1 < s->end && read_byte(s->ctx, &s->r, s->at + 1, &len))
		return 1;
	s->at += len ? len : 1;
	return 0;
}

/* OP_TCP_OPTION. Its rule has -p tcp, and OP_L4 before it has seen 20 bytes of header. */
static __always_inline u32 match_tcp_option(hook_ctx *ctx, const struct packet *p, u32 wanted)
{
	struct option_scan s;
	u32 doff;
	u8 byte;

	if (!p)
		return MATCH_BAD;
	hook_reader(ctx, &s.r);
	if (read_byte(ctx, &s.r, p->l4_at + 12, &byte))
		return MATCH_HOTDROP;
	doff = (byte >> 4) * 4;
	s.ctx = ctx;
	s.at = p->l4_at + 20;
	s.end = p->l4_at + doff;
	s.wanted = wanted;
	s.found = 0;
	if (doff < 20 || s.end > s.r.len)
		return MATCH_HOTDROP;
	portable_loop(40, option_step, &s);
	return s.found ? MATCH_YES : MATCH_NO;
}

verified_once u32 ops_transport(hook_ctx *ctx, struct image_space *img, const struct packet *p,
				u64 at)
{
	const struct image_op *op;

	if (!group_in(OPS_TRANSPORT) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op || op->code != OP_TCP_OPTION)
		return MATCH_BAD;
	return match_tcp_option(ctx, p, op->arg);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_PAYLOAD_H
#define BPF_OPS_PAYLOAD_H

/*
 * OPS_PAYLOAD: matches that look at any byte of a packet. Included by bpf/match.h. Offsets count
 * from skb->data, as the kernel's do here; at these hooks that is the network header.
 */

#ifdef __bpf__

static __always_inline u32 data_len(hook_ctx *ctx)
{
	return untrusted_skb((u64)ctx->skb)->len;
}

static __always_inline u32 data_linear(hook_ctx *ctx)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);

	return skb->len - skb->data_len;
}

/* Where the network header and the one before it are; negative: before skb->data. */
static __always_inline int network_offset(hook_ctx *ctx)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);

	return (int)((u64)skb->head + skb->network_header - (u64)skb->data);
}

static __always_inline int mac_offset(hook_ctx *ctx, int *offset)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);

	if (skb->mac_header == 0xffff)
		return -1;
	*offset = (int)((u64)skb->head + skb->mac_header - (u64)skb->data);
	return 0;
}

/* The 4 bytes at @off in memory order, which lie in the linear part or before it. */
static __always_inline u32 linear_word(hook_ctx *ctx, int off)
{
	return sixteen((u64)untrusted_skb((u64)ctx->skb)->data + (long)off)->word[0];
}

/* The 4 bytes at @off in memory order; READ_FAILED: not all are there. */
static __always_inline u64 other_word(hook_ctx *ctx, u32 off)
{
	return read_slow(ctx, off, 2);
}

#else

static inline u32 data_len(hook_ctx *ctx)
{
	return ctx->len;
}

static inline u32 data_linear(hook_ctx *ctx)
{
	return ctx->linear ? ctx->linear : ctx->len;
}

static inline int network_offset(hook_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static inline int mac_offset(hook_ctx *ctx, int *offset)
{
	(void)ctx;
	(void)offset;
	return -1;
}

#define READ_FAILED	(1ULL << 32)

static inline u64 other_word(hook_ctx *ctx, u32 off)
{
	u32 word;

	if (ctx->len < 4 || off > ctx->len - 4)
		return READ_FAILED;
	memcpy(&word, (const u8 *)ctx->data + off, sizeof(word));
	return word;
}

static inline u32 linear_word(hook_ctx *ctx, int off)
{
	u32 room = ctx->len - (u32)off, word = 0;

	memcpy(&word, (const u8 *)ctx->data + off, room < 4 ? room : 4);
	return word;
}

#endif

#include "bpf/ops_string.h"
#include "bpf/ops_cbpf.h"

/* ops_payload() - of the group. */
verified_once u32 ops_payload(hook_ctx *ctx, struct image_space *img, const struct packet *p,
			      u64 at)
{
	const struct image_op *op;

	if (!group_in(OPS_PAYLOAD) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	if (op->code == OP_STRING || op->code == OP_STRING_BM)
		return find_string(ctx, img, at, op);
	if (op->code == OP_CBPF || op->code == OP_CBPF_KERNEL)
		return run_cbpf(ctx, img, at);
	return MATCH_BAD;
}

#endif

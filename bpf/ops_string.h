/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_STRING_H
#define BPF_OPS_STRING_H

/*
 * OP_STRING, OP_STRING_BM: skb_find_text() of net/core/skbuff.c with lib/ts_bm.c or lib/ts_kmp.c.
 * Both are carried out as Boyer and Moore's search; its tables come with the op. What differs: the
 * kernel's "bm" starts anew with each block of a packet that is not linear and does not find what
 * lies across two of them; its table for a search without case is wrong for two Latin-1 letters.
 * The first comes from data_block(), the second is in the tables (loader/rules/ext/string.c).
 */

#ifdef __bpf__

/* More than a packet has: of buffers in a list, and of fragments in each of them. */
#define BLOCK_BUFFERS	65536U
#define BLOCK_FRAGMENTS	64U

struct block_walk {
	u64 skb;		/* the buffer it is in */
	u32 off;		/* wanted: the end of the block that has this byte */
	u32 at;			/* where this buffer begins */
	u32 end;		/* the answer; 0: none */
	u32 first;
};

static __always_inline const struct skb_shared_info *shared_info(const struct sk_buff *skb)
{
	return bpf_rdonly_cast((void *)((u64)skb->head + skb->end),
			       bpf_core_type_id_kernel(struct skb_shared_info));
}

/* The fragments of one buffer; not 0: found. */
static __always_inline u32 block_in(struct block_walk *b, const struct sk_buff *skb)
{
	const struct skb_shared_info *info = shared_info(skb);
	u64 frag = (u64)&info->frags;	/* page, then a word of length, in 16 bytes */
	u32 i, n = info->nr_frags;

	b->at += skb->len - skb->data_len;
	if (b->off < b->at)
		return b->at;
	portable_rolled
	for (i = 0; i < BLOCK_FRAGMENTS && i < n; i++) {
		b->at += sixteen(frag + i * sizeof(union sixteen))->word[2];
		if (b->off < b->at)
			return b->at;
	}
	return 0;
}

static long block_step(u32 i, struct block_walk *b)
{
	const struct sk_buff *skb = untrusted_skb(b->skb);

	(void)i;
	if (!b->skb)
		return 1;
	b->end = block_in(b, skb);
	if (b->end)
		return 1;
	b->skb = b->first ? (u64)shared_info(skb)->frag_list : (u64)skb->next;
	b->first = 0;
	return 0;
}

/* data_block() - where the block of skb_seq_read() ends that has the byte at @off; 0: none has. */
verified_once u32 data_block(hook_ctx *ctx, u32 off)
{
	struct block_walk b = { .skb = (u64)ctx->skb, .off = off, .first = 1 };

	portable_loop(BLOCK_BUFFERS, block_step, &b);
	return b.end;
}

#else

static inline u32 data_block(hook_ctx *ctx, u32 off)
{
	return off < data_linear(ctx) ? data_linear(ctx) : off < ctx->len ? ctx->len : 0;
}

#endif

/* Every byte of the pattern at every offset. */
#define STRING_STEPS	(1U << 23)

#define SEARCH_CASELESS	1U
#define SEARCH_BLOCKS	2U	/* block by block */

struct string_search {
	hook_ctx *ctx;
	struct image_space *img;
	u64 tables;		/* struct image_string */
	u64 window;		/* offset << 32 | 4 bytes there, of those that are not linear */
	u32 at;			/* the last byte of the pattern lies here */
	u32 end;		/* of the block */
	u32 to;			/* of the search */
	u8 matched;		/* bytes from the end of the pattern */
	u8 len;
	u8 flags;		/* SEARCH_* */
	u8 result;		/* enum match_result */
};

static __always_inline u32 window_byte(struct string_search *s, u32 off)
{
	u32 start = off & ~3U, len = data_len(s->ctx);
	u64 word;

	if (len < 4)
		return 0;
	if (start > len - 4)
		start = len - 4;
	if (s->window >> 32 != start) {
		word = other_word(s->ctx, start);
		if (word & READ_FAILED)
			return 0;
		s->window = (u64)start << 32 | (u32)word;
	}
	return net32((u32)s->window) >> (24 - ((off - start) & 3) * 8) & 255;
}

/* toupper() of the kernel, which knows Latin-1 (lib/ctype.c). */
static __always_inline u32 upper(u32 c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7))
		return c - 32;
	return c;
}

/* The block is done, or the search is. @next: where the next block begins. */
static __always_inline long string_block(struct string_search *s, u32 next)
{
	u32 end;

	if (next >= s->to)
		return 1;
	end = s->flags & SEARCH_BLOCKS ? data_block(s->ctx, next) : data_len(s->ctx);
	if (end <= next)
		return 1;
	s->end = end < s->to ? end : s->to;
	s->at = next + s->len - 1;
	s->matched = 0;
	return 0;
}

/* One byte of text and pattern compared. */
static long string_step(u32 i, struct string_search *s)
{
	const struct image_string *t = image_at(s->img, s->tables, sizeof(*t));
	u32 off, raw, good, bad, shift, matched = s->matched;

	(void)i;
	if (!t)
		return 1;
	if (s->at >= s->end)
		return string_block(s, s->end);
	off = s->at - matched;
	if (off < data_linear(s->ctx))
		raw = net32(linear_word(s->ctx, (int)off)) >> 24;
	else
		raw = window_byte(s, off);
	if (t->pattern[(s->len - 1U - matched) & (STRING_MAX - 1)] ==
	    (s->flags & SEARCH_CASELESS ? upper(raw) : raw)) {
		s->matched = (u8)(matched + 1);
		if (s->matched < s->len)
			return 0;
		s->result = MATCH_YES;
		return 1;
	}
	bad = t->bad[raw & 255];
	good = t->good[matched & (STRING_MAX - 1)];
	shift = bad > matched + good ? bad - matched : good;
	s->at += shift ? shift : 1;
	s->matched = 0;
	return 0;
}

/* find_string() - OP_STRING at @at. */
static __always_inline u32 find_string(hook_ctx *ctx, struct image_space *img, u64 at,
					const struct image_op *op)
{
	const struct image_string *t = image_at(img, at + sizeof(*op), sizeof(*t));
	struct string_search s = { .ctx = ctx, .img = img, .tables = at + sizeof(*op),
				   .window = ~0ULL, .to = op->arg & 0xffff };

	if (!t || !t->len || t->len > STRING_MAX)
		return MATCH_BAD;
	s.len = t->len;
	s.flags = (u8)((t->caseless ? SEARCH_CASELESS : 0) |
		       (op->code == OP_STRING_BM ? SEARCH_BLOCKS : 0));
	s.result = MATCH_NO;
	if (string_block(&s, op->arg >> 16))
		return MATCH_NO;
	portable_loop(STRING_STEPS, string_step, &s);
	return s.result;
}

#endif

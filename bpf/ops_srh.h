/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_SRH_H
#define BPF_OPS_SRH_H

/*
 * OPS_SRH: the segment routing header, net/ipv6/netfilter/ip6t_srh.c. Included by bpf/match.h,
 * behind bpf/ops_header.h, which finds headers.
 */

struct srh_header {
	hook_ctx *ctx;
	struct reader r;
	u32 at;			/* of the header */
	u32 word[2];		/* the fixed part, host order */
};

#define SRH_TYPE	4U
#define SRH_SEGMENTS(h)	((h)->word[0] & 255)
#define SRH_LAST(h)	((h)->word[1] >> 24)

/* Where in the packet the segment of a test lies; 0: there is none, or not all of it. */
static __always_inline u32 srh_segment(const struct srh_header *h, u32 which)
{
	u32 left = SRH_SEGMENTS(h), number = 0;
	u64 at;

	if ((which == SRH_PREVIOUS && left == SRH_LAST(h)) || (which == SRH_FOLLOWING && !left))
		return 0;
	if (which != SRH_FINAL)
		number = which == SRH_PREVIOUS ? left + 1 : left - 1;
	at = (u64)h->at + 8 + (u64)number * 16;
	return at + 16 > h->r.len ? 0 : (u32)at;
}

/* Is it the rule's address, under the rule's mask? */
static __always_inline u32 srh_address(const struct srh_header *h, u32 at, struct image_space *img,
				       u64 payload)
{
	const u32 *want = image_at(img, payload, 32);
	u32 word[4], i, other = 0;

	if (!want)
		return MATCH_BAD;
	if (!at || read_words(h->ctx, &h->r, at, word, 4))
		return MATCH_NO;
	portable_unroll
	for (i = 0; i < 4; i++)
		other |= (net32(word[i]) ^ want[i]) & want[4 + i];
	return other ? MATCH_NO : MATCH_YES;
}

/* The kernel compares the tag as it lies in memory. */
static __always_inline u32 srh_tag(u32 word)
{
	return (word >> 8 & 0xff) | (word & 0xff) << 8;
}

static __always_inline u32 srh_number(const struct srh_header *h, u32 test, u32 number)
{
	u32 length = h->word[0] >> 16 & 255;

	switch (test) {
	case SRH_NEXT:
		return h->word[0] >> 24 == number;
	case SRH_LENGTH_IS:
		return length == number;
	case SRH_LENGTH_ABOVE:
		return length > number;
	case SRH_LENGTH_BELOW:
		return length < number;
	case SRH_LEFT_IS:
		return SRH_SEGMENTS(h) == number;
	case SRH_LEFT_ABOVE:
		return SRH_SEGMENTS(h) > number;
	case SRH_LEFT_BELOW:
		return SRH_SEGMENTS(h) < number;
	case SRH_LAST_IS:
		return SRH_LAST(h) == number;
	case SRH_LAST_ABOVE:
		return SRH_LAST(h) > number;
	case SRH_LAST_BELOW:
		return SRH_LAST(h) < number;
	case SRH_TAG:
		return srh_tag(h->word[1]) == number;
	}
	return test == SRH_THERE;
}

/* Is there one that makes sense? Else MATCH_NO, however the packet is broken. */
static __always_inline u32 srh_read(struct srh_header *h)
{
	u64 found = find_header(h->ctx, IPPROTO_ROUTING_);

	h->at = (u32)found;
	if (found >> 32 != MATCH_YES || (u64)h->at + 8 > h->r.len ||
	    read_words(h->ctx, &h->r, h->at, &h->word[0], 1) ||
	    read_words(h->ctx, &h->r, h->at + 4, &h->word[1], 1))
		return MATCH_NO;
	h->word[0] = net32(h->word[0]);
	h->word[1] = net32(h->word[1]);
	if (h->r.len - h->at < ((h->word[0] >> 16 & 255) + 1) * 8 ||
	    (h->word[0] >> 8 & 255) != SRH_TYPE || SRH_SEGMENTS(h) > SRH_LAST(h))
		return MATCH_NO;
	return MATCH_YES;
}

/* OP_SRH. What follows the packet in memory cannot be read: that is no match. */
verified_once u32 ops_srh(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	struct srh_header h;
	u32 test;

	if (!group_in(OPS_SRH) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	test = op->arg & 255;
	h.ctx = ctx;
	hook_reader(ctx, &h.r);
	if (srh_read(&h) != MATCH_YES)
		return MATCH_NO;
	if (test >= SRH_PREVIOUS && test <= SRH_FINAL)
		return srh_address(&h, srh_segment(&h, test), img, at + 8);
	if (test >= SRH_HAS_PREVIOUS)
		return srh_segment(&h, test - SRH_HAS_PREVIOUS + SRH_PREVIOUS) != 0;
	return srh_number(&h, test, op->arg >> 8) ? MATCH_YES : MATCH_NO;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_CLASSIFY_H
#define BPF_CLASSIFY_H

#include "bpf/match.h"

/*
 * The one query: first(chain, from) = the smallest rule id >= @from of the chain that matches.
 * A chain is one leaf so far: its records in ascending order of id.
 */

#define FIRST_NONE	0xffffffffU
#define FIRST_HOTDROP	0xfffffffeU
#define FIRST_BAD	0xfffffffdU
#define FIRST_MAX_ID	0xfffffff0U

struct leaf_scan {
	struct image_space *img;
	const struct packet *p;
	u64 at;			/* first record; constant: the verifier's states converge */
	u64 programs;
	u32 from;
	u32 result;
};

static __always_inline long leaf_result(struct leaf_scan *s, u32 match, u32 id)
{
	if (match == MATCH_NO)
		return 0;
	s->result = match == MATCH_YES ? id : match == MATCH_HOTDROP ? FIRST_HOTDROP : FIRST_BAD;
	return 1;
}

static long leaf4_step(u32 i, struct leaf_scan *s)
{
	const struct image_rule4 *r = image_at(s->img, s->at + (u64)i * sizeof(*r), sizeof(*r));

	if (!r) {
		s->result = FIRST_BAD;
		return 1;
	}
	if (r->id < s->from)
		return 0;
	return leaf_result(s, match_rule4(s->img, s->p, s->programs, r), r->id);
}

static long leaf6_step(u32 i, struct leaf_scan *s)
{
	const struct image_rule6 *r = image_at(s->img, s->at + (u64)i * sizeof(*r), sizeof(*r));

	if (!r) {
		s->result = FIRST_BAD;
		return 1;
	}
	if (r->id < s->from)
		return 0;
	return leaf_result(s, match_rule6(s->img, s->p, s->programs, r), r->id);
}

/** first() - of chain number @chain; FIRST_NONE, or an error that drops. */
verified_once u32 first(struct image_space *img, const struct packet *p, u32 chain, u32 from)
{
	struct leaf_scan s = { .img = img, .p = p, .from = from, .result = FIRST_NONE };
	const struct image_header *h;
	const struct image_chain *c;
	u32 skip = 0, count;

	if (!img || !p)
		return FIRST_BAD;
	h = image_at(img, 0, sizeof(*h));
	if (!h || chain >= h->chains.count)
		return FIRST_BAD;
	c = image_at(img, h->chains.offset + (u64)chain * sizeof(*c), sizeof(*c));
	if (!c)
		return FIRST_BAD;
	count = c->nr_leaf;
	s.programs = h->programs.offset;
	/* One record a rule: the start can be computed. */
	if (count == c->count && from > c->first)
		skip = from - c->first;
	if (skip >= count)
		return FIRST_NONE;
	if (!p->family) {
		s.at = h->rules4.offset + ((u64)c->leaf + skip) * sizeof(struct image_rule4);
		portable_loop(count - skip, leaf4_step, &s);
	} else {
		s.at = h->rules6.offset + ((u64)c->leaf + skip) * sizeof(struct image_rule6);
		portable_loop(count - skip, leaf6_step, &s);
	}
	return s.result;
}

#endif

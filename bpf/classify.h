/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_CLASSIFY_H
#define BPF_CLASSIFY_H

#include "bpf/match.h"

/*
 * The one query: first(chain, from) = the smallest rule id >= @from of the chain that matches.
 *
 * A chain is a forest (struct image_tree): a packet follows one path down each tree to a leaf of at
 * most IMAGE_LEAF records. The best answer so far cuts off all trees, nodes and records behind it.
 * A small chain is one leaf without a tree.
 *
 * A rule whose match cannot read its header drops the packet, whatever it asks for. So where the
 * packet does not say which way to go (packet.unknown), every way is gone: @path holds the child to
 * take at each level, four bits each, and counts through them.
 */

#define FIRST_NONE	0xffffffffU
#define FIRST_HOTDROP	0xfffffffeU
#define FIRST_BAD	0xfffffffdU
#define FIRST_BUDGET	0xfffffffcU
#define FIRST_MAX_ID	0xfffffff0U

struct search {
	u64 path;
	u32 from;
	u32 best;		/* smallest id so far; FIRST_NONE */
	u32 best_trait;
	u32 tree, trees_end;
	u32 root;		/* of the tree that @path belongs to */
	u8 found;		/* what @best does: enum match_result */
	u8 open;		/* 1 + deepest level that has children left to look at; 0: none */
	u16 left;		/* records still to look at */
	u32 at;			/* the first of them */
	u32 id, trait;		/* of the record a leaf stopped at */
};

static __always_inline u64 program_offset(struct image_space *img, const struct image_trait *t)
{
	return (u64)header_of(img)->programs.offset + t->program - 8;
}

static __always_inline u32 leaf_stop(struct search *s, u32 match, u32 at, u32 left, u32 id,
				     u32 trait)
{
	s->at = at;
	s->left = (u16)left;
	s->id = id;
	s->trait = trait;
	return match;
}

/* 1 if @a < @b; without a branch, as outside(). */
static __always_inline u64 below(u64 a, u64 b)
{
	u64 d = a - b;

	barrier_var(d);
	return d >> 63;
}

/* leaf4() - the next record that could change the answer; enum match_result. */
verified_once u32 leaf4(struct image_space *img, const struct packet *p, struct search *s)
{
	const struct image_rule4 *r;
	u64 rules, known;
	u32 i, at, left, best, from, match, trait;

	if (!img || !p || !s)
		return MATCH_BAD;
	rules = header_of(img)->rules4.offset;
	known = p->l4 == L4_READABLE;
	at = s->at;
	left = s->left;
	best = s->best;
	from = s->from;
	for (i = 0; i < IMAGE_LEAF; i++) {
		if (i >= left)
			return MATCH_NO;
		r = image_at(img, rules + (u64)(at + i) * sizeof(*r), sizeof(*r));
		if (!r)
			return MATCH_BAD;
		if (r->id >= best)
			return MATCH_NO;
		if (other_addresses4(p, r) | OTHER_PORTS(p, r, known) | below(r->id, from))
			continue;
		trait = r->rest >> RULE4_TRAIT;
		match = match_trait(img, p, trait);
		if (match != MATCH_NO)
			return leaf_stop(s, match, at + i + 1, left - i - 1, r->id, trait);
	}
	return MATCH_NO;
}

verified_once u32 leaf6(struct image_space *img, const struct packet *p, struct search *s)
{
	const struct image_rule6 *r;
	u64 rules, known;
	u32 i, at, left, best, from, match, trait;

	if (!img || !p || !s)
		return MATCH_BAD;
	rules = header_of(img)->rules6.offset;
	known = p->l4 == L4_READABLE;
	at = s->at;
	left = s->left;
	best = s->best;
	from = s->from;
	for (i = 0; i < IMAGE_LEAF; i++) {
		if (i >= left)
			return MATCH_NO;
		r = image_at(img, rules + (u64)(at + i) * sizeof(*r), sizeof(*r));
		if (!r)
			return MATCH_BAD;
		if (r->id >= best)
			return MATCH_NO;
		if (other_addresses6(p, r) | OTHER_PORTS(p, r, known) | below(r->id, from))
			continue;
		trait = r->trait;
		match = match_trait(img, p, trait);
		if (match != MATCH_NO)
			return leaf_stop(s, match, at + i + 1, left - i - 1, r->id, trait);
	}
	return MATCH_NO;
}

#ifdef PLANT_SPLIT	/* a bug the classifier's test must find: a value that is a split */
#define PLANTED_SPLIT(key) ((key) + 1)
#else
#define PLANTED_SPLIT(key) (key)
#endif

/* How many of @n splits are below @key. Differences for the reason given at outside(). */
static __always_inline u32 splits_below(const u32 *split, u32 n, u64 key)
{
	u64 sum = 0, d;
	u32 i;

	portable_unroll
	for (i = 0; i < n; i++) {
		d = (u64)split[i] - PLANTED_SPLIT(key);
		barrier_var(d);
		sum += d >> 63;
	}
	return (u32)sum;
}

/* The child to take at @level when the packet does not say it. */
static __always_inline u32 next_way(struct search *s, u32 level, u32 count)
{
	u32 way = (s->path >> (level * 4 & 63)) & 15;

	if (way < count)
		s->open = (u8)(level + 1);
	return way;
}

/* The leaf of NODE_LEAVES that the packet belongs in. */
static __always_inline u32 choose_leaf(const struct image_node *n, const struct packet *p,
				       struct search *s, u32 level)
{
	u32 child = splits_below(n->cut, NODE_CUTS, p->key[n->dim & 15]);

	if ((p->unknown >> (n->dim & 15)) & 1)
		child = next_way(s, level, n->count);
	barrier_var(child);
	if (child > NODE_CUTS)
		return MATCH_BAD;
	s->at = n->base + n->off[child];
	s->left = (u16)(n->off[child + 1] - n->off[child]);
	return MATCH_YES;
}

/*
 * descend() - from the root to a leaf: sets @at and @left, none left if nothing there can be better
 * than the best so far. MATCH_BAD: the image is wrong.
 */
verified_once u32 descend(struct image_space *img, const struct packet *p, struct search *s)
{
	const struct image_node *n;
	u32 at, level, child;
	u64 nodes;

	if (!img || !p || !s)
		return MATCH_BAD;
	nodes = header_of(img)->nodes.offset;
	at = s->root;
	s->left = 0;
	s->open = 0;
	for (level = 0; level < IMAGE_LEVELS; level++) {
		n = image_at(img, nodes + (u64)at * sizeof(*n), sizeof(*n));
		if (!n)
			return MATCH_BAD;
		if (n->min_id >= s->best)
			return MATCH_YES;
		if (n->kind != NODE_INNER)
			break;
		child = splits_below(n->split, NODE_SPLITS, p->key[n->dim & 15]);
		if ((p->unknown >> (n->dim & 15)) & 1)
			child = next_way(s, level, n->count);
		at = n->base + child;
	}
	if (level == IMAGE_LEVELS)
		return MATCH_BAD;
	if (n->kind == NODE_LEAVES)
		return choose_leaf(n, p, s, level);
	s->at = n->base;
	s->left = n->count;
	return MATCH_YES;
}

/* What one step of a search has come to. */
enum search_result { SEARCH_ON, SEARCH_END, SEARCH_BAD };

/* The next leaf: of this tree, if it has more ways, else of the next one. */
static __always_inline u32 next_leaf(struct image_space *img, const struct packet *p,
				     struct search *s)
{
	const struct image_tree *t;
	u32 level = s->open - 1, result;

	if (s->open) {
		/* the next child of that level, and below it the first ones */
		s->path &= (16ULL << (level * 4 & 63)) - 1;
		s->path += 1ULL << (level * 4 & 63);
	} else {
		if (s->tree >= s->trees_end)
			return SEARCH_END;
		t = image_at(img, header_of(img)->trees.offset + (u64)s->tree * sizeof(*t),
			     sizeof(*t));
		if (!t)
			return SEARCH_BAD;
		if (t->min_id >= s->best)
			return SEARCH_END;
		s->tree++;
		if (t->max_id < s->from)
			return SEARCH_ON;
		s->at = t->at;
		s->left = (u16)t->nr_leaf;
		if (t->nr_leaf)
			return SEARCH_ON;
		s->root = t->at;
		s->path = 0;
	}
	result = descend(img, p, s);
	return result == MATCH_BAD ? SEARCH_BAD : SEARCH_ON;
}

/* search_one() - one leaf, or what is left of it. */
verified_once u32 search_one(struct image_space *img, const struct packet *p, struct search *s)
{
	const struct image_trait *t;
	u32 match;

	if (!img || !p || !s)
		return SEARCH_BAD;
	if (!s->left) {
		match = next_leaf(img, p, s);
		if (match != SEARCH_ON || !s->left)
			return match;
	}
	match = p->family ? leaf6(img, p, s) : leaf4(img, p, s);
	if (match == MATCH_PROGRAM) {
		t = trait_at(img, s->trait);
		match = t ? match_program(img, p, program_offset(img, t)) : MATCH_BAD;
		if (match == MATCH_NO)
			return SEARCH_ON;
	}
	if (match == MATCH_BAD)
		return SEARCH_BAD;
	s->left = 0;
	if (match != MATCH_NO) {
		s->best = s->id;
		s->best_trait = s->trait;
		s->found = (u8)match;
	}
	/* The usual small chain: no further step to find that there is nothing more. */
	return s->tree == s->trees_end && !s->open ? SEARCH_END : SEARCH_ON;
}

struct search_loop {
	struct image_space *img;
	const struct packet *p;
	struct search s;
	u32 result;		/* enum search_result; SEARCH_ON: the budget has run out */
	u32 steps;
};

static long search_step(u32 i, struct search_loop *l)
{
	l->steps = i + 1;
	l->result = search_one(l->img, l->p, &l->s);
	return l->result != SEARCH_ON;
}

/* What is asked, and the answer. */
struct query {
	u32 chain, from;
	u32 budget;		/* steps left for this packet */
	u32 act;		/* of the rule found */
};

/** first() - of chain number @q->chain; FIRST_NONE, or an error that drops. */
static __always_inline u32 first(struct image_space *img, const struct packet *p, struct query *q)
{
	struct search_loop l = { .img = img, .p = p };
	const struct image_header *h = header_of(img);
	const struct image_trait *t;
	const struct image_chain *c;

	if (q->chain >= h->chains.count)
		return FIRST_BAD;
	c = image_at(img, h->chains.offset + (u64)q->chain * sizeof(*c), sizeof(*c));
	if (!c)
		return FIRST_BAD;
	if (!c->nr_leaf)
		return FIRST_NONE;
	l.s.from = q->from;
	l.s.best = FIRST_NONE;
	l.s.tree = c->tree;
	l.s.trees_end = c->tree + c->nr_trees;
	if (!c->nr_trees) {
		l.s.at = c->leaf;
		l.s.left = (u16)c->nr_leaf;
	}
	portable_loop(q->budget, search_step, &l);
	q->budget = l.steps < q->budget ? q->budget - l.steps : 0;
	if (l.result != SEARCH_END)
		return l.result == SEARCH_ON ? FIRST_BUDGET : FIRST_BAD;
	if (l.s.best == FIRST_NONE)
		return FIRST_NONE;
	if (l.s.found == MATCH_HOTDROP)
		return FIRST_HOTDROP;
	t = trait_at(img, l.s.best_trait);
	if (!t)
		return FIRST_BAD;
	q->act = t->act;
	return l.s.best;
}

#endif

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
#define FIRST_MAX_ID	0xfffffff0U

/* 1 if @a < @b; without a branch, as outside(). */
static __always_inline u64 below(u64 a, u64 b)
{
	u64 d = a - b;

	barrier_var(d);
	return d >> 63;
}

static __always_inline const struct image_chain *chain_at(struct image_space *img,
							   const struct image_header *h, u32 chain)
{
	return image_at(img, h->chains.offset + (u64)chain * sizeof(struct image_chain),
			sizeof(struct image_chain));
}

static __always_inline const struct image_tree *tree_at(struct image_space *img, u32 tree)
{
	return image_at(img, header_of(img)->trees.offset + (u64)tree * sizeof(struct image_tree),
			sizeof(struct image_tree));
}

/* A query and how far it is. */
struct search {
	u64 path;
	u32 chain, from;	/* what is asked */
	u32 best;		/* smallest id so far; FIRST_NONE */
	u32 best_trait;
	u32 tree, trees_end;
	u32 start;		/* those before it end before @from; IMAGE_NONE: a new chain */
	u32 at;			/* the first of the records to look at */
	u16 left;		/* how many these are */
	u8 found;		/* what @best does: enum match_result */
	u8 open;		/* 1 + deepest level that has children left to look at; 0: none */
	u32 id, trait;		/* of the record the leaf stopped at */
	u32 program;		/* offset of its next op + 8; 0: it has none; PROGRAM_DROPS */
};

/*
 * leaf() - the next record that could change the answer; enum match_result. Inline, with the family
 * known: a call costs as much as ten records where returns are guarded (SRSO, Retbleed).
 */
static __always_inline u32 leaf(struct image_space *img, const struct packet *p, struct search *s,
				const int ipv6)
{
	const u32 size = ipv6 ? sizeof(struct image_rule6) : sizeof(struct image_rule4);
	const struct image_header *h = header_of(img);
	u64 known = below(p->l4, L4_READABLE + 1), ports;
	u32 i, left = s->left, match;
	const struct image_rule4 *r4;
	const struct image_rule6 *r6;
	const u8 *records;

	/* One check for all of them; what lies behind an image (IMAGE_SLACK) allows that. */
	records = image_at(img, (ipv6 ? h->rules6.offset : h->rules4.offset) + (u64)s->at * size,
			   leaf_bytes(left, size));
	if (!records)
		return MATCH_BAD;
	portable_rolled
	for (i = 0; i < IMAGE_LEAF; i++) {
		r4 = (const void *)(records + i * size);
		r6 = (const void *)(records + i * size);
		if (i >= left)
			return MATCH_NO;
		if (ipv6 ? other_addresses6(p, r6) : other_addresses4(p, r4))
			goto next;
		ports = ipv6 ? OTHER_PORTS(p, r6, known) : OTHER_PORTS(p, r4, known);
		/* Out of the way: so the verifier meets what it knows already at the same place. */
		if (__builtin_expect_with_probability(!ports, 1, 0.0001))
			goto candidate;
next:		;
	}
	return MATCH_NO;

candidate:
	s->id = ipv6 ? r6->id : r4->id;
	if (s->id >= s->best)
		return MATCH_NO;
	if (s->id < s->from)
		goto next;
	s->trait = ipv6 ? r6->trait : r4->rest >> RULE4_TRAIT;
	match = match_trait(img, p, s->trait);
	if (match == MATCH_NO)
		goto next;
	s->at += i + 1;
	s->left = (u16)(left - i - 1);
	return match;
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
static __always_inline u32 descend(struct image_space *img, const struct packet *p,
				   struct search *s, u32 root)
{
	const struct image_node *n;
	u32 at, level, child;
	u64 nodes;

	nodes = header_of(img)->nodes.offset;
	at = root;
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
enum search_result { SEARCH_ON, SEARCH_END, SEARCH_BAD, SEARCH_TREE };

/* Trees passed over in one step of a search. */
#define TREES_AT_ONCE	16U

/*
 * next_tree() - the first one that may have a better rule: SEARCH_ON with the records of its only
 * leaf, or with none yet; SEARCH_TREE: it has a root. Behind a rule without a target many trees may
 * be over, as what no tree could take lies in leaves in the order of the rules.
 */
static __always_inline u32 next_tree(struct image_space *img, struct search *s)
{
	const struct image_tree *t;
	u32 i;

	portable_rolled
	for (i = 0; i < TREES_AT_ONCE; i++) {
		if (s->tree >= s->trees_end)
			return SEARCH_END;
		t = tree_at(img, s->tree);
		if (!t)
			return SEARCH_BAD;
		if (t->min_id >= s->best)
			return SEARCH_END;
		if (t->max_id >= s->from) {
			s->tree++;
			s->at = t->at;
			s->left = (u16)t->nr_leaf;
			return t->nr_leaf ? SEARCH_ON : SEARCH_TREE;
		}
		if (s->start == s->tree)
			s->start++;
		s->tree++;
	}
	return SEARCH_ON;
}

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
		result = next_tree(img, s);
		if (result != SEARCH_TREE)
			return result;
		s->path = 0;
	}
	t = tree_at(img, s->tree - 1);
	if (!t)
		return SEARCH_BAD;
	result = descend(img, p, s, t->at);
	return result == MATCH_BAD ? SEARCH_BAD : SEARCH_ON;
}

/* search_start() - of @s->chain from rule @s->from on. */
static __always_inline u32 search_start(struct image_space *img, struct search *s)
{
	const struct image_header *h = header_of(img);
	const struct image_chain *c;

	if (s->chain >= h->chains.count)
		return SEARCH_BAD;
	c = chain_at(img, h, s->chain);
	if (!c)
		return SEARCH_BAD;
	s->best = FIRST_NONE;
	s->best_trait = 0;
	s->found = MATCH_NO;
	s->id = FIRST_NONE;
	s->trait = 0;
	s->path = 0;
	s->open = 0;
	s->program = 0;
	if (s->start == IMAGE_NONE)
		s->start = c->tree;
	s->tree = s->start;
	s->trees_end = c->tree + c->nr_trees;
	s->at = c->leaf;
	s->left = c->nr_trees ? 0 : (u16)c->nr_leaf;
	return SEARCH_ON;
}

/* Ops run in one step of a search. */
#define OPS_AT_ONCE	8U

/* An op has said MATCH_DROP. Offsets need fewer bits. */
#define PROGRAM_DROPS	(1U << 31)
_Static_assert(IMAGE_CAPACITY_MAX < PROGRAM_DROPS, "the bit is free");

/* What a program comes to with its last op; @drops: an earlier one said MATCH_DROP. */
static __always_inline u32 program_result(u32 match, u32 drops)
{
	if (!drops)
		return match;
	return match == MATCH_YES ? MATCH_DROP : match == MATCH_NO ? MATCH_HOTDROP : match;
}

/* search_program() - some ops of the program of the record found: enum match_result. */
static __always_inline u32 search_program(hook_ctx *ctx, struct image_space *img,
					  const struct packet *p, struct search *s)
{
	u64 base = (u64)header_of(img)->programs.offset - 8;
	u32 i, at = s->program & ~PROGRAM_DROPS, drops = s->program & PROGRAM_DROPS;
	u32 result = MATCH_BAD;

	portable_rolled
	for (i = 0; i < OPS_AT_ONCE; i++) {
		result = match_op(ctx, img, p, base + at);
		if ((result & 255) == MATCH_DROP) {
			drops = PROGRAM_DROPS;
		} else if ((result & 255) != MATCH_YES || !(result >> 8)) {
			s->program = 0;
			return program_result(result & 255, drops);
		}
		at += result >> 8;
	}
	s->program = at | drops;
	return MATCH_PROGRAM;
}

/* search_match() - the next record that decides something: enum match_result. */
static __always_inline u32 search_match(hook_ctx *ctx, struct image_space *img,
					const struct packet *p, struct search *s)
{
	const struct image_trait *t;
	u32 match;

	if (!s->program) {
		match = p->family ? leaf(img, p, s, 1) : leaf(img, p, s, 0);
		if (match != MATCH_PROGRAM)
			return match;
		t = trait_at(img, s->trait);
		if (!t)
			return MATCH_BAD;
		s->program = t->program;
	}
	match = search_program(ctx, img, p, s);
	/* what is left of the leaf, or of the program, is for the next step */
	return match == MATCH_NO ? MATCH_PROGRAM : match;
}

/*
 * Can nothing that comes now be better? So that no further step is needed to find that out: the
 * usual small chain, and the rule at the top of a large one that accepts what is established.
 */
static __always_inline u32 search_over(struct image_space *img, const struct search *s)
{
	const struct image_tree *t;

	if (s->open)
		return SEARCH_ON;
	if (s->tree == s->trees_end)
		return SEARCH_END;
	t = tree_at(img, s->tree);
	return t && t->min_id >= s->best ? SEARCH_END : SEARCH_ON;
}

/* search_leaf() - one leaf, or what is left of it. */
static __always_inline u32 search_leaf(hook_ctx *ctx, struct image_space *img,
				       const struct packet *p, struct search *s)
{
	u32 match;

	if (!s->left && !s->program) {
		match = next_leaf(img, p, s);
		if (match != SEARCH_ON || !s->left)
			return match;
	}
	match = search_match(ctx, img, p, s);
	if (match == MATCH_PROGRAM)
		return SEARCH_ON;
	if (match == MATCH_BAD)
		return SEARCH_BAD;
	s->left = 0;
	if (match != MATCH_NO) {
		s->best = s->id;
		s->best_trait = s->trait;
		s->found = (u8)match;
	}
	return search_over(img, s);
}

/* A match that holds and drops lets the rule's target answer before (ipt_do_table()). */
static __always_inline u32 drop_act(u32 act)
{
#ifdef EVALUATOR_EXTENDED
	if (group_in(OPS_ANSWER) && (act & ACT_MASK) >= ACT_REJECT)
		return (act & ~ACT_MASK) | ACT_REJECT;
#endif
	return ACT_DROP;
}

/*
 * search_answer() - first(), at the end of a search; @act: what the rule does, @residual: its
 * residual program.
 */
static __always_inline u32 search_answer(struct image_space *img, const struct search *s, u32 *act,
					 u32 *residual)
{
	const struct image_trait *t;

	*act = ACT_CONTINUE;
	*residual = 0;
	if (s->best == FIRST_NONE)
		return FIRST_NONE;
	if (s->found == MATCH_HOTDROP)
		return FIRST_HOTDROP;
	t = trait_at(img, s->best_trait);
	if (!t)
		return FIRST_BAD;
	*act = s->found == MATCH_DROP ? drop_act(t->act) : t->act;
	*residual = t->residual;
	return s->best;
}

#endif

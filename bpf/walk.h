/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_WALK_H
#define BPF_WALK_H

#include "bpf/classify.h"
#ifdef EVALUATOR_EXTENDED
#include "bpf/ops_answer.h"
#endif

/*
 * The walker: iptables' semantics on top of first(). ipt_do_table() in
 * net/ipv4/netfilter/ip_tables.c: jump pushes the rule behind it, goto does not, RETURN and the end
 * of a user chain pop, and on the base chain they mean the policy and its counter. A rule is
 * counted when all its matches hold, before its target acts.
 */

/* Results: a verdict of netfilter, or 2 + enum drop_reason. */
#define WALK_DROP	0U
#define WALK_ACCEPT	1U
#define WALK_ERROR(reason)	(2U + (reason))
#define WALK_POLICY		0xffffffffU	/* inside: the end of the base chain */
#define WALK_ON			0xfffffffeU	/* inside: not at the end */

/* Steps taken by a plain loop. More are rare: a forest has up to some 20 trees. */
#define WALK_STEPS	32U

enum walk_state {
	WALK_FRESH,		/* the search has yet to begin */
	WALK_SEARCH,
	WALK_RESIDUAL,		/* the rule found: the rest of its matches */
};

/* Not zeroed: what a fresh walk does not set is not read. */
struct walk {
	struct search s;	/* the chain it is in, and the next rule */
	u16 state;		/* enum walk_state */
	u16 depth;
	u32 low[IMAGE_STACK];	/* pending jumps: the rule behind each, and of its chain's */
	u16 high[IMAGE_STACK];	/* number the low byte; and the rest: stack is short */
};

_Static_assert(IMAGE_RULES_MAX < 1U << 24, "a rule's number has 24 bits");
_Static_assert(IMAGE_CAPACITY_MAX / sizeof(struct image_chain) < 1U << 24, "a chain's, too");

/* @hot: the counter's number in a shard, IMAGE_NONE: it has none. */
static __always_inline int count(struct image_space *img, const struct image_header *h, u32 number,
				 u32 hot, u32 len)
{
	u32 shard = portable_cpu() & (h->nr_shards - 1);
	u64 at = h->counters + (u64)number * sizeof(struct image_counter);
	struct image_counter *c;

	if (number >= h->nr_counters)
		return -1;
	if (shard && hot < h->nr_hot)
		at = h->hot + (u64)(shard - 1) * h->shard_stride + (u64)hot * sizeof(*c);
	c = image_at(img, at, sizeof(*c));
	if (!c)
		return -1;
	portable_add(&c->packets, 1);
	portable_add(&c->bytes, len);
	return 0;
}

/* The rule @id of chain @chain was matched. */
static __always_inline int count_rule(struct image_space *img, u32 chain, u32 id, u32 len)
{
	const struct image_header *h = header_of(img);
	const struct image_chain *c;

	if (id >= h->nr_ids)
		return -1;
	c = chain_at(img, h, chain);
	if (!c)
		return -1;
	return count(img, h, id, id - c->first < c->nr_hot ? c->hot + id - c->first : IMAGE_NONE,
		     len);
}

/* The walk goes on in another chain. */
static __always_inline void walk_enter(struct walk *w, u32 chain, u32 from)
{
	w->s.chain = chain;
	w->s.from = from;
	w->s.start = IMAGE_NONE;
}

static __always_inline u32 walk_pop(struct walk *w)
{
	u32 d = w->depth;

	if (!d)
		return WALK_POLICY;
	d--;
	w->depth = (u16)d;
	barrier_var(d);
	if (d >= IMAGE_STACK)
		return WALK_ERROR(DROP_STACK);
	walk_enter(w, w->low[d] >> 24 | (u32)w->high[d] << 8, w->low[d] & 0xffffff);
	return WALK_ON;
}

static __always_inline u32 walk_push(struct walk *w, u32 id)
{
	u32 d = w->depth;

	barrier_var(d);
	if (d >= IMAGE_STACK)
		return WALK_ERROR(DROP_STACK);
	w->low[d] = w->s.chain << 24 | (id + 1);
	w->high[d] = (u16)(w->s.chain >> 8);
	w->depth = (u16)(d + 1);
	return WALK_ON;
}

static __always_inline u32 walk_act(struct walk *w, u32 act, u32 id)
{
	u32 result;

	switch (act & ACT_MASK) {
	case ACT_CONTINUE:
		w->s.from = id + 1;
		return WALK_ON;
	case ACT_ACCEPT:
		return WALK_ACCEPT;
	case ACT_DROP:
		return WALK_DROP;
	case ACT_RETURN:
		return walk_pop(w);
	case ACT_JUMP:
		result = walk_push(w, id);
		if (result != WALK_ON)
			return result;
		/* fallthrough */
	case ACT_GOTO:
		walk_enter(w, act >> ACT_SHIFT, 0);
		return WALK_ON;
	}
	return WALK_ERROR(DROP_BAD_IMAGE);
}

#ifdef EVALUATOR_EXTENDED
/*
 * walk_answer() - ACT_REJECT and ACT_ANSWER: tell the companion. What becomes of the packet does
 * not depend on whether that works. Returns what the rule does then; without the group there are no
 * such rules.
 */
static __always_inline u32 walk_answer(hook_ctx *ctx, struct image_space *img,
				       const struct packet *p, u32 act)
{
	if (!group_in(OPS_ANSWER) || (act & ACT_MASK) < ACT_REJECT || (act & ACT_MASK) > ACT_LAST)
		return act;
	answer(ctx, img, p, act >> ACT_SHIFT);
	return (act & ACT_MASK) == ACT_REJECT ? ACT_DROP : ACT_CONTINUE;
}
#else
#define walk_answer(ctx, img, p, act)	(act)
#endif

/* walk_found() - count the rule and let it act. @id: what the search says. */
static __always_inline u32 walk_found(hook_ctx *ctx, struct image_space *img,
				      const struct packet *p, struct walk *w, u32 id, u32 act)
{
	if (id == FIRST_NONE)
		return walk_pop(w);
	if (id == FIRST_HOTDROP)
		return WALK_ERROR(DROP_HOTDROP);
	if (id > FIRST_MAX_ID || count_rule(img, w->s.chain, id, p->len))
		return WALK_ERROR(DROP_BAD_IMAGE);
	return walk_act(w, walk_answer(ctx, img, p, act), id);
}

#ifdef EVALUATOR_EXTENDED
/*
 * walk_residual() - some ops of the rule that was found. They are run once a packet and only if the
 * packet gets to this rule, as they have side effects; if they do not hold, the search goes on
 * behind it.
 */
static __always_inline u32 walk_residual(hook_ctx *ctx, struct image_space *img,
					 const struct packet *p, struct walk *w)
{
	u32 match = search_program(ctx, img, p, &w->s);
	const struct image_trait *t;

	if (match == MATCH_PROGRAM)
		return WALK_ON;
	w->state = WALK_FRESH;
	if (match == MATCH_NO) {
		w->s.from = w->s.best + 1;
		return WALK_ON;
	}
	if (match == MATCH_HOTDROP)
		return WALK_ERROR(DROP_HOTDROP);
	t = trait_at(img, w->s.best_trait);
	if ((match != MATCH_YES && match != MATCH_DROP) || !t)
		return WALK_ERROR(DROP_BAD_IMAGE);
	return walk_found(ctx, img, p, w, w->s.best,
			  match == MATCH_DROP ? drop_act(t->act) : t->act);
}
#endif

/*
 * walk_step() - one leaf of the chain the walk is in, and if that ends the search, what the rule
 * does. WALK_ON or how the walk ended. One function: a call costs as much as ten records of a leaf
 * where returns are guarded (SRSO, Retbleed).
 */
verified_once u32 walk_step(hook_ctx *ctx, struct image_space *img, const struct packet *p,
			    struct walk *w)
{
	u32 result, id, act, residual;

	if (!img || !p || !w)
		return WALK_ERROR(DROP_NO_IMAGE);
#ifdef EVALUATOR_EXTENDED
	if (w->state == WALK_RESIDUAL)
		return walk_residual(ctx, img, p, w);
#endif
	if (w->state == WALK_FRESH && search_start(img, &w->s) != SEARCH_ON)
		return WALK_ERROR(DROP_BAD_IMAGE);
	w->state = WALK_SEARCH;
	result = search_leaf(ctx, img, p, &w->s);
	if (result == SEARCH_ON)
		return WALK_ON;
	if (result != SEARCH_END)
		return WALK_ERROR(DROP_BAD_IMAGE);
	w->state = WALK_FRESH;
	id = search_answer(img, &w->s, &act, &residual);
	if (residual) {
		w->state = WALK_RESIDUAL;
		w->s.program = residual | (w->s.found == MATCH_DROP ? PROGRAM_DROPS : 0);
		return WALK_ON;
	}
	return walk_found(ctx, img, p, w, id, act);
}

static __always_inline int chain_empty(struct image_space *img, u32 chain)
{
	const struct image_chain *c = chain_at(img, header_of(img), chain);

	return c && !c->nr_leaf && !c->nr_trees;
}

/* The policy: reached by the end of the base chain or a RETURN there; it has a counter as well. */
static __always_inline u32 walk_policy(struct image_space *img, const struct packet *p, u32 base)
{
	const struct image_header *h = header_of(img);
	const struct image_chain *c;

	c = chain_at(img, h, base);
	if (!c || count(img, h, c->policy_counter, c->hot + c->nr_hot, p->len))
		return WALK_ERROR(DROP_BAD_IMAGE);
	return c->policy == WALK_ACCEPT ? WALK_ACCEPT : WALK_DROP;
}

/* What it takes to judge a packet, in one place for the helper for loops. */
struct evaluation {
	hook_ctx *ctx;
	struct image_space *img;
	struct packet *p;
	struct walk *w;
	u32 result;
};

static long walk_on(u32 i, struct evaluation *e)
{
	(void)i;
	e->result = walk_step(e->ctx, e->img, e->p, e->w);
	return e->result != WALK_ON;
}

/* walk_rules() - of base chain @base and what it jumps to; WALK_POLICY: none of them decided. */
static __always_inline u32 walk_rules(struct evaluation *e, u32 base)
{
	u32 i, result = WALK_ON;

	walk_enter(e->w, base, 0);
	e->w->state = WALK_FRESH;
	e->w->depth = 0;
	portable_rolled
	for (i = 0; i < WALK_STEPS && result == WALK_ON; i++)
		result = walk_step(e->ctx, e->img, e->p, e->w);
	/* The helper for loops costs another call for each step. */
	if (result == WALK_ON) {
		e->result = WALK_ON;
		portable_loop(IMAGE_BUDGET, walk_on, e);
		result = e->result;
	}
	return result == WALK_ON ? WALK_ERROR(DROP_BUDGET) : result;
}

/**
 * walk_image() - the verdict of the image for a packet that enters base chain @base; @e->img and
 * @e->p are set. Returns WALK_DROP, WALK_ACCEPT or WALK_ERROR(reason); any error is a drop.
 */
static __always_inline u32 walk_image(struct evaluation *e, u32 base)
{
	u32 result = walk_rules(e, base);

	return result == WALK_POLICY ? walk_policy(e->img, e->p, base) : result;
}

/*
 * interface_interval() - in which interval of names a device lies: the number of borders <= its
 * name, by bisection. @hi, @lo: the name as two big-endian numbers. At most 2^16 borders
 * (validated).
 */
struct border_search {
	struct image_space *img;
	u64 hi, lo;
	u64 offset;
	u32 below;		/* borders known to be <= name */
	u32 count;		/* borders not yet decided */
};

static __always_inline long border_look(struct border_search *s)
{
	const struct image_iface *b;
	u32 half = s->count / 2;

	if (!s->count)
		return 1;
	b = image_at(s->img, s->offset + (u64)(s->below + half) * sizeof(*b), sizeof(*b));
	if (!b)
		return 1;
	if (b->hi < s->hi || (b->hi == s->hi && b->lo <= s->lo)) {
		s->below += half + 1;
		s->count -= half + 1;
	} else {
		s->count = half;
	}
	return 0;
}

static long border_step(u32 i, struct border_search *s)
{
	(void)i;
	return border_look(s);
}

verified_once u32 interface_interval(struct image_space *img, u64 hi, u64 lo)
{
	struct border_search s = { .img = img, .hi = hi, .lo = lo };
	u32 i;

	if (!img)
		return 0;
	s.offset = header_of(img)->ifaces.offset;
	s.count = header_of(img)->ifaces.count;
	/* A few borders are usual, and the helper for loops costs a call for each. */
	portable_rolled
	for (i = 0; i < 3; i++)
		if (border_look(&s))
			return s.below;
	portable_loop(14, border_step, &s);
	return s.below;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_WALK_H
#define BPF_WALK_H

#include "bpf/classify.h"

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

struct walk_frame {
	u32 chain;
	u32 from;		/* the rule behind the jump */
};

struct walk {
	struct query q;		/* the chain it is in, and the next rule */
	u32 depth;
	u32 result;
	struct walk_frame stack[IMAGE_STACK];
};

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

static __always_inline const struct image_chain *chain_at(struct image_space *img,
							   const struct image_header *h, u32 chain)
{
	return image_at(img, h->chains.offset + (u64)chain * sizeof(struct image_chain),
			sizeof(struct image_chain));
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

static __always_inline long walk_end(struct walk *w, u32 result)
{
	w->result = result;
	return 1;
}

static __always_inline long walk_pop(struct walk *w)
{
	u32 d = w->depth;

	if (!d)
		return walk_end(w, WALK_POLICY);
	d--;
	w->depth = d;
	barrier_var(d);
	if (d >= IMAGE_STACK)
		return walk_end(w, WALK_ERROR(DROP_STACK));
	w->q.chain = w->stack[d].chain;
	w->q.from = w->stack[d].from;
	return 0;
}

static __always_inline long walk_push(struct walk *w, u32 id)
{
	u32 d = w->depth;

	barrier_var(d);
	if (d >= IMAGE_STACK)
		return walk_end(w, WALK_ERROR(DROP_STACK));
	w->stack[d].chain = w->q.chain;
	w->stack[d].from = id + 1;
	w->depth = d + 1;
	return 0;
}

static __always_inline long walk_act(struct walk *w, u32 act, u32 id)
{
	switch (act & ACT_MASK) {
	case ACT_CONTINUE:
		w->q.from = id + 1;
		return 0;
	case ACT_ACCEPT:
		return walk_end(w, WALK_ACCEPT);
	case ACT_DROP:
		return walk_end(w, WALK_DROP);
	case ACT_RETURN:
		return walk_pop(w);
	case ACT_JUMP:
		if (walk_push(w, id))
			return 1;
		/* fallthrough */
	case ACT_GOTO:
		w->q.chain = act >> ACT_SHIFT;
		w->q.from = 0;
		return 0;
	}
	return walk_end(w, WALK_ERROR(DROP_BAD_IMAGE));
}

/* walk_found() - count the rule and let it act. @id: what first() says. Returns 1 at the end. */
verified_once int walk_found(struct image_space *img, const struct packet *p, struct walk *w,
			     u32 id)
{
	if (!img || !p || !w)
		return 1;
	if (id == FIRST_NONE)
		return (int)walk_pop(w);
	if (id == FIRST_HOTDROP)
		return (int)walk_end(w, WALK_ERROR(DROP_HOTDROP));
	if (id == FIRST_BUDGET)
		return (int)walk_end(w, WALK_ERROR(DROP_BUDGET));
	if (id > FIRST_MAX_ID || count_rule(img, w->q.chain, id, p->len))
		return (int)walk_end(w, WALK_ERROR(DROP_BAD_IMAGE));
	return (int)walk_act(w, w->q.act, id);
}

struct walk_loop {
	struct image_space *img;
	const struct packet *p;
	struct walk w;
};

static long walk_step(u32 i, struct walk_loop *l)
{
	(void)i;
	return walk_found(l->img, l->p, &l->w, first(l->img, l->p, &l->w.q)) != 0;
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

/**
 * walk_image() - the verdict of the image for a packet that enters base chain @base.
 * Returns WALK_DROP, WALK_ACCEPT or WALK_ERROR(reason); any error is a drop.
 */
verified_once u32 walk_image(struct image_space *img, const struct packet *p, u32 base)
{
	struct walk_loop l = { .img = img, .p = p,
			       .w = { .q = { .chain = base, .budget = IMAGE_BUDGET },
				      .result = WALK_ERROR(DROP_BUDGET) } };

	if (!img || !p)
		return WALK_ERROR(DROP_NO_IMAGE);
	portable_loop(IMAGE_BUDGET, walk_step, &l);
	if (l.w.result == WALK_POLICY)
		return walk_policy(img, p, base);
	return l.w.result;
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

static long border_step(u32 i, struct border_search *s)
{
	const struct image_iface *b;
	u32 half = s->count / 2;

	(void)i;
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

static __always_inline u16 interface_interval(struct image_space *img, const struct image_header *h,
					      u64 hi, u64 lo)
{
	struct border_search s = { .img = img, .hi = hi, .lo = lo, .offset = h->ifaces.offset,
				   .count = h->ifaces.count };

	portable_loop(17, border_step, &s);
	return (u16)s.below;
}

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * May this block be given to the evaluator? The evaluator is memory safe for any bytes; this check
 * is what makes its answer mean something: every reference leads to a record of the right kind,
 * every loop ends. Images come from files and from the stage 2 child, so nothing in them is
 * believed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/check.h"
#include "compile/layout.h"
#include "compile/ops.h"

#define TEXT_MAX	(1U << 30)
#define BORDERS_MAX	65534U

int bad(struct check *c, const char *what)
{
	error_set(c->err, -EINVAL, "the image is damaged: %s", what);
	error_hint(c->err, "make it again with 'bpfilter compile'");
	return -EINVAL;
}

static int check_section(struct check *c, struct image_section s, size_t record)
{
	if (s.offset % 8 || s.offset < sizeof(*c->h) || s.offset > c->size ||
	    (uint64_t)s.count * record > c->size - s.offset)
		return bad(c, "a section lies outside");
	return 0;
}

static uint64_t rules_written(const struct image_header *h)
{
	uint64_t sum = 0;
	int f, t;

	for (f = 0; f < IMAGE_FAMILIES; f++) {
		for (t = 0; t < IMAGE_TABLES; t++)
			sum += h->nr_rules[f][t];
	}
	return sum;
}

static int check_sections(struct check *c)
{
	const struct image_header *h = c->h;

	if (check_section(c, h->chains, sizeof(struct image_chain)) ||
	    check_section(c, h->rules4, sizeof(struct image_rule4)) ||
	    check_section(c, h->rules6, sizeof(struct image_rule6)) ||
	    check_section(c, h->traits, sizeof(struct image_trait)) ||
	    check_section(c, h->trees, sizeof(struct image_tree)) ||
	    check_section(c, h->nodes, sizeof(struct image_node)) ||
	    check_section(c, h->programs, 1) ||
	    check_section(c, h->ifaces, sizeof(struct image_iface)) ||
	    check_section(c, h->named, sizeof(struct image_named)) ||
	    check_section(c, h->sets, sizeof(struct image_set)) ||
	    check_section(c, h->text, 1))
		return -EINVAL;
	if ((h->answers.offset || h->answers.count) &&
	    check_section(c, h->answers, sizeof(struct image_answer)))
		return -EINVAL;
	if (rules_written(h) != h->nr_ids)
		return bad(c, "its number of rules");
	if (h->ifaces.count > BORDERS_MAX || h->text_size > TEXT_MAX ||
	    h->nr_ids > IMAGE_RULES_MAX || h->nr_counters < h->nr_ids ||
	    h->nr_counters - h->nr_ids > h->chains.count ||
	    h->nr_hot > (uint64_t)h->nr_ids + h->chains.count ||
	    h->nr_state > IMAGE_CELLS_MAX || h->nr_state4 > h->nr_state)
		return bad(c, "a count is too large");
	return 0;
}

static int check_header(struct check *c)
{
	const struct image_header *h = c->h;

	if (c->size < sizeof(*h) || h->magic != IMAGE_MAGIC)
		return error_set(c->err, -EINVAL, "not an image of bpfilter");
	if (h->version != IMAGE_VERSION || h->header_size != sizeof(*h))
		return error_set(c->err, -EINVAL, "the image has version %u; this helper needs %u",
				 h->version, IMAGE_VERSION);
	if (h->size != c->size)
		return bad(c, "its size is wrong");
	if (h->features & ~IMAGE_F_KNOWN)
		return error_set(c->err, -EINVAL,
				 "the image needs features this helper lacks (%#x)",
				 h->features & ~IMAGE_F_KNOWN);
	if (h->families & ~FAMILIES_ALL)
		return bad(c, "families");
	if (h->total_size || h->counters || h->hot || h->nr_shards || h->shard_stride || h->state ||
	    h->loaded_at || h->origin || h->hz ||
	    h->jiffies || h->clock_offset)
		return bad(c, "run-time fields are set");
	if (image_checksum(h, c->size) != h->checksum)
		return bad(c, "its checksum is wrong");
	return 0;
}

/* Programs lie one behind the other: walk them all, and remember where they start. */
static int check_programs(struct check *c)
{
	const char *base = (const char *)c->h + c->h->programs.offset;
	uint32_t words = c->h->programs.count / 8, at = 0, ops = 0;
	struct image_op op;

	if (c->h->programs.count % 8)
		return bad(c, "programs");
	while (at < words) {
		if (!ops)
			c->starts[at / 8] |= (uint8_t)(1U << at % 8);
		memcpy(&op, base + (size_t)at * 8, sizeof(op));
		if (!op.size || op.size > words - at || ++ops > IMAGE_OPS_MAX ||
		    !op_good(&op, (const u64 *)(const void *)(base + (size_t)at * 8 + 8)))
			return bad(c, "a match program");
		if (op.code == OP_SET &&
		    !sets_there(c, &op, (const u64 *)(const void *)(base + (size_t)at * 8 + 8)))
			return bad(c, "a rule names a set that is not there");
		if (op_features(&op) & ~c->h->features)
			return bad(c, "a match program needs a feature that is not on");
		at += op.size;
		if (op.code == OP_END)
			ops = 0;
	}
	return ops ? bad(c, "a match program has no end") : 0;
}

static bool is_program(const struct check *c, uint32_t program)
{
	uint32_t at = (program - 8) / 8;

	return !program || (program >= 8 && program % 8 == 0 &&
			    program - 8 < c->h->programs.count && c->starts[at / 8] >> at % 8 & 1);
}

static bool jumps(uint32_t act)
{
	return (act & ACT_MASK) == ACT_JUMP || (act & ACT_MASK) == ACT_GOTO;
}

static uint32_t trait_features(const struct image_trait *t)
{
	uint32_t features = t->ct ? IMAGE_F_CONNTRACK : 0;

	if (t->ct & (CT_SNAT | CT_DNAT))
		features |= IMAGE_F_NAT_STATE;
	if (trait_names_interface(t))
		features |= IMAGE_F_INTERFACES;
	if (t->residual)
		features |= IMAGE_F_RESIDUAL;
	return features;
}

/* A packet without anything odd about it is compared with the TCP flags of every trait. */
static bool tcp_good(const struct image_trait *t)
{
	if (t->flags & TRAIT_TCP)
		return t->flags & TRAIT_L4;
	return !(t->flags & TRAIT_NOT_TCP) && !t->tcp_mask && !t->tcp_flags;
}

static int check_traits(struct check *c)
{
	const struct image_trait *t = c->traits;
	uint32_t i, target;

	for (i = 0; i < c->h->traits.count; i++, t++) {
		if (trait_features(t) & ~c->h->features)
			return bad(c, "a rule needs a feature that is not on");
		if ((t->flags & ~TRAIT_ALL) || !tcp_good(t) ||
		    trait_names_interface(t) != !!(t->flags & TRAIT_INTERFACE) ||
		    (t->ct & ~CT_ALL) || !is_program(c, t->program) ||
		    !is_program(c, t->residual) ||
		    (t->act & ACT_MASK) > ACT_LAST || !act_answers(c, t->act))
			return bad(c, "what a rule checks or does");
		target = t->act >> ACT_SHIFT;
		if (jumps(t->act) && (target >= c->h->chains.count ||
				      c->chains[target].policy != IMAGE_NONE))
			return bad(c, "a jump");
	}
	return 0;
}

static uint32_t record_act(const struct check *c, const struct image_chain *chain, uint32_t i)
{
	unsigned int family = c->family[chain - c->chains] - 1U;

	return c->traits[record_trait(c, family, chain->leaf + i)].act;
}

static bool prefix_good(const uint8_t shift[2])
{
	return shift[0] <= 64 && shift[1] <= 64 && (!shift[0] || shift[1] == 64);
}

/* Records with their addresses, traits, and ids of this chain. */
static int check_records(struct check *c, const struct image_chain *chain, unsigned int family)
{
	uint32_t total = family ? c->h->rules6.count : c->h->rules4.count, i, n;

	/* All chains together have no more than there are: the time to check them is bounded. */
	if (chain->leaf > total || chain->nr_leaf > total - chain->leaf ||
	    chain->nr_leaf > total - c->records[family])
		return bad(c, "a chain's records lie outside");
	c->records[family] += chain->nr_leaf;
	for (i = 0; i < chain->nr_leaf; i++) {
		n = chain->leaf + i;
		if (record_id(c, family, n) - chain->first >= chain->count ||
		    record_trait(c, family, n) >= c->h->traits.count)
			return bad(c, "a rule's record");
		if (!answer_in_family(c, c->traits[record_trait(c, family, n)].act, family))
			return bad(c, "a type of REJECT");
		if (family ? !prefix_good(c->rules6[n].src_shift) ||
			     !prefix_good(c->rules6[n].dst_shift) :
			     (c->rules4[n].rest & 63) > 32 ||
			     (c->rules4[n].rest >> RULE4_SHIFT & 63) > 32)
			return bad(c, "a prefix length");
	}
	return 0;
}

static bool chain_good(const struct check *c, const struct image_chain *chain)
{
	uint32_t hot = chain->nr_hot + (chain->policy != IMAGE_NONE);

	return chain->first <= c->h->nr_ids && chain->count <= c->h->nr_ids - chain->first &&
	       chain->nr_hot <= chain->count && chain->hot <= c->h->nr_hot &&
	       hot <= c->h->nr_hot - chain->hot;
}

/* A chain and what it jumps to; targets not seen before go on the stack. */
static int check_chain(struct check *c, uint32_t index, uint32_t *top)
{
	const struct image_chain *chain = &c->chains[index];
	unsigned int family = c->family[index] - 1U;
	uint32_t i, act, target;

	if (!chain_good(c, chain))
		return bad(c, "a chain");
	if (check_records(c, chain, family))
		return -EINVAL;
	for (i = 0; i < chain->nr_leaf; i++) {
		act = record_act(c, chain, i);
		if (!jumps(act))
			continue;
		target = act >> ACT_SHIFT;
		if (!c->family[target]) {
			c->family[target] = c->family[index];
			c->stack[(*top)++] = target;
		} else if (c->family[target] != c->family[index]) {
			return bad(c, "a jump into the other family");
		}
	}
	return check_forest(c, chain);
}

static int check_chains(struct check *c)
{
	unsigned int f, t, hook;
	uint32_t base, top = 0;

	for (f = 0; f < IMAGE_FAMILIES; f++) {
		for (t = 0; t < IMAGE_TABLES; t++) {
			for (hook = 0; hook < IMAGE_HOOKS; hook++) {
				base = c->h->base[f][t][hook];
				if (base == IMAGE_NONE)
					continue;
				if (base >= c->h->chains.count || c->family[base] ||
				    c->chains[base].policy > 1 ||
				    c->chains[base].policy_counter >= c->h->nr_counters ||
				    c->chains[base].policy_counter < c->h->nr_ids)
					return bad(c, "a base chain");
				c->family[base] = (uint8_t)(f + 1);
				c->stack[top++] = base;
			}
		}
	}
	while (top) {
		if (check_chain(c, c->stack[--top], &top))
			return -EINVAL;
	}
	return 0;
}

/*
 * The jump or goto at or behind record @i of a chain whose target's depth is not known; nr_leaf:
 * none.
 */
static uint32_t next_unknown(const struct check *c, const struct image_chain *chain, uint32_t i)
{
	uint32_t act;

	for (; i < chain->nr_leaf; i++) {
		act = record_act(c, chain, i);
		if (jumps(act) && !c->depth[act >> ACT_SHIFT])
			break;
	}
	return i;
}

static uint32_t chain_depth(const struct check *c, const struct image_chain *chain)
{
	uint32_t i, act, d, max = 0;

	for (i = 0; i < chain->nr_leaf; i++) {
		act = record_act(c, chain, i);
		if (!jumps(act))
			continue;
		d = c->depth[act >> ACT_SHIFT] - 1 + ((act & ACT_MASK) == ACT_JUMP);
		if (d > max)
			max = d;
	}
	return max;
}

/*
 * No loop, and no more pending jumps than the evaluator has room for. Post-order with a stack of
 * our own; each chain remembers how far it has been looked at, so that the time is linear.
 */
static int check_depth_from(struct check *c, uint32_t base)
{
	const struct image_chain *chain;
	uint32_t top = 0, index, at, max;

	c->stack[top++] = base;
	while (top) {
		index = c->stack[top - 1];
		chain = &c->chains[index];
		at = next_unknown(c, chain, c->seen[index]);
		c->seen[index] = at;
		if (at < chain->nr_leaf) {
			if (top >= c->h->chains.count)
				return bad(c, "its chains form a loop");
			c->stack[top++] = record_act(c, chain, at) >> ACT_SHIFT;
			continue;
		}
		max = chain_depth(c, chain);
		if (max > IMAGE_STACK)
			return bad(c, "its jumps are nested too deep");
		c->depth[index] = max + 1;
		top--;
	}
	return 0;
}

static int check_depth(struct check *c)
{
	uint32_t i;

	for (i = 0; i < c->h->chains.count; i++) {
		if (c->family[i] && c->chains[i].policy != IMAGE_NONE && check_depth_from(c, i))
			return -EINVAL;
	}
	return 0;
}

static int check_ifaces(struct check *c)
{
	const struct image_iface *b = (const void *)((const char *)c->h + c->h->ifaces.offset);
	uint32_t i;

	for (i = 1; i < c->h->ifaces.count; i++) {
		if (b[i - 1].hi > b[i].hi || (b[i - 1].hi == b[i].hi && b[i - 1].lo >= b[i].lo))
			return bad(c, "interface names");
	}
	return 0;
}

/* Tables of state: their cells are cells of the image. */
static int check_named(struct check *c)
{
	const struct image_header *h = c->h;
	const struct image_named *n = (const void *)((const char *)h + h->named.offset);
	uint32_t i;

	for (i = 0; i < h->named.count; i++) {
		if (!n[i].kind || n[i].kind > NAMED_LAST || n[i].family > 2 ||
		    n[i].name[sizeof(n[i].name) - 1] || n[i].first > h->nr_state ||
		    n[i].count > h->nr_state - n[i].first)
			return bad(c, "a named table");
	}
	return 0;
}

static int check_all(struct check *c)
{
	int ret = check_programs(c);

	if (!ret)
		ret = check_sets(c);
	if (!ret)
		ret = check_answers(c);
	if (!ret)
		ret = check_traits(c);
	if (!ret)
		ret = check_nodes(c);
	if (!ret)
		ret = check_chains(c);
	if (!ret)
		ret = check_depth(c);
	if (!ret)
		ret = check_named(c);
	return ret ? ret : check_ifaces(c);
}

int image_validate(const void *data, size_t size, struct error *err)
{
	struct check c = { .h = data, .size = size, .err = err };
	int ret;

	ret = check_header(&c);
	if (!ret)
		ret = check_sections(&c);
	if (ret)
		return ret;
	c.chains = (const void *)((const char *)data + c.h->chains.offset);
	c.traits = (const void *)((const char *)data + c.h->traits.offset);
	c.rules4 = (const void *)((const char *)data + c.h->rules4.offset);
	c.rules6 = (const void *)((const char *)data + c.h->rules6.offset);
	c.answers = (const void *)((const char *)data + c.h->answers.offset);
	c.family = calloc((size_t)c.h->chains.count + 1, 1);
	c.stack = calloc((size_t)c.h->chains.count + 1, sizeof(*c.stack));
	c.depth = calloc((size_t)c.h->chains.count + 1, sizeof(*c.depth));
	c.seen = calloc((size_t)c.h->chains.count + 1, sizeof(*c.seen));
	c.starts = calloc(c.h->programs.count / 64 + 1, 1);
	c.trees = calloc((size_t)c.h->nodes.count + 1, sizeof(*c.trees));
	c.levels = calloc((size_t)c.h->nodes.count + 1, 1);
	if (!c.family || !c.stack || !c.depth || !c.seen || !c.starts || !c.trees || !c.levels)
		ret = error_errno(err, -ENOMEM, "checking the image");
	else
		ret = check_all(&c);
	free(c.levels);
	free(c.trees);
	free(c.starts);
	free(c.seen);
	free(c.depth);
	free(c.stack);
	free(c.family);
	return ret;
}

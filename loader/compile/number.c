// SPDX-License-Identifier: GPL-2.0-only
#include "compile/internal.h"

#include <errno.h>
#include <stdlib.h>

void ruleset_number(struct ruleset *rs, uint32_t *nr_chains, uint32_t *nr_rules)
{
	uint32_t chains = 0, rules = 0;
	struct chain *c;
	struct rule *r;
	unsigned int i;

	for (i = 0; i < FAMILY_TABLES; i++) {
		for (c = nth_table(rs, i)->chains; c; c = c->next) {
			c->index = chains++;
			for (r = c->rules; r; r = r->next)
				r->number = rules++;
		}
	}
	*nr_chains = chains;
	*nr_rules = rules;
}

/*
 * Depth of a chain: jumps that can be pending inside it. Post-order over the graph with a stack of
 * our own; loops cannot be reached from a base chain (ruleset_finish()).
 */
struct visit {
	const struct chain *chain;
	const struct rule *next;	/* the rule to look at next */
};

struct depth_search {
	struct visit *stack;
	uint32_t *depth;		/* by chain index; UINT32_MAX: not known yet */
	uint32_t top;
	uint32_t nr_chains;
};

static bool rule_jumps(const struct rule *r)
{
	return r->target == TARGET_JUMP || r->target == TARGET_GOTO;
}

/* Take one step below the chain on top; when it is finished its depth is known. */
static void depth_step(struct depth_search *s)
{
	struct visit *v = &s->stack[s->top - 1];
	const struct rule *r;
	uint32_t max = 0, d;

	for (; v->next; v->next = v->next->next) {
		r = v->next;
		if (rule_jumps(r) && s->depth[r->target_chain->index] == UINT32_MAX) {
			s->stack[s->top++] = (struct visit){ r->target_chain,
							     r->target_chain->rules };
			return;
		}
	}
	for (r = v->chain->rules; r; r = r->next) {
		if (!rule_jumps(r))
			continue;
		d = s->depth[r->target_chain->index] + (r->target == TARGET_JUMP);
		if (d > max)
			max = d;
	}
	s->depth[v->chain->index] = max;
	s->top--;
}

static int depth_base(struct depth_search *s, const struct chain *base, struct error *err)
{
	s->stack[0] = (struct visit){ base, base->rules };
	s->top = 1;
	while (s->top) {
		/*
		 * Longer than there are chains: a loop. Cannot be, but must not run off the stack.
		 */
		if (s->top > s->nr_chains)
			return error_set(err, -ELOOP, "chain %s is part of a loop", base->name);
		depth_step(s);
	}
	if (s->depth[base->index] > IMAGE_STACK) {
		error_set(err, -E2BIG,
			  "chain %s: jumps are nested %u deep, at most %u are supported",
			  base->name, s->depth[base->index], IMAGE_STACK);
		error_hint(err, "use -g instead of -j where nothing follows the jump");
		return -E2BIG;
	}
	return 0;
}

static bool any_jump(const struct ruleset *rs)
{
	const struct chain *c;
	unsigned int i;

	for (i = 0; i < FAMILY_TABLES; i++) {
		for (c = rs->tables[i / NR_TABLES][i % NR_TABLES].chains; c; c = c->next) {
			if (c->refs)
				return true;
		}
	}
	return false;
}

int ruleset_depth(struct ruleset *rs, uint32_t nr_chains, struct error *err)
{
	struct depth_search s = { .nr_chains = nr_chains };
	const struct chain *c;
	unsigned int i;
	int ret = 0;

	if (!any_jump(rs))
		return 0;
	s.stack = calloc(nr_chains + 1, sizeof(*s.stack));
	s.depth = malloc(nr_chains * sizeof(*s.depth));
	if (!s.stack || !s.depth) {
		ret = error_errno(err, -ENOMEM, "compiling the rules");
		goto out;
	}
	for (i = 0; i < nr_chains; i++)
		s.depth[i] = UINT32_MAX;
	for (i = 0; i < FAMILY_TABLES && !ret; i++) {
		for (c = nth_table(rs, i)->chains; c && !ret; c = c->next) {
			if (c->hook != HOOK_NONE)
				ret = depth_base(&s, c, err);
		}
	}
out:
	free(s.depth);
	free(s.stack);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/parse.h"

/* What can only be said once all texts have been read: ruleset_finish(). */

enum { WHITE, GREY, BLACK };	/* chain.mark: not seen, on the path, done */

/* A chain on the path from a base chain, and the rule that is looked at next. */
struct frame {
	struct chain *chain;
	const struct rule *rule;
};

static void push(struct frame *stack, uint32_t *depth, struct chain *c)
{
	c->mark = GREY;
	stack[(*depth)++] = (struct frame){ .chain = c, .rule = c->rules };
}

/*
 * Follow jumps and gotos from @base; the stack is ours, not C's. A chain met again while it is on
 * the path closes a loop (mark_source_chains(), net/ipv4/netfilter/ip_tables.c). Unlike the kernel
 * we also follow rules behind an unconditional verdict.
 */
static int find_loop(struct chain *base, struct frame *stack, struct error *err)
{
	const struct rule *r;
	struct frame *top;
	uint32_t depth = 0;

	if (base->mark != WHITE)
		return 0;
	push(stack, &depth, base);
	while (depth) {
		top = &stack[depth - 1];
		r = top->rule;
		if (!r) {
			top->chain->mark = BLACK;
			depth--;
			continue;
		}
		top->rule = r->next;
		if (!r->target_chain || r->target_chain->mark == BLACK)
			continue;
		if (r->target_chain->mark == GREY)
			return error_at(err, -EINVAL, r->origin.where, r->origin.line,
					r->origin.column, r->origin.text, r->origin.text_len,
					"loop: this leads back into chain \"%s\"",
					r->target_chain->name);
		push(stack, &depth, r->target_chain);
	}
	return 0;
}

static int check_loops(struct table *table, struct error *err)
{
	struct frame *stack;
	struct chain *c;
	int ret = 0;

	for (c = table->chains; c && !c->refs; c = c->next)
		;
	if (!c)
		return 0;	/* nothing jumps */
	stack = calloc(table->nr_chains, sizeof(*stack));
	if (!stack)
		return error_set(err, -ENOMEM, "out of memory");
	for (c = table->chains; c; c = c->next)
		c->mark = WHITE;
	for (c = table->chains; c && !ret; c = c->next)
		if (c->hook != HOOK_NONE)
			ret = find_loop(c, stack, err);
	free(stack);
	return ret;
}

/* Chains that rules name but nobody made are an error; those that were deleted go. */
static int check_chains(struct table *table, struct error *err)
{
	struct chain **at = &table->chains, *c;

	while ((c = *at)) {
		if (c->declared) {
			at = &c->next;
			continue;
		}
		if (c->refs)
			return error_at(err, -EINVAL, c->origin.where, c->origin.line,
					c->origin.column, c->origin.text, c->origin.text_len,
					"no chain or target \"%s\"", c->name);
		*at = c->next;
		table->nr_chains--;
	}
	table->tail = at;
	return 0;
}

/* Merge two lists sorted by name. */
static struct chain *merge(struct chain *a, struct chain *b)
{
	struct chain *head = NULL, **tail = &head, **least;

	while (a && b) {
		least = strcmp(a->name, b->name) <= 0 ? &a : &b;
		*tail = *least;
		tail = &(*tail)->next;
		*least = *tail;
	}
	*tail = a ? a : b;
	return head;
}

/* Take the first run that is sorted already off *list; saved files are one such run. */
static struct chain *take_run(struct chain **list)
{
	struct chain *head = *list, *c = head;

	while (c->next && strcmp(c->name, c->next->name) <= 0)
		c = c->next;
	*list = c->next;
	c->next = NULL;
	return head;
}

/* User chains by name, as iptcc_insert_chain() (libiptc/libiptc.c) keeps them. */
static void sort_chains(struct table *table)
{
	struct chain *bin[33] = { NULL }, **at = &table->chains, *rest, *run;
	unsigned int i;

	while (*at && (*at)->hook != HOOK_NONE)
		at = &(*at)->next;
	rest = *at;
	while (rest) {
		run = take_run(&rest);
		for (i = 0; i < 32 && bin[i]; i++) {
			run = merge(bin[i], run);
			bin[i] = NULL;
		}
		bin[i] = bin[i] ? merge(bin[i], run) : run;
	}
	run = NULL;
	for (i = 0; i < 33; i++)
		run = bin[i] ? merge(bin[i], run) : run;
	*at = run;
	while (*at)
		at = &(*at)->next;
	table->tail = at;
}

int ruleset_finish(struct ruleset *rs, struct error *err)
{
	struct table *table;
	int f, t, ret;

	for (f = 0; f < NR_FAMILIES; f++) {
		for (t = 0; t < NR_TABLES; t++) {
			table = &rs->tables[f][t];
			ret = check_chains(table, err);
			if (!ret)
				ret = check_loops(table, err);
			if (ret)
				return ret;
			sort_chains(table);
		}
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/address.h"
#include "rules/ext.h"
#include "rules/line.h"
#include "rules/parse.h"
#include "rules/sets.h"

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

static bool jumps(const struct table *table)
{
	const struct chain *c;

	for (c = table->chains; c && !c->refs; c = c->next)
		;
	return c;
}

static int check_loops(struct table *table, struct error *err)
{
	struct frame *stack;
	struct chain *c;
	int ret = 0;

	if (!jumps(table))
		return 0;
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

/*
 * unconditional() (net/ipv4/netfilter/ip_tables.c, net/ipv6/netfilter/ip6_tables.c) with a verdict:
 * mark_source_chains() does not go on behind it. "-p all" is a condition in IPv6, "-i +" in both.
 */
static bool ends_chain(const struct rule *r, enum family f)
{
	unsigned int harmless = f == FAMILY_IPV4 ? RULE_PROTO : 0;

	return (r->target == TARGET_ACCEPT || r->target == TARGET_DROP ||
		r->target == TARGET_RETURN) && !r->matches && !(r->flags & ~harmless) &&
	       !r->proto && !r->in.given && !r->out.given && address_is_zero(r->src.mask, f) &&
	       address_is_zero(r->dst.mask, f);
}

/* Where "-m NAME" stands in the rule; 1: not found as these two words. */
static unsigned int match_column(const struct origin *o, const char *name)
{
	const char *end = o->text + o->text_len, *p;
	size_t len = strlen(name);

	for (p = o->text; p && (size_t)(end - p) >= 3 + len; p++)
		if (!memcmp(p, "-m ", 3) && !memcmp(p + 3, name, len) &&
		    (p + 3 + len == end || p[3 + len] == ' '))
			return (unsigned int)(p + 3 - o->text) + 1;
	return 1;
}

/* xt_check_match() (net/netfilter/x_tables.c): "used from hooks ..., but only valid from ...". */
static int check_rule_hook(const struct rule *r, int hook, struct error *err)
{
	const struct match *m;
	const struct origin *o = &r->origin;

	for (m = r->matches; m; m = m->next)
		if (m->ext->hooks && !(m->ext->hooks(m->data) & HOOK_BIT(hook)))
			return error_at(err, -EINVAL, o->where, o->line,
					match_column(o, m->ext->name), o->text, o->text_len,
					"match \"%s\", as it is written here, is not legal in %s, "
					"from where this rule is reached", m->ext->name,
					hook_name(hook));
	return 0;
}

/* All that can be reached from @base. There are no loops. */
static int check_from(struct chain *base, enum family f, struct frame *stack, struct error *err)
{
	const struct rule *r;
	struct frame *top;
	uint32_t depth = 0;
	int ret = 0;

	push(stack, &depth, base);
	while (depth && !ret) {
		top = &stack[depth - 1];
		r = top->rule;
		if (!r) {
			depth--;
			continue;
		}
		top->rule = ends_chain(r, f) ? NULL : r->next;
		ret = check_rule_hook(r, base->hook, err);
		if (!ret && r->target_chain && r->target_chain->mark == WHITE)
			push(stack, &depth, r->target_chain);
	}
	return ret;
}

/* Matches that are not legal in every hook. */
static int check_hooks(struct table *table, enum family f, struct error *err)
{
	struct chain *base, *c;
	struct frame *stack;
	int ret = 0;

	stack = calloc(table->nr_chains + 1, sizeof(*stack));
	if (!stack)
		return error_set(err, -ENOMEM, "out of memory");
	for (base = table->chains; base && !ret; base = base->next) {
		if (base->hook == HOOK_NONE)
			continue;
		for (c = table->chains; c; c = c->next)
			c->mark = WHITE;
		ret = check_from(base, f, stack, err);
	}
	free(stack);
	return ret;
}

/* Matches that cannot be carried out before there is a connection. */
static int check_raw(const struct table *table, struct error *err)
{
	const struct origin *o;
	const struct chain *c;
	const struct match *m;
	const struct rule *r;

	for (c = table->chains; c; c = c->next)
		for (r = c->rules; r; r = r->next)
			for (m = r->matches; m; m = m->next) {
				if (!m->ext->not_in_raw)
					continue;
				o = &r->origin;
				return error_at(err, -EINVAL, o->where, o->line,
						match_column(o, m->ext->name), o->text,
						o->text_len, "unsupported match \"%s\" in table "
						"raw: %s", m->ext->name, m->ext->not_in_raw);
			}
	return 0;
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
		if (c->refs) {
			error_at(err, -EINVAL, c->origin.where, c->origin.line, c->origin.column,
				 c->origin.text, c->origin.text_len, "no chain or target \"%s\"",
				 c->name);
			hint_target(err, c->name);
			return -EINVAL;
		}
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
			if (!ret && t == TABLE_RAW)
				ret = check_raw(table, err);
			if (!ret && rs->hooks)
				ret = check_hooks(table, (enum family)f, err);
			if (ret)
				return ret;
			sort_chains(table);
		}
	}
	return ipsets_finish(rs, err);
}

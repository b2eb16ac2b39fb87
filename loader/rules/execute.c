/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/address.h"
#include "rules/line.h"
#include "rules/names.h"

/*
 * Commands on the rule set: do_command4(), do_command6() (iptables/iptables.c) and what libiptc
 * does below them.
 */

#define LIST_MAX	(WORD_LENGTH_MAX + 2)	/* addresses in one word: commas + 1 */

static struct table *line_table(struct line_parser *lp)
{
	return &lp->rs->tables[lp->family][lp->table];
}

/* The chain a command names; an error if it is not there. */
static struct chain *find_chain(struct line_parser *lp)
{
	struct chain *c = ruleset_chain(lp->rs, lp->family, lp->table, lp->chain.text, false);

	if (c && c->declared)
		return c;
	line_error(lp, lp->chain.column, "chain \"%s\" does not exist in table %s (%s)",
		   lp->chain.text, table_name(lp->table), family_name(lp->family));
	return NULL;
}

static int check_address(struct line_parser *lp, const struct place *p, const char *item,
			 size_t len, enum address_error e)
{
	unsigned int column = p->column + (unsigned int)(item - p->text);
	int n = len > 64 ? 64 : (int)len;

	switch (e) {
	case ADDRESS_OK:
		return 0;
	case ADDRESS_BAD_MASK:
		return line_error(lp, column, "invalid mask in \"%.*s\"", n, item);
	case ADDRESS_WRONG_FAMILY:
		return line_error(lp, column, "\"%.*s\" is not an %s address", n, item,
				  family_name(lp->family));
	case ADDRESS_TOO_LONG:
		return line_error(lp, column, "address \"%.*s\" is too long", n, item);
	case ADDRESS_NOT_NUMERIC:
	default:
		line_error(lp, column, "\"%.*s\" is not an address: host names cannot be looked up "
			   "before the network is there", n, item);
		if (!lp->probing)
			error_hint(lp->err, "write the address as a number");
		return -EINVAL;
	}
}

/*
 * A list of addresses, as many as there are commas plus one. A place that is not given is 0/0.
 * Returns how many or negative.
 */
static int parse_list(struct line_parser *lp, const struct place *p, struct address *list)
{
	const char *item = p->text;
	enum address_error e;
	size_t len;
	int n = 0;

	if (!item) {
		memset(list, 0, sizeof(*list));
		return 1;
	}
	for (;;) {
		while (*item == ' ' || (*item >= '\t' && *item <= '\r'))
			item++;
		for (len = 0; item[len] && item[len] != ','; len++)
			;
		e = address_parse(&list[n], item, len, lp->family);
		if (check_address(lp, p, item, len, e))
			return -EINVAL;
		n++;
		if (!item[len])
			return n;
		item += len + 1;
	}
}

/* What the rule does: iptcc_map_target() (libiptc/libiptc.c), chains of later lines included. */
static int resolve_target(struct line_parser *lp)
{
	static const struct { const char *name; uint8_t kind; } verdicts[] = {
		{ "ACCEPT", TARGET_ACCEPT }, { "DROP", TARGET_DROP }, { "RETURN", TARGET_RETURN },
	};
	const char *name = lp->target.text;
	struct chain *c;
	unsigned int i;

	if (!name || lp->rule.target == TARGET_EXT)
		return 0;
	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (!same_word(name, verdicts[i].name))
			continue;
		if (lp->go_to)
			return line_error(lp, lp->target.column, "-g %s: not a chain", name);
		lp->rule.target = verdicts[i].kind;
		return 0;
	}
	c = ruleset_chain(lp->rs, lp->family, lp->table, name, true);
	if (!c)
		return line_no_memory(lp);
	if (c->hook != HOOK_NONE)
		return line_error(lp, lp->target.column, "cannot jump to the built-in chain %s",
				  name);
	lp->rule.origin.column = (uint16_t)lp->target.column;
	if (!c->declared && !c->refs)
		c->origin = lp->rule.origin;
	lp->rule.target = lp->go_to ? TARGET_GOTO : TARGET_JUMP;
	lp->rule.target_chain = c;
	return 0;
}

static void link_rule(struct line_parser *lp, struct chain *c, struct rule **at, struct rule *r)
{
	r->next = *at;
	*at = r;
	if (c->tail == at)
		c->tail = &r->next;
	c->nr_rules++;
	line_table(lp)->nr_rules++;
	if (r->target_chain)
		r->target_chain->refs++;
}

/* Take out the rule at @at: from rule_at(), or the first one after the cursor was forgotten. */
static void unlink_rule(struct line_parser *lp, struct chain *c, struct rule **at)
{
	struct rule *r = *at;

	*at = r->next;
	if (c->tail == &r->next)
		c->tail = at;
	c->nr_rules--;
	line_table(lp)->nr_rules--;
	if (r->target_chain)
		r->target_chain->refs--;
}

/*
 * Where rule @number (from 1) is linked in; @number is at most nr_rules + 1. The chain remembers
 * the place, so that a row of insertions does not walk from the first rule each time.
 */
static struct rule **rule_at(struct chain *c, unsigned int number)
{
	struct rule **at = &c->rules;
	unsigned int i = 1;

	if (number == c->nr_rules + 1)
		return c->tail;
	if (c->cursor && c->cursor_number <= number) {
		at = c->cursor;
		i = c->cursor_number;
	}
	for (; i < number; i++)
		at = &(*at)->next;
	c->cursor = at;
	c->cursor_number = number;
	return at;
}

/*
 * The canonical text is longer than some rules ("--syn"), and must be readable again: it is what an
 * image keeps of the rules. Short lines always fit.
 */
static int check_printable(struct line_parser *lp, const struct rule *r, const struct chain *c)
{
	struct buffer text = { 0 };
	struct words *words;
	unsigned int column;
	int ret = 0;

	if (lp->words->n <= WORDS_MAX / 4 && lp->len <= LINE_LENGTH_MAX / 16)
		return 0;
	words = malloc(sizeof(*words));
	rule_print_complete(&text, r, c, lp->family);
	if (!words || text.failed)
		ret = line_no_memory(lp);
	else if (text.len > LINE_LENGTH_MAX || lex(words, text.data, text.len, 0, &column))
		ret = line_error(lp, 1, "rule too long: written out it has %zu bytes", text.len);
	buffer_free(&text);
	free(words);
	return ret;
}

/* One rule for each pair of addresses: append_entry(), insert_entry(). */
static int add_rules(struct line_parser *lp, struct chain *c, const struct address *src, int nr_src,
		     const struct address *dst, int nr_dst)
{
	struct rule *r;
	int i, k;

	for (i = 0; i < nr_src; i++) {
		for (k = 0; k < nr_dst; k++) {
			if (line_table(lp)->nr_rules >= RULES_MAX)
				return line_error(lp, 1, "more than %u rules in table %s",
						  RULES_MAX, table_name(lp->table));
			r = arena_alloc(&lp->rs->arena, sizeof(*r));
			if (!r)
				return line_no_memory(lp);
			*r = lp->rule;
			r->src = src[i];
			r->dst = dst[k];
			if (check_printable(lp, r, c))
				return -EINVAL;
			link_rule(lp, c, lp->command == CMD_APPEND ? c->tail :
				  rule_at(c, lp->rule_number), r);
		}
	}
	return 0;
}

/* The first rule of the chain that is written as @r: delete_entry(). */
static int delete_rule(struct line_parser *lp, struct chain *c, const struct rule *r)
{
	struct buffer want = { 0 }, text = { 0 };
	struct rule **at = &c->rules;
	int ret = 0;

	rule_print_complete(&want, r, c, lp->family);
	for (; *at; at = &(*at)->next) {
		if ((*at)->target != r->target || (*at)->proto != r->proto ||
		    (*at)->flags != r->flags)
			continue;
		text.len = 0;
		rule_print_complete(&text, *at, c, lp->family);
		if (text.failed || want.failed || !strcmp(text.data, want.data))
			break;
	}
	if (text.failed || want.failed)
		ret = line_no_memory(lp);
	else if (!*at)
		ret = line_error(lp, lp->chain.column, "chain %s has no such rule", c->name);
	if (!ret) {
		c->cursor = NULL;
		unlink_rule(lp, c, at);
	}
	buffer_free(&want);
	buffer_free(&text);
	return ret;
}

/* One rule for each pair of addresses, as when they were added. */
static int delete_rules(struct line_parser *lp, struct chain *c, const struct address *src,
			int nr_src, const struct address *dst, int nr_dst)
{
	struct rule r = lp->rule;
	int i, j, ret = 0;

	for (i = 0; i < nr_src; i++) {
		r.src = src[i];
		for (j = 0; j < nr_dst && !ret; j++) {
			r.dst = dst[j];
			ret = delete_rule(lp, c, &r);
		}
	}
	return ret;
}

static int command_rule(struct line_parser *lp)
{
	struct address src[LIST_MAX], dst[LIST_MAX];
	int nr_src, nr_dst, ret;
	struct chain *c;

	nr_src = parse_list(lp, &lp->source, src);
	nr_dst = nr_src < 0 ? nr_src : parse_list(lp, &lp->destination, dst);
	if (nr_dst < 0)
		return nr_dst;
	if ((nr_src > 1 || nr_dst > 1) && lp->rule.flags & (RULE_INV_SRC | RULE_INV_DST))
		return line_error(lp, nr_src > 1 ? lp->source.column : lp->destination.column,
				  "! is not allowed with several addresses");
	if (nr_src * nr_dst > 1 && lp->command == CMD_REPLACE)
		return line_error(lp, lp->chain.column, "-R with several addresses");
	c = find_chain(lp);
	if (!c)
		return -EINVAL;
	if (lp->command == CMD_INSERT && lp->rule_number > c->nr_rules + 1)
		return line_error(lp, lp->chain.column, "index of insertion too big: chain %s has "
				  "%u rules", c->name, c->nr_rules);
	if (lp->command == CMD_REPLACE && lp->rule_number > c->nr_rules)
		return line_error(lp, lp->chain.column, "no rule %u: chain %s has %u rules",
				  lp->rule_number, c->name, c->nr_rules);
	ret = resolve_target(lp);
	if (ret)
		return ret;
	if (lp->command == CMD_DELETE)
		return delete_rules(lp, c, src, nr_src, dst, nr_dst);
	if (lp->command == CMD_REPLACE)
		unlink_rule(lp, c, rule_at(c, lp->rule_number));
	lp->rule.packets = lp->packets;
	lp->rule.bytes = lp->bytes;
	return add_rules(lp, c, src, nr_src, dst, nr_dst);
}

static int command_delete(struct line_parser *lp)
{
	struct chain *c = find_chain(lp);

	if (!c)
		return -EINVAL;
	if (lp->rule_number > c->nr_rules)
		return line_error(lp, lp->chain.column, "no rule %u: chain %s has %u rules",
				  lp->rule_number, c->name, c->nr_rules);
	unlink_rule(lp, c, rule_at(c, lp->rule_number));
	return 0;
}

static int command_new(struct line_parser *lp)
{
	struct chain *c = ruleset_chain(lp->rs, lp->family, lp->table, lp->chain.text, true);

	if (!c)
		return line_no_memory(lp);
	if (c->declared)
		return line_error(lp, lp->chain.column, "chain \"%s\" exists already", c->name);
	line_warn_later(lp, c);
	c->declared = true;
	c->block = lp->rs->blocks;
	return 0;
}

/* iptc_set_policy(): base chains alone, ACCEPT or DROP. */
static int command_policy(struct line_parser *lp)
{
	struct chain *c = find_chain(lp);

	if (!c)
		return -EINVAL;
	if (c->hook == HOOK_NONE)
		return line_error(lp, lp->chain.column,
				  "chain \"%s\" is not built in and has no policy", c->name);
	if (!strcmp(lp->policy.text, "ACCEPT"))
		c->policy = TARGET_ACCEPT;
	else if (!strcmp(lp->policy.text, "DROP"))
		c->policy = TARGET_DROP;
	else
		return line_error(lp, lp->policy.column,
				  "policy \"%.64s\": expected ACCEPT or DROP", lp->policy.text);
	c->packets = lp->packets;
	c->bytes = lp->bytes;
	return 0;
}

int line_flush_chain(struct line_parser *lp, struct chain *c)
{
	c->cursor = NULL;
	while (c->rules)
		unlink_rule(lp, c, &c->rules);
	return 0;
}

/* iptc_delete_chain(): empty, not referred to, not built in. It stays in the list, undeclared. */
static int delete_chain(struct line_parser *lp, struct chain *c)
{
	unsigned int column = lp->chain.text ? lp->chain.column : 1;

	if (c->hook != HOOK_NONE && !lp->chain.text)
		return 0;
	if (c->hook != HOOK_NONE)
		return line_error(lp, column, "chain \"%s\" is built in", c->name);
	if (c->rules)
		return line_error(lp, column, "chain \"%s\" is not empty", c->name);
	if (c->refs)
		return line_error(lp, column, "chain \"%s\" is still referred to", c->name);
	c->declared = false;
	return 0;
}

static int zero_chain(struct line_parser *lp, struct chain *c)
{
	struct rule *r;
	unsigned int n = 0;

	if (lp->rule_number > c->nr_rules)
		return line_error(lp, lp->chain.column, "no rule %u: chain %s has %u rules",
				  lp->rule_number, c->name, c->nr_rules);
	if (!lp->rule_number)
		c->packets = c->bytes = 0;
	for (r = c->rules; r; r = r->next)
		if (!lp->rule_number || ++n == lp->rule_number)
			r->packets = r->bytes = 0;
	return 0;
}

/* -F, -X, -Z: one chain or all of the table. */
static int for_chains(struct line_parser *lp, int (*fn)(struct line_parser *, struct chain *))
{
	struct chain *c;
	int ret = 0;

	if (lp->chain.text) {
		c = find_chain(lp);
		return c ? fn(lp, c) : -EINVAL;
	}
	for (c = line_table(lp)->chains; c && !ret; c = c->next)
		if (c->declared)
			ret = fn(lp, c);
	return ret;
}

int line_execute(struct line_parser *lp)
{
	switch (lp->command) {
	case CMD_APPEND:
	case CMD_INSERT:
	case CMD_REPLACE:
	case CMD_DELETE:
		return command_rule(lp);
	case CMD_DELETE_NUM:
		return command_delete(lp);
	case CMD_NEW:
		return command_new(lp);
	case CMD_POLICY:
		return command_policy(lp);
	case CMD_FLUSH:
		return for_chains(lp, line_flush_chain);
	case CMD_DELETE_CHAIN:
		return for_chains(lp, delete_chain);
	case CMD_ZERO:
		return for_chains(lp, zero_chain);
	default:
		return 0;
	}
}

/* Forget the line that was read before; what names the text and the place stays. */
static void line_reset(struct line_parser *lp, enum family f)
{
	lp->family = f;
	memset(&lp->scan, 0, sizeof(lp->scan));
	lp->hints = lp->hints_address = lp->hints_match = 0;
	lp->command = lp->options = lp->rule_number = 0;
	lp->skip = lp->go_to = lp->proto_loaded = false;
	lp->chain = lp->policy = lp->source = (struct place){ 0 };
	lp->destination = lp->target = (struct place){ 0 };
	lp->proto = NULL;
	lp->nr_matches = lp->nr_exts = lp->target_seen = 0;
	memset(&lp->rule, 0, sizeof(lp->rule));
	lp->rule.origin = (struct origin){
		.where = lp->where, .text = lp->text, .text_len = (uint16_t)lp->len,
		.line = lp->line, .column = 1,
	};
}

/*
 * The families of a line that may be for both: -4 or -6 says it, else an address, else ICMP; else
 * it is a line for both.
 */
static int find_families(struct line_parser *lp, unsigned int *families)
{
	unsigned int found;

	if (*families != FAMILIES_ALL)
		return 0;
	line_reset(lp, FAMILY_IPV4);
	lp->probing = true;
	line_parse(lp);
	lp->probing = false;
	found = lp->hints ? lp->hints : lp->hints_address ? lp->hints_address : lp->hints_match;
	if (!lp->hints && !lp->hints_address && found && lp->rule.flags & RULE_INV_PROTO &&
	    (lp->rule.proto == 1 || lp->rule.proto == 58))
		return line_error(lp, 1, "! -p with ICMP in a text for both families: write -4 or "
				  "-6 in front of the rule");
	/* Contradictions: let the first family complain. */
	if (found && found != FAMILIES_ALL)
		*families = found;
	return 0;
}

/* "[packets:bytes]" in front of a rule: tokenize_rule_counters(). *from: what follows. */
static int rule_counters(struct line_parser *lp, size_t *from, uint64_t *packets, uint64_t *bytes)
{
	char buf[64];
	const char *p;
	size_t len = lp->len < sizeof(buf) ? lp->len : sizeof(buf) - 1;

	*from = 0;
	if (!len || lp->text[0] != '[')
		return 0;
	memcpy(buf, lp->text, len);
	buf[len] = '\0';
	p = parse_count(buf + 1, ':', packets);
	if (p)
		p = parse_count(p + 1, ']', bytes);
	if (!p)
		return line_error(lp, 1, "bad counters: expected [packets:bytes]");
	*from = (size_t)(p + 1 - buf);
	return 0;
}

static int lex_line(struct line_parser *lp, size_t from)
{
	unsigned int column;

	switch (lex(lp->words, lp->text, lp->len, from, &column)) {
	case LEX_OK:
		return 0;
	case LEX_TOO_MANY:
		return line_error(lp, column, "too many arguments (%u at most)", WORDS_MAX);
	case LEX_TOO_LONG:
		return line_error(lp, column, "argument too long (%u bytes at most)",
				  WORD_LENGTH_MAX);
	case LEX_OPEN_QUOTE:
	default:
		return line_error(lp, column, "this quote is not closed");
	}
}

int line_run(struct line_parser *lp, unsigned int families)
{
	uint64_t packets = 0, bytes = 0;
	size_t from;
	int f, ret;

	ret = rule_counters(lp, &from, &packets, &bytes);
	if (!ret)
		ret = lex_line(lp, from);
	if (ret)
		return ret;
	ret = find_families(lp, &families);
	for (f = 0; f < NR_FAMILIES && !ret; f++) {
		if (!(families & FAMILY_BIT(f)))
			continue;
		line_reset(lp, (enum family)f);
		lp->packets = packets;
		lp->bytes = bytes;
		if (from)
			lp->options = OPT_COUNTERS;
		ret = line_parse(lp);
		if (!ret && !lp->skip)
			ret = line_execute(lp);
	}
	return ret;
}

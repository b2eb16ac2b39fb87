/* SPDX-License-Identifier: GPL-2.0-only */
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/* -m connmark: extensions/libxt_connmark.c (1.8.11), net/netfilter/xt_connmark.c. */

struct connmark {
	struct value_mask mark;
	bool given, invert;
};

static const struct ext_option options[] = {
	{ "mark", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct connmark *m = data;

	m->given = true;
	m->invert = invert;
	return mask_parse(lp, opt, arg, &m->mark);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct connmark *m = data;

	(void)rule;
	return m->given ? 0 : ext_error(lp, "match \"connmark\" requires option --mark");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct connmark *m = data;

	(void)f;
	buffer_puts(out, m->invert ? " ! --mark" : " --mark");
	mask_print(out, m->mark);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct connmark *m = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, m->invert ? " connmark match !" : " connmark match ");
	mask_print(out, m->mark);
}

/* connmark_mt(): without a connection it does not match, inverted or not. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct connmark *m = data;
	const u64 payload = m->mark.value | (u64)m->mark.mask << 32;

	(void)rule;
	(void)f;
	program_op(p, OP_CT_MARK, m->invert ? OP_INVERT : 0, 0, &payload, 1);
	return 0;
}

const struct match_ext ext_connmark = {
	.name = "connmark", .families = FAMILIES_ALL, .size = sizeof(struct connmark),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

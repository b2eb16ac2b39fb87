/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"
#include "rules/ext/values.h"

/* -m mark: extensions/libxt_mark.c (1.8.11), net/netfilter/xt_mark.c. */

struct mark {
	struct value_mask mark;
	bool invert, given;
};

static const struct ext_option options[] = {
	{ "mark", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct mark *m = data;

	m->invert = invert;
	m->given = true;
	return mask_parse(lp, opt, arg, &m->mark);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct mark *m = data;

	(void)rule;
	return m->given ? 0 : ext_error(lp, "match \"mark\" requires option --mark");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct mark *m = data;

	(void)f;
	buffer_puts(out, m->invert ? " ! --mark" : " --mark");
	mask_print(out, m->mark);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct mark *m = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, m->invert ? " mark match !" : " mark match");
	mask_print(out, m->mark);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct mark *m = data;

	(void)rule;
	(void)f;
	field_meta(p, META_MARK, m->mark.mask, m->mark.value, m->mark.value, m->invert);
	return 0;
}

const struct match_ext ext_mark = {
	.name = "mark", .families = FAMILIES_ALL, .size = sizeof(struct mark),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "rules/ext/ext_list.h"
#include "rules/names.h"

/* -m comment: extensions/libxt_comment.c. Longer comments are cut, as iptables cuts them. */

#define COMMENT_MAX	255U	/* XT_MAX_COMMENT_LEN less the NUL */

struct comment {
	const char *text;	/* in the arena; NULL: not given */
};

static const struct ext_option options[] = {
	{ "comment", 0, 1, false, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct comment *c = data;

	(void)opt;
	(void)invert;
	c->text = arena_strndup(ext_arena(lp), arg, strnlen(arg, COMMENT_MAX));
	return c->text ? 0 : ext_error(lp, "out of memory");
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct comment *c = data;

	(void)rule;
	return c->text ? 0 : ext_error(lp, "match \"comment\" requires option --comment");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct comment *c = data;

	(void)f;
	buffer_puts(out, " --comment");
	save_string(out, c->text);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct comment *c = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " /* %s */", c->text);
}

/* Says nothing about packets. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	(void)p;
	(void)data;
	(void)rule;
	(void)f;
	return 0;
}

const struct match_ext ext_comment = {
	.name = "comment", .families = FAMILIES_ALL, .size = sizeof(struct comment),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

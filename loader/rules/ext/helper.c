/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/names.h"

/* -m helper: extensions/libxt_helper.c (1.8.11), net/netfilter/xt_helper.c. */

#define NAME_WORDS	4U
#define NAME_MAX_LEN	29U	/* longer names are cut: char name[30] */

struct helper {
	char name[NAME_WORDS * sizeof(u64)];	/* "": any helper */
	bool given, invert;
};

static const struct ext_option options[] = {
	{ "helper", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct helper *h = data;

	(void)lp;
	(void)opt;
	h->given = true;
	h->invert = invert;
	memcpy(h->name, arg, strnlen(arg, NAME_MAX_LEN));
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct helper *h = data;

	(void)rule;
	return h->given ? 0 : ext_error(lp, "match \"helper\" requires option --helper");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct helper *h = data;

	(void)f;
	buffer_puts(out, h->invert ? " ! --helper" : " --helper");
	save_string(out, h->name);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct helper *h = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " helper match %s\"%s\"", h->invert ? "! " : "", h->name);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct helper *h = data;
	u64 name[NAME_WORDS];

	(void)rule;
	(void)f;
	memcpy(name, h->name, sizeof(name));
	program_op(p, OP_CT_HELPER, h->invert ? OP_INVERT : 0, 0, name, NAME_WORDS);
	return 0;
}

const struct match_ext ext_helper = {
	.name = "helper", .families = FAMILIES_ALL, .size = sizeof(struct helper),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

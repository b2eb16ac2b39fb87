/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>

#include "bpf/rates.h"
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/* -m quota: extensions/libxt_quota.c (1.8.11), net/netfilter/xt_quota.c. */

struct quota {
	uint64_t bytes;
	bool invert, given;
};

static const struct ext_option options[] = {
	{ "quota", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct quota *q = data;

	q->given = true;
	q->invert = invert;
	return number_parse(lp, opt, arg, 0, UINT64_MAX, &q->bytes);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct quota *q = data;

	(void)rule;
	return q->given ? 0 : ext_error(lp, "match \"quota\" requires option --quota");
}

/* What the rule says; what is left of it the kernel does not tell either. */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct quota *q = data;

	(void)f;
	buffer_printf(out, "%s --quota %" PRIu64, q->invert ? " !" : "", q->bytes);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct quota *q = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " quota: %" PRIu64 " bytes", q->bytes);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct quota *q = data;

	(void)rule;
	(void)f;
	program_stateful(p);
	program_op(p, OP_QUOTA, q->invert ? OP_INVERT : 0, program_cells(p, 1), &q->bytes, 1);
	return 0;
}

const struct match_ext ext_quota = {
	.name = "quota", .families = FAMILIES_ALL, .size = sizeof(struct quota),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

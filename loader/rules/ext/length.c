/* SPDX-License-Identifier: GPL-2.0-only */
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/*
 * -m length and -m tcpmss: extensions/libxt_length.c, libxt_tcpmss.c (1.8.11);
 * net/netfilter/xt_length.c, xt_tcpmss.c.
 */

struct length {
	uint16_t lo, hi;
	bool invert, given;
};

static const struct ext_option length_options[] = {
	{ "length", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option mss_options[] = {
	{ "mss", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct length *l = data;
	uint64_t lo, hi;

	if (range_parse(lp, opt, arg, UINT16_MAX, &lo, &hi) < 0)
		return -1;
	*l = (struct length){ .lo = (uint16_t)lo, .hi = (uint16_t)hi, .invert = invert,
			      .given = true };
	return 0;
}

static int length_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct length *l = data;

	(void)rule;
	return l->given ? 0 : ext_error(lp, "match \"length\" requires option --length");
}

static int mss_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct length *l = data;

	if (!l->given)
		return ext_error(lp, "match \"tcpmss\" requires option --mss");
	if (rule->proto != 6 || rule->flags & RULE_INV_PROTO)
		return ext_error(lp, "match \"tcpmss\" needs -p tcp (not inverted)");
	return 0;
}

static void dump(struct buffer *out, const struct length *l, const char *before)
{
	buffer_puts(out, before);
	range_print(out, l->lo, l->hi);
}

static void length_print(struct buffer *out, const void *data, enum family f)
{
	const struct length *l = data;

	(void)f;
	dump(out, l, l->invert ? " ! --length " : " --length ");
}

static void length_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct length *l = data;

	(void)f;
	(void)numeric;
	dump(out, l, l->invert ? " length !" : " length ");
}

static void mss_print(struct buffer *out, const void *data, enum family f)
{
	const struct length *l = data;

	(void)f;
	dump(out, l, l->invert ? " ! --mss " : " --mss ");
}

static void mss_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct length *l = data;

	(void)f;
	(void)numeric;
	dump(out, l, l->invert ? " tcpmss match !" : " tcpmss match ");
}

static int length_compile(struct program *p, const void *data, const struct rule *rule,
			  enum family f)
{
	const struct length *l = data;

	(void)rule;
	(void)f;
	program_op(p, OP_LENGTH, l->invert ? OP_INVERT : 0, (u32)l->lo << 16 | l->hi, NULL, 0);
	return 0;
}

static int mss_compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct length *l = data;

	(void)rule;
	(void)f;
	program_op(p, OP_TCP_MSS, l->invert ? OP_INVERT : 0, (u32)l->lo << 16 | l->hi, NULL, 0);
	return 0;
}

const struct match_ext ext_length = {
	.name = "length", .families = FAMILIES_ALL, .size = sizeof(struct length),
	.options = length_options, .parse = parse, .check = length_check, .print = length_print,
	.list = length_list, .compile = length_compile,
};

const struct match_ext ext_tcpmss = {
	.name = "tcpmss", .families = FAMILIES_ALL, .size = sizeof(struct length),
	.options = mss_options, .parse = parse, .check = mss_check, .print = mss_print,
	.list = mss_list, .compile = mss_compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"
#include "rules/ext/values.h"

/* -m ttl and -m hl: extensions/libipt_ttl.c, libip6t_hl.c (1.8.11), net/netfilter/xt_hl.c. */

enum mode { EQUAL, LESS, GREATER };

struct ttl {
	uint8_t value, mode;
	bool invert, given;	/* EQUAL alone can be inverted */
};

/* The short name may be inverted as well: both names are one option, that of "-eq". */
static const struct ext_option ttl_options[] = {
	{ "ttl-lt", LESS, 1, false, true }, { "ttl-gt", GREATER, 1, false, true },
	{ "ttl-eq", EQUAL, 1, true, true }, { "ttl", EQUAL, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option hl_options[] = {
	{ "hl-lt", LESS, 1, false, true }, { "hl-gt", GREATER, 1, false, true },
	{ "hl-eq", EQUAL, 1, true, true }, { "hl", EQUAL, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	const struct ext_option *o = ext_family(lp) == FAMILY_IPV4 ? ttl_options : hl_options;
	struct ttl *t = data;
	uint64_t value = 0;

	if (t->given)
		return ext_error(lp, "only one of --%s, --%s and --%s is allowed", o[2].name,
				 o[0].name, o[1].name);
	if (number_parse(lp, opt, arg, 0, UINT8_MAX, &value))
		return -1;
	*t = (struct ttl){ .value = (uint8_t)value, .mode = opt->id, .invert = invert,
			   .given = true };
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct ttl *t = data;

	(void)rule;
	if (t->given)
		return 0;
	return ext_family(lp) == FAMILY_IPV4 ?
	       ext_error(lp, "match \"ttl\" requires --ttl-eq, --ttl-lt or --ttl-gt") :
	       ext_error(lp, "match \"hl\" requires --hl-eq, --hl-lt or --hl-gt");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	static const char *const modes[] = { "eq", "lt", "gt" };
	const struct ttl *t = data;

	buffer_printf(out, "%s --%s-%s %u", t->invert ? " !" : "",
		      f == FAMILY_IPV4 ? "ttl" : "hl", modes[t->mode], t->value);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	static const char *const modes[] = { "==", "<", ">" };
	const struct ttl *t = data;
	const char *name = f == FAMILY_IPV4 ? "TTL" : "HL";

	(void)numeric;
	buffer_printf(out, " %s match %s %s %u", name, name, t->invert ? "!=" : modes[t->mode],
		      t->value);
}

/* TTL is the first byte of its word, the hop limit the last. Nothing is below 0 or above 255. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct ttl *t = data;
	unsigned int shift = f == FAMILY_IPV4 ? 24 : 0;
	u32 lo = t->mode == LESS ? 0 : t->mode == GREATER ? t->value + 1U : t->value;
	u32 hi = t->mode == LESS ? t->value - 1U : t->mode == GREATER ? UINT8_MAX : t->value;

	(void)rule;
	if (lo > UINT8_MAX || hi > UINT8_MAX)
		program_op(p, OP_NEVER, 0, 0, NULL, 0);
	else
		field_ip_word(p, f == FAMILY_IPV4 ? 8 : 4, (u32)UINT8_MAX << shift, lo << shift,
			      hi << shift, t->invert);
	return 0;
}

const struct match_ext ext_ttl = {
	.name = "ttl", .families = FAMILY_BIT(FAMILY_IPV4), .size = sizeof(struct ttl),
	.options = ttl_options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

const struct match_ext ext_hl = {
	.name = "hl", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct ttl),
	.options = hl_options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"
#include "rules/ext/values.h"

/* -m cpu: extensions/libxt_cpu.c (1.8.11), net/netfilter/xt_cpu.c. */

struct cpu {
	uint32_t cpu;
	bool invert, given;
};

static const struct ext_option options[] = {
	{ "cpu", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct cpu *c = data;
	uint64_t value;

	if (number_parse(lp, opt, arg, 0, UINT32_MAX, &value))
		return -1;
	*c = (struct cpu){ .cpu = (uint32_t)value, .invert = invert, .given = true };
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct cpu *c = data;

	(void)rule;
	return c->given ? 0 : ext_error(lp, "match \"cpu\" requires option --cpu");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct cpu *c = data;

	(void)f;
	buffer_printf(out, "%s --cpu %u", c->invert ? " !" : "", c->cpu);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct cpu *c = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " cpu %s%u", c->invert ? "! " : "", c->cpu);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct cpu *c = data;

	(void)rule;
	(void)f;
	field_meta(p, META_CPU, UINT32_MAX, c->cpu, c->cpu, c->invert);
	return 0;
}

const struct match_ext ext_cpu = {
	.name = "cpu", .families = FAMILIES_ALL, .size = sizeof(struct cpu),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

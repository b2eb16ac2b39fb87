/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "compile/program.h"
#include "rules/address.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/hosts.h"
#include "rules/ext/values.h"

/* -m connlimit: extensions/libxt_connlimit.c (1.8.11), net/netfilter/xt_connlimit.c. */

enum { UPTO, ABOVE, MASK, SOURCE, DESTINATION };

struct connlimit {
	uint32_t limit;
	uint8_t given;		/* bits by option */
	bool upto;		/* the limit or less; else more */
	uint8_t mask[16];
};

static const struct ext_option options[] = {
	{ "connlimit-upto", UPTO, 1, true, true },
	{ "connlimit-above", ABOVE, 1, true, true },
	{ "connlimit-mask", MASK, 1, false, true },
	{ "connlimit-saddr", SOURCE, 0, false, true },
	{ "connlimit-daddr", DESTINATION, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static void init(void *data, enum family f)
{
	struct connlimit *c = data;

	memset(c->mask, 0xff, f == FAMILY_IPV4 ? 4 : 16);
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct connlimit *c = data;
	uint64_t limit;
	int ret;

	c->given |= (uint8_t)(1U << opt->id);
	if (opt->id == MASK)
		return mask_bits_parse(lp, opt, arg, c->mask);
	if (opt->id > MASK)
		return 0;
	ret = number_parse(lp, opt, arg, 0, UINT32_MAX, &limit);
	if (ret)
		return ret;
	c->limit = (uint32_t)limit;
	c->upto = (opt->id == UPTO) != invert;
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct connlimit *c = data;
	unsigned int limits = c->given & (1U << UPTO | 1U << ABOVE);
	unsigned int hosts = c->given & (1U << SOURCE | 1U << DESTINATION);

	(void)rule;
	if (!limits)
		return ext_error(lp, "match \"connlimit\" requires --connlimit-upto or "
				 "--connlimit-above");
	if (limits & (limits - 1))
		return ext_error(lp, "--connlimit-upto cannot be used together with "
				 "--connlimit-above");
	if (hosts & (hosts - 1))
		return ext_error(lp, "--connlimit-saddr cannot be used together with "
				 "--connlimit-daddr");
	return 0;
}

/* A mask that is no prefix is written as an address: iptables prints some prefix, another rule. */
static void print_mask(struct buffer *out, const struct connlimit *c, enum family f)
{
	struct address a = { 0 };
	int prefix;

	memcpy(a.mask, c->mask, sizeof(a.mask));
	prefix = address_prefix(&a, f);
	if (prefix < 0)
		address_print(out, c->mask, f);
	else
		buffer_printf(out, "%d", prefix);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct connlimit *c = data;

	buffer_printf(out, " --connlimit-%s %u --connlimit-mask ", c->upto ? "upto" : "above",
		      c->limit);
	print_mask(out, c, f);
	buffer_puts(out, c->given & 1U << DESTINATION ? " --connlimit-daddr" : " --connlimit-saddr");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct connlimit *c = data;

	(void)numeric;
	buffer_puts(out, c->given & 1U << DESTINATION ? " #conn dst/" : " #conn src/");
	print_mask(out, c, f);
	buffer_printf(out, " %s %u", c->upto ? "<=" : ">", c->limit);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct connlimit *c = data;
	struct op_connlimit op = {
		.limit = c->limit, .dest = !!(c->given & 1U << DESTINATION),
		.slots = CONNLIMIT_SLOTS,
	};
	uint64_t payload[sizeof(op) / sizeof(uint64_t)];
	unsigned int i;

	(void)rule;
	(void)f;
	for (i = 0; i < sizeof(c->mask); i++)
		op.mask[i / 4] = op.mask[i / 4] << 8 | c->mask[i];
	memcpy(payload, &op, sizeof(op));
	program_stateful(p);
	program_op(p, OP_CONNLIMIT, c->upto ? OP_INVERT : 0,
		   program_cells(p, CONNLIMIT_CELLS(op.slots)), payload,
		   sizeof(op) / sizeof(uint64_t));
	return 0;
}

const struct match_ext ext_connlimit = {
	.name = "connlimit", .families = FAMILIES_ALL, .size = sizeof(struct connlimit),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
	.not_in_raw = "packets have no connection there yet, and a BPF program cannot look one up",
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"

/* -m ipcomp: extensions/libxt_ipcomp.c (1.8.11), net/netfilter/xt_ipcomp.c. */

#define IPPROTO_COMP	108

enum { SPI, RESERVED };

struct ipcomp {
	struct number_range cpi;	/* without --ipcompspi 0 to 0, as iptables' match */
	bool given;
	bool reserved;		/* --compres: the kernel does not look at it */
};

static const struct ext_option options[] = {
	{ "ipcompspi", SPI, 1, true, true },
	{ "compres", RESERVED, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct ipcomp *c = data;

	if (opt->id == RESERVED) {
		c->reserved = true;
		return 0;
	}
	c->given = true;
	return number_range_parse(lp, &c->cpi, opt, invert, arg);
}

/* All CPIs are printed as nothing, and nothing is read as number 0 alone. */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	struct ipcomp *c = data;

	(void)rule;
	if (!c->given && ext_canonical(lp))
		c->cpi.hi = UINT32_MAX;
	return 0;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct ipcomp *c = data;

	(void)f;
	number_range_print(out, "ipcompspi", &c->cpi, UINT32_MAX);
	if (c->reserved)
		buffer_puts(out, " --compres");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct ipcomp *c = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " comp ");
	number_range_list(out, "spi", &c->cpi);
	if (c->reserved)
		buffer_puts(out, " reserved");
}

/* The CPI is where others have their destination port. Only the first fragment has one. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct number_range *c = &((const struct ipcomp *)data)->cpi;
	uint16_t hi = c->hi < UINT16_MAX ? (uint16_t)c->hi : UINT16_MAX;
	bool none = c->lo > UINT16_MAX, all = c->invert || none, boxed;

	(void)rule;
	(void)f;
	boxed = program_ports(p, 0, UINT16_MAX, all ? 0 : (uint16_t)c->lo, all ? UINT16_MAX : hi);
	if (none)
		program_op(p, OP_NEVER, c->invert ? OP_INVERT : 0, 0, NULL, 0);
	else if (!boxed || c->invert)
		program_op(p, OP_DPORT, c->invert ? OP_INVERT : 0, c->lo << 16 | hi, NULL, 0);
	return 0;
}

const struct match_ext ext_ipcomp = {
	.name = "ipcomp", .families = FAMILIES_ALL, .proto = IPPROTO_COMP,
	.size = sizeof(struct ipcomp), .options = options, .parse = parse, .check = check,
	.print = print, .list = list, .compile = compile,
};

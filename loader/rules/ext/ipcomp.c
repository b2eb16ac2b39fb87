/* SPDX-License-Identifier: GPL-2.0-only */
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/* -m ipcomp: extensions/libxt_ipcomp.c (1.8.11), net/netfilter/xt_ipcomp.c. */

#define IPPROTO_COMP	108

enum { SPI, RESERVED };

struct ipcomp {
	uint32_t lo, hi;	/* without --ipcompspi 0 to 0, as iptables' match */
	bool invert, given;
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
	uint64_t lo, hi;
	int ret;

	if (opt->id == RESERVED) {
		c->reserved = true;
		return 0;
	}
	ret = range_parse(lp, opt, arg, UINT32_MAX, &lo, &hi);
	if (ret < 0)
		return ret;
	c->lo = (uint32_t)lo;
	c->hi = (uint32_t)hi;
	c->invert = invert;
	c->given = true;
	return 0;
}

/* All CPIs are printed as nothing, and nothing is read as number 0 alone. */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	struct ipcomp *c = data;

	(void)rule;
	if (!c->given && ext_canonical(lp))
		c->hi = UINT32_MAX;
	return 0;
}

static bool is_default(const struct ipcomp *c)
{
	return !c->lo && c->hi == UINT32_MAX && !c->invert;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct ipcomp *c = data;

	(void)f;
	if (!is_default(c)) {
		buffer_printf(out, "%s --ipcompspi ", c->invert ? " !" : "");
		range_print(out, c->lo, c->hi);
	}
	if (c->reserved)
		buffer_puts(out, " --compres");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct ipcomp *c = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " comp ");
	if (!is_default(c)) {
		buffer_printf(out, "spi%s:%s", c->lo == c->hi ? "" : "s", c->invert ? "!" : "");
		range_print(out, c->lo, c->hi);
	}
	if (c->reserved)
		buffer_puts(out, " reserved");
}

/* The CPI is where others have their destination port. Only the first fragment has one. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct ipcomp *c = data;
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

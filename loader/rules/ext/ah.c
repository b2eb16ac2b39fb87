/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"
#include "rules/ext/values.h"

/*
 * -m ah: extensions/libipt_ah.c, libip6t_ah.c (1.8.11); net/ipv4/netfilter/ipt_ah.c,
 * net/ipv6/netfilter/ip6t_ah.c. In IPv4 AH is the protocol of the packet (-p ah), in IPv6 one of
 * its extension headers, and needs no -p.
 */

enum { SPI, LENGTH, RESERVED };

struct ah {
	struct number_range spi;
	uint32_t length;		/* bytes of the header; 0: not compared */
	bool length_invert, reserved;
};

static const struct ext_option options4[] = {
	{ "ahspi", SPI, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option options6[] = {
	{ "ahspi", SPI, 1, true, true }, { "ahlen", LENGTH, 1, true, true },
	{ "ahres", RESERVED, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static void init(void *data, enum family f)
{
	struct ah *ah = data;

	(void)f;
	ah->spi.hi = UINT32_MAX;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct ah *ah = data;
	uint64_t n;

	if (opt->id == SPI)
		return number_range_parse(lp, &ah->spi, opt, invert, arg);
	if (opt->id == RESERVED) {
		ah->reserved = true;
		return 0;
	}
	if (number_parse(lp, opt, arg, 0, UINT32_MAX, &n))
		return -1;
	ah->length = (uint32_t)n;
	ah->length_invert = invert;
	return 0;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct ah *ah = data;

	(void)f;
	number_range_print(out, "ahspi", &ah->spi, UINT32_MAX);
	if (ah->length || ah->length_invert)
		buffer_printf(out, "%s --ahlen %u", ah->length_invert ? " !" : "", ah->length);
	if (ah->reserved)
		buffer_puts(out, " --ahres");
}

/* ah_print(): there is no blank between the two. */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct ah *ah = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " ah ");
	number_range_list(out, "spi", &ah->spi);
	if (ah->length || ah->length_invert)
		buffer_printf(out, "length:%s%u", ah->length_invert ? "!" : "", ah->length);
	if (ah->reserved)
		buffer_puts(out, " reserved");
}

/* ah_mt(): the SPI is the second word. */
static int compile4(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct ah *ah = data;

	(void)rule;
	(void)f;
	number_range_compile(p, &ah->spi, 4);
	return 0;
}

/* ah_mt6() */
static int compile6(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct ah *ah = data;
	const u64 payload[] = { number_pair(ah->spi.lo, ah->spi.hi), number_pair(ah->length, 0) };
	u32 flags = (ah->spi.invert ? HEADER_NOT_NUMBER : 0) |
		    (ah->length_invert ? HEADER_NOT_LENGTH : 0) |
		    (ah->reserved ? HEADER_RESERVED : 0);

	(void)rule;
	(void)f;
	program_op(p, OP_AH6, 0, flags, payload, 2);
	return 0;
}

const struct match_ext ext_ah = {
	.name = "ah", .families = FAMILY_BIT(FAMILY_IPV4), .proto = 51, .size = sizeof(struct ah),
	.options = options4, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile4,
};

const struct match_ext ext_ah6 = {
	.name = "ah", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct ah),
	.options = options6, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile6,
};

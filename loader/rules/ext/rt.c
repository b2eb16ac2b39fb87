/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <string.h>

#include "rules/address.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"
#include "rules/ext/values.h"

/* -m rt: extensions/libip6t_rt.c (1.8.11), net/ipv6/netfilter/ip6t_rt.c. */

enum { TYPE, SEGSLEFT, LENGTH, RESERVED, ADDRESSES, NOT_STRICT };

#define ADDRESSES_MAX	RT_ADDRESSES_MAX	/* IP6T_RT_HOPS */

struct rt {
	struct number_range segsleft;
	uint32_t type, length;
	bool type_invert, length_invert;
	unsigned char seen;		/* bits by option */
	unsigned char nr_addresses;
	uint8_t address[ADDRESSES_MAX][16];
};

static const struct ext_option options[] = {
	{ "rt-type", TYPE, 1, true, true }, { "rt-segsleft", SEGSLEFT, 1, true, true },
	{ "rt-len", LENGTH, 1, true, true }, { "rt-0-res", RESERVED, 0, false, true },
	{ "rt-0-addrs", ADDRESSES, 1, false, true },
	{ "rt-0-not-strict", NOT_STRICT, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static const struct { unsigned char option; u32 bit; } bits[] = {
	{ TYPE, RT_TYPE }, { LENGTH, HEADER_LENGTH }, { RESERVED, HEADER_RESERVED },
	{ ADDRESSES, RT_ADDRESSES }, { NOT_STRICT, RT_NOT_STRICT },
};

static void init(void *data, enum family f)
{
	struct rt *rt = data;

	(void)f;
	rt->segsleft.hi = UINT32_MAX;
}

/* parse_addresses() */
static int parse_addresses(struct line_parser *lp, struct rt *rt, const char *arg)
{
	char text[INET6_ADDRSTRLEN];
	size_t at = 0, len;

	for (;;) {
		len = strcspn(arg + at, ",");
		ext_point(lp, at);
		if (rt->nr_addresses == ADDRESSES_MAX)
			return ext_error(lp, "too many addresses: %u at most", ADDRESSES_MAX);
		if (len < sizeof(text)) {
			memcpy(text, arg + at, len);
			text[len] = '\0';
		}
		if (len >= sizeof(text) ||
		    inet_pton(AF_INET6, text, rt->address[rt->nr_addresses]) != 1)
			return ext_error(lp, "bad address \"%.*s\" (an IPv6 address, without mask)",
					 len > 64 ? 64 : (int)len, arg + at);
		rt->nr_addresses++;
		at += len;
		if (!arg[at])
			return 0;
		at++;
	}
}

static int parse_number_option(struct line_parser *lp, const struct ext_option *opt,
			       const char *arg, uint32_t *to)
{
	uint64_t n;

	if (number_parse(lp, opt, arg, 0, UINT32_MAX, &n))
		return -1;
	*to = (uint32_t)n;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct rt *rt = data;
	unsigned char seen = rt->seen;

	rt->seen |= (unsigned char)(1 << opt->id);
	switch (opt->id) {
	case TYPE:
		rt->type_invert = invert;
		return parse_number_option(lp, opt, arg, &rt->type);
	case SEGSLEFT:
		return number_range_parse(lp, &rt->segsleft, opt, invert, arg);
	case LENGTH:
		rt->length_invert = invert;
		return parse_number_option(lp, opt, arg, &rt->length);
	case NOT_STRICT:
		if (!(seen & 1 << ADDRESSES))
			return ext_error(lp, "--rt-0-addrs is required before --rt-0-not-strict");
		return 0;
	}
	if (!(seen & 1 << TYPE) || rt->type || rt->type_invert)
		return ext_error(lp, "--rt-type 0 is required before --%s", opt->name);
	return opt->id == ADDRESSES ? parse_addresses(lp, rt, arg) : 0;
}

static void print_addresses(struct buffer *out, const struct rt *rt)
{
	unsigned int i;

	for (i = 0; i < rt->nr_addresses; i++) {
		buffer_putc(out, i ? ',' : ' ');
		address_print(out, rt->address[i], FAMILY_IPV6);
	}
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct rt *rt = data;

	(void)f;
	if (rt->seen & 1 << TYPE)
		buffer_printf(out, "%s --rt-type %u", rt->type_invert ? " !" : "", rt->type);
	number_range_print(out, "rt-segsleft", &rt->segsleft, UINT32_MAX);
	if (rt->seen & 1 << LENGTH)
		buffer_printf(out, "%s --rt-len %u", rt->length_invert ? " !" : "", rt->length);
	if (rt->seen & 1 << RESERVED)
		buffer_puts(out, " --rt-0-res");
	if (rt->seen & 1 << ADDRESSES)
		buffer_puts(out, " --rt-0-addrs");
	print_addresses(out, rt);
	if (rt->seen & 1 << NOT_STRICT)
		buffer_puts(out, " --rt-0-not-strict");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct rt *rt = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " rt");
	if (rt->seen & 1 << TYPE)	/* as signed: that is how rt_print() prints it */
		buffer_printf(out, " type:%s%d", rt->type_invert ? "!" : "", (int)rt->type);
	number_range_list(out, " segsleft", &rt->segsleft);
	if (rt->seen & 1 << LENGTH)
		buffer_printf(out, " length:%s%u", rt->length_invert ? "!" : "", rt->length);
	if (rt->seen & 1 << RESERVED)
		buffer_puts(out, " reserved");
	if (rt->seen & 1 << ADDRESSES)
		buffer_puts(out, " 0-addrs");
	print_addresses(out, rt);
	if (rt->seen & 1 << NOT_STRICT)
		buffer_puts(out, " 0-not-strict");
}

/* rt_mt6() */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct rt *rt = data;
	u64 payload[2 + 2 * ADDRESSES_MAX] = {
		number_pair(rt->segsleft.lo, rt->segsleft.hi), number_pair(rt->type, rt->length),
	};
	u32 arg = (u32)rt->nr_addresses << 8;
	size_t i;

	(void)rule;
	(void)f;
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (rt->seen & 1 << bits[i].option)
			arg |= bits[i].bit;
	arg |= (rt->segsleft.invert ? HEADER_NOT_NUMBER : 0) |
	       (rt->length_invert ? HEADER_NOT_LENGTH : 0) | (rt->type_invert ? RT_NOT_TYPE : 0);
	memcpy(payload + 2, rt->address, sizeof(rt->address));
	program_op(p, OP_RT, 0, arg, payload, 2U + 2U * rt->nr_addresses);
	return 0;
}

const struct match_ext ext_rt = {
	.name = "rt", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct rt),
	.options = options, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"

/*
 * -m mac and -m eui64: extensions/libxt_mac.c, libip6t_eui64.c, xtopt_parse_ethermac() (1.8.11);
 * net/netfilter/xt_mac.c, net/ipv6/netfilter/ip6t_eui64.c.
 */

#define BYTES	6U

struct mac {
	uint8_t address[BYTES];
	bool invert, given;
};

static const struct ext_option options[] = {
	{ "mac-source", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option no_options[] = {
	{ NULL, 0, 0, false, false },
};

/* strtoul() of what stands between the colons, so an empty byte is 0 and "-1" is ff. */
static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct mac *m = data;
	const char *p = arg;
	unsigned int i;
	char *end;

	(void)opt;
	m->invert = invert;
	m->given = true;
	for (i = 0; i < BYTES; i++, p = end + 1) {
		m->address[i] = (uint8_t)strtoul(p, &end, 16);
		if (*end == (i < BYTES - 1 ? ':' : '\0') && end - p <= 2)
			continue;
		ext_point(lp, (size_t)(p - arg));
		return ext_error(lp, "bad MAC address \"%.32s\" (six bytes of one or two hexadecimal "
				 "digits, XX:XX:XX:XX:XX:XX)", arg);
	}
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct mac *m = data;

	(void)rule;
	return m->given ? 0 : ext_error(lp, "match \"mac\" requires option --mac-source");
}

/* xtables_print_mac() */
static void print_address(struct buffer *out, const uint8_t *a)
{
	buffer_printf(out, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct mac *m = data;

	(void)f;
	buffer_puts(out, m->invert ? " ! --mac-source " : " --mac-source ");
	print_address(out, m->address);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct mac *m = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, m->invert ? " MAC ! " : " MAC ");
	print_address(out, m->address);
}

/* Where a packet has a MAC header that is its own. */
static unsigned int hooks(const void *data)
{
	(void)data;
	return HOOK_BIT(HOOK_PREROUTING) | HOOK_BIT(HOOK_INPUT) | HOOK_BIT(HOOK_FORWARD);
}

/* A packet without a MAC header does not match, inverted or not: the op inverts, not its flag. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct mac *m = data;
	u64 address = 0;

	(void)rule;
	(void)f;
	memcpy(&address, m->address, BYTES);
	program_op(p, OP_MAC, 0, m->invert, &address, 1);
	return 0;
}

static void eui64_print(struct buffer *out, const void *data, enum family f)
{
	(void)out;
	(void)data;
	(void)f;
}

/* libip6t_eui64.c prints nothing; so ip6tables prints the name, and the blank behind it. */
static void eui64_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)data;
	(void)f;
	(void)numeric;
	buffer_puts(out, "eui64 ");
}

static int eui64_compile(struct program *p, const void *data, const struct rule *rule,
			 enum family f)
{
	(void)data;
	(void)rule;
	(void)f;
	program_op(p, OP_EUI64, 0, 0, NULL, 0);
	return 0;
}

const struct match_ext ext_mac = {
	.name = "mac", .families = FAMILIES_ALL, .size = sizeof(struct mac),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.hooks = hooks, .compile = compile,
};

const struct match_ext ext_eui64 = {
	.name = "eui64", .families = FAMILY_BIT(FAMILY_IPV6), .options = no_options,
	.print = eui64_print, .list = eui64_list, .hooks = hooks, .compile = eui64_compile,
};

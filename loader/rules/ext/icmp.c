/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/icmp_names.h"
#include "rules/names.h"

/*
 * -m icmp and -m icmp6: extensions/libipt_icmp.c, libip6t_icmp6.c, libxt_icmp.h (1.8.11);
 * net/ipv4/netfilter/ip_tables.c icmp_match(), net/ipv6/netfilter/ip6_tables.c icmp6_match().
 */

#define TYPE_ANY	255U	/* IPv4 only */

struct icmp {
	uint8_t type, code_lo, code_hi;
	bool invert, given;
};

struct icmp_name {
	const char *name;
	uint8_t type, code_lo, code_hi;
};

static const struct icmp_name names4[] = {
	{ "any", TYPE_ANY, 0, 255 },
	{ "echo-reply", 0, 0, 255 }, { "pong", 0, 0, 255 },
	{ "destination-unreachable", 3, 0, 255 }, { "network-unreachable", 3, 0, 0 },
	{ "host-unreachable", 3, 1, 1 }, { "protocol-unreachable", 3, 2, 2 },
	{ "port-unreachable", 3, 3, 3 }, { "fragmentation-needed", 3, 4, 4 },
	{ "source-route-failed", 3, 5, 5 }, { "network-unknown", 3, 6, 6 },
	{ "host-unknown", 3, 7, 7 }, { "network-prohibited", 3, 9, 9 },
	{ "host-prohibited", 3, 10, 10 }, { "TOS-network-unreachable", 3, 11, 11 },
	{ "TOS-host-unreachable", 3, 12, 12 }, { "communication-prohibited", 3, 13, 13 },
	{ "host-precedence-violation", 3, 14, 14 }, { "precedence-cutoff", 3, 15, 15 },
	{ "source-quench", 4, 0, 255 },
	{ "redirect", 5, 0, 255 }, { "network-redirect", 5, 0, 0 }, { "host-redirect", 5, 1, 1 },
	{ "TOS-network-redirect", 5, 2, 2 }, { "TOS-host-redirect", 5, 3, 3 },
	{ "echo-request", 8, 0, 255 }, { "ping", 8, 0, 255 },
	{ "router-advertisement", 9, 0, 255 }, { "router-solicitation", 10, 0, 255 },
	{ "time-exceeded", 11, 0, 255 }, { "ttl-exceeded", 11, 0, 255 },
	{ "ttl-zero-during-transit", 11, 0, 0 }, { "ttl-zero-during-reassembly", 11, 1, 1 },
	{ "parameter-problem", 12, 0, 255 }, { "ip-header-bad", 12, 0, 0 },
	{ "required-option-missing", 12, 1, 1 },
	{ "timestamp-request", 13, 0, 255 }, { "timestamp-reply", 14, 0, 255 },
	{ "address-mask-request", 17, 0, 255 }, { "address-mask-reply", 18, 0, 255 },
	{ NULL, 0, 0, 0 },
};

static const struct icmp_name names6[] = {
	{ "destination-unreachable", 1, 0, 255 }, { "no-route", 1, 0, 0 },
	{ "communication-prohibited", 1, 1, 1 }, { "beyond-scope", 1, 2, 2 },
	{ "address-unreachable", 1, 3, 3 }, { "port-unreachable", 1, 4, 4 },
	{ "failed-policy", 1, 5, 5 }, { "reject-route", 1, 6, 6 },
	{ "packet-too-big", 2, 0, 255 },
	{ "time-exceeded", 3, 0, 255 }, { "ttl-exceeded", 3, 0, 255 },
	{ "ttl-zero-during-transit", 3, 0, 0 }, { "ttl-zero-during-reassembly", 3, 1, 1 },
	{ "parameter-problem", 4, 0, 255 }, { "bad-header", 4, 0, 0 },
	{ "unknown-header-type", 4, 1, 1 }, { "unknown-option", 4, 2, 2 },
	{ "echo-request", 128, 0, 255 }, { "ping", 128, 0, 255 },
	{ "echo-reply", 129, 0, 255 }, { "pong", 129, 0, 255 },
	{ "mld-listener-query", 130, 0, 255 }, { "mld-listener-report", 131, 0, 255 },
	{ "mld-listener-done", 132, 0, 255 }, { "mld-listener-reduction", 132, 0, 255 },
	{ "router-solicitation", 133, 0, 255 }, { "router-advertisement", 134, 0, 255 },
	{ "neighbour-solicitation", 135, 0, 255 }, { "neighbor-solicitation", 135, 0, 255 },
	{ "neighbour-advertisement", 136, 0, 255 }, { "neighbor-advertisement", 136, 0, 255 },
	{ "redirect", 137, 0, 255 },
	{ NULL, 0, 0, 0 },
};

static const struct ext_option options4[] = {
	{ "icmp-type", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option options6[] = {
	{ "icmpv6-type", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct icmp_name *names_of(enum family f)
{
	return f == FAMILY_IPV4 ? names4 : names6;
}

bool icmp_type_code(const char *name, enum family f, uint32_t *value)
{
	const struct icmp_name *n = names_of(f);

	while (n->name && (strcasecmp(n->name, name) || !strcmp(n->name, "any")))
		n++;
	*value = (uint32_t)n->type << 8 | n->code_lo;
	return n->name;
}

static bool is_any(const struct icmp *icmp, enum family f)
{
	return f == FAMILY_IPV4 && icmp->type == TYPE_ANY;
}

/* parse_range(): "NUMBER" or "NUMBER:NUMBER". Returns what follows, NULL if it is none. */
static const char *parse_range(const char *s, unsigned int range[2])
{
	const char *next;

	if (!parse_number(s, &next, &range[0], 0, UINT8_MAX))
		return NULL;
	range[1] = range[0];
	if (*next == ':' && !parse_number(next + 1, &next, &range[1], 0, UINT8_MAX))
		return NULL;
	return next;
}

/* The numeric half of __parse_icmp(): "TYPE", "TYPE/CODE", "TYPE/CODE:CODE". */
static int parse_numeric(struct line_parser *lp, struct icmp *icmp, const char *arg)
{
	unsigned int type[2], code[2] = { 0, UINT8_MAX };
	const char *next = parse_range(arg, type);

	if (!next)
		return ext_error(lp, "unknown ICMP type \"%.64s\"", arg);
	if (*next == '/') {
		next = parse_range(next + 1, code);
		if (!next)
			return ext_error(lp, "unknown ICMP code \"%.64s\"", arg);
	}
	if (*next)
		return ext_error(lp, "unknown character \"%c\" in the ICMP type", *next);
	if (type[0] != type[1])
		return ext_error(lp, "a range of ICMP types is not supported by iptables");
	icmp->type = (uint8_t)type[0];
	icmp->code_lo = (uint8_t)code[0];
	icmp->code_hi = (uint8_t)code[1];
	return 0;
}

/* __parse_icmp(): a name or any unambiguous beginning of one, else numbers. */
static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	const struct icmp_name *n, *found = NULL;
	struct icmp *icmp = data;

	(void)opt;
	icmp->given = true;
	icmp->invert = invert;
	for (n = names_of(ext_family(lp)); n->name; n++) {
		if (strncasecmp(n->name, arg, strlen(arg)))
			continue;
		if (found)
			return ext_error(lp, "ambiguous ICMP type \"%.64s\": \"%s\" or \"%s\"?",
					 arg, found->name, n->name);
		found = n;
	}
	if (!found)
		return parse_numeric(lp, icmp, arg);
	icmp->type = found->type;
	icmp->code_lo = found->code_lo;
	icmp->code_hi = found->code_hi;
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct icmp *icmp = data;

	(void)rule;
	return icmp->given ? 0 : ext_error(lp, "an ICMP match requires its option for the type");
}

/*
 * icmp_save(), icmp6_save(). iptables prints only the first code of a range (3/0:4 becomes 3/0),
 * which would be another rule when read back: here the range is printed.
 */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct icmp *icmp = data;

	buffer_puts(out, icmp->invert ? " !" : "");
	buffer_puts(out, f == FAMILY_IPV4 ? " --icmp-type " : " --icmpv6-type ");
	if (is_any(icmp, f)) {
		buffer_puts(out, "any");
		return;
	}
	buffer_printf(out, "%u", icmp->type);
	if (!icmp->code_lo && icmp->code_hi == UINT8_MAX)
		return;
	buffer_printf(out, "/%u", icmp->code_lo);
	if (icmp->code_lo != icmp->code_hi)
		buffer_printf(out, ":%u", icmp->code_hi);
}

/* print_icmptype(), print_icmpv6type(); the missing blank before "type" is iptables'. */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct icmp *icmp = data;
	const struct icmp_name *n;

	buffer_puts(out, f == FAMILY_IPV4 ? " icmp" : " ipv6-icmp");
	for (n = names_of(f); !numeric && n->name; n++) {
		if (n->type != icmp->type || n->code_lo != icmp->code_lo ||
		    n->code_hi != icmp->code_hi)
			continue;
		buffer_printf(out, " %s%s", icmp->invert ? "!" : "", n->name);
		return;
	}
	buffer_printf(out, "%stype %u", icmp->invert ? " !" : "", icmp->type);
	if (icmp->code_lo == icmp->code_hi)
		buffer_printf(out, " code %u", icmp->code_lo);
	else if (icmp->code_lo || icmp->code_hi != UINT8_MAX)
		buffer_printf(out, " codes %u-%u", icmp->code_lo, icmp->code_hi);
}

/* icmp_type_code_match(): type 255 of IPv4 is every type and every code. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct icmp *icmp = data;
	bool any = is_any(icmp, f), empty = !any && icmp->code_lo > icmp->code_hi;
	u32 arg = (u32)icmp->type << 16 | (u32)icmp->code_lo << 8 | icmp->code_hi;
	u16 type = (u16)(icmp->type << 8), lo = 0, hi = UINT16_MAX;

	(void)rule;
	if (!any && !empty && !icmp->invert) {
		lo = (u16)(type | icmp->code_lo);
		hi = (u16)(type | icmp->code_hi);
	}
	if (program_ports(p, 0, UINT16_MAX, lo, hi) && !icmp->invert && !empty)
		return 0;
	if (any && !icmp->invert)
		return 0;
	if (empty || any)
		program_op(p, OP_NEVER, empty && icmp->invert ? OP_INVERT : 0, 0, NULL, 0);
	else
		program_op(p, OP_ICMP, icmp->invert ? OP_INVERT : 0, arg, NULL, 0);
	return 0;
}

const struct match_ext ext_icmp = {
	.name = "icmp", .families = FAMILY_BIT(FAMILY_IPV4), .proto = 1,
	.size = sizeof(struct icmp), .options = options4, .parse = parse, .check = check,
	.print = print, .list = list, .compile = compile,
};

const struct match_ext ext_icmp6 = {
	.name = "icmp6", .families = FAMILY_BIT(FAMILY_IPV6), .proto = 58,
	.size = sizeof(struct icmp), .options = options6, .parse = parse, .check = check,
	.print = print, .list = list, .compile = compile,
};

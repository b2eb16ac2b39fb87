/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "rules/ext/ext_list.h"
#include "compile/program.h"

/* -m ipv6header: extensions/libip6t_ipv6header.c (1.8.11), net/ipv6/netfilter/ip6t_ipv6header.c. */

enum { HEADER, SOFT };

struct ipv6header {
	uint8_t headers;	/* bits of the names below; never 0 in a rule */
	bool invert, soft;
};

static const struct ext_option options[] = {
	{ "header", HEADER, 1, true, true }, { "soft", SOFT, 0, false, true },
	{ NULL, 0, 0, false, false },
};

/*
 * In the order they are printed (chain_flags[]), by the first name of a bit. Names and numbers of
 * iptables' own (chain_protos[]) and those that /etc/protocols has for the same numbers.
 */
static const struct { const char *name; uint8_t bit; } headers[] = {
	{ "hop-by-hop", HEADERS_HOPOPTS }, { "hop", HEADERS_HOPOPTS }, { "0", HEADERS_HOPOPTS }, { "ip", HEADERS_HOPOPTS }, { "IP", HEADERS_HOPOPTS },
	{ "hopopt", HEADERS_HOPOPTS }, { "HOPOPT", HEADERS_HOPOPTS },
	{ "ipv6-opts", HEADERS_DSTOPTS }, { "IPv6-Opts", HEADERS_DSTOPTS }, { "dst", HEADERS_DSTOPTS }, { "60", HEADERS_DSTOPTS },
	{ "ipv6-route", HEADERS_ROUTING }, { "IPv6-Route", HEADERS_ROUTING }, { "route", HEADERS_ROUTING }, { "43", HEADERS_ROUTING },
	{ "ipv6-frag", HEADERS_FRAGMENT }, { "IPv6-Frag", HEADERS_FRAGMENT }, { "frag", HEADERS_FRAGMENT }, { "44", HEADERS_FRAGMENT },
	{ "ah", HEADERS_AH }, { "IPSEC-AH", HEADERS_AH }, { "auth", HEADERS_AH }, { "51", HEADERS_AH },
	{ "esp", HEADERS_ESP }, { "IPSEC-ESP", HEADERS_ESP }, { "50", HEADERS_ESP },
	{ "ipv6-nonxt", HEADERS_NONE }, { "IPv6-NoNxt", HEADERS_NONE }, { "none", HEADERS_NONE }, { "59", HEADERS_NONE },
	{ "protocol", HEADERS_PROTO }, { "prot", HEADERS_PROTO }, { "255", HEADERS_PROTO },
};

#define NR_HEADERS	(sizeof(headers) / sizeof(headers[0]))

/* parse_header(): names between commas, empty ones are skipped. */
static int parse_headers(struct line_parser *lp, struct ipv6header *h, const char *arg)
{
	size_t at, len, i;

	for (at = strspn(arg, ","); arg[at]; at += len + strspn(arg + at + len, ",")) {
		len = strcspn(arg + at, ",");
		for (i = 0; i < NR_HEADERS; i++)
			if (strlen(headers[i].name) == len &&
			    !memcmp(headers[i].name, arg + at, len))
				break;
		if (i == NR_HEADERS) {
			ext_point(lp, at);
			return ext_error(lp, "unknown header \"%.*s\" (hop, dst, route, frag, auth, esp, none, prot or their numbers)",
					 len > 32 ? 32 : (int)len, arg + at);
		}
		h->headers |= headers[i].bit;
	}
	return h->headers ? 0 : ext_error(lp, "--header needs the name of a header");
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct ipv6header *h = data;

	if (opt->id == SOFT) {
		h->soft = true;
		return 0;
	}
	h->invert = invert;
	return parse_headers(lp, h, arg);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct ipv6header *h = data;

	(void)rule;
	return h->headers ? 0 : ext_error(lp, "match \"ipv6header\" requires --header");
}

/* print_header() */
static void print_headers(struct buffer *out, uint8_t left)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < NR_HEADERS; i++) {
		if (!(left & headers[i].bit))
			continue;
		buffer_printf(out, "%s%s", comma, headers[i].name);
		left = (uint8_t)(left & ~headers[i].bit);
		comma = ",";
	}
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct ipv6header *h = data;

	(void)f;
	buffer_printf(out, "%s --header ", h->invert ? " !" : "");
	print_headers(out, h->headers);
	if (h->soft)
		buffer_puts(out, " --soft");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct ipv6header *h = data;

	(void)f;
	buffer_printf(out, " ipv6header flags:%s", h->invert ? "!" : "");
	if (numeric)
		buffer_printf(out, "0x%02X", h->headers);
	else
		print_headers(out, h->headers);
	if (h->soft)
		buffer_puts(out, " soft");
}

/* ipv6header_mt6() */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct ipv6header *h = data;

	(void)rule;
	(void)f;
	program_op(p, OP_IPV6HEADER, 0, h->headers | (h->invert ? HEADERS_NOT : 0) |
		   (h->soft ? HEADERS_SOFT : 0), NULL, 0);
	return 0;
}

const struct match_ext ext_ipv6header = {
	.name = "ipv6header", .families = FAMILY_BIT(FAMILY_IPV6),
	.size = sizeof(struct ipv6header), .options = options, .parse = parse, .check = check,
	.print = print, .list = list, .compile = compile,
};

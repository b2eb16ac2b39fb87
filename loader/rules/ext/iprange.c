/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <string.h>

#include "compile/program.h"
#include "rules/address.h"
#include "rules/ext/ext_list.h"

/* -m iprange: extensions/libxt_iprange.c (1.8.11), net/netfilter/xt_iprange.c. */

enum { SOURCE, DESTINATION, NR_RANGES };

struct range {
	uint8_t end[2][16];	/* network byte order; IPv4 uses the first four */
	bool invert, given;
};

struct iprange {
	struct range range[NR_RANGES];
};

static const struct ext_option options[] = {
	{ "src-range", SOURCE, 1, true, true }, { "dst-range", DESTINATION, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* iprange_parse_spec(): a plain address; in IPv4 with as few bytes as -s takes ("10.1"). */
static int parse_address(struct line_parser *lp, const struct ext_option *opt, const char *s,
			 size_t len, uint8_t *to)
{
	struct address a;
	enum address_error ret = ADDRESS_BAD_MASK;

	ext_hint_address(lp, s, len);
	if (!memchr(s, '/', len))
		ret = address_parse(&a, s, len, ext_family(lp));
	if (ret == ADDRESS_WRONG_FAMILY)
		return ext_error(lp, "an address of the other family in a rule of %s",
				 family_name(ext_family(lp)));
	if (ret != ADDRESS_OK)
		return ext_error(lp, "bad address \"%.*s\" for --%s (ADDRESS or ADDRESS-ADDRESS, no "
				 "names, no masks)", len > 48 ? 48 : (int)len, s, opt->name);
	memcpy(to, a.value, sizeof(a.value));
	return 0;
}

/* iprange_parse_range(). A range whose ends are reversed is taken; no address is in it. */
static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct iprange *ranges = data;
	struct range *r = &ranges->range[opt->id];
	const char *dash = strchr(arg, '-');

	r->given = true;
	r->invert = invert;
	if (parse_address(lp, opt, arg, dash ? (size_t)(dash - arg) : strlen(arg), r->end[0]))
		return -1;
	if (!dash) {
		memcpy(r->end[1], r->end[0], sizeof(r->end[1]));
		return 0;
	}
	ext_point(lp, (size_t)(dash + 1 - arg));
	return parse_address(lp, opt, dash + 1, strlen(dash + 1), r->end[1]);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct iprange *r = data;

	(void)rule;
	if (r->range[SOURCE].given || r->range[DESTINATION].given)
		return 0;
	return ext_error(lp, "match \"iprange\" requires --src-range or --dst-range");
}

static void dump(struct buffer *out, const struct range *r, enum family f)
{
	address_print(out, r->end[0], f);
	buffer_putc(out, '-');
	address_print(out, r->end[1], f);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	static const char *const names[] = { "src", "dst" };
	const struct iprange *ranges = data;
	const struct range *r = ranges->range;
	unsigned int i;

	for (i = 0; i < NR_RANGES; i++) {
		if (!r[i].given)
			continue;
		buffer_printf(out, "%s --%s-range ", r[i].invert ? " !" : "", names[i]);
		dump(out, &r[i], f);
	}
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	static const char *const names[] = { "source", "destination" };
	const struct iprange *ranges = data;
	const struct range *r = ranges->range;
	unsigned int i;

	(void)numeric;
	for (i = 0; i < NR_RANGES; i++) {
		if (!r[i].given)
			continue;
		buffer_printf(out, " %s IP range %s", names[i], r[i].invert ? "! " : "");
		dump(out, &r[i], f);
	}
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct iprange *ranges = data;
	unsigned int i, j, n = f == FAMILY_IPV4 ? 1 : 4;
	u64 payload[4];
	u32 words[8];

	(void)rule;
	for (i = 0; i < NR_RANGES; i++) {
		if (!ranges->range[i].given)
			continue;
		memcpy(words, ranges->range[i].end[0], n * sizeof(*words));
		memcpy(words + n, ranges->range[i].end[1], n * sizeof(*words));
		for (j = 0; j < 2 * n; j++)
			words[j] = ntohl(words[j]);
		memcpy(payload, words, 2 * n * sizeof(*words));
		program_op(p, n == 1 ? OP_RANGE4 : OP_RANGE6,
			   ranges->range[i].invert ? OP_INVERT : 0, i, payload, n);
	}
	return 0;
}

const struct match_ext ext_iprange = {
	.name = "iprange", .families = FAMILIES_ALL, .size = sizeof(struct iprange),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

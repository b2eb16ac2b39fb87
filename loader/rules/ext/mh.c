/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"
#include "rules/names.h"

/* -m mh: extensions/libip6t_mh.c (1.8.11), net/ipv6/netfilter/ip6t_mh.c. */

static const struct ext_option options[] = {
	{ "mh-type", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* In the order iptables searches; the first name of a type is the one printed. */
static const struct { const char *name; uint8_t type; } names[] = {
	{ "binding-refresh-request", 0 }, { "brr", 0 },
	{ "home-test-init", 1 }, { "hoti", 1 },
	{ "careof-test-init", 2 }, { "coti", 2 },
	{ "home-test", 3 }, { "hot", 3 },
	{ "careof-test", 4 }, { "cot", 4 },
	{ "binding-update", 5 }, { "bu", 5 },
	{ "binding-acknowledgement", 6 }, { "ba", 6 },
	{ "binding-error", 7 }, { "be", 7 },
};

#define NR_NAMES	(sizeof(names) / sizeof(names[0]))

static void init(void *data, enum family f)
{
	struct number_range *types = data;

	(void)f;
	types->hi = UINT8_MAX;
}

/*
 * name_to_type(): a name; or the beginning of one, then the first counts; else a number. An empty
 * text is the beginning of the first name.
 */
static int parse_type(struct line_parser *lp, const char *s, size_t len, uint32_t *type)
{
	char text[32];
	size_t i, found = NR_NAMES;
	unsigned int n;

	for (i = 0; i < NR_NAMES; i++) {
		if (strncasecmp(names[i].name, s, len))
			continue;
		if (found == NR_NAMES || strlen(names[i].name) == len)
			found = i;
	}
	if (found < NR_NAMES) {
		*type = names[found].type;
		return 0;
	}
	if (len < sizeof(text)) {
		memcpy(text, s, len);
		text[len] = '\0';
		if (parse_number(text, NULL, &n, 0, UINT8_MAX)) {
			*type = n;
			return 0;
		}
	}
	return ext_error(lp, "invalid MH type \"%.*s\" (0 to 255, or a name)",
			 len > 32 ? 32 : (int)len, s);
}

/* parse_mh_types(): an empty end of a range is 0 or 255. */
static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct number_range *types = data;
	const char *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : strlen(arg);

	(void)opt;
	*types = (struct number_range){ 0, UINT8_MAX, invert };
	if ((len || !colon) && parse_type(lp, arg, len, &types->lo))
		return -1;
	if (!colon) {
		types->hi = types->lo;
		return 0;
	}
	ext_point(lp, len + 1);
	if (colon[1] && parse_type(lp, colon + 1, strlen(colon + 1), &types->hi))
		return -1;
	ext_point(lp, 0);
	if (types->lo > types->hi)
		return ext_error(lp, "invalid range of MH types (min > max)");
	return 0;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	number_range_print(out, "mh-type", data, UINT8_MAX);
}

static void list_type(struct buffer *out, uint32_t type, bool numeric)
{
	size_t i;

	for (i = 0; !numeric && i < NR_NAMES; i++) {
		if (names[i].type == type) {
			buffer_puts(out, names[i].name);
			return;
		}
	}
	buffer_number(out, type);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct number_range *types = data;

	(void)f;
	buffer_puts(out, " mh");
	if (!types->lo && types->hi == UINT8_MAX && !types->invert)
		return;
	buffer_puts(out, types->invert ? " !" : " ");
	list_type(out, types->lo, numeric);
	if (types->lo == types->hi)
		return;
	buffer_putc(out, ':');
	list_type(out, types->hi, numeric);
}

/* mh_mt6(), which looks at more than the type: the op is needed for all types, too. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct number_range *types = data;

	(void)rule;
	(void)f;
	program_ports(p, 0, UINT16_MAX, 0, UINT16_MAX);
	program_op(p, OP_MH, types->invert ? OP_INVERT : 0, types->lo << 8 | types->hi, NULL, 0);
	return 0;
}

const struct match_ext ext_mh = {
	.name = "mh", .families = FAMILY_BIT(FAMILY_IPV6), .proto = 135,
	.size = sizeof(struct number_range), .options = options, .init = init, .parse = parse,
	.print = print, .list = list, .compile = compile,
};

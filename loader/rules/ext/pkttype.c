/* SPDX-License-Identifier: GPL-2.0-only */
#include <strings.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"

/* -m pkttype: extensions/libxt_pkttype.c (1.8.11), net/netfilter/xt_pkttype.c. */

struct pkttype {
	uint8_t type;		/* PACKET_* of linux/if_packet.h */
	bool invert, given;
};

static const struct ext_option options[] = {
	{ "pkt-type", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* The first name of a type is printed. */
static const struct { const char *name; uint8_t type; } names[] = {
	{ "unicast", 0 }, { "broadcast", 1 }, { "multicast", 2 }, { "otherhost", 3 },
	{ "bcast", 1 }, { "mcast", 2 }, { "host", 0 },
};

#define NR_NAMES	(sizeof(names) / sizeof(names[0]))

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct pkttype *t = data;
	size_t i;

	(void)opt;
	for (i = 0; i < NR_NAMES; i++)
		if (!strcasecmp(arg, names[i].name))
			break;
	if (i == NR_NAMES)
		return ext_error(lp, "bad packet type \"%.32s\" (unicast, broadcast, multicast or "
				 "otherhost)", arg);
	*t = (struct pkttype){ .type = names[i].type, .invert = invert, .given = true };
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct pkttype *t = data;

	(void)rule;
	return t->given ? 0 : ext_error(lp, "match \"pkttype\" requires option --pkt-type");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct pkttype *t = data;

	(void)f;
	buffer_printf(out, "%s --pkt-type %s", t->invert ? " !" : "", names[t->type].name);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct pkttype *t = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " PKTTYPE %s= %s", t->invert ? "!" : "", names[t->type].name);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct pkttype *t = data;

	(void)rule;
	(void)f;
	field_meta(p, META_PKTTYPE, UINT32_MAX, t->type, t->type, t->invert);
	return 0;
}

const struct match_ext ext_pkttype = {
	.name = "pkttype", .families = FAMILIES_ALL, .size = sizeof(struct pkttype),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

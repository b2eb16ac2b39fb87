/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/ports.h"
#include "rules/ext/values.h"

/* -m dccp: extensions/libxt_dccp.c (1.8.11), net/netfilter/xt_dccp.c. */

enum { SOURCE, DESTINATION, TYPES, OPTION };

struct dccp {
	struct port_range src, dst;
	uint16_t types;		/* a bit each */
	uint8_t option;
	bool types_invert, option_invert;
	unsigned char seen;	/* bits by option */
};

static const struct ext_option options[] = {
	{ "source-port", SOURCE, 1, true, true }, { "sport", SOURCE, 1, true, true },
	{ "destination-port", DESTINATION, 1, true, true }, { "dport", DESTINATION, 1, true, true },
	{ "dccp-types", TYPES, 1, true, true }, { "dccp-option", OPTION, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* By number. The last one stands for all that follow, too. */
static const char *const type_names[] = {
	"REQUEST", "RESPONSE", "DATA", "ACK", "DATAACK", "CLOSEREQ", "CLOSE", "RESET", "SYNC",
	"SYNCACK", "INVALID",
};

#define NR_TYPES	(sizeof(type_names) / sizeof(type_names[0]))
#define INVALID_TYPES	0xfc00U

static void init(void *data, enum family f)
{
	struct dccp *dccp = data;

	(void)f;
	dccp->src.hi = dccp->dst.hi = UINT16_MAX;
}

/* parse_dccp_types(): names between commas, empty ones are skipped; there may be none. */
static int parse_types(struct line_parser *lp, struct dccp *dccp, const char *arg)
{
	size_t at, len, i;

	for (at = strspn(arg, ","); arg[at]; at += len + strspn(arg + at + len, ",")) {
		len = strcspn(arg + at, ",");
		for (i = 0; i < NR_TYPES; i++)
			if (strlen(type_names[i]) == len &&
			    !strncasecmp(type_names[i], arg + at, len))
				break;
		if (i == NR_TYPES) {
			ext_point(lp, at);
			return ext_error(lp, "unknown DCCP type \"%.*s\"", len > 32 ? 32 : (int)len,
					 arg + at);
		}
		dccp->types |= (uint16_t)(i == NR_TYPES - 1 ? INVALID_TYPES : 1U << i);
	}
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct dccp *dccp = data;
	uint64_t n;

	dccp->seen |= (unsigned char)(1 << opt->id);
	switch (opt->id) {
	case SOURCE:
		return ports_parse_any(lp, &dccp->src, arg, invert);
	case DESTINATION:
		return ports_parse_any(lp, &dccp->dst, arg, invert);
	case TYPES:
		dccp->types_invert = invert;
		return parse_types(lp, dccp, arg);
	}
	if (number_parse(lp, opt, arg, 1, UINT8_MAX, &n))
		return -1;
	dccp->option = (uint8_t)n;
	dccp->option_invert = invert;
	return 0;
}

/* print_types(): by number all of INVALID are said, by name it is one. */
static void print_types(struct buffer *out, const struct dccp *dccp, bool numeric)
{
	char before = ' ';
	unsigned int i;

	if (!dccp->types)
		buffer_putc(out, ' ');
	for (i = 0; i < (numeric ? 16 : NR_TYPES); i++) {
		if (!(dccp->types & 1U << i))
			continue;
		buffer_putc(out, before);
		before = ',';
		if (numeric)
			buffer_number(out, i);
		else
			buffer_puts(out, type_names[i]);
	}
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct dccp *dccp = data;

	(void)f;
	if (dccp->seen & 1 << SOURCE)
		ports_print_all(out, "sport", &dccp->src);
	if (dccp->seen & 1 << DESTINATION)
		ports_print_all(out, "dport", &dccp->dst);
	if (dccp->seen & 1 << TYPES) {
		buffer_puts(out, dccp->types_invert ? " ! --dccp-types" : " --dccp-types");
		print_types(out, dccp, false);
	}
	if (dccp->seen & 1 << OPTION)
		buffer_printf(out, "%s --dccp-option %u", dccp->option_invert ? " !" : "",
			      dccp->option);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct dccp *dccp = data;

	(void)f;
	buffer_puts(out, " dccp");
	ports_list(out, "spt", &dccp->src, "dccp", numeric);
	ports_list(out, "dpt", &dccp->dst, "dccp", numeric);
	if (dccp->seen & 1 << TYPES) {
		if (dccp->types_invert)
			buffer_puts(out, " !");
		print_types(out, dccp, numeric);
	}
	if (dccp->seen & 1 << OPTION)
		buffer_printf(out, " option=%s%u", dccp->option_invert ? "!" : "", dccp->option);
}

/* dccp_mt(): ports, types, then the option, which may drop. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct dccp *dccp = data;

	(void)rule;
	(void)f;
	ports_compile(p, &dccp->src, &dccp->dst);
	if (dccp->seen & 1 << TYPES)
		program_op(p, OP_DCCP_TYPE, dccp->types_invert ? OP_INVERT : 0, dccp->types, NULL,
			   0);
	if (dccp->seen & 1 << OPTION)
		program_op(p, OP_DCCP_OPTION, dccp->option_invert ? OP_INVERT : 0, dccp->option,
			   NULL, 0);
	return 0;
}

const struct match_ext ext_dccp = {
	.name = "dccp", .families = FAMILIES_ALL, .proto = 33, .size = sizeof(struct dccp),
	.options = options, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile,
};

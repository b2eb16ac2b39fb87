/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/ports.h"

/* -m udp: extensions/libxt_udp.c (1.8.11), net/netfilter/xt_tcpudp.c. */

enum { SOURCE, DESTINATION };

struct udp {
	struct port_range src, dst;
};

static const struct ext_option options[] = {
	{ "source-port", SOURCE, 1, true, true }, { "sport", SOURCE, 1, true, true },
	{ "destination-port", DESTINATION, 1, true, true }, { "dport", DESTINATION, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static void init(void *data, enum family f)
{
	struct udp *udp = data;

	(void)f;
	udp->src.hi = udp->dst.hi = UINT16_MAX;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct udp *udp = data;

	return ports_parse_any(lp, opt->id == SOURCE ? &udp->src : &udp->dst, arg, invert);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct udp *udp = data;

	(void)f;
	ports_print(out, "sport", &udp->src);
	ports_print(out, "dport", &udp->dst);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct udp *udp = data;

	(void)f;
	buffer_puts(out, " udp");
	ports_list(out, "spt", &udp->src, "udp", numeric);
	ports_list(out, "dpt", &udp->dst, "udp", numeric);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct udp *udp = data;

	(void)rule;
	(void)f;
	ports_compile(p, &udp->src, &udp->dst);
	return 0;
}

const struct match_ext ext_udp = {
	.name = "udp", .families = FAMILIES_ALL, .proto = 17, .size = sizeof(struct udp),
	.options = options, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile,
};

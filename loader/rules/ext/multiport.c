/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/ports.h"

/* -m multiport: extensions/libxt_multiport.c (1.8.11), net/netfilter/xt_multiport.c, revision 1. */

#define PORTS_MAX	15U	/* XT_MULTI_PORTS */

struct range {
	uint16_t lo, hi;
};

struct multiport {
	struct range range[PORTS_MAX];	/* as written; a port is a range of one */
	unsigned int count;
	unsigned char which;		/* MULTIPORT_*; 0: no option yet */
	bool invert;			/* of the whole list */
	const char *proto;		/* its services are meant */
};

#define EITHER	(MULTIPORT_SOURCE | MULTIPORT_DESTINATION)

/* The identifier of an option is what it looks at. */
static const struct ext_option options[] = {
	{ "source-ports", MULTIPORT_SOURCE, 1, true, true },
	{ "sports", MULTIPORT_SOURCE, 1, true, true },
	{ "destination-ports", MULTIPORT_DESTINATION, 1, true, true },
	{ "dports", MULTIPORT_DESTINATION, 1, true, true },
	{ "ports", EITHER, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const char *const names[] = {
	[MULTIPORT_SOURCE] = "sports", [MULTIPORT_DESTINATION] = "dports", [EITHER] = "ports",
};

static const struct { uint16_t number; const char *name; } protos[] = {
	{ 6, "tcp" }, { 17, "udp" }, { 136, "udplite" }, { 132, "sctp" }, { 33, "dccp" },
};

/* check_proto() */
static const char *proto_of(const struct rule *rule)
{
	size_t i;

	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].number == rule->proto && !(rule->flags & RULE_INV_PROTO))
			return protos[i].name;
	return NULL;
}

/* One port, or LO:HI; @len characters at @at of the argument. */
static int parse_range(struct line_parser *lp, const struct multiport *m, const char *arg,
		       size_t at, size_t len, struct range *r)
{
	const char *colon = memchr(arg + at, ':', len);
	size_t first = colon ? (size_t)(colon - arg) - at : len;

	ext_point(lp, at);
	if (port_parse(lp, arg + at, first, m->proto, &r->lo))
		return -1;
	r->hi = r->lo;
	if (!colon)
		return 0;
	ext_point(lp, at + first + 1);
	if (port_parse(lp, colon + 1, len - first - 1, m->proto, &r->hi))
		return -1;
	ext_point(lp, at);
	if (r->lo >= r->hi)
		return ext_error(lp, "invalid port range %u:%u (the first must be the smaller)",
				 r->lo, r->hi);
	return 0;
}

/* parse_multi_ports_v1() */
static int parse_list(struct line_parser *lp, struct multiport *m, const char *arg)
{
	unsigned int slots = 0;
	size_t at = 0, len;

	for (;;) {
		len = strcspn(arg + at, ",");
		slots += memchr(arg + at, ':', len) ? 2 : 1;
		if (slots > PORTS_MAX) {
			ext_point(lp, at);
			return ext_error(lp, "too many ports: %u at most, a range counts as two",
					 PORTS_MAX);
		}
		if (parse_range(lp, m, arg, at, len, &m->range[m->count]))
			return -1;
		m->count++;
		at += len;
		if (!arg[at])
			return 0;
		at++;
	}
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct multiport *m = data;

	if (m->which)
		return ext_error(lp, "option --%s cannot be used together with --%s",
				 names[opt->id], names[m->which]);
	m->which = opt->id;
	m->invert = invert;
	m->proto = proto_of(ext_rule(lp));
	if (!m->proto)
		return ext_error(lp, "before --%s, match \"multiport\" needs -p tcp, udp, udplite, "
				 "sctp or dccp (not inverted)", opt->name);
	return parse_list(lp, m, arg);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct multiport *m = data;

	(void)rule;
	return m->which ? 0 : ext_error(lp, "match \"multiport\" requires --sports, --dports or --ports");
}

/* multiport_save_v1() */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct multiport *m = data;
	unsigned int i;

	(void)f;
	buffer_puts(out, m->invert ? " ! --" : " --");
	buffer_puts(out, names[m->which]);
	for (i = 0; i < m->count; i++) {
		buffer_putc(out, i ? ',' : ' ');
		buffer_number(out, m->range[i].lo);
		if (m->range[i].lo == m->range[i].hi)
			continue;
		buffer_putc(out, ':');
		buffer_number(out, m->range[i].hi);
	}
}

/* multiport_print_v1() */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct multiport *m = data;
	unsigned int i;

	(void)f;
	buffer_printf(out, " multiport %s %s", names[m->which], m->invert ? " !" : "");
	for (i = 0; i < m->count; i++) {
		if (i)
			buffer_putc(out, ',');
		port_list(out, m->range[i].lo, m->proto, numeric);
		if (m->range[i].lo == m->range[i].hi)
			continue;
		buffer_putc(out, ':');
		port_list(out, m->range[i].hi, m->proto, numeric);
	}
}

/* The ranges in ascending order, none touching the next; how many. */
static unsigned int merge(const struct multiport *m, struct range *to)
{
	unsigned int i, j, n = 0;
	struct range r;

	for (i = 0; i < m->count; i++) {
		r = m->range[i];
		for (j = i; j > 0 && to[j - 1].lo > r.lo; j--)
			to[j] = to[j - 1];
		to[j] = r;
	}
	for (i = 0; i < m->count; i++) {
		if (n && to[i].lo <= to[n - 1].hi + 1) {
			if (to[i].hi > to[n - 1].hi)
				to[n - 1].hi = to[i].hi;
		} else {
			to[n++] = to[i];
		}
	}
	return n;
}

static struct port_box box_of(struct range r, unsigned int which)
{
	if (which == MULTIPORT_SOURCE)
		return (struct port_box){ r.lo, r.hi, 0, UINT16_MAX };
	return (struct port_box){ 0, UINT16_MAX, r.lo, r.hi };
}

/* As many boxes as it takes; if these are too many, one around all. Are they the whole truth? */
static bool narrow(struct program *p, const struct multiport *m, const struct range *r,
		   unsigned int n)
{
	struct port_box boxes[2 * PORTS_MAX];
	unsigned int i, count = 0;

	if (m->invert)
		return false;
	for (i = 0; i < n; i++) {
		if (m->which & MULTIPORT_SOURCE)
			boxes[count++] = box_of(r[i], MULTIPORT_SOURCE);
		if (m->which & MULTIPORT_DESTINATION)
			boxes[count++] = box_of(r[i], MULTIPORT_DESTINATION);
	}
	if (program_narrow(p, boxes, count))
		return true;
	if (m->which != EITHER) {
		boxes[0] = box_of((struct range){ r[0].lo, r[n - 1].hi }, m->which);
		program_narrow(p, boxes, 1);
	}
	return false;
}

static u32 packed(struct range r)
{
	return (u32)r.lo << 16 | r.hi;
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct multiport *m = data;
	struct range r[PORTS_MAX + 1];
	unsigned int n = merge(m, r), words = (n + 1) / 2, i;
	u64 payload[MULTIPORT_WORDS] = { 0 };
	u32 pair[2];

	(void)rule;
	(void)f;
	r[n] = r[n - 1];
	for (i = 0; i < words; i++) {
		pair[0] = packed(r[2 * i]);
		pair[1] = packed(r[2 * i + 1]);
		memcpy(&payload[i], pair, sizeof(pair));
	}
	program_op(p, OP_MULTIPORT, m->invert ? OP_INVERT : 0, words << 8 | m->which, payload,
		   words);
	program_l4(p);
	p->multiport |= !p->stateful;
	if (!narrow(p, m, r, n))
		p->loose |= !p->stateful;
	return 0;
}

const struct match_ext ext_multiport = {
	.name = "multiport", .families = FAMILIES_ALL, .size = sizeof(struct multiport),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

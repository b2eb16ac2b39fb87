/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/ports.h"
#include "rules/names.h"

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

/*
 * xtables_getportbyname() (libxtables/xtoptions.c): getaddrinfo(), so decimal numbers alone, and
 * services of any protocol, tcp first. 65536 and above, which getaddrinfo() cuts, are refused.
 */
static int parse_port(struct line_parser *lp, const char *s, size_t len, uint16_t *port)
{
	char buf[64];
	unsigned int n = 0;
	const char *p = buf;
	int service;

	if (len >= sizeof(buf))
		return ext_error(lp, "invalid port or service \"%.64s\"", s);
	memcpy(buf, s, len);
	buf[len] = '\0';
	while (isspace((unsigned char)*p))
		p++;
	if (*p == '+')
		p++;
	if (!isdigit((unsigned char)*p))
		n = UINT16_MAX + 1U;
	for (; isdigit((unsigned char)*p) && n <= UINT16_MAX; p++)
		n = n * 10 + (unsigned int)(*p - '0');
	if (*p || n > UINT16_MAX) {
		service = service_parse(buf, NULL);
		if (service < 0)
			return ext_error(lp, "invalid port or service \"%s\"", buf);
		n = (unsigned int)service;
	}
	*port = (uint16_t)n;
	return 0;
}

/* xtopt_parse_mport(): an empty end of a range is 0 or 65535. */
static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct udp *udp = data;
	struct port_range *r = opt->id == SOURCE ? &udp->src : &udp->dst;
	const char *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : strlen(arg);

	*r = (struct port_range){ .lo = 0, .hi = UINT16_MAX, .invert = invert };
	if (colon && strchr(colon + 1, ':'))
		return ext_error(lp, "too many components in \"%.32s\"", arg);
	if (len && parse_port(lp, arg, len, &r->lo))
		return -1;
	if (!colon)
		r->hi = r->lo;
	else if (colon[1] && parse_port(lp, colon + 1, strlen(colon + 1), &r->hi))
		return -1;
	if (r->lo > r->hi)
		return ext_error(lp, "invalid port range (min > max)");
	return 0;
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

/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"

/* -m addrtype: extensions/libxt_addrtype.c (1.8.11), net/netfilter/xt_addrtype.c. */

enum { SOURCE, DESTINATION, LIMIT_IN, LIMIT_OUT };

struct types {
	uint16_t mask;		/* bit by number of the type (RTN_*); 0: not given */
	bool invert;
};

struct addrtype {
	struct types src, dst;
	bool limit_in, limit_out;
};

static const struct ext_option options[] = {
	{ "src-type", SOURCE, 1, true, true }, { "dst-type", DESTINATION, 1, true, true },
	{ "limit-iface-in", LIMIT_IN, 0, false, true },
	{ "limit-iface-out", LIMIT_OUT, 0, false, true },
	{ NULL, 0, 0, false, false },
};

/* By number: enum of linux/rtnetlink.h, RTN_*. */
static const char *const names[] = {
	"UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE",
	"UNREACHABLE", "PROHIBIT", "THROW", "NAT", "XRESOLVE",
};

#define NR_NAMES	(sizeof(names) / sizeof(names[0]))
/* addrtype_mt_checkentry_v1(): BROADCAST, BLACKHOLE, PROHIBIT and what follows. */
#define NOT_IPV6	0x0f48U
/* ANYCAST, UNREACHABLE: match_type6() takes them from the route that is chosen. */
#define ROUTED_IPV6	0x0090U
#define LOCAL		0x0004U

/* parse_types(): names between commas, any case, and any beginning of a name. */
static int parse_types(struct line_parser *lp, struct types *t, const char *arg)
{
	const char *p = arg;
	size_t len, i;

	for (t->mask = 0;; p += len + 1) {
		len = strcspn(p, ",");
		for (i = 0; len && i < NR_NAMES; i++)
			if (!strncasecmp(names[i], p, len))
				break;
		ext_point(lp, (size_t)(p - arg));
		if (!len || i == NR_NAMES)
			return ext_error(lp, "bad address type \"%.64s\" (UNICAST, LOCAL, BROADCAST, "
					 "ANYCAST, MULTICAST, UNREACHABLE, UNSPEC and others, "
					 "between commas)", p);
		if (NOT_IPV6 >> i & 1)
			ext_only_family(lp, FAMILY_IPV4);
		if (ext_family(lp) == FAMILY_IPV6 && NOT_IPV6 >> i & 1)
			return ext_error(lp, "there is no address type %s in IPv6", names[i]);
		if (ext_family(lp) == FAMILY_IPV6 && ROUTED_IPV6 >> i & 1)
			return ext_error(lp, "unsupported address type %s in IPv6: it is the result of "
					 "a route look-up by rules and neighbours, which a program at "
					 "this hook cannot make", names[i]);
		t->mask |= (uint16_t)(1U << i);
		if (!p[len])
			return 0;
	}
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct addrtype *a = data;
	struct types *t = opt->id == SOURCE ? &a->src : &a->dst;

	switch (opt->id) {
	case LIMIT_IN:
		a->limit_in = true;
		break;
	case LIMIT_OUT:
		a->limit_out = true;
		break;
	default:
		t->invert = invert;
		return parse_types(lp, t, arg);
	}
	if (a->limit_in && a->limit_out)
		return ext_error(lp, "--limit-iface-in cannot be used together with "
				 "--limit-iface-out");
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct addrtype *a = data;

	(void)rule;
	return a->src.mask || a->dst.mask ? 0 :
		ext_error(lp, "match \"addrtype\" requires --src-type or --dst-type");
}

/* print_types() */
static void types(struct buffer *out, const struct types *t)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < NR_NAMES; i++) {
		if (!(t->mask >> i & 1))
			continue;
		buffer_printf(out, "%s%s", comma, names[i]);
		comma = ",";
	}
}

static void print_types(struct buffer *out, const struct types *t, const char *option)
{
	if (!t->mask)
		return;
	buffer_printf(out, "%s %s ", t->invert ? " !" : "", option);
	types(out, t);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct addrtype *a = data;

	(void)f;
	print_types(out, &a->src, "--src-type");
	print_types(out, &a->dst, "--dst-type");
	if (a->limit_in)
		buffer_puts(out, " --limit-iface-in");
	if (a->limit_out)
		buffer_puts(out, " --limit-iface-out");
}

static void list_types(struct buffer *out, const struct types *t, const char *label)
{
	if (!t->mask)
		return;
	buffer_printf(out, " %s %s", label, t->invert ? "!" : "");
	types(out, t);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct addrtype *a = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " ADDRTYPE match");
	list_types(out, &a->src, "src-type");
	list_types(out, &a->dst, "dst-type");
	if (a->limit_in)
		buffer_puts(out, " limit-in");
	if (a->limit_out)
		buffer_puts(out, " limit-out");
}

static void compile_types(struct program *p, const struct types *t, u32 arg, enum family f)
{
	bool local6 = f == FAMILY_IPV6 && t->mask & LOCAL;

	if (t->mask)
		program_op(p, local6 ? OP_LOCAL6 : OP_ADDRTYPE, t->invert ? OP_INVERT : 0,
			   arg | t->mask, NULL, 0);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct addrtype *a = data;
	u32 limit = (a->limit_in ? ADDRTYPE_LIMIT_IN : 0) | (a->limit_out ? ADDRTYPE_LIMIT_OUT : 0);

	(void)rule;
	compile_types(p, &a->src, ADDRTYPE_SOURCE | limit, f);
	compile_types(p, &a->dst, limit, f);
	return 0;
}

/* addrtype_mt_checkentry_v1() */
static unsigned int hooks(const void *data)
{
	const struct addrtype *a = data;
	unsigned int forward = HOOK_BIT(HOOK_FORWARD);

	if (a->limit_in)
		return forward | HOOK_BIT(HOOK_PREROUTING) | HOOK_BIT(HOOK_INPUT);
	if (a->limit_out)
		return forward | HOOK_BIT(HOOK_OUTPUT) | HOOK_BIT(HOOK_POSTROUTING);
	return HOOKS_ALL;
}

const struct match_ext ext_addrtype = {
	.name = "addrtype", .families = FAMILIES_ALL, .size = sizeof(struct addrtype),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.hooks = hooks, .compile = compile,
};

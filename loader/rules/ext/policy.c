/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <string.h>

#include "rules/address.h"
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"
#include "rules/names.h"

/* -m policy: extensions/libxt_policy.c (1.8.11), net/netfilter/xt_policy.c. */

enum { DIRECTION, POLICY, STRICT, REQID, SPI, SRC, DST, PROTO, MODE, NEXT };

#define ELEMENTS_MAX	POLICY_ELEMENTS	/* XT_POLICY_MAX_ELEM */
#define NR_MODES	2U

enum { MODE_TRANSPORT, MODE_TUNNEL };	/* XT_POLICY_MODE_*, XFRM_MODE_* */

/* One transformation that a packet has to have gone through, or is to. */
struct element {
	uint16_t given, invert;		/* bits by option */
	uint8_t proto, mode;
	uint32_t reqid;
	uint32_t spi;			/* as written; see compile_element() */
	struct address src, dst;	/* the host bits are not cleared */
};

struct policy {
	bool in, out, none, strict;
	unsigned int count;		/* of elements; while parsing one less */
	struct element element[ELEMENTS_MAX];
};

static const struct ext_option options[] = {
	{ "dir", DIRECTION, 1, false, true }, { "pol", POLICY, 1, false, true },
	{ "strict", STRICT, 0, false, true }, { "reqid", REQID, 1, true, false },
	{ "spi", SPI, 1, true, false }, { "tunnel-src", SRC, 1, true, false },
	{ "tunnel-dst", DST, 1, true, false }, { "proto", PROTO, 1, true, false },
	{ "mode", MODE, 1, true, false }, { "next", NEXT, 0, false, false },
	{ NULL, 0, 0, false, false },
};

static const char *const modes[NR_MODES] = { "transport", "tunnel" };

/* One of two words. Returns its number. */
static int parse_word(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		      const char *first, const char *second)
{
	if (!strcmp(arg, first))
		return 0;
	if (!strcmp(arg, second))
		return 1;
	return ext_error(lp, "invalid --%s \"%.32s\" (%s or %s)", opt->name, arg, first, second);
}

static bool parse_host(uint8_t *value, const char *s, enum family f)
{
	return f == FAMILY_IPV4 ? inet_aton(s, (struct in_addr *)(void *)value) :
				  inet_pton(AF_INET6, s, value) == 1;
}

/* xtopt_parse_plenmask(): a number of bits or an address. */
static bool parse_mask(uint8_t *mask, const char *s, enum family f)
{
	unsigned int bits = f == FAMILY_IPV4 ? 32 : 128;

	if (!parse_number(s, NULL, &bits, 0, bits))
		return parse_host(mask, s, f);
	memset(mask, 0, 16);
	memset(mask, 0xff, bits / 8);
	if (bits % 8)
		mask[bits / 8] = (uint8_t)(0xff00U >> bits % 8);
	return true;
}

/* xtopt_parse_hostmask(): getaddrinfo() reads the address, so "10.1" is 10.0.0.1. */
static int parse_address(struct line_parser *lp, struct address *a, const char *arg)
{
	enum family f = ext_family(lp);
	size_t len = strcspn(arg, "/");
	char host[INET6_ADDRSTRLEN + 16];

	ext_hint_address(lp, arg, strlen(arg));
	memset(a, 0, sizeof(*a));
	memset(a->mask, 0xff, f == FAMILY_IPV4 ? 4 : 16);
	if (len >= sizeof(host))
		return ext_error(lp, "\"%.64s\" is no address", arg);
	memcpy(host, arg, len);
	host[len] = '\0';
	if (!parse_host(a->value, host, f))
		return ext_error(lp, "unsupported: \"%s\" is no %s address, and names cannot be "
				 "looked up here", host, family_name(f));
	if (!arg[len])
		return 0;
	ext_point(lp, len + 1);
	if (!parse_mask(a->mask, arg + len + 1, f))
		return ext_error(lp, "invalid mask \"%.64s\"", arg + len + 1);
	return 0;
}

static int parse_proto(struct line_parser *lp, struct element *e, const char *arg)
{
	int proto = proto_parse(arg);

	if (proto != IPPROTO_ESP && proto != IPPROTO_AH && proto != IPPROTO_COMP)
		return ext_error(lp, "invalid --proto \"%.32s\" (ah, esp or ipcomp)", arg);
	e->proto = (uint8_t)proto;
	return 0;
}

static int parse_element(struct line_parser *lp, struct element *e, const struct ext_option *opt,
			 bool invert, const char *arg)
{
	uint64_t n = 0;
	int ret;

	if (e->given >> opt->id & 1)
		return ext_error(lp, "--%s a second time; --next begins another element",
				 opt->name);
	e->given |= (uint16_t)(1U << opt->id);
	if (invert)
		e->invert |= (uint16_t)(1U << opt->id);
	switch (opt->id) {
	case SRC:
		return parse_address(lp, &e->src, arg);
	case DST:
		return parse_address(lp, &e->dst, arg);
	case PROTO:
		return parse_proto(lp, e, arg);
	case MODE:
		ret = parse_word(lp, opt, arg, modes[MODE_TRANSPORT], modes[MODE_TUNNEL]);
		e->mode = ret > 0;
		return ret < 0 ? ret : 0;
	}
	ret = number_parse(lp, opt, arg, 0, UINT32_MAX, &n);
	*(opt->id == SPI ? &e->spi : &e->reqid) = (uint32_t)n;
	return ret;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct policy *p = data;
	int ret;

	switch (opt->id) {
	case DIRECTION:
		ret = parse_word(lp, opt, arg, "in", "out");
		p->in = !ret;
		p->out = ret > 0;
		return ret < 0 ? ret : 0;
	case POLICY:
		ret = parse_word(lp, opt, arg, "ipsec", "none");
		p->none = ret > 0;
		return ret < 0 ? ret : 0;
	case STRICT:
		p->strict = true;
		return 0;
	case NEXT:
		if (++p->count == ELEMENTS_MAX)
			return ext_error(lp, "too many policy elements (%u at most)", ELEMENTS_MAX);
		return 0;
	}
	return parse_element(lp, &p->element[p->count], opt, invert, arg);
}

/* policy_check(): tunnel addresses only with "--mode tunnel" or "! --mode transport". */
static int check_element(struct line_parser *lp, const struct policy *p, unsigned int i)
{
	const struct element *e = &p->element[i];
	bool tunnel = (e->mode == MODE_TUNNEL) != (e->invert >> MODE & 1);

	if (p->strict && !e->given)
		return ext_error(lp, "with --strict, policy element %u needs --reqid, --spi, "
				 "--tunnel-src, --tunnel-dst, --proto or --mode", i);
	if ((e->given & (1U << SRC | 1U << DST)) && !tunnel)
		return ext_error(lp, "--tunnel-src and --tunnel-dst need --mode tunnel");
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	struct policy *p = data;
	unsigned int i;
	int ret = 0;

	(void)rule;
	if (!p->in && !p->out)
		return ext_error(lp, "match \"policy\" requires --dir in or --dir out");
	if (p->count && !p->strict)
		return ext_error(lp, "--next needs --strict");
	if (p->none && p->strict)
		return ext_error(lp, "--pol none cannot be used together with --strict");
	p->count = p->none ? 0 : p->count + 1;
	for (i = 0; i < p->count && !ret; i++)
		ret = check_element(lp, p, i);
	return ret;
}

static void print_address(struct buffer *out, const struct address *a, enum family f)
{
	int prefix = address_prefix(a, f);

	address_print(out, a->value, f);
	if (prefix < 0) {
		buffer_putc(out, '/');
		address_print(out, a->mask, f);
	} else if (prefix != (f == FAMILY_IPV4 ? 32 : 128)) {
		buffer_printf(out, "/%d", prefix);
	}
}

/* The value of one option. */
static void print_value(struct buffer *out, const struct element *e, unsigned int id, enum family f,
			bool numeric)
{
	const char *name = numeric ? NULL : proto_name(e->proto, true);

	if (id == REQID)
		buffer_printf(out, "%u", e->reqid);
	else if (id == SPI)
		buffer_printf(out, "0x%x", e->spi);
	else if (id == PROTO && name)
		buffer_puts(out, name);
	else if (id == PROTO)
		buffer_printf(out, "%u", e->proto);
	else if (id == MODE)
		buffer_puts(out, modes[e->mode % NR_MODES]);
	else
		print_address(out, id == SRC ? &e->src : &e->dst, f);
}

/* print_entry() */
static void print_element(struct buffer *out, const char *prefix, const struct element *e,
			  enum family f, bool numeric)
{
	static const unsigned char order[] = { REQID, SPI, PROTO, MODE, DST, SRC };
	unsigned int i, id;

	for (i = 0; i < sizeof(order); i++) {
		id = order[i];
		if (!(e->given >> id & 1))
			continue;
		buffer_printf(out, "%s %s%s ", e->invert >> id & 1 ? " !" : "", prefix,
			      options[id].name);
		print_value(out, e, id, f, numeric);
	}
}

/* print_flags() */
static void print_flags(struct buffer *out, const char *prefix, const struct policy *p)
{
	buffer_printf(out, " %sdir %s %spol %s", prefix, p->in ? "in" : "out", prefix,
		      p->none ? "none" : "ipsec");
	if (p->strict)
		buffer_printf(out, " %sstrict", prefix);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct policy *p = data;
	unsigned int i;

	print_flags(out, "--", p);
	for (i = 0; i < p->count; i++) {
		if (i)
			buffer_puts(out, " --next");
		print_element(out, "--", &p->element[i], f, false);
	}
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct policy *p = data;
	unsigned int i;

	buffer_puts(out, " policy match");
	print_flags(out, "", p);
	for (i = 0; i < p->count; i++) {
		if (p->count > 1)
			buffer_printf(out, " [%u]", i);
		print_element(out, "", &p->element[i], f, numeric);
	}
}

/* Bits of the image by option. */
static const struct { unsigned char option, bit; } bits[] = {
	{ SRC, POLICY_SRC }, { DST, POLICY_DST }, { PROTO, POLICY_PROTO }, { MODE, POLICY_MODE },
	{ SPI, POLICY_SPI }, { REQID, POLICY_REQID },
};

/* The kernel compares the SPI in network byte order with the number as iptables has stored it. */
static void compile_element(const struct element *e, u64 *to)
{
	u64 given = 0, invert = 0;
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (e->given >> bits[i].option & 1)
			given |= bits[i].bit;
		if (e->invert >> bits[i].option & 1)
			invert |= bits[i].bit;
	}
	to[0] = (u64)e->mode << 40 | (u64)e->proto << 32 | invert << POLICY_INVERT | given;
	to[1] = (u64)e->reqid << 32 | e->spi;
	memcpy(to + 2, e->src.value, 16);
	memcpy(to + 4, e->src.mask, 16);
	memcpy(to + 6, e->dst.value, 16);
	memcpy(to + 8, e->dst.mask, 16);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct policy *policy = data;
	u64 payload[ELEMENTS_MAX * POLICY_WORDS];
	u32 arg = policy->count << 8;
	unsigned int i;

	(void)rule;
	(void)f;
	arg |= (policy->out ? POLICY_OUT : 0) | (policy->none ? POLICY_NONE : 0) |
	       (policy->strict ? POLICY_STRICT : 0);
	for (i = 0; i < policy->count; i++)
		compile_element(&policy->element[i], payload + i * POLICY_WORDS);
	program_op(p, OP_POLICY, 0, arg, payload, policy->count * POLICY_WORDS);
	return 0;
}

/* policy_mt_check() */
static unsigned int hooks(const void *data)
{
	const struct policy *policy = data;

	if (policy->in)
		return HOOKS_ALL & ~(HOOK_BIT(HOOK_OUTPUT) | HOOK_BIT(HOOK_POSTROUTING));
	return HOOKS_ALL & ~(HOOK_BIT(HOOK_PREROUTING) | HOOK_BIT(HOOK_INPUT));
}

const struct match_ext ext_policy = {
	.name = "policy", .families = FAMILIES_ALL, .size = sizeof(struct policy),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.hooks = hooks, .compile = compile,
};

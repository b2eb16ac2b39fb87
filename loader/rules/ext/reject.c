/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "rules/target.h"

/*
 * -j REJECT: extensions/libipt_REJECT.c, libip6t_REJECT.c (1.8.11); net/ipv4/netfilter/ipt_REJECT.c
 * and net/ipv6/netfilter/ip6t_REJECT.c, reject_tg_check().
 */

#define TCP	6U

enum { REJECT_WITH };

struct reject_type {
	const char *name, *alias;
	uint8_t number;		/* enum reject4_type or reject6_type */
	bool tcp;		/* needs -p tcp */
};

struct reject {
	const struct reject_type *type;
};

/* In the order of enum ipt_reject_with: the first that begins as the word does is meant. */
static const struct reject_type types4[] = {
	{ "icmp-net-unreachable", "net-unreach", REJECT4_NET_UNREACHABLE, false },
	{ "icmp-host-unreachable", "host-unreach", REJECT4_HOST_UNREACHABLE, false },
	{ "icmp-proto-unreachable", "proto-unreach", REJECT4_PROTO_UNREACHABLE, false },
	{ "icmp-port-unreachable", "port-unreach", REJECT4_PORT_UNREACHABLE, false },
	{ "icmp-net-prohibited", "net-prohib", REJECT4_NET_PROHIBITED, false },
	{ "icmp-host-prohibited", "host-prohib", REJECT4_HOST_PROHIBITED, false },
	{ "tcp-reset", "tcp-rst", REJECT4_TCP_RESET, true },
	{ "icmp-admin-prohibited", "admin-prohib", REJECT4_ADMIN_PROHIBITED, false },
	{ NULL, NULL, 0, false },
};

/* enum ip6t_reject_with */
static const struct reject_type types6[] = {
	{ "icmp6-no-route", "no-route", REJECT6_NO_ROUTE, false },
	{ "icmp6-adm-prohibited", "adm-prohibited", REJECT6_ADM_PROHIBITED, false },
	{ "icmp6-addr-unreachable", "addr-unreach", REJECT6_ADDR_UNREACHABLE, false },
	{ "icmp6-port-unreachable", "port-unreach", REJECT6_PORT_UNREACHABLE, false },
	{ "tcp-reset", "tcp-reset", REJECT6_TCP_RESET, true },
	{ "icmp6-policy-fail", "policy-fail", REJECT6_POLICY_FAIL, false },
	{ "icmp6-reject-route", "reject-route", REJECT6_REJECT_ROUTE, false },
	{ NULL, NULL, 0, false },
};

static const struct ext_option options[] = {
	{ "reject-with", REJECT_WITH, 1, false, true },
	{ NULL, 0, 0, false, false },
};

static const struct reject_type *find_type(const char *word, enum family f)
{
	const struct reject_type *t = f == FAMILY_IPV4 ? types4 : types6;
	size_t len = strlen(word);

	while (t->name && strncasecmp(t->name, word, len) && strncasecmp(t->alias, word, len))
		t++;
	return t->name ? t : NULL;
}

static void init(void *data, enum family f)
{
	struct reject *r = data;

	r->type = find_type("port-unreach", f);
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	enum family f = ext_family(lp);
	enum family other = f == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	struct reject *r = data;

	(void)opt;
	(void)invert;
	r->type = find_type(arg, f);
	if (!r->type != !find_type(arg, other))
		ext_only_family(lp, r->type ? f : other);
	if (!r->type)
		return ext_error(lp, "unknown reject type \"%.64s\": expected %s, tcp-reset ...",
				 arg, f == FAMILY_IPV4 ? "icmp-port-unreachable, "
				 "icmp-host-prohibited, icmp-admin-prohibited" :
				 "icmp6-port-unreachable, icmp6-adm-prohibited");
	return 0;
}

/* "Must specify that it's a TCP packet" */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct reject *r = data;

	if (r->type->tcp && (rule->proto != TCP || rule->flags & RULE_INV_PROTO))
		return ext_error(lp, "REJECT with tcp-reset needs -p tcp (not inverted)");
	return 0;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct reject *r = data;

	(void)f;
	buffer_puts(out, " --reject-with ");
	buffer_puts(out, r->type->name);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct reject *r = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " reject-with ");
	buffer_puts(out, r->type->name);
}

static void compile(struct image_answer *answer, const void *data)
{
	const struct reject *r = data;

	answer->kind = ANSWER_REJECT;
	answer->type = r->type->number;
}

const struct target_ext ext_reject4 = {
	.name = "REJECT", .families = FAMILY_BIT(FAMILY_IPV4), .tables = TABLE_BIT(TABLE_FILTER),
	.size = sizeof(struct reject), .options = options, .init = init, .parse = parse,
	.check = check, .print = print, .list = list, .compile = compile,
};

const struct target_ext ext_reject6 = {
	.name = "REJECT", .families = FAMILY_BIT(FAMILY_IPV6), .tables = TABLE_BIT(TABLE_FILTER),
	.size = sizeof(struct reject), .options = options, .init = init, .parse = parse,
	.check = check, .print = print, .list = list, .compile = compile,
};

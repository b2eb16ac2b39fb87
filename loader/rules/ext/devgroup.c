/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"
#include "rules/ext/values.h"

/*
 * -m devgroup and -m realm: extensions/libxt_devgroup.c, libipt_realm.c (1.8.11);
 * net/netfilter/xt_devgroup.c, xt_realm.c.
 */

enum { SOURCE, DESTINATION, NR_GROUPS };

struct number {
	struct value_mask number;
	bool invert, given;
};

struct devgroup {
	struct number group[NR_GROUPS];
};

/* What iproute2 calls 0 in the files it ships, /etc/iproute2/group and rt_realms. */
static const char group_zero[] = "default", realm_zero[] = "cosmos";

static const struct ext_option group_options[] = {
	{ "src-group", SOURCE, 1, true, true }, { "dst-group", DESTINATION, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option realm_options[] = {
	{ "realm", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int group_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
		       bool invert, const char *arg)
{
	struct devgroup *g = data;
	struct number *n = &g->group[opt->id];

	n->invert = invert;
	n->given = true;
	return mask_parse_named(lp, opt, arg, group_zero, &n->number);
}

static int group_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct devgroup *g = data;

	(void)rule;
	if (g->group[SOURCE].given || g->group[DESTINATION].given)
		return 0;
	return ext_error(lp, "match \"devgroup\" requires --src-group or --dst-group");
}

static void dump(struct buffer *out, const struct number *n, const char *option, const char *zero)
{
	if (!n->given)
		return;
	buffer_printf(out, "%s %s", n->invert ? " !" : "", option);
	if (zero)
		mask_print_named(out, n->number, zero);
	else
		mask_print(out, n->number);
}

static void group_print(struct buffer *out, const void *data, enum family f)
{
	const struct devgroup *g = data;

	(void)f;
	dump(out, &g->group[SOURCE], "--src-group", group_zero);
	dump(out, &g->group[DESTINATION], "--dst-group", group_zero);
}

static void group_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct devgroup *g = data;

	(void)f;
	dump(out, &g->group[SOURCE], "src-group", numeric ? NULL : group_zero);
	dump(out, &g->group[DESTINATION], "dst-group", numeric ? NULL : group_zero);
}

/* devgroup_mt_checkentry(): where there is a device of that direction. */
static unsigned int group_hooks(const void *data)
{
	const struct devgroup *g = data;
	unsigned int hooks = ~0U;

	if (g->group[SOURCE].given)
		hooks &= HOOK_BIT(HOOK_PREROUTING) | HOOK_BIT(HOOK_INPUT) | HOOK_BIT(HOOK_FORWARD);
	if (g->group[DESTINATION].given)
		hooks &= HOOK_BIT(HOOK_FORWARD) | HOOK_BIT(HOOK_OUTPUT) |
			 HOOK_BIT(HOOK_POSTROUTING);
	return hooks;
}

/* Bits of the group outside of the mask do not count. */
static void compile_group(struct program *p, const struct number *n, enum image_meta meta)
{
	u32 group = n->number.value & n->number.mask;

	if (n->given)
		field_meta(p, meta, n->number.mask, group, group, n->invert);
}

static int group_compile(struct program *p, const void *data, const struct rule *rule,
			 enum family f)
{
	const struct devgroup *g = data;

	(void)rule;
	(void)f;
	compile_group(p, &g->group[SOURCE], META_IN_GROUP);
	compile_group(p, &g->group[DESTINATION], META_OUT_GROUP);
	return 0;
}

static int realm_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
		       bool invert, const char *arg)
{
	struct number *n = data;

	n->invert = invert;
	n->given = true;
	return mask_parse_named(lp, opt, arg, realm_zero, &n->number);
}

static int realm_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct number *n = data;

	(void)rule;
	return n->given ? 0 : ext_error(lp, "match \"realm\" requires option --realm");
}

static void realm_print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	dump(out, data, "--realm", realm_zero);
}

static void realm_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	dump(out, data, "realm", numeric ? NULL : realm_zero);
}

/* Where a packet has a route. */
static unsigned int realm_hooks(const void *data)
{
	(void)data;
	return ~HOOK_BIT(HOOK_PREROUTING);
}

/* Here they do count: no realm is equal to one with bits outside of its mask. */
static int realm_compile(struct program *p, const void *data, const struct rule *rule,
			 enum family f)
{
	const struct number *n = data;

	(void)rule;
	(void)f;
	field_meta(p, META_REALM, n->number.mask, n->number.value, n->number.value, n->invert);
	return 0;
}

const struct match_ext ext_devgroup = {
	.name = "devgroup", .families = FAMILIES_ALL, .size = sizeof(struct devgroup),
	.options = group_options, .parse = group_parse, .check = group_check, .print = group_print,
	.list = group_list, .hooks = group_hooks, .compile = group_compile,
};

const struct match_ext ext_realm = {
	.name = "realm", .families = FAMILY_BIT(FAMILY_IPV4), .size = sizeof(struct number),
	.options = realm_options, .parse = realm_parse, .check = realm_check, .print = realm_print,
	.list = realm_list, .hooks = realm_hooks, .compile = realm_compile,
};

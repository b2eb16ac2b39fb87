/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/*
 * -m owner: extensions/libxt_owner.c (1.8.11), net/netfilter/xt_owner.c. Users and groups are
 * numbers: there is no /etc/passwd in an initramfs, and the same rules have to mean the same there.
 */

enum { USER, GROUP, SOCKET, GROUPS };

struct id_range {
	uint32_t min, max;
	bool given, invert;
};

struct owner {
	struct id_range user, group;
	bool socket, not_socket;	/* --socket-exists, and its "!" */
	bool supplementary;
};

static const struct ext_option options[] = {
	{ "uid-owner", USER, 1, true, true }, { "gid-owner", GROUP, 1, true, true },
	{ "socket-exists", SOCKET, 0, true, true }, { "suppl-groups", GROUPS, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static int bad_id(struct line_parser *lp, const struct ext_option *opt, const char *arg)
{
	const char *kind = opt->id == USER ? "user" : "group";

	if (strspn(arg, "0123456789+-: ") < strlen(arg) && strncmp(arg, "0x", 2))
		return ext_error(lp, "unsupported %s name \"%.32s\": only \"root\" is known before "
				 "there is a root file system; write the number", kind, arg);
	return ext_error(lp, "bad value \"%.32s\" for --%s (a %s ID from 0 to 4294967294, or a "
			 "range ID-ID)", arg, opt->name, kind);
}

/* owner_parse_range(); owner_check(): a range that is turned round is refused by the kernel. */
static int parse_range(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		       struct id_range *r)
{
	const char *end = arg;
	uint64_t min = 0, max = 0;

	if (strcmp(arg, "root")) {
		end = number_at(arg, 0, UINT32_MAX - 1, &min);
		max = min;
		if (end && (*end == '-' || *end == ':'))
			end = number_at(end + 1, 0, UINT32_MAX - 1, &max);
		if (!end || *end)
			return bad_id(lp, opt, arg);
	}
	if (max < min)
		return ext_error(lp, "invalid range \"%.32s\" (min > max)", arg);
	r->min = (uint32_t)min;
	r->max = (uint32_t)max;
	r->given = true;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct owner *o = data;
	struct id_range *r = opt->id == USER ? &o->user : &o->group;

	switch (opt->id) {
	case USER:
	case GROUP:
		r->invert = invert;
		return parse_range(lp, opt, arg, r);
	case SOCKET:
		o->socket = true;
		o->not_socket = invert;
		return 0;
	}
	if (!o->group.given)
		return ext_error(lp, "--suppl-groups needs --gid-owner before it");
	o->supplementary = true;
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct owner *o = data;

	(void)rule;
	if (o->user.given || o->group.given || o->socket)
		return 0;
	return ext_error(lp, "match \"owner\" requires --uid-owner, --gid-owner or --socket-exists");
}

/* owner_mt_print_item() */
static void item(struct buffer *out, const char *label, const struct id_range *r, bool numeric)
{
	if (!r->given)
		return;
	buffer_printf(out, "%s %s ", r->invert ? " !" : "", label);
	if (r->min != r->max)
		buffer_printf(out, "%u-%u", r->min, r->max);
	else if (!numeric && !r->min)
		buffer_puts(out, "root");
	else
		buffer_printf(out, "%u", r->min);
}

static void items(struct buffer *out, const struct owner *o, const char *const labels[4],
		  bool numeric)
{
	if (o->socket)
		buffer_printf(out, "%s %s", o->not_socket ? " !" : "", labels[SOCKET]);
	item(out, labels[USER], &o->user, numeric);
	item(out, labels[GROUP], &o->group, numeric);
	if (o->supplementary)
		buffer_printf(out, " %s", labels[GROUPS]);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	static const char *const labels[] = { "--uid-owner", "--gid-owner", "--socket-exists",
					      "--suppl-groups" };

	(void)f;
	items(out, data, labels, true);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	static const char *const labels[] = { "owner UID match", "owner GID match",
					      "owner socket exists", "incl. suppl. groups" };

	(void)f;
	items(out, data, labels, numeric);
}

static u64 packed(const struct id_range *r)
{
	return (u64)r->max << 32 | r->min;
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct owner *o = data;
	const u64 payload[OWNER_WORDS] = { packed(&o->user), packed(&o->group) };
	u32 given, invert;

	(void)rule;
	(void)f;
	given = (o->user.given ? OWNER_UID : 0) | (o->group.given ? OWNER_GID : 0) |
		(o->socket ? OWNER_SOCKET : 0) | (o->supplementary ? OWNER_GROUPS : 0);
	invert = (o->user.invert ? OWNER_UID : 0) | (o->group.invert ? OWNER_GID : 0) |
		 (o->not_socket ? OWNER_SOCKET : 0);
	program_op(p, OP_OWNER, 0, invert << 8 | given, payload, OWNER_WORDS);
	return 0;
}

/* owner_mt_reg[] */
static unsigned int hooks(const void *data)
{
	(void)data;
	return HOOK_BIT(HOOK_OUTPUT) | HOOK_BIT(HOOK_POSTROUTING);
}

const struct match_ext ext_owner = {
	.name = "owner", .families = FAMILIES_ALL, .size = sizeof(struct owner),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.hooks = hooks, .compile = compile,
};

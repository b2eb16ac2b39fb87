/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"
#include "rules/names.h"

/* -m cgroup: extensions/libxt_cgroup.c (1.8.11), net/netfilter/xt_cgroup.c. */

enum { CLASSID, PATH };

#define PATH_LENGTH_MAX	511U	/* struct xt_cgroup_info_v2; longer ones are cut */

struct cgroup {
	const char *path;	/* in the arena; NULL: not given */
	uint32_t classid;
	bool has_classid, invert;
};

static const struct ext_option options[] = {
	{ "path", PATH, 1, true, true }, { "cgroup", CLASSID, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct cgroup *c = data;
	uint64_t n;
	int ret;

	c->invert = invert;
	if (opt->id == PATH) {
		c->path = arena_strndup(ext_arena(lp), arg, strnlen(arg, PATH_LENGTH_MAX));
		if (!c->path)
			return ext_error(lp, "out of memory");
	} else {
		ret = number_parse(lp, opt, arg, 0, UINT32_MAX, &n);
		if (ret)
			return ret;
		c->classid = (uint32_t)n;
		c->has_classid = true;
	}
	if (c->path && c->has_classid)
		return ext_error(lp, "--cgroup cannot be used together with --path");
	return 0;
}

/* cgroup_mt_check_v2() */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct cgroup *c = data;

	(void)rule;
	if (c->path)
		return ext_error(lp, "unsupported option --path of match \"cgroup\": the kernel looks the "
				 "cgroup up when rules are loaded, and an image is made before that");
	return c->has_classid ? 0 : ext_error(lp, "match \"cgroup\" requires --cgroup or --path");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct cgroup *c = data;
	const char *invert = c->invert ? " !" : "";

	(void)f;
	if (!c->path) {
		buffer_printf(out, "%s --cgroup %u", invert, c->classid);
		return;
	}
	buffer_printf(out, "%s --path", invert);
	save_string(out, c->path);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct cgroup *c = data;
	const char *invert = c->invert ? "! " : "";

	(void)f;
	(void)numeric;
	if (c->path)
		buffer_printf(out, " cgroup %s%s", invert, c->path);
	else
		buffer_printf(out, " cgroup %s%u", invert, c->classid);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct cgroup *c = data;

	(void)rule;
	(void)f;
	program_op(p, OP_SOCKET, 0, 0, NULL, 0);
	program_op(p, OP_CLASSID, c->invert ? OP_INVERT : 0, c->classid, NULL, 0);
	return 0;
}

/* cgroup_mt_reg[] */
static unsigned int hooks(const void *data)
{
	(void)data;
	return HOOK_BIT(HOOK_INPUT) | HOOK_BIT(HOOK_OUTPUT) | HOOK_BIT(HOOK_POSTROUTING);
}

const struct match_ext ext_cgroup = {
	.name = "cgroup", .families = FAMILIES_ALL, .size = sizeof(struct cgroup),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.hooks = hooks, .compile = compile,
};

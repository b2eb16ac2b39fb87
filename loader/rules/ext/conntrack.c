/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"

/*
 * -m state and -m conntrack --ctstate: extensions/libxt_conntrack.c (1.8.11). The other options of
 * conntrack are known and refused.
 */

enum { STATE, OTHER };

struct state {
	uint16_t mask;		/* CT_*; 0: not given */
	bool invert;
};

static const struct ext_option state_options[] = {
	{ "state", STATE, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option conntrack_options[] = {
	{ "ctstate", STATE, 1, true, true },
	{ "ctproto", OTHER, 1, true, false }, { "ctorigsrc", OTHER + 1, 1, true, false },
	{ "ctorigdst", OTHER + 2, 1, true, false }, { "ctreplsrc", OTHER + 3, 1, true, false },
	{ "ctrepldst", OTHER + 4, 1, true, false }, { "ctstatus", OTHER + 5, 1, true, false },
	{ "ctexpire", OTHER + 6, 1, true, false }, { "ctdir", OTHER + 7, 1, true, false },
	{ "ctorigsrcport", OTHER + 8, 1, true, false },
	{ "ctorigdstport", OTHER + 9, 1, true, false },
	{ "ctreplsrcport", OTHER + 10, 1, true, false },
	{ "ctrepldstport", OTHER + 11, 1, true, false },
	{ NULL, 0, 0, false, false },
};

/* In the order they are tried and printed. "state" knows the first five. */
static const struct { const char *name; uint16_t bit; } state_names[] = {
	{ "INVALID", CT_INVALID }, { "NEW", CT_NEW }, { "RELATED", CT_RELATED },
	{ "ESTABLISHED", CT_ESTABLISHED }, { "UNTRACKED", CT_UNTRACKED }, { "SNAT", CT_SNAT },
	{ "DNAT", CT_DNAT },
};

#define NR_STATES	5U
#define NR_CTSTATES	7U

/* conntrack_ps_state(): names between commas, any case, and any beginning of a name. */
static int parse_states(struct line_parser *lp, struct state *s, const char *arg, size_t nr)
{
	const char *p = arg;
	size_t len, i;

	for (s->mask = 0;; p += len + 1) {
		len = strcspn(p, ",");
		for (i = 0; len && i < nr; i++)
			if (!strncasecmp(state_names[i].name, p, len))
				break;
		if (!len || i == nr)
			return ext_error(lp, "bad state \"%.64s\"", arg);
		s->mask |= state_names[i].bit;
		if (!p[len])
			return 0;
	}
}

static int state_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
		       bool invert, const char *arg)
{
	struct state *s = data;

	(void)opt;
	s->invert = invert;
	return parse_states(lp, s, arg, NR_STATES);
}

static int conntrack_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
			   bool invert, const char *arg)
{
	struct state *s = data;

	if (opt->id != STATE)
		return ext_error(lp, "unsupported option --%s of match \"conntrack\"", opt->name);
	s->invert = invert;
	return parse_states(lp, s, arg, NR_CTSTATES);
}

static int state_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct state *s = data;

	(void)rule;
	return s->mask ? 0 : ext_error(lp, "match \"state\" requires option --state");
}

static int conntrack_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct state *s = data;

	(void)rule;
	return s->mask ? 0 : ext_error(lp, "match \"conntrack\" requires at least one option");
}

/* conntrack_dump(), print_state() */
static void dump(struct buffer *out, const struct state *s, const char *name)
{
	const char *sep = " ";
	size_t i;

	buffer_printf(out, "%s %s", s->invert ? " !" : "", name);
	for (i = 0; i < NR_CTSTATES; i++) {
		if (!(s->mask & state_names[i].bit))
			continue;
		buffer_printf(out, "%s%s", sep, state_names[i].name);
		sep = ",";
	}
}

static void state_print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	dump(out, data, "--state");
}

static void conntrack_print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	dump(out, data, "--ctstate");
}

static void state_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	dump(out, data, "state");
}

static void conntrack_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	dump(out, data, "ctstate");
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct state *s = data;

	(void)rule;
	(void)f;
	p->features |= IMAGE_F_CONNTRACK;
	if (s->mask & (CT_SNAT | CT_DNAT))
		p->features |= IMAGE_F_NAT_STATE;
	program_op(p, OP_CT_STATE, s->invert ? OP_INVERT : 0, s->mask, NULL, 0);
	return 0;
}

const struct match_ext ext_state = {
	.name = "state", .families = FAMILIES_ALL, .size = sizeof(struct state),
	.options = state_options, .parse = state_parse, .check = state_check, .print = state_print,
	.list = state_list, .compile = compile,
};

const struct match_ext ext_conntrack = {
	.name = "conntrack", .families = FAMILIES_ALL, .size = sizeof(struct state),
	.options = conntrack_options, .parse = conntrack_parse, .check = conntrack_check,
	.print = conntrack_print, .list = conntrack_list, .compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/names.h"
#include "rules/sets.h"

/*
 * -m set: extensions/libxt_set.c (1.8.11), net/netfilter/xt_set.c, revision 4. What asks for the
 * counters of an entry says nothing of a set that has none (ip_set_match_extensions()); of one that
 * has some it is refused: these would have to be counted.
 */

enum {
	OPT_MATCH_SET, OPT_RETURN_NOMATCH, OPT_UPDATE, OPT_UPDATE_SUB, OPT_PACKETS_EQ,
	OPT_PACKETS_LT, OPT_PACKETS_GT, OPT_BYTES_EQ, OPT_BYTES_LT, OPT_BYTES_GT,
};

/* How --packets-* or --bytes-* compares. */
struct counter {
	const char *op;		/* NULL: not given */
	bool invert;
	uint64_t value;
};

struct set_match {
	struct ipset_use *use;		/* NULL: only the families are being found out */
	const char *name;
	unsigned char dims;
	unsigned char sources;		/* bit by dimension: src */
	bool given, invert, return_nomatch, no_update, no_subupdate;
	struct counter packets, bytes;
};

static const struct ext_option options[] = {
	{ "match-set", OPT_MATCH_SET, 1, true, false },
	{ "set", OPT_MATCH_SET, 1, true, false },
	{ "return-nomatch", OPT_RETURN_NOMATCH, 0, false, false },
	{ "update-counters", OPT_UPDATE, 0, true, false },
	{ "update-subcounters", OPT_UPDATE_SUB, 0, true, false },
	{ "packets-eq", OPT_PACKETS_EQ, 1, true, false },
	{ "packets-lt", OPT_PACKETS_LT, 1, false, false },
	{ "packets-gt", OPT_PACKETS_GT, 1, false, false },
	{ "bytes-eq", OPT_BYTES_EQ, 1, true, false },
	{ "bytes-lt", OPT_BYTES_LT, 1, false, false },
	{ "bytes-gt", OPT_BYTES_GT, 1, false, false },
	{ NULL, 0, 0, false, false },
};

/* parse_dirs(): of each word the first three letters count. */
static int parse_dirs(struct line_parser *lp, struct set_match *m, const char *arg)
{
	size_t at = 0;

	for (;;) {
		if (m->dims == SET_DIMS_MAX)
			return ext_error(lp, "at most %u directions", SET_DIMS_MAX);
		if (!strncmp(arg + at, "src", 3))
			m->sources |= (unsigned char)(1U << m->dims);
		else if (strncmp(arg + at, "dst", 3))
			return ext_error(lp, "expected src or dst, or several with commas between");
		m->dims++;
		at += strcspn(arg + at, ",");
		if (!arg[at])
			return 0;
		at++;
	}
}

static int no_memory(struct line_parser *lp)
{
	(void)ext_error(lp, "out of memory");
	return -ENOMEM;
}

static int parse_set(struct line_parser *lp, struct set_match *m, bool invert, const char *arg)
{
	struct origin origin;
	const char *dirs;
	bool keep;

	if (m->given)
		return ext_error(lp, "--match-set can be given once in a match");
	if (strlen(arg) > SET_NAME_MAX)
		return ext_error(lp, "the name of a set has at most %u characters", SET_NAME_MAX);
	m->given = true;
	m->invert = invert;
	m->name = arena_strndup(ext_arena(lp), arg, strlen(arg));
	if (!m->name)
		return no_memory(lp);
	keep = ext_origin(lp, &origin);
	dirs = ext_next_word(lp);
	if (!dirs)
		return ext_error(lp, "--match-set requires the name of a set and src or dst");
	if (parse_dirs(lp, m, dirs))
		return -EINVAL;
	if (!keep)
		return 0;
	m->use = ipset_use(ext_ruleset(lp), arg, ext_family(lp), &origin);
	if (!m->use)
		return no_memory(lp);
	m->use->dims = m->dims;
	return 0;
}

/* parse_counter(): xtables_strtoul() */
static int parse_counter(struct line_parser *lp, struct counter *c, const char *op, bool invert,
			 const char *arg)
{
	char *end;

	if (c->op)
		return ext_error(lp, "only one of -eq, -lt and -gt is possible");
	errno = 0;
	c->value = strtoull(arg, &end, 0);
	if (errno || end == arg || *end || strchr(arg, '-'))
		return ext_error(lp, "expected a number, not \"%.64s\"", arg);
	c->op = op;
	c->invert = invert;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	static const char *const ops[] = { "eq", "lt", "gt" };
	struct set_match *m = data;

	switch (opt->id) {
	case OPT_MATCH_SET:
		return parse_set(lp, m, invert, arg);
	case OPT_RETURN_NOMATCH:
		m->return_nomatch = true;
		return 0;
	case OPT_UPDATE:
		m->no_update |= invert;
		return 0;
	case OPT_UPDATE_SUB:
		m->no_subupdate |= invert;
		return 0;
	}
	if (opt->id >= OPT_BYTES_EQ)
		return parse_counter(lp, &m->bytes, ops[opt->id - OPT_BYTES_EQ], invert, arg);
	return parse_counter(lp, &m->packets, ops[opt->id - OPT_PACKETS_EQ], invert, arg);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	struct set_match *m = data;

	(void)rule;
	if (!m->given)
		return ext_error(lp, "match \"set\" requires option --match-set");
	if (m->use)
		m->use->counters = m->packets.op || m->bytes.op;
	return 0;
}

static void print_counter(struct buffer *out, const struct counter *c, const char *dashes,
			  const char *name)
{
	if (!c->op)
		return;
	buffer_printf(out, "%s %s%s-%s %llu", c->invert ? " !" : "", dashes, name, c->op,
		      (unsigned long long)c->value);
}

/* set_print_v4_matchinfo() */
static void print_match(struct buffer *out, const struct set_match *m, const char *dashes)
{
	unsigned int i;

	buffer_printf(out, "%s %smatch-set", m->invert ? " !" : "", dashes);
	if (*dashes) {
		buffer_putc(out, ' ');
		save_word(out, m->name);
	} else {
		buffer_printf(out, " %s", m->name);
	}
	for (i = 0; i < m->dims; i++) {
		buffer_putc(out, i ? ',' : ' ');
		buffer_puts(out, m->sources & 1U << i ? "src" : "dst");
	}
	if (m->return_nomatch)
		buffer_printf(out, " %sreturn-nomatch", dashes);
	if (m->no_update)
		buffer_printf(out, " ! %supdate-counters", dashes);
	if (m->no_subupdate)
		buffer_printf(out, " ! %supdate-subcounters", dashes);
	print_counter(out, &m->packets, dashes, "packets");
	print_counter(out, &m->bytes, dashes, "bytes");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	print_match(out, data, "--");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	print_match(out, data, "");
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct set_match *m = data;
	const struct ipset *set = m->use->set;
	u32 arg = m->sources & (SET_ONE_SRC | SET_TWO_SRC), numbers[SET_MEMBERS_MAX] = { 0 };
	u32 members = set->type == SET_LIST ? set->nr_members : 1, n = 0, i;
	u64 payload[SET_MEMBERS_MAX / 2];

	(void)rule;
	_Static_assert(SET_MEMBERS_MAX == SET_COUNT_MAX, "one limit");
	for (i = 0; i < members; i++) {
		const struct ipset *one = set->type == SET_LIST ? set->members[i] : set;

		if (ipset_fits(one, f, m->dims))
			numbers[n++] = one->index;
	}
	if (!n) {
		program_op(p, OP_NEVER, m->invert ? OP_INVERT : 0, 0, NULL, 0);
		return 0;
	}
	if (m->return_nomatch)
		arg |= SET_NOMATCH;
	memcpy(payload, numbers, sizeof(payload));
	program_op(p, OP_SET, m->invert ? OP_INVERT : 0, arg | n << SET_COUNT, payload,
		   (n + 1) / 2);
	return 0;
}

const struct match_ext ext_set = {
	.name = "set", .families = FAMILIES_ALL, .size = sizeof(struct set_match),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

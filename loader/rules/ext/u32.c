/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/*
 * -m u32: extensions/libxt_u32.c (1.8.11), net/netfilter/xt_u32.c.
 *
 *	tests    := test { "&&" test }
 *	test     := location "=" range { "," range }
 *	location := number { ("&" | "<<" | ">>" | "@") number }
 *	range    := number [ ":" number ]
 */

#define PARTS_MAX	10U	/* XT_U32_MAXSIZE: tests, numbers of a location, ranges of a test */

struct step {
	uint32_t number;
	uint8_t op;		/* enum u32_op; the first: U32_LOAD */
};

struct test {
	struct step steps[PARTS_MAX];
	struct {
		uint32_t lo, hi;
	} ranges[PARTS_MAX];
	uint8_t nr_steps, nr_ranges;
};

struct u32_match {
	struct test tests[PARTS_MAX];
	uint8_t nr_tests;
	bool invert;
};

/* Where we are in the argument. */
struct cursor {
	struct line_parser *lp;
	const char *start, *at;
};

static const struct ext_option options[] = {
	{ "u32", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* In the order of enum u32_op, from U32_AND on. */
static const char op_names[][3] = { "&", "<<", ">>", "@" };

static void skip_blanks(struct cursor *c)
{
	while (isspace((unsigned char)*c->at))
		c->at++;
}

static int fail(struct cursor *c, const char *what)
{
	ext_point(c->lp, (size_t)(c->at - c->start));
	return ext_error(c->lp, "%s", what);
}

static int parse_u32(struct cursor *c, uint32_t *to)
{
	uint64_t value;
	const char *end = number_at(c->at, 0, UINT32_MAX, &value);

	skip_blanks(c);
	if (!end)
		return fail(c, "a number from 0 to 0xffffffff was expected");
	*to = (uint32_t)value;
	c->at = end;
	skip_blanks(c);
	return 0;
}

/* One of op_names, which is consumed. Returns the enum u32_op, or negative. */
static int parse_op(struct cursor *c)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < sizeof(op_names) / sizeof(op_names[0]); i++) {
		len = strlen(op_names[i]);
		if (strncmp(c->at, op_names[i], len))
			continue;
		c->at += len;
		return U32_AND + (int)i;
	}
	return fail(c, "an operator (&, <<, >>, @) or \"=\" was expected");
}

/* u32_mt_checkentry() refuses shifts by 32 and more. */
static int parse_location(struct cursor *c, struct test *t)
{
	struct step *s;
	int op = U32_LOAD;

	for (;;) {
		if (t->nr_steps == PARTS_MAX)
			return fail(c, "too many operators (10 numbers at most)");
		s = &t->steps[t->nr_steps++];
		s->op = (uint8_t)op;
		if (parse_u32(c, &s->number))
			return -1;
		if ((op == U32_LEFT || op == U32_RIGHT) && s->number > 31)
			return fail(c, "shifts are by 0 to 31");
		if (*c->at == '=')
			return 0;
		op = *c->at ? parse_op(c) : fail(c, "\"=\" and a value were expected");
		if (op < 0)
			return -1;
	}
}

static int parse_ranges(struct cursor *c, struct test *t)
{
	do {
		c->at++;	/* "=" or "," */
		if (t->nr_ranges == PARTS_MAX)
			return fail(c, "too many values (10 at most)");
		if (parse_u32(c, &t->ranges[t->nr_ranges].lo))
			return -1;
		t->ranges[t->nr_ranges].hi = t->ranges[t->nr_ranges].lo;
		if (*c->at == ':') {
			c->at++;
			if (parse_u32(c, &t->ranges[t->nr_ranges].hi))
				return -1;
		}
		t->nr_ranges++;
	} while (*c->at == ',');
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct cursor c = { .lp = lp, .start = arg, .at = arg };
	struct u32_match *u = data;
	struct test *t;

	(void)opt;
	u->invert = invert;
	for (;;) {
		if (u->nr_tests == PARTS_MAX)
			return fail(&c, "too many tests (10 at most)");
		t = &u->tests[u->nr_tests++];
		if (parse_location(&c, t) || parse_ranges(&c, t))
			return -1;
		if (!*c.at)
			return 0;
		if (strncmp(c.at, "&&", 2))
			return fail(&c, "\",\" or \"&&\" was expected");
		c.at += 2;
	}
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct u32_match *u = data;

	(void)rule;
	return u->nr_tests ? 0 : ext_error(lp, "match \"u32\" requires option --u32");
}

/* u32_dump() */
static void dump(struct buffer *out, const struct u32_match *u)
{
	const struct test *t;
	unsigned int i;

	buffer_puts(out, " \"");
	for (t = u->tests; t < u->tests + u->nr_tests; t++) {
		if (t > u->tests)
			buffer_puts(out, "&&");
		for (i = 0; i < t->nr_steps; i++)
			buffer_printf(out, "%s0x%x", i ? op_names[t->steps[i].op - U32_AND] : "",
				      t->steps[i].number);
		for (i = 0; i < t->nr_ranges; i++) {
			buffer_printf(out, "%c0x%x", i ? ',' : '=', t->ranges[i].lo);
			if (t->ranges[i].lo != t->ranges[i].hi)
				buffer_printf(out, ":0x%x", t->ranges[i].hi);
		}
	}
	buffer_putc(out, '"');
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct u32_match *u = data;

	(void)f;
	buffer_puts(out, u->invert ? " ! --u32" : " --u32");
	dump(out, u);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct u32_match *u = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, u->invert ? " u32 !" : " u32");
	dump(out, u);
}

static unsigned int put_test(u64 *to, const struct test *t)
{
	struct op_u32 words[2 * PARTS_MAX] = { 0 };
	unsigned int i, n = t->nr_steps;

	for (i = 0; i < n; i++) {
		words[i].number = t->steps[i].number;
		words[i].op = t->steps[i].op;
	}
	words[n - 1].ranges = t->nr_ranges;
	for (i = 0; i < t->nr_ranges; i++) {
		words[n + i].lo = t->ranges[i].lo;
		words[n + i].hi = t->ranges[i].hi;
	}
	n += t->nr_ranges;
	memcpy(to, words, n * sizeof(*words));
	return n;
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct u32_match *u = data;
	u64 payload[2 * PARTS_MAX * PARTS_MAX];
	unsigned int i, n = 0;

	(void)rule;
	(void)f;
	for (i = 0; i < u->nr_tests; i++)
		n += put_test(payload + n, &u->tests[i]);
	program_op(p, OP_U32, u->invert ? OP_INVERT : 0, 0, payload, n);
	return 0;
}

const struct match_ext ext_u32 = {
	.name = "u32", .families = FAMILIES_ALL, .size = sizeof(struct u32_match),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

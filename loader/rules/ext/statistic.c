/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "bpf/rates.h"
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/* -m statistic: extensions/libxt_statistic.c (1.8.11), net/netfilter/xt_statistic.c. */

enum { MODE, PROBABILITY, EVERY, PACKET };

#define GIVEN(id)	(1U << (id))
#define CERTAIN		0x80000000U	/* probability 1 */

struct statistic {
	uint32_t probability;	/* of CERTAIN */
	uint32_t every;		/* from 1 */
	uint32_t packet;	/* below @every */
	unsigned int given;	/* GIVEN() bits */
	bool nth, invert;
};

static const struct ext_option options[] = {
	{ "mode", MODE, 1, false, true },
	{ "probability", PROBABILITY, 1, true, true },
	{ "every", EVERY, 1, true, true },
	{ "packet", PACKET, 1, false, true },
	{ NULL, 0, 0, false, false },
};

/* xtopt_parse_float() from 0 to 1, then lround(). "nan" is taken, and is 0 on x86-64. */
static int parse_probability(struct line_parser *lp, struct statistic *s, const char *arg)
{
	char *end;
	double value = strtod(arg, &end);

	if (end == arg || *end || value < 0 || value > 1)
		return ext_error(lp, "bad probability \"%.32s\" (from 0 to 1)", arg);
	if (!(value >= 0))
		value = 0;
	value *= CERTAIN;
	s->probability = (uint32_t)value;
	if (value - s->probability >= 0.5)
		s->probability++;
	return 0;
}

static int parse_mode(struct line_parser *lp, struct statistic *s, const char *arg)
{
	s->nth = !strcmp(arg, "nth");
	if (!s->nth && strcmp(arg, "random"))
		return ext_error(lp, "bad mode \"%.32s\" (random or nth)", arg);
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct statistic *s = data;
	uint64_t n;
	int ret;

	s->given |= GIVEN(opt->id);
	if (invert)
		s->invert = true;
	if (opt->id == MODE)
		return parse_mode(lp, s, arg);
	if (opt->id == PROBABILITY)
		return parse_probability(lp, s, arg);
	ret = number_parse(lp, opt, arg, opt->id == EVERY, UINT32_MAX, &n);
	if (ret)
		return ret;
	if (opt->id == EVERY)
		s->every = (uint32_t)n;
	else
		s->packet = (uint32_t)n;
	return 0;
}

/* statistic_check() and what the table of options excludes and requires. */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct statistic *s = data;
	unsigned int nth = s->given & (GIVEN(EVERY) | GIVEN(PACKET));

	(void)rule;
	if (!(s->given & GIVEN(MODE)))
		return ext_error(lp, "match \"statistic\" requires option --mode");
	if (!s->nth && !(s->given & GIVEN(PROBABILITY)))
		return ext_error(lp, "--mode random requires --probability");
	if (nth && s->given & GIVEN(PROBABILITY))
		return ext_error(lp, "--probability cannot be used together with --every and --packet");
	if (s->nth && nth != (GIVEN(EVERY) | GIVEN(PACKET)))
		return ext_error(lp, "--mode nth requires --every and --packet");
	if (s->nth && s->packet >= s->every)
		return ext_error(lp, "--packet must be less than --every (from 0 to %u)",
				 s->every - 1);
	return 0;
}

/* print_match(): @dashes "--" for iptables-save, "" for iptables -L. */
static void dump(struct buffer *out, const struct statistic *s, const char *dashes)
{
	const char *not = s->invert ? " !" : "";

	if (!s->nth) {
		buffer_printf(out, " %smode random%s %sprobability %.11f", dashes, not, dashes,
			      1.0 * s->probability / CERTAIN);
		return;
	}
	buffer_printf(out, " %smode nth%s %severy %u", dashes, not, dashes, s->every);
	if (s->packet || *dashes)
		buffer_printf(out, " %spacket %u", dashes, s->packet);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	dump(out, data, "--");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	buffer_puts(out, " statistic");
	dump(out, data, "");
}

/* Random numbers leave no trace, but must be drawn only for packets that get here. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct statistic *s = data;
	const u64 nth = (u64)s->every << 32 | s->packet;
	unsigned int flags = s->invert ? OP_INVERT : 0;

	(void)rule;
	(void)f;
	program_stateful(p);
	if (s->nth)
		program_op(p, OP_NTH, flags, program_cells(p, 1), &nth, 1);
	else
		program_op(p, OP_RANDOM, flags, s->probability, NULL, 0);
	return 0;
}

const struct match_ext ext_statistic = {
	.name = "statistic", .families = FAMILIES_ALL, .size = sizeof(struct statistic),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include "bpf/rates.h"
#include "compile/program.h"
#include "compile/rates.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/rates.h"
#include "rules/ext/values.h"

/* -m limit: extensions/libxt_limit.c (1.8.11), net/netfilter/xt_limit.c. */

enum { LIMIT, BURST };

#define BURST_DEFAULT	5U
#define BURST_MAX	10000U

struct limit {
	uint32_t avg;		/* time between packets, in seconds / LIMIT_SCALE */
	uint32_t burst;
};

static const struct ext_option options[] = {
	{ "limit", LIMIT, 1, false, true },
	{ "limit-burst", BURST, 1, false, true },
	{ NULL, 0, 0, false, false },
};

/* XT_LIMIT_AVG: 3/hour */
static void init(void *data, enum family f)
{
	struct limit *l = data;

	(void)f;
	l->avg = LIMIT_SCALE * 3600U / 3;
	l->burst = BURST_DEFAULT;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct limit *l = data;
	uint32_t seconds;
	uint64_t n;
	int ret;

	(void)invert;
	if (opt->id == BURST) {
		/* 0 is let through by iptables and then refused by the kernel. */
		ret = number_parse(lp, opt, arg, 1, BURST_MAX, &n);
		if (!ret)
			l->burst = (uint32_t)n;
		return ret;
	}
	ret = rate_parse(lp, opt, arg, LIMIT_SCALE, &n, &seconds);
	if (!ret)
		l->avg = (uint32_t)n;
	return ret;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct limit *l = data;

	(void)f;
	buffer_puts(out, " --limit");
	rate_print(out, l->avg, LIMIT_SCALE);
	if (l->burst != BURST_DEFAULT)
		buffer_printf(out, " --limit-burst %u", l->burst);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct limit *l = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " limit: avg");
	rate_print(out, l->avg, LIMIT_SCALE);
	buffer_printf(out, " burst %u", l->burst);
}

/*
 * limit_mt_check() refuses what overflows. That depends on HZ, which is not known here: what
 * overflows with each HZ there is (kernel/Kconfig.hz) is refused here, the rest when it is loaded.
 */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct limit *l = data;

	(void)rule;
	if (!rates_overflow(false, l->avg, l->burst))
		return 0;
	return ext_error(lp, "--limit-burst %u is too large for this rate", l->burst);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct limit *l = data;
	const u64 rate = (u64)l->avg << 32 | l->burst;

	(void)rule;
	(void)f;
	program_stateful(p);
	program_op(p, OP_LIMIT, 0, program_cells(p, 1), &rate, 1);
	return 0;
}

const struct match_ext ext_limit = {
	.name = "limit", .families = FAMILIES_ALL, .size = sizeof(struct limit),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
};

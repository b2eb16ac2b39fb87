/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"
#include "rules/ext/values.h"

/* -m frag: extensions/libip6t_frag.c (1.8.11), net/ipv6/netfilter/ip6t_frag.c. */

enum { ID, LENGTH, RESERVED, FIRST, MORE, LAST };

struct frag {
	struct number_range id;
	uint32_t length;		/* read and printed; the kernel does not look at it */
	bool length_invert;
	unsigned char seen;		/* bits by option */
};

static const struct ext_option options[] = {
	{ "fragid", ID, 1, true, true }, { "fraglen", LENGTH, 1, true, true },
	{ "fragres", RESERVED, 0, false, true }, { "fragfirst", FIRST, 0, false, true },
	{ "fragmore", MORE, 0, false, true }, { "fraglast", LAST, 0, false, true },
	{ NULL, 0, 0, false, false },
};

/* In the order they are printed. */
static const struct { unsigned char option; const char *listed; u32 bit; } flags[] = {
	{ RESERVED, "reserved", HEADER_RESERVED }, { FIRST, "first", FRAG_FIRST },
	{ MORE, "more", FRAG_MORE }, { LAST, "last", FRAG_LAST },
};

#define NR_FLAGS	(sizeof(flags) / sizeof(flags[0]))

static void init(void *data, enum family f)
{
	struct frag *frag = data;

	(void)f;
	frag->id.hi = UINT32_MAX;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct frag *frag = data;
	uint64_t n;

	frag->seen |= (unsigned char)(1 << opt->id);
	if (opt->id == ID)
		return number_range_parse(lp, &frag->id, opt, invert, arg);
	if (opt->id == LENGTH) {
		if (number_parse(lp, opt, arg, 0, UINT32_MAX, &n))
			return -1;
		frag->length = (uint32_t)n;
		frag->length_invert = invert;
	}
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct frag *frag = data;
	const unsigned int both = 1 << MORE | 1 << LAST;

	(void)rule;
	if ((frag->seen & both) == both)
		return ext_error(lp, "option --fragmore cannot be used together with --fraglast");
	return 0;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct frag *frag = data;
	unsigned int i;

	(void)f;
	number_range_print(out, "fragid", &frag->id, UINT32_MAX);
	if (frag->seen & 1 << LENGTH)
		buffer_printf(out, "%s --fraglen %u", frag->length_invert ? " !" : "",
			      frag->length);
	for (i = 0; i < NR_FLAGS; i++)
		if (frag->seen & 1 << flags[i].option)
			buffer_printf(out, " --%s", options[flags[i].option].name);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct frag *frag = data;
	unsigned int i;

	(void)f;
	(void)numeric;
	buffer_puts(out, " frag ");
	number_range_list(out, "id", &frag->id);
	if (frag->seen & 1 << LENGTH)
		buffer_printf(out, " length:%s%u", frag->length_invert ? "!" : "", frag->length);
	for (i = 0; i < NR_FLAGS; i++)
		if (frag->seen & 1 << flags[i].option)
			buffer_printf(out, " %s", flags[i].listed);
}

/* frag_mt6() does not look at the length. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct frag *frag = data;
	const u64 range = number_pair(frag->id.lo, frag->id.hi);
	u32 bits = frag->id.invert ? HEADER_NOT_NUMBER : 0;
	unsigned int i;

	(void)rule;
	(void)f;
	for (i = 0; i < NR_FLAGS; i++)
		if (frag->seen & 1 << flags[i].option)
			bits |= flags[i].bit;
	program_op(p, OP_FRAG, 0, bits, &range, 1);
	return 0;
}

const struct match_ext ext_frag = {
	.name = "frag", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct frag),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
};

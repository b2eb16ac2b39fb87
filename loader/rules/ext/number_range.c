/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/number_range.h"

#include <string.h>

#include "rules/ext/values.h"

int number_range_parse(struct line_parser *lp, struct number_range *r,
		       const struct ext_option *opt, bool invert, const char *arg)
{
	uint64_t lo, hi;
	int ret = range_parse(lp, opt, arg, UINT32_MAX, &lo, &hi);

	if (ret < 0)
		return ret;
	*r = (struct number_range){ (uint32_t)lo, (uint32_t)hi, invert };
	return 0;
}

/* skip_spis_match() and its like of 1.8.11. */
static bool is_any(const struct number_range *r, uint32_t max)
{
	return !r->lo && r->hi == max && !r->invert;
}

void number_range_print(struct buffer *out, const char *option, const struct number_range *r,
			uint32_t max)
{
	if (is_any(r, max))
		return;
	buffer_printf(out, "%s --%s ", r->invert ? " !" : "", option);
	range_print(out, r->lo, r->hi);
}

void number_range_list(struct buffer *out, const char *name, const struct number_range *r)
{
	if (is_any(r, UINT32_MAX))
		return;
	buffer_printf(out, "%s%s:%s", name, r->lo == r->hi ? "" : "s", r->invert ? "!" : "");
	range_print(out, r->lo, r->hi);
}

void number_range_compile(struct program *p, const struct number_range *r, u32 offset)
{
	const u64 range = number_pair(r->lo, r->hi);

	program_ports(p, 0, UINT16_MAX, 0, UINT16_MAX);
	if (!is_any(r, UINT32_MAX))
		program_op(p, OP_SPI, r->invert ? OP_INVERT : 0, offset, &range, 1);
}

u64 number_pair(u32 first, u32 second)
{
	u32 words[2] = { first, second };
	u64 pair;

	memcpy(&pair, words, sizeof(pair));
	return pair;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

const char *number_at(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *p = s;
	char *end;
	uintmax_t v;

	while (isspace((unsigned char)*p))
		p++;
	if (*p == '-')
		return NULL;
	errno = 0;
	v = strtoumax(s, &end, 0);
	if (end == s || errno == ERANGE || v < min || v > max)
		return NULL;
	*value = v;
	return end;
}

static int bad_number(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		      uint64_t min, uint64_t max)
{
	return ext_error(lp, "bad value \"%.32s\" for --%s (a number from %" PRIu64 " to %" PRIu64 ")",
			 arg, opt->name, min, max);
}

int number_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		 uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end = number_at(arg, min, max, value);

	return end && !*end ? 0 : bad_number(lp, opt, arg, min, max);
}

int range_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		uint64_t max, uint64_t *lo, uint64_t *hi)
{
	const char *end = arg;

	*lo = 0;
	if (*end && *end != ':')
		end = number_at(arg, 0, max, lo);
	if (!end || (*end && *end != ':'))
		return bad_number(lp, opt, arg, 0, max);
	*hi = *lo;
	if (!*end)
		return 1;
	ext_point(lp, (size_t)(++end - arg));
	*hi = max;
	if (*end)
		end = number_at(end, *lo, max, hi);
	if (!end || *end)
		return ext_error(lp, "bad end of range \"%.32s\" for --%s (a number from %" PRIu64
				 " to %" PRIu64 ")", arg, opt->name, *lo, max);
	return 2;
}

void range_print(struct buffer *out, uint64_t lo, uint64_t hi)
{
	buffer_printf(out, "%" PRIu64, lo);
	if (lo != hi)
		buffer_printf(out, ":%" PRIu64, hi);
}

int mask_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
	       struct value_mask *to)
{
	uint64_t value, mask = UINT32_MAX;
	const char *end = number_at(arg, 0, UINT32_MAX, &value);

	if (end && *end == '/') {
		end = number_at(end + 1, 0, UINT32_MAX, &mask);
		if (!end)
			ext_point(lp, (size_t)(strchr(arg, '/') + 1 - arg));
	}
	if (!end || *end)
		return ext_error(lp, "bad value \"%.32s\" for --%s (VALUE or VALUE/MASK, each from 0 "
				 "to 0xffffffff)", arg, opt->name);
	*to = (struct value_mask){ (uint32_t)value, (uint32_t)mask };
	return 0;
}

void mask_print(struct buffer *out, struct value_mask v)
{
	buffer_printf(out, " 0x%x", v.value);
	if (v.mask != UINT32_MAX)
		buffer_printf(out, "/0x%x", v.mask);
}

int mask_parse_named(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		     const char *zero, struct value_mask *to)
{
	uint64_t value;

	*to = (struct value_mask){ 0, UINT32_MAX };
	if (!strcmp(arg, zero))
		return 0;
	if (!number_at(arg, 0, UINT32_MAX, &value))
		return ext_error(lp, "bad value \"%.32s\" for --%s (VALUE or VALUE/MASK, each from 0 "
				 "to 0xffffffff, or \"%s\"; other names are unsupported)", arg,
				 opt->name, zero);
	return mask_parse(lp, opt, arg, to);
}

void mask_print_named(struct buffer *out, struct value_mask v, const char *zero)
{
	if (!v.value && v.mask == UINT32_MAX)
		buffer_printf(out, " %s", zero);
	else
		mask_print(out, v);
}

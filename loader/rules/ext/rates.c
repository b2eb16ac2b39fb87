// SPDX-License-Identifier: GPL-2.0-only
#include "rules/ext/rates.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Names as they are read (any beginning) and as they are printed. The longest first. */
static const struct unit {
	const char *name;
	unsigned int printed;	/* characters of it */
	uint32_t seconds;
} units[] = {
	{ "day", 3, 86400 }, { "hour", 4, 3600 }, { "minute", 3, 60 }, { "second", 3, 1 },
};

#define NR_UNITS	(sizeof(units) / sizeof(units[0]))

int64_t saturated(const char *s)
{
	return strtoll(s, NULL, 10);
}

static uint32_t unit_seconds(const char *s)
{
	size_t len = strlen(s), i;

	for (i = 0; len && i < NR_UNITS; i++)
		if (!strncasecmp(units[i].name, s, len))
			return units[i].seconds;
	return 0;
}

int rate_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
	       uint64_t scale, uint64_t *avg, uint32_t *seconds)
{
	const char *slash = strchr(arg, '/');
	uint64_t rate = (uint64_t)saturated(arg);

	*seconds = slash ? unit_seconds(slash + 1) : 1;
	if (!*seconds) {
		ext_point(lp, (size_t)(slash + 1 - arg));
		return ext_error(lp, "bad unit in rate \"%.32s\" for --%s (second, minute, hour or "
				 "day)", arg, opt->name);
	}
	/* limit has it in an int, and what is cut off is lost. */
	if (scale < 1000000)
		rate = (uint32_t)rate;
	if (!rate)
		return ext_error(lp, "bad rate \"%.32s\" for --%s (NUMBER[/UNIT])", arg, opt->name);
	*avg = scale * *seconds / rate;
	if (!*avg)
		return ext_error(lp, "the rate \"%.32s\" is too fast (at most %" PRIu64 "/second)",
				 arg, scale);
	return 0;
}

uint32_t rate_print(struct buffer *out, uint64_t avg, uint64_t scale)
{
	uint64_t period;
	size_t i;

	for (i = 1; i < NR_UNITS; i++) {
		period = scale * units[i].seconds;
		if (avg > period || period / avg < period % avg)
			break;
	}
	i--;
	buffer_printf(out, " %" PRIu64 "/%.*s", scale * units[i].seconds / avg,
		      (int)units[i].printed, units[i].name);
	return units[i].seconds;
}

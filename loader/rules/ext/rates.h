/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_RATES_H
#define RULES_EXT_RATES_H

#include "rules/ext.h"

/* "3/hour": what limit and hashlimit have in common (libxt_limit.c, libxt_hashlimit.c 1.8.11). */

/**
 * rate_parse() - parse_rate(): NUMBER[/UNIT], a unit by any beginning of its name, in any case;
 * what stands between number and slash is not looked at.
 * @scale: parts of a second in which *avg, the time between two packets, is counted.
 * @seconds: of the unit. Returns 0, or the error with a caret.
 */
int rate_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
	       uint64_t scale, uint64_t *avg, uint32_t *seconds);

/** rate_print() - print_rate(): " NUMBER/UNIT" of @avg > 0. Returns the seconds of the unit. */
uint32_t rate_print(struct buffer *out, uint64_t avg, uint64_t scale);

/** saturated() - strtoll(s, NULL, 10): what glibc's atoll() makes of it. */
int64_t saturated(const char *s);

#endif

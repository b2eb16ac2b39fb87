/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_VALUES_H
#define RULES_EXT_VALUES_H

#include "rules/ext.h"

/*
 * Arguments that many extensions have in common, as iptables 1.8.11 reads them
 * (libxtables/xtoptions.c, xtables.c). Numbers: base from the prefix (0x, 0), leading blanks and
 * '+' allowed, no '-'. All parsers return 0, or the error with a caret where it is wrong.
 */

struct value_mask {
	uint32_t value, mask;
};

/** number_at() - xtables_strtoul(): the number @s begins with. Returns what follows or NULL. */
const char *number_at(const char *s, uint64_t min, uint64_t max, uint64_t *value);

/** number_parse() - xtopt_parse_int(): @arg of @opt is a number from @min to @max. */
int number_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		 uint64_t min, uint64_t max, uint64_t *value);

/**
 * range_parse() - xtopt_parse_mint(): "LO", "LO:HI", either of which may be left out (0 and @max).
 * LO > HI is refused. Returns 1 if it was "LO" alone (both are LO then), 2 with a colon, or an
 * error.
 */
int range_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		uint64_t max, uint64_t *lo, uint64_t *hi);

/** range_print() - "LO" if both are equal, else "LO:HI"; decimal, no blank before. */
void range_print(struct buffer *out, uint64_t lo, uint64_t hi);

/** mask_parse() - xtables_parse_val_mask() without names: "VALUE" (mask all ones), "VALUE/MASK". */
int mask_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
	       struct value_mask *to);

/**
 * mask_parse_named() - the same, and 0 has a name: that of the list iproute2 ships in
 * /etc/iproute2. Other names of such lists are refused: there is no /etc in an initramfs.
 */
int mask_parse_named(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		     const char *zero, struct value_mask *to);

/** mask_print() - xtables_print_val_mask(): " 0xVALUE", or " 0xVALUE/0xMASK"; blank before. */
void mask_print(struct buffer *out, struct value_mask v);

/** mask_print_named() - the same, or " @zero" for 0 under a full mask. */
void mask_print_named(struct buffer *out, struct value_mask v, const char *zero);

#endif

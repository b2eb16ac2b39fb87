/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_NUMBER_RANGE_H
#define RULES_EXT_NUMBER_RANGE_H

#include "compile/program.h"
#include "rules/ext.h"

/* A range of numbers with its "!", as esp, ah, frag, rt and mh ask for. */
struct number_range {
	uint32_t lo, hi;
	bool invert;
};

/** number_range_parse() - xtopt_parse_mint() for XTTYPE_UINT32RC: "N", "LO:HI", "LO:", ":HI". */
int number_range_parse(struct line_parser *lp, struct number_range *r,
		       const struct ext_option *opt, bool invert, const char *arg);

/** number_range_print() - " ! --OPTION LO:HI"; nothing if every number up to @max is in it. */
void number_range_print(struct buffer *out, const char *option, const struct number_range *r,
			uint32_t max);

/** number_range_list() - "NAME:!N" or "NAMEs:!LO:HI" without a blank before; nothing as above. */
void number_range_list(struct buffer *out, const char *name, const struct number_range *r);

/**
 * number_range_compile() - OP_SPI for @r, @offset bytes into the transport header; and OP_L4, which
 * alone is enough for every number.
 */
void number_range_compile(struct program *p, const struct number_range *r, u32 offset);

/** number_pair() - two words as one of a program's payload. */
u64 number_pair(u32 first, u32 second);

#endif

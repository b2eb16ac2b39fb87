/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_HOSTS_H
#define RULES_EXT_HOSTS_H

#include "rules/ext.h"

/*
 * Arguments of extensions that iptables 1.8.11 reads through getaddrinfo()
 * (libxtables/xtoptions.c): other addresses are taken than after -s. "10.1" is 10.0.0.1 here.
 */

/**
 * hostmask_parse() - XTTYPE_HOSTMASK: ADDRESS, ADDRESS/BITS or ADDRESS/MASK. The bits of the host
 * stay. Names are refused: there is no resolver. Without a mask all bits count.
 */
int hostmask_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		   struct address *to);

/** mask_bits_parse() - XTTYPE_PLENMASK: BITS, or a mask written as an address. */
int mask_bits_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		    uint8_t mask[16]);

/** hostmask_print() - "ADDRESS", "ADDRESS/BITS" or "ADDRESS/MASK". */
void hostmask_print(struct buffer *out, const struct address *a, enum family f);

/**
 * port_span_parse() - XTTYPE_PORTRC: "PORT", "LO:HI", either of which may be left out (0 and
 * 65535); an empty argument is port 0. Names of services of any protocol; decimal numbers, of which
 * 16 bits count, as glibc has it.
 */
int port_span_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		    uint16_t span[2]);

#endif

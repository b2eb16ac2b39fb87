/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_NAMES_H
#define RULES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "buffer.h"

/*
 * Numbers and names as iptables reads and prints them. The tables of protocols and services are
 * compiled in: there is no /etc in an initramfs.
 */

/** same_word() - are they equal? Most are not, and differ in the first letter. */
static inline bool same_word(const char *a, const char *b)
{
	return *a == *b && !strcmp(a, b);
}

/**
 * parse_number() - xtables_strtoui() (libxtables/xtables.c): base from the prefix (0x, 0), leading
 * blanks and '+' allowed, no '-'. @end as in strtoul(); NULL: the whole of @s must be the number.
 */
bool parse_number(const char *s, const char **end, unsigned int *value, unsigned int min,
		  unsigned int max);

/** parse_count() - a 64-bit counter: decimal digits up to @stop, nothing else. NULL: not one. */
const char *parse_count(const char *s, char stop, uint64_t *value);

/** proto_parse() - xtables_parse_protocol(). @name in lower case. Returns a number or -1. */
int proto_parse(const char *name);

/**
 * proto_name() - proto_to_name() (iptables/xshared.c): NULL if it has none.
 * @lookup: names of /etc/protocols too.
 */
const char *proto_name(unsigned int proto, bool lookup);

/** service_parse() - port of a service name; @proto NULL: of any protocol, tcp first. Or -1. */
int service_parse(const char *name, const char *proto);

/** service_name() - getservbyport(); NULL if it has none. */
const char *service_name(unsigned int port, const char *proto);

/* What iptables has an extension for and we have not: refused as "unsupported", not "unknown". */
bool known_match(const char *name);
bool known_target(const char *name);

/** match_refused(), target_refused() - why a known one is not supported, in words; never NULL. */
const char *match_refused(const char *name);
const char *target_refused(const char *name);

/** save_string() - xtables_save_string(): a leading blank, quoted if need be. */
void save_string(struct buffer *out, const char *s);

/**
 * save_word() - as it is, unless the lexer would cut it: then quoted. iptables-save prints names of
 * chains and interfaces always as they are.
 */
void save_word(struct buffer *out, const char *s);

#endif

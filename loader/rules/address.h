/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_ADDRESS_H
#define RULES_ADDRESS_H

#include <stdbool.h>

#include "rules/ruleset.h"

enum address_error {
	ADDRESS_OK,
	ADDRESS_BAD_MASK,
	ADDRESS_NOT_NUMERIC,	/* perhaps a host name: there is no resolver here */
	ADDRESS_WRONG_FAMILY,	/* a literal of the other family */
	ADDRESS_TOO_LONG,
};

/**
 * address_parse() - one ADDRESS[/MASK] as xtables_ipparse_multiple() and
 * xtables_ip6parse_multiple() read it (libxtables/xtables.c 1.8.11): the mask may be a prefix
 * length or an address, the host bits are cleared, with a mask of zero the name is not looked at
 * ("any/0"); IPv4 numbers may be octal or hexadecimal and missing bytes are zero ("10.1" is
 * 10.1.0.0).
 * @s, @len: the text, not NUL terminated.
 */
enum address_error address_parse(struct address *a, const char *s, size_t len, enum family f);

/** address_is_literal() - FAMILY_BIT() of an address literal, 0 of anything else. */
unsigned int address_is_literal(const char *s, size_t len);

/** address_prefix() - prefix length of the mask, -1 if it is not contiguous. */
int address_prefix(const struct address *a, enum family f);

/** address_print() - without the mask, as glibc's inet_ntop() prints. */
void address_print(struct buffer *out, const uint8_t *value, enum family f);

bool address_is_zero(const uint8_t *value, enum family f);

#endif

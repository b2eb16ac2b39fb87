/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_ICMP_NAMES_H
#define RULES_EXT_ICMP_NAMES_H

#include "rules/ruleset.h"

/**
 * icmp_type_code() - type << 8 | code of a name, for who wants one code: the first, where the name
 * is that of a whole type. False: not a name.
 */
bool icmp_type_code(const char *name, enum family f, uint32_t *value);

#endif

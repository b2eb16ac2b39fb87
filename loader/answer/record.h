/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_RECORD_H
#define LOADER_ANSWER_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/answer.h"

/* bpf/answer.h: struct answer_record.family. */
#define RECORD_IPV4	0
#define RECORD_IPV6	1

/**
 * record_check() - bounds of a record, before anything else looks at it. After 0 this holds:
 *
 * - @r->data has @r->captured bytes, and @r->captured <= @r->len;
 * - kind, family, table and hook are known and go together, flags are RECORD_* only;
 * - REJECT: the type is one of the family's, the table is filter; LOG: level and flags are known;
 * - the prefix and the names of the devices are NUL terminated;
 * - @r->mac_len <= ANSWER_MAC, 0 without RECORD_MAC.
 *
 * Nothing is said of the packet's own bytes.
 * @size: bytes there are from @r on, 8 byte aligned, as the ring says.
 * Errors: -EINVAL.
 */
int record_check(const struct answer_record *r, size_t size);

/** record_at() - @n bytes of the packet from @off on, or NULL if they were not captured. */
static inline const u8 *record_at(const struct answer_record *r, size_t off, size_t n)
{
	return off <= r->captured && n <= r->captured - off ? r->data + off : NULL;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer/logtext.h"

/*
 * Any bytes as a record of the ring, with what record_check() promises: what it says was captured
 * is there. The line has a length, the same record gives the same line, and it is added to what
 * the buffer holds.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer first = { 0 }, second = { 0 };
	struct answer_record *r;
	size_t room;

	if (size < sizeof(*r) + 1)
		return 0;
	/* Exactly as large as it is, so that a byte beyond is seen. */
	room = size - 1 - offsetof(struct answer_record, data);
	r = malloc(size - 1);
	if (!r)
		return 0;
	memcpy(r, data + 1, size - 1);
	if (r->captured > room)
		r->captured = (uint32_t)room;
	if (r->len < r->captured)
		r->len = r->captured;
	log_text(r, data[0] & 1, &first);
	buffer_puts(&second, "before");
	log_text(r, data[0] & 1, &second);
	if (!first.failed && !second.failed &&
	    (first.len > LOG_LINE_MAX || second.len != first.len + 6 ||
	     (first.len && memcmp(second.data + 6, first.data, first.len))))
		abort();
	buffer_free(&first);
	buffer_free(&second);
	free(r);
	return 0;
}

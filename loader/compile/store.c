// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/internal.h"

struct stored {
	uint32_t offset;
	uint32_t len;			/* 0: free */
};

static uint32_t hash(const char *data, uint32_t len)
{
	uint64_t h = len, word;
	uint32_t i;

	for (i = 0; i < len; i += 8) {
		memcpy(&word, data + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15ULL ^ h >> 29;
	}
	return (uint32_t)(h >> 32);
}

static int grow(struct store *s, const struct buffer *b)
{
	uint32_t cap = s->cap ? s->cap * 2 : 256, i, at;
	struct stored *table = calloc(cap, sizeof(*table)), *old;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < s->cap; i++) {
		old = &s->table[i];
		if (!old->len)
			continue;
		at = hash(b->data + old->offset, old->len);
		while (table[at & (cap - 1)].len)
			at++;
		table[at & (cap - 1)] = *old;
	}
	free(s->table);
	s->table = table;
	s->cap = cap;
	return 0;
}

int store_add(struct store *s, struct buffer *b, const void *data, uint32_t len, uint32_t *offset)
{
	struct stored *e;
	uint32_t at;

	if (s->count * 2 >= s->cap && grow(s, b))
		return -ENOMEM;
	for (at = hash(data, len);; at++) {
		e = &s->table[at & (s->cap - 1)];
		if (!e->len)
			break;
		if (e->len == len && !memcmp(b->data + e->offset, data, len)) {
			*offset = e->offset;
			return 0;
		}
	}
	e->offset = (uint32_t)b->len;
	e->len = len;
	s->count++;
	*offset = e->offset;
	buffer_add(b, data, len);
	return b->failed;
}

void store_free(struct store *s)
{
	free(s->table);
	memset(s, 0, sizeof(*s));
}

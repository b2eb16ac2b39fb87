/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_BUFFER_H
#define LOADER_BUFFER_H

#include <stddef.h>

/*
 * A growing string. After a failed allocation it stays as it is and remembers the failure, so that
 * a printer needs one check at its end instead of one a call.
 */
struct buffer {
	char *data;		/* NUL terminated once something was added; owned */
	size_t len;
	size_t cap;
	int failed;		/* 0 or -ENOMEM */
};

/** buffer_room() - for @more bytes and a NUL behind what is there. 0 or -ENOMEM, which sticks. */
int buffer_room(struct buffer *b, size_t more);
void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_puts(struct buffer *b, const char *s);
void buffer_putc(struct buffer *b, char c);
void buffer_number(struct buffer *b, unsigned long n);
__attribute__((format(printf, 2, 3)))
void buffer_printf(struct buffer *b, const char *fmt, ...);
void buffer_free(struct buffer *b);

/*
 * An arena: many small allocations with one life. Memory is zeroed; NULL when there is none.
 */
struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *a, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len);
void arena_free(struct arena *a);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#include "buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN	256U
#define PRINTF_GUESS	64U
#define BLOCK_SIZE	(1UL << 20)
#define BLOCK_FIRST	(1UL << 14)
/* Nothing in an arena needs more. */
#define ARENA_ALIGN	8U

int buffer_room(struct buffer *b, size_t more)
{
	size_t need, cap;
	char *data;

	if (b->failed)
		return b->failed;
	if (more >= SIZE_MAX / 4 - b->len)
		return b->failed = -ENOMEM;
	need = b->len + more + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap ? b->cap : BUFFER_MIN;
	while (cap < need)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->cap = b->data ? b->len + 1 : 0;	/* nothing small is added any more either */
		return b->failed = -ENOMEM;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

void buffer_add(struct buffer *b, const void *data, size_t len)
{
	if (buffer_room(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

/* Words are short: a loop is faster than strlen() and memcpy(). */
void buffer_puts(struct buffer *b, const char *s)
{
	size_t n = 0;

	for (; s[n] && b->cap - b->len > n + 1; n++)
		b->data[b->len + n] = s[n];
	if (s[n] || !b->data) {
		buffer_add(b, s, strlen(s));
		return;
	}
	b->len += n;
	b->data[b->len] = '\0';
}

void buffer_putc(struct buffer *b, char c)
{
	if (b->cap - b->len < 2 && buffer_room(b, 1))
		return;
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

void buffer_printf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (buffer_room(b, PRINTF_GUESS))
		return;
	va_start(ap, fmt);
	n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = -ENOMEM;
		return;
	}
	if ((size_t)n >= b->cap - b->len) {
		if (buffer_room(b, (size_t)n))
			return;
		va_start(ap, fmt);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

void buffer_number(struct buffer *b, unsigned long n)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buffer_puts(b, digits + at);
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(ARENA_ALIGN) char data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t want;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!b || b->size - b->used < size) {
		want = b ? BLOCK_SIZE : BLOCK_FIRST;
		if (want < size)
			want = size;
		/* calloc() of a large block is fresh, untouched memory: zeroing costs nothing. */
		b = calloc(1, sizeof(*b) + want);
		if (!b)
			return NULL;
		b->size = want;
		b->next = a->blocks;
		a->blocks = b;
	}
	p = b->data + b->used;
	b->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p)
		memcpy(p, s, len);
	return p;
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->blocks, *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
}

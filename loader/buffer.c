/* SPDX-License-Identifier: GPL-2.0-only */
#include "buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BUFFER_MIN	256U
#define PRINTF_GUESS	64U
#define BLOCK_SIZE	(1UL << 20)
#define BLOCK_FIRST	(1UL << 14)
/* Who has needed so much will need more. */
#define BLOCK_LARGE	(32UL << 20)
/* Nothing in an arena needs more. */
#define ARENA_ALIGN	8U
#define HUGE_PAGE	(2UL << 20)

/* Room for @more bytes and a NUL. Returns 0 or -ENOMEM, which sticks. */
static int buffer_reserve(struct buffer *b, size_t more)
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
	if (!data)
		return b->failed = -ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

void buffer_add(struct buffer *b, const void *data, size_t len)
{
	if (buffer_reserve(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buffer_puts(struct buffer *b, const char *s)
{
	buffer_add(b, s, strlen(s));
}

void buffer_putc(struct buffer *b, char c)
{
	buffer_add(b, &c, 1);
}

void buffer_printf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (buffer_reserve(b, PRINTF_GUESS))
		return;
	va_start(ap, fmt);
	n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = -ENOMEM;
		return;
	}
	if ((size_t)n >= b->cap - b->len) {
		if (buffer_reserve(b, (size_t)n))
			return;
		va_start(ap, fmt);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)n;
}

/* Printing is a third of the time of loading rules, and numbers are most of it. */
void buffer_number(struct buffer *b, unsigned long n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buffer_add(b, digits + at, sizeof(digits) - at);
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

void memory_huge(void *p, size_t size)
{
	uintptr_t from = ((uintptr_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t to = ((uintptr_t)p + size) & ~(HUGE_PAGE - 1);

	/* A wish: without it the memory is as good, but slower. */
	if (p && from < to)
		madvise((char *)p + (from - (uintptr_t)p), to - from, MADV_HUGEPAGE);
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
		want = !b ? BLOCK_FIRST : a->size < BLOCK_LARGE / 4 ? BLOCK_SIZE : BLOCK_LARGE;
		if (want < size)
			want = size;
		/* calloc() of a large block is fresh, untouched memory: zeroing costs nothing. */
		b = calloc(1, sizeof(*b) + want);
		if (!b)
			return NULL;
		memory_huge(b, sizeof(*b) + want);
		a->size += want;
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
	*a = (struct arena){ 0 };
}

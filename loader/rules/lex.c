/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/lex.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

/* One word while it is read. */
struct lexer {
	struct words *w;
	size_t start;	/* of the word in the line; valid when begun */
	size_t pos;	/* in the buffer: where the next byte goes */
	size_t len;	/* of the word so far */
	bool begun;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static enum lex_error end_word(struct lexer *l)
{
	struct words *w = l->w;

	if (w->n == WORDS_MAX)
		return LEX_TOO_MANY;
	w->word[w->n] = w->buf + l->pos - l->len;
	w->column[w->n] = (uint16_t)(l->start + 1);
	w->n++;
	w->word[w->n] = NULL;
	w->buf[l->pos++] = '\0';
	l->len = 0;
	l->begun = false;
	return LEX_OK;
}

static enum lex_error add_byte(struct lexer *l, size_t at, char c)
{
	if (!l->begun) {
		l->begun = true;
		l->start = at;
	}
	if (l->len == WORD_LENGTH_MAX)
		return LEX_TOO_LONG;
	l->w->buf[l->pos++] = c;
	l->len++;
	return LEX_OK;
}

/* Bytes that mean nothing to the lexer, from @at on: copied at once. Returns the next position. */
static size_t add_plain(struct lexer *l, const char *line, size_t len, size_t at,
			enum lex_error *ret)
{
	size_t n = 0, room = WORD_LENGTH_MAX - l->len;
	char c;

	for (; at + n < len && n < room; n++) {
		c = line[at + n];
		if (c == ' ' || c == '"' || c == '\\' || c == '\t' || c == '\n')
			break;
		l->w->buf[l->pos + n] = c;
	}
	/* A backslash outside quotes, or a word that is too long. */
	if (!n)
		*ret = add_byte(l, at, line[at]);
	if (n && !l->begun) {
		l->begun = true;
		l->start = at;
	}
	l->pos += n;
	l->len += n;
	return at + (n ? n : 1);
}

/* The next byte that is not above '"': blanks and quotes are among the smallest. There is one. */
static char *next_small(char *p)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t v, hit;

	for (;; p += sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		v = le64toh(v);
		/* The lowest bit of it is right; above it a borrow may have set more. */
		hit = (v - each * ('"' + 1)) & ~v & each * 0x80;
		if (hit)
			return p + __builtin_ctzll(hit) / 8;
	}
}

/*
 * The usual line: without quotes, so words are what lies between blanks. Returns false if it is
 * another, or if there is something to complain about.
 */
static bool lex_usual(struct words *w, const char *line, size_t len, size_t from)
{
	char *p = w->buf + from, *end = w->buf + len, *start;

	memcpy(w->buf, line, len);
	memset(end, ' ', sizeof(uint64_t));	/* ends the last word */
	for (w->n = 0;;) {
		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			break;
		for (start = p; p = next_small(p), !is_blank(*p); p++) {
			if (*p == '"')
				return false;
		}
		if (w->n == WORDS_MAX || p - start > WORD_LENGTH_MAX)
			return false;
		*p = '\0';
		w->word[w->n] = start;
		w->column[w->n++] = (uint16_t)(start - w->buf + 1);
		p += p < end;
	}
	w->word[w->n] = NULL;
	return true;
}

enum lex_error lex(struct words *w, const char *line, size_t len, size_t from,
		   unsigned int *column)
{
	struct lexer l = { .w = w };
	enum lex_error ret = LEX_OK;
	bool quoted = false;
	size_t i, quote = 0;

	if (lex_usual(w, line, len, from))
		return LEX_OK;
	w->n = 0;
	w->word[0] = NULL;
	for (i = from; i < len && ret == LEX_OK;) {
		char c = line[i];

		if (quoted && c == '\\' && i + 1 < len) {
			ret = add_byte(&l, i, line[i + 1]);
			i += 2;
		} else if (c == '"') {
			quoted = !quoted;
			quote = i++;
			if (quoted && !l.begun) {
				l.begun = true;
				l.start = quote;
			}
			if (!quoted)
				ret = end_word(&l);
		} else if (c == ' ' || c == '\t' || c == '\n') {
			if (quoted)
				ret = add_byte(&l, i, c);
			else if (l.len)
				ret = end_word(&l);
			i++;
		} else {
			i = add_plain(&l, line, len, i, &ret);
		}
	}
	if (ret == LEX_OK && quoted) {
		ret = LEX_OPEN_QUOTE;
		i = quote + 1;
	}
	if (ret == LEX_OK && l.len)
		ret = end_word(&l);
	*column = (unsigned int)(i ? i : 1);
	return ret;
}

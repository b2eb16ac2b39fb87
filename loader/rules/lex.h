/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_LEX_H
#define RULES_LEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Words of a line, exactly as iptables-restore cuts them (add_param_to_argv(), iptables/xshared.c):
 * blanks, tabs and newlines separate; double quotes alone quote; a backslash escapes only inside
 * them; a closing quote ends the word.
 */

#define LINE_LENGTH_MAX	10238U	/* iptables-restore: char buffer[10240], less newline and NUL */
#define WORDS_MAX	251U	/* MAX_ARGC 255, less NULL, its own name, -t and TABLE */
#define WORD_LENGTH_MAX	1023U	/* struct xt_param_buf */

struct words {
	unsigned int n;
	char *word[WORDS_MAX + 1];		/* NUL terminated, in @buf */
	uint16_t column[WORDS_MAX + 1];		/* 1-based, where it starts in the line */
	char buf[2 * LINE_LENGTH_MAX + 2];
};

enum lex_error {
	LEX_OK,
	LEX_TOO_MANY,
	LEX_TOO_LONG,
	LEX_OPEN_QUOTE,	/* iptables takes the newline into the word; we refuse */
};

/**
 * lex() - cut @len bytes of @line into words, from byte @from on. At most LINE_LENGTH_MAX.
 * On error *column is where.
 */
enum lex_error lex(struct words *w, const char *line, size_t len, size_t from,
		   unsigned int *column);

#endif

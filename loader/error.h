/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ERROR_H
#define LOADER_ERROR_H

#include <stdbool.h>

/*
 * Errors are values. A function that can fail returns 0 or a negative errno and, if it was given a
 * struct error, leaves in it the one message a person will read. Nothing below a command prints.
 * The first error set wins: it is nearest to the cause.
 */

struct error {
	char msg[512];		/* without trailing newline; empty: no error */
	char hint[256];		/* the next step for the reader; may be empty */
	char where[192];	/* FILE as the user typed it; empty: not about a text */
	unsigned int line;	/* 1-based; 0: no line */
	unsigned int column;	/* 1-based, in bytes; 0: no column */
	char excerpt[160];	/* the line itself, cut around the column if it is long */
	unsigned int caret;	/* 0-based offset of the caret in @excerpt */
	bool warning;		/* it is one, and no error */
};

/* The value is returned here, where compilers and analysers see that it is not 0. */
#define ERROR_RETURN(function, err, ret, ...)		\
	__extension__({					\
		int ret_ = (ret);			\
		function(err, ret_, __VA_ARGS__);	\
		ret_;					\
	})

/** error_set() - record a message unless one is there already. Returns @ret. */
__attribute__((format(printf, 3, 4)))
int error_set_(struct error *err, int ret, const char *fmt, ...);
#define error_set(err, ret, ...) ERROR_RETURN(error_set_, err, ret, __VA_ARGS__)

/** error_errno() - error_set() with ": " and the text of errno value -@ret behind it. Returns @ret.
 */
__attribute__((format(printf, 3, 4)))
int error_errno_(struct error *err, int ret, const char *fmt, ...);
#define error_errno(err, ret, ...) ERROR_RETURN(error_errno_, err, ret, __VA_ARGS__)

/** error_hint() - add the next step, unless there is one already. */
__attribute__((format(printf, 2, 3)))
void error_hint(struct error *err, const char *fmt, ...);

/**
 * error_at() - record a message about a place in a text.
 * @text, @len: the whole line (without newline, need not be NUL terminated);
 * @column: 1-based byte offset in it.
 * Bytes that do not print are shown as '?', tabs as one blank, so that the caret fits.
 */
__attribute__((format(printf, 8, 9)))
int error_at_(struct error *err, int ret, const char *where, unsigned int line, unsigned int column,
	      const char *text, unsigned long len, const char *fmt, ...);
#define error_at(err, ret, ...) ERROR_RETURN(error_at_, err, ret, __VA_ARGS__)

/**
 * error_print() - "WHERE:LINE:COL: error: MSG" (or warning), the line and a caret, "hint: ..."
 * @fd: where to; colours only if it is a terminal.
 */
void error_print(const struct error *err, int fd);

/** error_format() - the same without colours into @buf (always terminated). */
void error_format(const struct error *err, char *buf, unsigned long size);

#endif

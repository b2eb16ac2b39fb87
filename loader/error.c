/* SPDX-License-Identifier: GPL-2.0-only */
#include "error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How much of a long line is shown in front of the caret. */
#define EXCERPT_LEAD	60U

int error_set_(struct error *err, int ret, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->msg[0])
		return ret;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return ret;
}

int error_errno_(struct error *err, int ret, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (!err || err->msg[0])
		return ret;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(err->msg, sizeof(err->msg), "%s: %s", text, strerror(-ret));
	return ret;
}

void error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->hint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

/* A byte of a rule as it may be shown on a terminal. */
static char printable(char c)
{
	if (c == '\t')
		return ' ';
	if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
		return '?';
	return c;
}

/* Copy the part of the line around @column into the excerpt, "..." where something was cut. */
static void set_excerpt(struct error *err, unsigned int column, const char *text,
			unsigned long len)
{
	unsigned long caret = column ? column - 1UL : 0UL, from = 0, n, i;
	const unsigned long room = sizeof(err->excerpt) - 1;

	if (caret > len)
		caret = len;
	if (len > room && caret > room - EXCERPT_LEAD)
		from = caret - EXCERPT_LEAD;
	n = len - from < room ? len - from : room;
	for (i = 0; i < n; i++)
		err->excerpt[i] = printable(text[from + i]);
	err->excerpt[n] = '\0';
	if (from)
		memcpy(err->excerpt, "...", 3);
	if (from + n < len)
		memcpy(err->excerpt + n - 3, "...", 3);
	err->caret = (unsigned int)(caret - from);
}

int error_at_(struct error *err, int ret, const char *where, unsigned int line, unsigned int column,
	     const char *text, unsigned long len, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->msg[0])
		return ret;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	snprintf(err->where, sizeof(err->where), "%s", where ? where : "");
	err->line = line;
	err->column = column;
	if (text)
		set_excerpt(err, column, text, len);
	return ret;
}

/* Append to @buf at *@pos; nothing once it is full. */
__attribute__((format(printf, 4, 5)))
static void add(char *buf, unsigned long size, unsigned long *pos, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (*pos >= size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(buf + *pos, size - *pos, fmt, ap);
	va_end(ap);
	if (n > 0)
		*pos += (unsigned long)n;
}

/* @who: whose error it is, where no file is named. */
static void format(const struct error *err, char *buf, unsigned long size, const char *who,
		   bool colour)
{
	const char *bold = colour ? "\033[1m" : "", *red = colour ? "\033[1;31m" : "";
	const char *magenta = colour ? "\033[1;35m" : "";
	const char *green = colour ? "\033[1;32m" : "", *off = colour ? "\033[0m" : "";
	unsigned long pos = 0;
	const char *c;

	if (!size)
		return;
	buf[0] = '\0';
	if (err->where[0]) {
		add(buf, size, &pos, "%s", bold);
		/* The name of a file may hold anything; a terminal must not get it raw. */
		for (c = err->where; *c; c++)
			add(buf, size, &pos, "%c", (unsigned char)*c >= 0x80 ? *c : printable(*c));
		if (err->line)
			add(buf, size, &pos, ":%u", err->line);
		if (err->line && err->column)
			add(buf, size, &pos, ":%u", err->column);
		add(buf, size, &pos, ":%s ", off);
	} else {
		add(buf, size, &pos, "%s", who);
	}
	add(buf, size, &pos, "%s%s:%s ", err->warning ? magenta : red,
	    err->warning ? "warning" : "error", off);
	for (c = err->msg; *c; c++)
		add(buf, size, &pos, "%c", (unsigned char)*c >= 0x80 ? *c : printable(*c));
	add(buf, size, &pos, "\n");
	if (err->excerpt[0])
		add(buf, size, &pos, "    %s\n    %*s%s^%s\n", err->excerpt, (int)err->caret, "",
		    green, off);
	if (err->hint[0])
		add(buf, size, &pos, "%shint:%s %s\n", bold, off, err->hint);
}

void error_format(const struct error *err, char *buf, unsigned long size)
{
	format(err, buf, size, "", false);
}

void error_print(const struct error *err, int fd)
{
	char buf[2048];
	size_t len, done = 0;
	ssize_t n;

	format(err, buf, sizeof(buf), "bpfilter: ", isatty(fd));
	len = strlen(buf);
	while (done < len) {
		n = write(fd, buf + done, len - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
}

// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "boot/boot.h"

/* A record of /dev/kmsg is at most 1024 bytes (PRINTKRB_RECORD_MAX), or the write is refused. */
#define RECORD_MAX	960

uint64_t clock_ns(int clock)
{
	struct timespec ts = { 0 };

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

/*
 * The kernel rations lines of an open file of /dev/kmsg (10 in 5 s, printk.devkmsg=ratelimit); a
 * file opened anew starts a new ration (drivers/char/mem.c -> kernel/printk/printk.c,
 * devkmsg_open()). So: one opening a line.
 */
static bool to_kmsg(const char *record, size_t len)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, record, len) == (ssize_t)len;
	close(fd);
	return done;
}

/*
 * Where lines go is a property of the process, set before the first of them; every function of the
 * boot would have to hand it on otherwise.
 */
static bool to_stderr;

void boot_log_to_stderr(void)
{
	to_stderr = true;
}

/* journald takes the level from the record, sd-daemon(3); what is for debugging is for it alone. */
static void to_standard_error(enum log_level level, const char *record, size_t start, size_t len)
{
	if (getenv("JOURNAL_STREAM"))
		start = 0;
	else if (to_stderr && level == LOG_DEBUG)
		return;
	/* Nobody is left to tell if this fails too. A log that fails stops no filter. */
	if (write(STDERR_FILENO, record + start, len - start) < 0)
		return;
}

/* @line: without newline. What does not print is shown as '?'. */
static void log_line(enum log_level level, const char *line, size_t line_len)
{
	char record[RECORD_MAX + 32];
	size_t start, len;

	len = (size_t)snprintf(record, sizeof(record), "<%d>", level);
	start = len;
	len += (size_t)snprintf(record + len, sizeof(record) - len, "bpfilter: ");
	if (line_len > RECORD_MAX)
		line_len = RECORD_MAX;
	for (size_t i = 0; i < line_len; i++)
		record[len++] = (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? '?' : line[i];
	record[len++] = '\n';
	if (to_stderr || !to_kmsg(record, len))
		to_standard_error(level, record, start, len);
}

static void log_lines(enum log_level level, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len)
			log_line(level, text, len);
		text += len + (text[len] == '\n');
	}
}

void boot_log(enum log_level level, const char *fmt, ...)
{
	char text[RECORD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_lines(level, text);
}

void boot_log_error(enum log_level level, const struct error *err)
{
	char text[2048];

	error_format(err, text, sizeof(text));
	log_lines(level, text);
}

void boot_panic(const char *fmt, ...)
{
	char text[RECORD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_lines(LOG_ERROR, text);
	if (getpid() == 1)
		boot_log(LOG_ERROR, "the boot ends here: process 1 exits, the kernel panics");
	_exit(1);
}

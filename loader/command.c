/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int output(const char *data, size_t len)
{
	struct error err = { 0 };
	int ret = write_all(STDOUT_FILENO, data, len);

	if (!ret)
		return COMMAND_OK;
	error_errno(&err, ret, "cannot write to standard output");
	return command_failed(&err);
}

int command_output(const struct buffer *out)
{
	struct error err = { 0 };

	if (out->failed) {
		error_errno(&err, out->failed, "cannot make the output");
		return command_failed(&err);
	}
	return out->len ? output(out->data, out->len) : COMMAND_OK;
}

int command_text(const char *text)
{
	return output(text, strlen(text));
}

int command_failed(const struct error *err)
{
	error_print(err, STDERR_FILENO);
	return COMMAND_FAILED;
}

void command_warnings(const struct error *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		error_print(&list[i], STDERR_FILENO);
}

/* One write a message: lines of two commands on one terminal do not mix. */
static void say(const char *prefix, const char *fmt, va_list args)
{
	char line[1024];
	int len = snprintf(line, sizeof(line) - 1, "%s", prefix);

	len += vsnprintf(line + len, sizeof(line) - 1 - (size_t)len, fmt, args);
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len++] = '\n';
	(void)write_all(STDERR_FILENO, line, (size_t)len);
}

int command_usage(const char *cmd, const char *fmt, ...)
{
	char prefix[64];
	va_list args;

	snprintf(prefix, sizeof(prefix), "bpfilter %s: ", cmd);
	va_start(args, fmt);
	say(prefix, fmt, args);
	va_end(args);
	command_note("'bpfilter %s --help' lists the options", cmd);
	return COMMAND_USAGE;
}

int command_input(const char *cmd, int ret, const struct error *err)
{
	if (!ret)
		return COMMAND_OK;
	return ret == -ENOMEM ? command_failed(err) : command_usage(cmd, "%s", err->msg);
}

int command_bad_option(char **argv, int c)
{
	/* musl steps over the end when the argument of a short option is missing. */
	const char *word = argv[optind - 1] ? argv[optind - 1] : "";
	int is_long = !strncmp(word, "--", 2);
	size_t name = strcspn(word, "=");

	if (is_long && c == ':')
		return command_usage(argv[0], "option %s needs an argument", word);
	if (is_long && optopt)
		return command_usage(argv[0], "option %.*s takes no argument", (int)name, word);
	if (is_long)
		return command_usage(argv[0], "unknown or ambiguous option %.*s", (int)name, word);
	if (c == ':')
		return command_usage(argv[0], "option -%c needs an argument", optopt);
	return command_usage(argv[0], "unknown option -%c", optopt);
}

void command_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("bpfilter: warning: ", fmt, args);
	va_end(args);
}

void command_note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("bpfilter: ", fmt, args);
	va_end(args);
}

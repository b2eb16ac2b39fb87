/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_COMMANDS_H
#define LOADER_COMMANDS_H

#include <stddef.h>

#include "buffer.h"
#include "error.h"

#ifndef BPFILTER_VERSION
#define BPFILTER_VERSION "0.1"
#endif

/* Exit codes of every sub-command. */
enum { COMMAND_OK, COMMAND_FAILED, COMMAND_USAGE };

/* A sub-command: main.c's table. @run gets its own name as argv[0] and returns an exit code. */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *description;
};

int cmd_boot(int argc, char **argv);	/* boot/ */
int cmd_start(int argc, char **argv);	/* boot/ */
int cmd_check(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_apply(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_off(int argc, char **argv);
int cmd_gc(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_verify_file(int argc, char **argv);
int cmd_companion(int argc, char **argv);	/* answer/ */

/*
 * What commands share: the only places below main.c that print. Each returns the exit code that
 * goes with it, so that a command can say "return command_failed(&err)".
 */

/** command_output() - to standard output, then COMMAND_OK; COMMAND_FAILED with a message if not all
 * of it could be written. */
int command_output(const struct buffer *out);
int command_text(const char *text);

/** command_failed() - print the error. */
int command_failed(const struct error *err);

/** command_usage() - "bpfilter CMD: MESSAGE" and where to find help. Returns COMMAND_USAGE. */
__attribute__((format(printf, 2, 3)))
int command_usage(const char *cmd, const char *fmt, ...);

/**
 * command_input() - what a command does about the result @ret of input_option() or input_end():
 * nothing, a usage message, or an error where it is memory that is missing.
 */
int command_input(const char *cmd, int ret, const struct error *err);

/** command_bad_option() - the message for getopt_long()'s ':' and '?' (opterr must be 0). */
int command_bad_option(char **argv, int c);

/** command_warnings() - print @n of them, see input_warnings(). */
void command_warnings(const struct error *list, size_t n);

/** command_warn(), command_note() - a line on standard error. */
__attribute__((format(printf, 1, 2)))
void command_warn(const char *fmt, ...);
__attribute__((format(printf, 1, 2)))
void command_note(const char *fmt, ...);

#endif

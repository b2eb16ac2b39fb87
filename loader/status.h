/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_STATUS_H
#define LOADER_STATUS_H

#include "bpf/answer.h"
#include "input.h"
#include "kernel/conntrack.h"
#include "kernel/kernel.h"

/* Everything "bpfilter status" knows, gathered first and printed afterwards in two forms. */

enum wanted {
	WANTED_NONE,		/* no files in INPUT_DIR */
	WANTED_SAME,		/* they are what is in force */
	WANTED_DIFFERENT,
	WANTED_REFUSED,		/* they could not be loaded; wanted_error */
};

#define STATUS_PROBLEMS	16

struct status_problem {
	char text[1024];
	char next[320];		/* what to type; may be empty */
};

/* The companion, which answers for REJECT, LOG and NFLOG. */
struct answers_status {
	bool needed;
	bool present;		/* @map is filled in */
	pid_t pid;		/* 0: it does not run */
	struct companion map;
};

struct status {
	uint64_t cookie;
	bool in_force;
	struct filter_view view;	/* if in force */
	struct filter_status filter;
	struct answers_status answers;
	struct conntrack_state tracking;
	enum wanted wanted;
	uint8_t wanted_digest[32];
	struct buffer wanted_files;
	struct error wanted_error;
	struct status_problem problems[STATUS_PROBLEMS];
	size_t nr_problems;
	bool all;
	bool broken;		/* the same rules, put in force once more, would mend a problem */
	struct foreign_namespace *others;
	size_t nr_others;
};

struct status_options {
	bool all;		/* other network namespaces, too */
	bool no_wanted;		/* INPUT_DIR says nothing about what should be in force */
	const char *tables;	/* take these of INPUT_DIR only, input_tables(); NULL: all */
};

/** status_collect() - an error: nothing could be found out (not: something is wrong). */
int status_collect(struct status *st, const struct status_options *opt, struct error *err);
void status_free(struct status *st);

void status_text(const struct status *st, struct buffer *out);
void status_json(const struct status *st, struct buffer *out);
/** status_line() - what is in force, in one line without an end. */
void status_line(const struct status *st, struct buffer *out);

const char *drop_reason_name(enum drop_reason reason);	/* "hotdrop", "no_tracking", ... */
const char *wanted_name(enum wanted wanted);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_INFORCE_H
#define LOADER_INFORCE_H

#include "kernel/kernel.h"
#include "rules/ruleset.h"

/* The rule set in force in the caller's namespace, for printing. */
struct inforce {
	struct kernel kernel;
	struct filter_view view;
	struct ruleset rules;		/* with live counters */
};

/**
 * inforce_open() - -ENOENT with a message for people if nothing is in force. The lock is not kept:
 * printing to a pager must not hold up an apply.
 */
int inforce_open(struct inforce *in, struct error *err);
void inforce_close(struct inforce *in);

/** inforce_warn_tracking() - warn when the rules need connection tracking and it is off. */
void inforce_warn_tracking(const struct image_header *image);

/* How save and list select families and a table: -4, -6, -t. */
struct selection {
	unsigned int families;		/* 0: both, with a comment line before each */
	enum table_id table;
	bool table_given;
};

/** selection_table() - for -t; -EINVAL: no such table. */
int selection_table(struct selection *sel, const char *name, struct error *err);

/**
 * selection_check() - a table that was asked for by name must be in force, in every family asked
 * for (in one at least when none was).
 */
int selection_check(const struct selection *sel, const struct inforce *in, struct error *err);

/** selection_family() - is @f to be printed? Writes its comment line. */
bool selection_family(const struct selection *sel, const struct inforce *in, enum family f,
		      struct buffer *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "rules/ruleset.h"

/*
 * What the kernel command line tells the helper:
 *
 *	bpfilter.rules=/PATH		rules from a file; may be repeated, joined in order
 *	bpfilter.rules=-A+INPUT+...	an inline rule, one word: '+' is a blank, "++" a plus. Table
 *					filter. "4:-..." or "6:-..." for one family only
 *	bpfilter.end			after the last inline rule: the line was not cut
 *	bpfilter.fail=deny|open|panic	what to do when the rules cannot be put in force
 *	bpfilter.timeout=SECONDS	how long finding and compiling them may take
 *	bpfilter.tables=filter,raw	take these tables only
 *	bpfilter.init=/PATH		what to execute next
 *	bpfilter=off			no filter
 *
 * A later word overrides an earlier one. Unknown words are errors: a typo must not open anything.
 * Pure: text in, values out, no system calls.
 */

enum fail_policy { FAIL_DENY, FAIL_OPEN, FAIL_PANIC };

struct cmdline_rules {
	const char *text;	/* a path, or the rule with its blanks */
	bool inline_rule;
	unsigned int families;	/* FAMILY_BIT()s of an inline rule */
};

struct cmdline {
	enum fail_policy fail;
	bool off;
	unsigned int timeout;	/* seconds */
	const char *tables;	/* NULL: not given */
	const char *init;	/* NULL: not given */
	struct cmdline_rules *rules;
	size_t nr_rules;
	char *text;		/* owned: all strings point into it */
};

#define CMDLINE_TIMEOUT		10U
#define CMDLINE_TIMEOUT_MAX	3600U
#define CMDLINE_RULES_MAX	1024U

/**
 * cmdline_parse() - read /proc/cmdline's text.
 * The whole text is always read: after an error (the first is in @err) @c still holds every value
 * that was clear, above all the failure policy. cmdline_free() is due in any case.
 * Returns 0, -EINVAL, -ENOMEM.
 */
int cmdline_parse(const char *text, size_t len, struct cmdline *c, struct error *err);
void cmdline_free(struct cmdline *c);

#endif

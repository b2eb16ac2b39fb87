/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_TARGET_H
#define RULES_TARGET_H

#include "bpf/answer.h"
#include "rules/ext.h"

/*
 * One descriptor per target that is more than a verdict or a chain, one file each below ext/, as
 * for matches. All of them answer: the evaluator tells the companion (bpf/answer.h).
 */
struct target_ext {
	const char *name;		/* as after -j */
	unsigned int families;		/* FAMILY_BIT()s in which it exists */
	unsigned int tables;		/* TABLE_BIT()s in which it may stand */
	size_t size;			/* of its data */
	const struct ext_option *options;	/* ends with name NULL */

	/** init() - defaults; data is zeroed before. May be NULL. */
	void (*init)(void *data, enum family f);
	/** parse() - one option seen. Errors through ext_error() and friends; 0 or negative. */
	int (*parse)(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		     const char *arg);
	/** check() - after the whole rule was read (-p is known). May be NULL. */
	int (*check)(struct line_parser *lp, void *data, const struct rule *rule);
	/** print() - options as iptables-save prints them, each with a leading blank. */
	void (*print)(struct buffer *out, const void *data, enum family f);
	/** list() - what iptables -L prints behind the matches; @numeric as -n. */
	void (*list)(struct buffer *out, const void *data, enum family f, bool numeric);
	/** compile() - what the companion has to know; @answer is zeroed before. */
	void (*compile)(struct image_answer *answer, const void *data);
};

/* The target of a rule, in the arena; rules made of one line share it. */
struct target {
	const struct target_ext *ext;
	uint64_t data[];		/* ext->size bytes */
};

/** target_find() - by name after -j; NULL: not one of ours. */
const struct target_ext *target_find(const char *name, enum family f);

/* The descriptors; the table of them is in target.c. */
extern const struct target_ext ext_reject4, ext_reject6, ext_log, ext_nflog;

#endif

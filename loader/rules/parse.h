/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_PARSE_H
#define RULES_PARSE_H

#include "rules/ruleset.h"

/* A text to read rules from. The memory stays the caller's until ruleset_finish() has returned. */
struct rules_source {
	const char *where;	/* shown in messages: FILE as the user typed it */
	const char *text;
	size_t len;
	unsigned int families;	/* FAMILY_BIT()s; both: -4, -6 and addresses decide line by line */
	unsigned int tables;	/* TABLE_BIT()s to take; 0: all, others with rules are an error */
	bool inline_rules;	/* bare rules without "*filter" and COMMIT (kernel command line) */
	bool canonical;		/* what rules_print() wrote */
	struct buffer *warnings;	/* gets a struct error for each; NULL: nobody reads them */
};

/*
 * What a warning is about; each is given once a text. The first ones are dialects: iptables-restore
 * refuses the text, but it is plain what is meant, and iptables-nft-restore takes most of them.
 */
enum warning {
	WARN_CRLF,		/* lines end with CR LF */
	WARN_NO_NEWLINE,	/* nothing behind the last COMMIT */
	WARN_POLICY,		/* a user chain with a policy, which is ignored */
	WARN_LATER,		/* a rule names a chain that a later line declares */
	WARN_NFLOG_RANGE,	/* an option without effect */
	WARN_EMPTIED,		/* a chain of an earlier text is declared again */
};

/**
 * rules_parse() - add a text to a rule set.
 * Sources are joined in order: a second text, or a second "*table" block, for the same family and
 * table goes on where the first ended, as for iptables-restore --noflush: base chains keep their
 * rules and the last policy given holds; a ":" line empties a user chain that has rules (a second
 * one within one block is an error). Chains may be declared behind the rules that name them.
 * With both families a line "*table" or ":chain" is for both; a rule goes where -4 or -6 says, else
 * where an address in -s or -d belongs, else ICMP, else to both.
 * On error the rule set holds a part of the text: throw it away (ruleset_free()), never use it.
 * Returns 0, -EINVAL, -ENOMEM, -E2BIG.
 */
int rules_parse(struct ruleset *rs, const struct rules_source *src, struct error *err);

/**
 * rules_count() - would this text make more rules than there may be? From its lines alone, before
 * anything is allocated for them; rules_parse() asks it. A text that is too long in a way its lines
 * do not show (lists of addresses, -I) is refused by the parser or the compiler.
 * Returns 0 or -E2BIG.
 */
int rules_count(const struct ruleset *rs, const struct rules_source *src, struct error *err);

/**
 * rules_read_file() - a whole regular file, at most @max bytes. *text is malloc()ed.
 * Errors: a directory, fifo, device, empty name, too large, unreadable.
 */
int rules_read_file(const char *path, size_t max, char **text, size_t *len, struct error *err);
/** rules_read_fd() - the same of an open file; @name: for messages. */
int rules_read_fd(int fd, const char *name, size_t max, char **text, size_t *len,
		  struct error *err);

/**
 * rules_read_stream() - all of what has no size, to its end: a pipe, a file of proc or sysfs.
 * @name: for messages.
 */
int rules_read_stream(int fd, const char *name, size_t max, char **text, size_t *len,
		      struct error *err);
#define RULES_FILE_MAX	(512UL << 20)

/**
 * ruleset_finish() - after the last text: jumps have a chain (else an error at the rule that names
 * it), no loop is reachable from a base chain, -i and -o fit the hooks, chains are sorted.
 */
int ruleset_finish(struct ruleset *rs, struct error *err);

/*
 * Printing. PRINT_COUNTERS: "[p:b]" in front of rules, as iptables-save -c. PRINT_ALL_TABLES: also
 * a table the rule set does not have. PRINT_ZERO_POLICY: counters of policies as [0:0], for a text
 * that names the rules alone; iptables-save prints them also without -c. PRINT_COMPLETE: with what
 * iptables-save leaves out though the kernel has it ("-i +" is shown by iptables -L; "-p all" means
 * something in IPv6), for a text that the rule set is made of again.
 */
enum { PRINT_COUNTERS = 1, PRINT_ALL_TABLES = 2, PRINT_ZERO_POLICY = 4, PRINT_COMPLETE = 8 };

/** rules_print() - canonical iptables-save text of one table, without "# Generated" lines. */
void rules_print(struct buffer *out, const struct ruleset *rs, enum family f, enum table_id t,
		 unsigned int flags);

/** rules_print_parts() - the same; @drain empties @out whenever there are 32 KiB or more in it. */
typedef void (*rules_drain)(struct buffer *out, void *arg);
void rules_print_parts(struct buffer *out, const struct ruleset *rs, enum family f,
		       enum table_id t, unsigned int flags, rules_drain drain, void *arg);
/** rule_print() - "-A CHAIN ..." of one rule, no newline, no counters. */
void rule_print(struct buffer *out, const struct rule *r, const struct chain *c, enum family f);
/** rule_print_complete() - the same with PRINT_COMPLETE. */
void rule_print_complete(struct buffer *out, const struct rule *r, const struct chain *c,
			 enum family f);

/* Flags of rules_list(), as the options of iptables -L. */
enum { LIST_VERBOSE = 1, LIST_NUMERIC = 2, LIST_EXACT = 4, LIST_LINE_NUMBERS = 8 };
/** rules_list() - what iptables -L [CHAIN] prints (layout of 1.8.9). */
int rules_list(struct buffer *out, const struct ruleset *rs, enum family f, enum table_id t,
	       const char *chain, unsigned int flags);

#endif

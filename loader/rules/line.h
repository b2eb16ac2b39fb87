/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_LINE_H
#define RULES_LINE_H

#include "rules/ext.h"
#include "rules/lex.h"
#include "rules/parse.h"
#include "rules/target.h"

/* Private to the parser: one line of rules while it is read. */

#define MATCHES_MAX	(WORDS_MAX / 2 + 1)

/* Commands, as bits; CMD_* of iptables/xshared.h. */
enum {
	CMD_NONE	= 0,
	CMD_APPEND	= 1 << 0,
	CMD_INSERT	= 1 << 1,
	CMD_REPLACE	= 1 << 2,
	CMD_DELETE_NUM	= 1 << 3,
	CMD_NEW		= 1 << 4,
	CMD_DELETE_CHAIN = 1 << 5,
	CMD_FLUSH	= 1 << 6,
	CMD_POLICY	= 1 << 7,
	CMD_ZERO	= 1 << 8,
	CMD_DELETE	= 1 << 9,
	CMD_RULE	= CMD_APPEND | CMD_INSERT | CMD_REPLACE | CMD_DELETE,
};

/* Options that may stand once, as bits; OPT_* of iptables/xshared.h. */
enum {
	OPT_SOURCE	= 1 << 0,
	OPT_DESTINATION	= 1 << 1,
	OPT_PROTOCOL	= 1 << 2,
	OPT_JUMP	= 1 << 3,
	OPT_IN		= 1 << 4,
	OPT_OUT		= 1 << 5,
	OPT_FRAGMENT	= 1 << 6,
	OPT_COUNTERS	= 1 << 7,
};

/* A word of the line that is looked at again when the line has been read. */
struct place {
	const char *text;	/* NULL: not given */
	unsigned int column;
};

/* A match of the rule and what was said about it. */
struct loaded_match {
	struct match *match;
	unsigned int seen;	/* bits by option id, for "once" */
	unsigned int column;	/* of the word that brought it in */
};

/* State of getopt_long(). */
struct option_scan {
	unsigned int index;	/* next word */
	const char *cluster;	/* rest of a word of short options, or NULL */
	const char *arg;	/* of the last option; NULL: none */
	unsigned int arg_column;
	unsigned int word;	/* index of the word with the last option */
	const struct ext_option *ext_option;	/* when OPTION_EXT was returned */
	const struct match_ext *ext;	/* NULL: it is one of the target */
};

enum {
	OPTION_END	= -1,
	OPTION_WORD	= 1,	/* not an option */
	OPTION_EXT	= 256,	/* one of a match or of the target */
	OPTION_UNKNOWN	= '?',
	OPTION_NO_ARG	= ':',
};

struct line_parser {
	struct ruleset *rs;
	struct error *err;
	const char *where;
	bool canonical;			/* struct rules_source */
	struct buffer *warnings;	/* struct rules_source */
	unsigned int warned;		/* bits by enum warning: already said about this text */
	unsigned int line;		/* 1-based */
	const char *text;		/* the whole line */
	size_t len;
	struct words *words;

	enum family family;
	enum table_id table;
	bool probing;			/* only find out the families: no errors, no effects */
	unsigned int hints;		/* FAMILY_BIT()s the probe has found, strongest first */
	unsigned int hints_address, hints_match;

	struct option_scan scan;
	unsigned int error_column;	/* where ext_error() points */

	unsigned int command;
	unsigned int options;		/* OPT_* seen */
	bool skip;			/* -4 or -6 of the other family */
	struct place chain, policy, source, destination, target;
	unsigned int rule_number;
	bool go_to;
	unsigned int target_seen;	/* options of the target, bits by id */
	const char *proto;		/* after -p, lower case */
	bool proto_loaded;
	uint64_t packets, bytes;
	struct rule rule;

	struct loaded_match matches[MATCHES_MAX];
	unsigned int nr_matches;
	const struct match_ext *exts[MATCHES_MAX];	/* each once, in the order they came in */
	unsigned int nr_exts;
};

/** line_error() - an error at @column of the line. Returns -EINVAL. */
__attribute__((format(printf, 3, 4)))
int line_error(struct line_parser *lp, unsigned int column, const char *fmt, ...);
int line_no_memory(struct line_parser *lp);
/** line_warn() - say something about @column of the line, unless @kind was said already. */
__attribute__((format(printf, 4, 5)))
void line_warn(struct line_parser *lp, enum warning kind, unsigned int column, const char *fmt,
	       ...);
/** line_warn_at() - the same about a line that was read before. */
void line_warn_at(struct line_parser *lp, enum warning kind, const struct origin *o,
		  const char *msg);

/**
 * line_warn_later() - a chain is declared: has a rule of this text named it already? One of another
 * text may: fragments that belong together.
 */
void line_warn_later(struct line_parser *lp, const struct chain *c);

/** hint_word(), hint_option() - below an error about a word or option nobody takes. */
void hint_word(struct line_parser *lp, const char *word);
void hint_option(struct line_parser *lp, const char *word);
/** hint_outside() - below an error about a line in no table. */
void hint_outside(struct line_parser *lp);
/** hint_target() - below an error about a chain or target that is not there. */
void hint_target(struct error *err, const char *name);

/** option_next() - getopt_long() of glibc with iptables' options and those of the matches. */
int option_next(struct line_parser *lp);
/** option_has_arg() - xs_has_arg(): the next word is neither an option nor "!". */
bool option_has_arg(const struct line_parser *lp);
/** option_column() - of the word at @index; behind the line if there is none. */
unsigned int option_column(const struct line_parser *lp, unsigned int index);

/** line_parse() - do_parse() (iptables/xshared.c) for lp->family: words to a command. */
int line_parse(struct line_parser *lp);
/** line_execute() - carry the command out on the rule set. */
int line_execute(struct line_parser *lp);
/** line_flush_chain() - take out all rules of a chain of lp->family and lp->table. Returns 0. */
int line_flush_chain(struct line_parser *lp, struct chain *c);
/** line_use_match() - a match comes in by -m or -p. *used: there is one of that name. */
int line_use_match(struct line_parser *lp, const char *name, unsigned int column, bool *used);
int line_match_option(struct line_parser *lp, bool invert);
int line_check_matches(struct line_parser *lp);
/** line_use_target() - the same for a target that -j names; its options may follow. */
int line_use_target(struct line_parser *lp, const struct target_ext *ext);
int line_target_option(struct line_parser *lp, bool invert);
int line_check_target(struct line_parser *lp);

/** line_run() - a line of a table: decide on the families, parse and execute in each. */
int line_run(struct line_parser *lp, unsigned int families);

#endif

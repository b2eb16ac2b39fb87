/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_H
#define RULES_EXT_H

#include "rules/parse.h"

/*
 * One descriptor per iptables match extension, one file each below ext/. Adding an extension is
 * adding a file and a line in ext.c's table.
 */

struct line_parser;	/* where we are in the line; for messages */
struct program;		/* match program under construction, compile/program.h */

/* One option of an extension; names and arities of iptables' own getopt tables. */
struct ext_option {
	const char *name;	/* long, without dashes; prefixes are taken as by getopt_long */
	unsigned char id;	/* handed to parse() */
	unsigned char args;	/* 0 or 1; more (--tcp-flags MASK COMP) by ext_next_word() */
	bool invert;		/* "!" is allowed before it */
	bool once;		/* a second one is an error, as iptables' XTOPT without MULTI */
};

struct match_ext {
	const char *name;		/* as after -m */
	unsigned int families;		/* FAMILY_BIT()s in which it exists */
	uint16_t proto;			/* -p PROTO needed and auto-loading this match; 0: none */
	size_t size;			/* of its data */
	const char *unsupported;	/* why rules with it are refused when compiled; NULL: no */
	const char *not_in_raw;		/* why rules of table raw with it are refused; NULL: no */
	const struct ext_option *options;	/* ends with name NULL */

	/** init() - defaults; data is zeroed before. May be NULL. */
	void (*init)(void *data, enum family f);
	/** parse() - one option seen. Errors through ext_error() and friends; 0 or negative. */
	int (*parse)(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		     const char *arg);
	/** check() - after the whole rule was read (-p is known). May be NULL. */
	int (*check)(struct line_parser *lp, void *data, const struct rule *rule);
	/** print() - canonical options as iptables-save prints them, each with a leading blank. */
	void (*print)(struct buffer *out, const void *data, enum family f);
	/** list() - what iptables -L prints, each item with a leading blank; @numeric as -n. */
	void (*list)(struct buffer *out, const void *data, enum family f, bool numeric);
	/**
	 * hooks() - HOOK_BIT()s where the kernel takes it (xt_match.hooks, and what checkentry()
	 * makes of hook_mask). A rule that can be reached from another base chain is refused when
	 * all has been read; one that cannot be reached is not (rules/check.c). NULL: everywhere.
	 */
	unsigned int (*hooks)(const void *data);
	/** compile() - ops for the match program, or a narrower box; see compile/program.h. */
	int (*compile)(struct program *p, const void *data, const struct rule *rule, enum family f);
};

/** ext_find() - by name after -m; NULL: not one of ours. */
const struct match_ext *ext_find(const char *name, enum family f);
/** ext_find_proto() - the match that -p PROTO loads by itself; NULL: none. */
const struct match_ext *ext_find_proto(uint16_t proto, enum family f);

/** ext_error() - the current argument is wrong; the caret goes there. Returns -EINVAL. */
__attribute__((format(printf, 2, 3)))
int ext_error(struct line_parser *lp, const char *fmt, ...);
/** ext_point() - the caret of ext_error() goes @offset characters into the current argument. */
void ext_point(struct line_parser *lp, size_t offset);
/** ext_next_word() - consume one more word of the current option (--tcp-flags); NULL: none left. */
const char *ext_next_word(struct line_parser *lp);
/**
 * ext_hint_address() - the argument holds an address: where a text is for both families, a literal
 * decides for which one the line is.
 */
void ext_hint_address(struct line_parser *lp, const char *s, size_t len);
/** ext_family() - of the rule being parsed. */
enum family ext_family(const struct line_parser *lp);
/** ext_warn() - the current argument has no effect; once a text. */
void ext_warn(struct line_parser *lp, enum warning kind, const char *msg);
struct arena *ext_arena(struct line_parser *lp);
struct ruleset *ext_ruleset(struct line_parser *lp);
/**
 * ext_origin() - where the current argument stands, for what can only be said when all texts have
 * been read. False: only the families of the rule are being found out, nothing is to be kept.
 */
bool ext_origin(const struct line_parser *lp, struct origin *origin);
/**
 * ext_canonical() - is this the text of an image, which rules_print() wrote? Some canonical forms
 * of iptables-save mean another rule when iptables-restore reads them; in an image they must not.
 */
bool ext_canonical(const struct line_parser *lp);
/**
 * ext_only_family() - what was just read exists in @f alone. In a text for both families the rule
 * is then one of that family, unless -4, -6 or an address says otherwise.
 */
void ext_only_family(struct line_parser *lp, enum family f);
/** ext_rule() - the rule so far (its -p may still be missing). */
const struct rule *ext_rule(const struct line_parser *lp);

#endif

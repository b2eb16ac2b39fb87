/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_RULESET_H
#define RULES_RULESET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "error.h"

/*
 * The rule set as it was written: what the parser makes, the printer prints and the compiler reads.
 * It knows nothing of the kernel. Everything below a struct ruleset lives in its arena and dies
 * with it (ruleset_free()).
 */

enum family { FAMILY_IPV4, FAMILY_IPV6, NR_FAMILIES };
#define FAMILY_BIT(f)	(1U << (f))
#define FAMILIES_ALL	(FAMILY_BIT(FAMILY_IPV4) | FAMILY_BIT(FAMILY_IPV6))

enum table_id { TABLE_FILTER, TABLE_RAW, NR_TABLES };
#define TABLE_BIT(t)	(1U << (t))
#define TABLES_ALL	(TABLE_BIT(TABLE_FILTER) | TABLE_BIT(TABLE_RAW))

/* Netfilter hooks, numbers of the kernel (enum nf_inet_hooks). */
enum hook { HOOK_PREROUTING, HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT, HOOK_POSTROUTING, NR_HOOKS };
#define HOOK_NONE	(-1)	/* a user chain */
#define HOOK_BIT(h)	(1U << (h))
#define HOOKS_ALL	(HOOK_BIT(NR_HOOKS) - 1)

#define CHAIN_NAME_MAX	28	/* iptables: XT_EXTENSION_MAXNAMELEN - 1, longest chain name */

enum target_kind {
	TARGET_NONE,		/* no -j: count and go on */
	TARGET_ACCEPT,
	TARGET_DROP,
	TARGET_RETURN,
	TARGET_JUMP,
	TARGET_GOTO,
	TARGET_EXT,		/* rule.target_ext says what, such as REJECT */
};

/* Negations of the basic options, and the fragment flag. */
enum {
	RULE_INV_SRC = 1 << 0,
	RULE_INV_DST = 1 << 1,
	RULE_INV_IN = 1 << 2,
	RULE_INV_OUT = 1 << 3,
	RULE_INV_PROTO = 1 << 4,
	RULE_INV_FRAG = 1 << 5,
	RULE_FRAG = 1 << 6,  /* -f or ! -f was given (IPv4 only) */
	RULE_PROTO = 1 << 7,	/* -p was given, also -p all (matters in IPv6: IP6T_F_PROTO) */
};

/* An address with its mask; IPv4 uses the first four bytes. Network byte order, host bits zero. */
struct address {
	uint8_t value[16];
	uint8_t mask[16];
};

/*
 * An interface as -i or -o names it. A trailing '+' makes it a prefix; "+" alone is no restriction
 * (but "! -i +" never matches). Source: xtables_parse_interface(), iptables 1.8.11.
 */
struct interface {
	char name[IFNAMSIZ];	/* without the '+' ; "" with prefix: any */
	bool prefix;
	bool given;		/* the option was in the rule */
};

struct match_ext;
struct target;			/* target.h */

struct match {
	struct match *next;		/* in the order written */
	const struct match_ext *ext;
	uint64_t data[];		/* ext->size bytes */
};

/* Where a rule came from, for messages that appear after parsing (missing chain, loop). */
struct origin {
	const char *where;	/* FILE as typed */
	const char *text;	/* the line; until ruleset_finish(), then the text may go */
	uint32_t line;
	uint16_t text_len;	/* lines of rules are no longer than LINE_LENGTH_MAX */
	uint16_t column;	/* of the target's name */
};

struct rule {
	struct rule *next;
	struct match *matches;
	struct chain *target_chain;	/* TARGET_JUMP, TARGET_GOTO */
	struct target *target_ext;	/* TARGET_EXT */
	uint64_t packets, bytes;	/* "[p:b]" of the text, or read back from the kernel */
	struct address src, dst;	/* mask all zero: not given (or /0) */
	struct interface in, out;
	uint16_t proto;			/* 0: any */
	uint16_t flags;			/* RULE_* */
	uint8_t target;			/* enum target_kind */
	uint32_t number;		/* id in the image, set by the compiler */
	struct origin origin;
};

struct chain {
	struct chain *next;		/* in the order of the table, see ruleset_finish() */
	struct chain *hash_next;	/* parser's look-up */
	char name[CHAIN_NAME_MAX + 4];
	struct rule *rules, **tail;
	struct rule **cursor;		/* of the parser: where rule cursor_number is linked in */
	uint32_t cursor_number;
	uint32_t nr_rules;
	uint32_t refs;			/* rules that jump or go to it */
	uint32_t block;			/* of the parser: the "*table" block that declared it */
	int hook;			/* enum hook of a base chain, HOOK_NONE of a user chain */
	uint8_t policy;			/* TARGET_ACCEPT or TARGET_DROP; base chains only */
	bool declared;			/* seen in a ":" line or -N, or a base chain */
	uint64_t packets, bytes;	/* policy counters of base chains */
	uint32_t index;			/* in the image, set by the compiler */
	uint8_t mark;			/* scratch of loop detection */
	struct origin origin;		/* of the first rule that names it */
};

/* Of one table, and of an image. */
#define RULES_MAX	4194304U

struct table {
	bool present;			/* a "*table" line was seen for this family */
	struct chain *chains;		/* base chains in hook order, then user chains by name */
	struct chain **tail;		/* where the next chain is linked in */
	struct chain **hash;		/* by name; owned by the parser, see ruleset.c */
	uint32_t hash_size;
	uint32_t nr_chains;
	uint32_t nr_rules;
};

struct ruleset {
	struct table tables[NR_FAMILIES][NR_TABLES];
	unsigned int families;		/* FAMILY_BIT()s given, even if their text was empty */
	uint32_t blocks;		/* "*table" lines so far */
	bool interfaces;		/* a rule names one */
	struct ipsets *sets;		/* rules/sets.h; NULL: none, and no rule names one */
	bool hooks;			/* a match is legal in some hooks alone (match_ext.hooks) */
	struct arena arena;
};

/** ruleset_init() - an empty rule set. Cannot fail. */
void ruleset_init(struct ruleset *rs);
void ruleset_free(struct ruleset *rs);

/**
 * ruleset_chain() - the chain of that name, made if need be (@create).
 * Returns NULL: not there, or no memory when @create.
 */
struct chain *ruleset_chain(struct ruleset *rs, enum family f, enum table_id t, const char *name,
			    bool create);

/**
 * ruleset_table() - make a table present with its base chains and ACCEPT policies, empty.
 * filter: INPUT, FORWARD, OUTPUT; raw: PREROUTING, OUTPUT. Returns 0 or -ENOMEM.
 */
int ruleset_table(struct ruleset *rs, enum family f, enum table_id t);

/** ruleset_count() - rules of all tables in the families of @families. */
uint32_t ruleset_count(const struct ruleset *rs, unsigned int families);

const char *family_name(enum family f);		/* "IPv4", "IPv6" */
const char *table_name(enum table_id t);	/* "filter", "raw" */
const char *hook_name(int hook);		/* "INPUT" ... */

#endif

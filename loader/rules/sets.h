/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_SETS_H
#define RULES_SETS_H

#include "rules/ruleset.h"

/*
 * Static sets: what "ipset save" prints, for -m set. Semantics of the kernel's set types
 * (net/netfilter/ipset/) and of ipset 7; nothing expires and nothing is added later.
 */

enum set_type { SET_IP, SET_NET, SET_IP_PORT, SET_NET_PORT, SET_PORT, SET_LIST, NR_SET_TYPES };

#define SET_NAME_MAX	31U	/* IPSET_MAXNAMELEN - 1 */
#define SET_DIMS_MAX	6U	/* IPSET_DIM_MAX */
#define SET_MEMBERS_MAX	64U	/* of one list:set that can match in a family */
/* Records of all sets: ranges of ports become one for each port. */
#define SET_RECORDS_MAX	8388608U

/*
 * A record: words that are compared in this order, then one that is not.
 * IPv4, and ports (bitmap:port, in the place of the address):
 *	protocol << 16 | port or 0, first, ~last, tag
 * IPv6:
 *	protocol << 16 | port or 0, four words of the first address, prefix length, tag
 * So a prefix comes before those inside it.
 */
#define SET_WORDS_MAX	7U
#define SET_WORDS_IPV4	4U
#define SET_WORDS_IPV6	7U
#define SET_TAG_NOMATCH	(1U << 31)
#define SET_TAG_EXIST	(1U << 30)	/* added by a line with -exist */
#define SET_TAG_LINE	(SET_TAG_EXIST - 1)

struct ipset {
	struct ipset *next;		/* in the order they were created */
	struct ipset *hash_next;
	char name[SET_NAME_MAX + 1];
	uint8_t type;			/* enum set_type */
	uint8_t family;			/* enum family; NR_FAMILIES: either */
	uint8_t netmask;		/* prefix length addresses are cut to; 32 or 128: not */
	bool timeouts, counters, comments, skbinfo;	/* its entries may have these */
	bool expires;			/* entries that do not say when */
	bool exist;			/* a line with -exist has added to it */
	bool finished;			/* sorted, and checked for doubles */
	bool ignore;			/* of a text that gives way: there is one of this name */
	uint16_t first_port, last_port;	/* of bitmap:port */
	uint32_t maxelem;
	uint32_t line;			/* of its "create" */
	uint64_t count;			/* elements as the kernel counts them */
	uint32_t *records;		/* owned */
	uint32_t nr, cap;
	struct ipset **members;		/* of list:set, in order; owned */
	uint32_t nr_members;
	uint8_t used;			/* FAMILY_BIT()s of rules that name it; ipsets_finish() */
	uint32_t index;			/* in the image, by the compiler; UINT32_MAX: not there */
};

/* A rule that names a set; resolved by ipsets_finish(). */
struct ipset_use {
	struct ipset_use *next;
	char name[SET_NAME_MAX + 1];
	struct ipset *set;
	enum family family;
	unsigned int dims;		/* directions given */
	bool counters;			/* it asks for the counters of the entry */
	struct origin origin;
};

struct ipset_source;

#define SETS_HASH	256U

struct ipsets {
	struct ipset *first, **tail;
	struct ipset *hash[SETS_HASH];
	struct ipset_source *sources;	/* newest first */
	struct ipset_use *uses, **uses_tail;
	uint32_t lines;			/* of all texts so far */
	uint32_t nr_records;
};

struct sets_source {
	const char *where;		/* shown in messages: FILE as the user typed it */
	const char *text;		/* the caller's until ruleset_finish() has returned */
	size_t len;
	bool gives_way;			/* a set that is there already is not made again */
};

/** sets_name() - does a FILE of this name hold sets? "*.ipset". */
bool sets_name(const char *name);

/**
 * sets_parse() - add the sets of a text in the format of "ipset save" to a rule set: create, add,
 * flush, destroy. As for "ipset restore" a second "create" of a name is an error, and so is an
 * element that is there already, unless the line has -exist.
 * Returns 0, -EINVAL, -ENOMEM, -E2BIG.
 */
int sets_parse(struct ruleset *rs, const struct sets_source *src, struct error *err);

/** ipset_find() - NULL: there is none of that name. */
struct ipset *ipset_find(const struct ruleset *rs, const char *name);

/** ipset_use() - a rule names a set, which may come later. The use lives in the arena, or NULL. */
struct ipset_use *ipset_use(struct ruleset *rs, const char *name, enum family f,
			    const struct origin *origin);

/**
 * ipset_fits() - can a packet of this family match it with so many directions? ip_set_test()
 * (ip_set_core.c): another family, or too few directions, is no match and no error.
 */
bool ipset_fits(const struct ipset *set, enum family f, unsigned int dims);

/** ipsets_finish() - part of ruleset_finish(): doubles, maxelem, names in rules. */
int ipsets_finish(struct ruleset *rs, struct error *err);

/**
 * ipsets_print() - "create" and "add" lines, the same for sets with the same elements. @used: only
 * sets that rules of these families (FAMILY_BIT()s) name; 0: all. @drain: see
 * rules_print_parts(); may be NULL.
 */
void ipsets_print(struct buffer *out, const struct ruleset *rs, unsigned int used,
		  void (*drain)(struct buffer *out, void *arg), void *arg);

void ipsets_free(struct ipsets *sets);

/** What all set types have: names, options, directions. */
struct set_kind {
	const char *name, *old_name;	/* old_name: of ipset before 5 */
	bool address, port, nomatch;
	unsigned int dims;
};

extern const struct set_kind set_kinds[NR_SET_TYPES];

static inline unsigned int ipset_words(const struct ipset *set)
{
	return set->family == FAMILY_IPV6 ? SET_WORDS_IPV6 : SET_WORDS_IPV4;
}

#endif

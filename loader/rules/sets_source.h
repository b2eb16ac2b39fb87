/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_SETS_SOURCE_H
#define RULES_SETS_SOURCE_H

#include "rules/sets.h"

/* Private to the files about sets. */

/* A text that was read: where its lines are in the numbers of all. In the arena. */
struct ipset_source {
	struct ipset_source *next;
	const char *where, *text;
	size_t len;
	uint32_t first;			/* its line n is number first + n */
};

/** ipsets_get() - of a rule set, made if need be; NULL: no memory. */
struct ipsets *ipsets_get(struct ruleset *rs);
/** ipset_add_record() - -ENOMEM, or -E2BIG: SET_RECORDS_MAX. */
int ipset_add_record(struct ipsets *sets, struct ipset *set, const uint32_t *record);
/** ipset_error() - about line number @line of all texts, while they are there. Returns -EINVAL. */
__attribute__((format(printf, 4, 5)))
int ipset_error(const struct ipsets *sets, uint32_t line, struct error *err, const char *fmt, ...);

/* One line of a text of sets while it is read. */
#define SET_LINE_WORDS	40U

struct set_word {
	const char *text;
	size_t len;
	unsigned int column;
};

struct set_line {
	struct ruleset *rs;
	struct ipsets *sets;
	struct error *err;
	const struct sets_source *src;
	const char *text;
	size_t len;
	uint32_t number;		/* 1-based, in this text */
	uint32_t id;			/* in all texts */
	struct set_word words[SET_LINE_WORDS];
	unsigned int nr;
	bool exist;			/* -exist */
};

/** set_error() - with a caret below the character @offset of word @w. Returns -EINVAL. */
__attribute__((format(printf, 4, 5)))
int set_error(struct set_line *l, const struct set_word *w, size_t offset, const char *fmt, ...);
/** set_no_memory() - returns -ENOMEM. */
int set_no_memory(struct set_line *l);
/** word_is() - is it this one? */
bool word_is(const struct set_word *w, const char *s);
/** word_number() - ipset's numbers: decimal, 0 octal, 0x hexadecimal. */
bool word_number(const char *s, size_t len, uint32_t max, uint32_t *value);

/** set_add_entry() - "add SET ENTRY [nomatch]": the element or elements of word @w. */
int set_add_entry(struct set_line *l, struct ipset *set, const struct set_word *w, bool nomatch);
/** set_parse_ports() - "[PROTO:]PORT[-PORT]" of @len characters at offset @at of word @w. */
struct set_ports {
	uint32_t proto, first, last;
};
int set_parse_ports(struct set_line *l, const struct ipset *set, const struct set_word *w,
		    size_t at, size_t len, struct set_ports *p);

/** ipset_slot() - where sets of this name hang. */
struct ipset **ipset_slot(struct ipsets *sets, const char *name);
void ipset_free(struct ipset *set);

/** set_take_name() - the second word of a line: a name that a set can have. */
int set_take_name(struct set_line *l, char name[SET_NAME_MAX + 1]);
/** set_bare() - an option without the two dashes it may have. */
struct set_word set_bare(const struct set_word *w);
/** set_create() - "create NAME TYPE [OPTION...]" */
int set_create(struct set_line *l);

#endif

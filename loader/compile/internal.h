/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_INTERNAL_H
#define COMPILE_INTERNAL_H

#include <pthread.h>

#include "compile/compile.h"
#include "compile/program.h"

/* Names of interfaces as borders between intervals (struct image_iface). */
struct ifaces {
	struct image_iface *borders;	/* ascending, unique; owned */
	uint32_t count;
	uint32_t cap;
};

/** ifaces_collect() - from all rules of a rule set. -ENOMEM, -E2BIG (more than 65535 intervals). */
int ifaces_collect(struct ifaces *f, const struct ruleset *rs, struct error *err);
/** ifaces_range() - the intervals an interface covers, both ends included. */
void ifaces_range(const struct ifaces *f, const struct interface *i, uint32_t *lo, uint32_t *hi);
void ifaces_free(struct ifaces *f);

/**
 * ruleset_number() - ids of rules and numbers of chains, in the order of printing: IPv4 then IPv6,
 * filter then raw, chains as sorted, rules as written. So the text of an image gives the same
 * numbers again.
 */
void ruleset_number(struct ruleset *rs, uint32_t *nr_chains, uint32_t *nr_rules);

/** ruleset_depth() - no base chain reaches more than IMAGE_STACK pending jumps. -E2BIG, -ENOMEM. */
int ruleset_depth(struct ruleset *rs, uint32_t nr_chains, struct error *err);

/* Blocks of bytes in a buffer, each once: thousands of rules differ in little. */
struct store {
	struct stored *table;		/* by content; owned */
	uint32_t count, cap;
};

/**
 * store_add() - @len bytes (a multiple of 8) at the end of @b, unless they are in it already.
 * Returns 0 and where they are in @b, or -ENOMEM.
 */
int store_add(struct store *s, struct buffer *b, const void *data, uint32_t len, uint32_t *offset);
void store_free(struct store *s);

/* Everything of an image before it is in one block. */
struct builder {
	struct buffer chains, trees, nodes, rules4, rules6, traits, programs, named, answers;
	struct buffer sets, set_nodes;
	struct buffer order4, order6;	/* uint32_t: records in the order of the image */
	struct ifaces ifaces;
	struct store program_store, trait_store, answer_store;
	uint32_t features;
	uint32_t nr_chains, nr_rules, nr_counters, nr_hot;
	uint32_t nr_cells, nr_cells4;	/* of state; IPv4's */
	uint32_t nr_sets;
	uint32_t room;			/* records this chain may have besides one for each rule */
	struct image_header header;	/* complete at the end */
	struct buffer text;		/* compressed */
	uint64_t dear;			/* cost of the dearest chain against what is typical */
	char warning[IMAGE_WARNING];	/* about that chain */
};

/**
 * box_compile() - one rule that does @act: its leaf records, their trait and, if need be, its match
 * program.
 */
int box_compile(struct builder *b, const struct rule *r, enum family f, uint32_t act,
		struct error *err);

/**
 * answer_act() - what a rule with this target does, ACT_*; its answer is put into the section of
 * answers. Memory is checked at the end (answers.failed).
 */
uint32_t answer_act(struct builder *b, const struct target *t);

/**
 * sets_compile() - the sets that rules name; sets ipset.index. Before the rules are compiled.
 * Errors: -E2BIG, -ENOMEM.
 */
int sets_compile(struct builder *b, const struct ruleset *rs, struct error *err);
/** sets_place() - where they will be: the header's section; *size: of the image so far. */
void sets_place(struct builder *b, size_t *size);
void sets_copy(void *image, const struct builder *b);

/**
 * trait_absorb() - can a trait check what the program would? Then @t says it all, and no program is
 * needed.
 */
bool trait_absorb(struct image_trait *t, const struct program *p);

/* The canonical text of a rule set, compressed, as image_ruleset() reads it back. */
struct text_task {
	const struct ruleset *rs;
	struct buffer packed;
	uint32_t size;			/* of the text */
	uint8_t digest[32];		/* its SHA-256 */
	pthread_t thread;
	bool threaded;
	struct error err;
	int ret;
};

/**
 * text_start() - make the text of @rs, which must not change until text_finish(); beside the caller
 * where that pays. text_finish() must follow.
 */
void text_start(struct text_task *t, const struct ruleset *rs, uint32_t nr_rules);
int text_finish(struct text_task *t, struct error *err);

/** image_checksum() - of the constant part. */
uint64_t image_checksum(const struct image_header *h, size_t size);

/** for_each_chain() support: the chains of all tables in the order of ruleset_number(). */
#define FAMILY_TABLES	((unsigned int)NR_FAMILIES * NR_TABLES)
static inline struct table *nth_table(struct ruleset *rs, unsigned int i)
{
	return &rs->tables[i / NR_TABLES][i % NR_TABLES];
}

#endif

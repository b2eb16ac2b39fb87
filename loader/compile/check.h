/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_CHECK_H
#define COMPILE_CHECK_H

#include "bpf/answer.h"
#include "compile/internal.h"

/* An image that is being validated. */
struct check {
	const struct image_header *h;
	const struct image_chain *chains;
	const struct image_trait *traits;
	const struct image_rule4 *rules4;
	const struct image_rule6 *rules6;
	const struct image_answer *answers;
	size_t size;
	uint32_t records[IMAGE_FAMILIES];	/* of the chains looked at so far */
	uint32_t nr_trees;			/* the same */
	uint8_t *family;	/* by chain: 0 not reached, 1 + family */
	uint8_t *starts;	/* bit by word of the programs section: a program starts here */
	uint32_t *stack;	/* chains to look at */
	uint32_t *depth;	/* by chain; 0 not known, else 1 + depth */
	uint32_t *seen;		/* by chain: records looked at so far */
	uint32_t *trees;	/* by node: 1 + the tree it is in; 0: in none */
	uint8_t *levels;	/* by node: from the root */
	struct error *err;
};

/** bad() - "the image is damaged: ..."; returns -EINVAL. */
int bad(struct check *c, const char *what);

/** check_sets() - the static sets: their nodes lie inside, keys ascend. */
int check_sets(struct check *c);
/** sets_there() - are the sets that an OP_SET asks in the image? */
bool sets_there(const struct check *c, const struct image_op *op, const u64 *payload);

/** check_answers() - what REJECT, LOG and NFLOG say. */
int check_answers(struct check *c);
/** act_answers() - is there an answer of the right kind, where @act has one? */
bool act_answers(const struct check *c, uint32_t act);
/** answer_in_family() - does the family have this type of REJECT? @act has been checked. */
bool answer_in_family(const struct check *c, uint32_t act, unsigned int family);

/** check_nodes() - all nodes: which tree, how deep, children and splits. */
int check_nodes(struct check *c);
/** check_forest() - a chain's trees, and the leaves below them. Records have been checked. */
int check_forest(struct check *c, const struct image_chain *chain);

static inline uint32_t record_id(const struct check *c, unsigned int family, uint32_t i)
{
	return family ? c->rules6[i].id : c->rules4[i].id;
}

static inline uint32_t record_trait(const struct check *c, unsigned int family, uint32_t i)
{
	return family ? c->rules6[i].trait : c->rules4[i].rest >> RULE4_TRAIT;
}

#endif

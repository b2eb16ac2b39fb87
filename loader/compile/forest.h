/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_FOREST_H
#define COMPILE_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/image.h"
#include "buffer.h"

/*
 * The forest of a chain. Its records are called items here, by their place in the chain; their
 * order is that of the ids.
 */
struct items {
	const struct image_rule4 *rules4;	/* one of the two */
	const struct image_rule6 *rules6;
	const struct image_trait *traits;
	uint32_t count;
	bool no_interfaces;			/* no item asks for one */
};

struct range {
	uint32_t lo, hi;
};

/** item_range() - of item @i in dimension @dim. */
struct range item_range(const struct items *it, uint32_t i, unsigned int dim);
/** ranges_take() - of the @n items of @list. */
void ranges_take(const struct items *it, const uint32_t *list, uint32_t n, unsigned int dim,
		 struct range *to);
/** dim_used() - may items differ in it? */
bool dim_used(const struct items *it, unsigned int dim);
/** dim_max() - largest value. */
uint32_t dim_max(unsigned int dim);

/* Where a node cuts: child q holds what ends at or before split q and begins behind split q - 1. */
struct split {
	unsigned int dim;
	uint32_t count;			/* 0: there is no good one */
	uint32_t at[NODE_SPLITS];
};

/**
 * split_choose() - for the @n items of @list.
 * @copies: items that cross a split are copied to both sides, else they leave the tree.
 */
void split_choose(const struct items *it, const uint32_t *list, uint32_t n, bool copies,
		  struct split *best);

/** split_child() - in which child a value lies. */
static inline uint32_t split_child(const struct split *s, uint32_t value)
{
	uint32_t i, q = 0;

	for (i = 0; i < s->count; i++)
		q += s->at[i] < value;
	return q;
}

/* A forest as it is built. Nodes and trees refer to places in @nodes and @records. */
struct forest {
	struct buffer trees;		/* struct image_tree */
	struct buffer nodes;		/* struct image_node */
	struct buffer records;		/* uint32_t: items, leaf after leaf */
	uint64_t worst;			/* cost of a packet that has to look everywhere */
	uint32_t hard;			/* the first item in the trees that make it so */
};

/** forest_build() - 0 or -ENOMEM. Chains of up to IMAGE_LEAF items need none. */
int forest_build(const struct items *it, struct forest *f);
void forest_free(struct forest *f);

/** forest_typical() - what a packet costs in a chain of @n rules that overlap little. */
uint64_t forest_typical(uint32_t n);

#endif

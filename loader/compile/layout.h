/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_LAYOUT_H
#define COMPILE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/image.h"

/**
 * image_layout() - set the run-time fields of an image that is to lie in @capacity bytes.
 * State cells follow the constant part, then the counters, then the hot ones once more for each
 * further shard, all on cache lines. As many shards as @nr_cpus needs (a power of two, at most 8),
 * fewer where they would not fit or take more than 2 MiB. loaded_at and origin are the caller's.
 * -E2BIG: does not fit; the header is unchanged then.
 */
int image_layout(struct image_header *h, size_t capacity, unsigned int nr_cpus);

/**
 * image_counter_sum() - counter @number over all shards; @hot: its number there, or IMAGE_NONE.
 * Zeroes if there is no such counter.
 */
struct image_counter image_counter_sum(const struct image_header *h, uint32_t number, uint32_t hot);
/** image_hot() - of a rule: its number in a shard. */
static inline uint32_t image_hot(const struct image_chain *c, uint32_t id)
{
	return id - c->first < c->nr_hot ? c->hot + id - c->first : IMAGE_NONE;
}
/** image_hot_policy() - of a base chain's policy. */
static inline uint32_t image_hot_policy(const struct image_chain *c)
{
	return c->hot + c->nr_hot;
}

/** trait_names_interface() - what TRAIT_INTERFACE says: not every device will do. */
static inline bool trait_names_interface(const struct image_trait *t)
{
	return t->in_lo || t->in_hi != UINT16_MAX || t->out_lo || t->out_hi != UINT16_MAX ||
	       (t->flags & (TRAIT_NOT_IN | TRAIT_NOT_OUT));
}

#endif

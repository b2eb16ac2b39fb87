/* SPDX-License-Identifier: GPL-2.0-only */
#include "compile/layout.h"

#include <errno.h>

#define CACHE_LINE	64U
#define SHARDS_MAX	8U
/* What more shards may take. */
#define SHARDS_BYTES	(2U << 20)

static uint64_t line_up(uint64_t n)
{
	return (n + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
}

int image_layout(struct image_header *h, size_t capacity, unsigned int nr_cpus)
{
	uint64_t state = line_up(h->size);
	uint64_t counters = line_up(state + (uint64_t)h->nr_state * sizeof(struct image_cell));
	uint64_t hot = line_up(counters + (uint64_t)h->nr_counters * sizeof(struct image_counter));
	uint64_t stride = line_up((uint64_t)h->nr_hot * sizeof(struct image_counter));
	uint64_t shards = 1;

	if (capacity < IMAGE_SLACK || hot > capacity - IMAGE_SLACK || capacity > UINT32_MAX)
		return -E2BIG;
	capacity -= IMAGE_SLACK;
	while (shards < nr_cpus && shards < SHARDS_MAX)
		shards *= 2;
	while (shards > 1 && ((shards - 1) * stride > capacity - hot ||
			      (shards - 1) * stride > SHARDS_BYTES))
		shards /= 2;
	h->state = (uint32_t)state;
	h->counters = (uint32_t)counters;
	h->hot = (uint32_t)hot;
	h->nr_shards = (uint32_t)shards;
	h->shard_stride = (uint32_t)stride;
	h->total_size = (uint32_t)(hot + (shards - 1) * stride);
	return 0;
}

static void add_counter(struct image_counter *sum, const struct image_header *h, uint64_t at)
{
	const struct image_counter *c = (const void *)((const char *)h + at);

	sum->packets += __atomic_load_n(&c->packets, __ATOMIC_RELAXED);
	sum->bytes += __atomic_load_n(&c->bytes, __ATOMIC_RELAXED);
}

struct image_counter image_counter_sum(const struct image_header *h, uint32_t number, uint32_t hot)
{
	struct image_counter sum = { 0, 0 };
	uint32_t shard;

	/* What the text of an image calls a base chain need not be one in its tables. */
	if (number >= h->nr_counters)
		return sum;
	add_counter(&sum, h, h->counters + (uint64_t)number * sizeof(sum));
	if (hot >= h->nr_hot)
		return sum;
	for (shard = 1; shard < h->nr_shards; shard++)
		add_counter(&sum, h, h->hot + (uint64_t)(shard - 1) * h->shard_stride +
				     (uint64_t)hot * sizeof(sum));
	return sum;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "compile/layout.h"

#include <errno.h>

#define CACHE_LINE	64U
#define STATE_CELL	64U
#define SHARDS_MAX	8U

static uint64_t line_up(uint64_t n)
{
	return (n + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
}

int image_layout(struct image_header *h, size_t capacity, unsigned int nr_cpus)
{
	uint64_t state = line_up(h->size);
	uint64_t counters = line_up(state + (uint64_t)h->nr_state * STATE_CELL);
	uint64_t stride = line_up((uint64_t)h->nr_counters * sizeof(struct image_counter));
	uint64_t shards = 1;

	while (shards < nr_cpus && shards < SHARDS_MAX)
		shards *= 2;
	if (counters + shards * stride > capacity)
		shards = 1;
	if (counters + stride > capacity || capacity > UINT32_MAX)
		return -E2BIG;
	h->state = (uint32_t)state;
	h->counters = (uint32_t)counters;
	h->nr_shards = (uint32_t)shards;
	h->shard_stride = (uint32_t)stride;
	h->total_size = (uint32_t)(counters + shards * stride);
	return 0;
}

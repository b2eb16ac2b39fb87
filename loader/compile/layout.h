/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_LAYOUT_H
#define COMPILE_LAYOUT_H

#include <stddef.h>

#include "bpf/image.h"

/**
 * image_layout() - set the run-time fields of an image that is to lie in @capacity bytes.
 * State cells follow the constant part, the shards of the counters follow these, all on cache
 * lines. As many shards as @nr_cpus needs (a power of two, at most 8); one where more would not
 * fit. loaded_at and origin are the caller's. -E2BIG: does not fit; the header is unchanged then.
 */
int image_layout(struct image_header *h, size_t capacity, unsigned int nr_cpus);

#endif

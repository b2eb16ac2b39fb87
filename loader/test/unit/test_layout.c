// SPDX-License-Identifier: GPL-2.0-only
/* image_layout(): where state and counters of an image lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "compile/layout.h"

static struct image_header header(uint32_t size, uint32_t counters, uint32_t state)
{
	struct image_header h;

	memset(&h, 0, sizeof(h));
	h.size = size;
	h.nr_counters = counters;
	h.nr_hot = counters;
	h.nr_state = state;
	return h;
}

static void on_cache_lines(void **state)
{
	struct image_header h = header(1001, 5, 3);

	(void)state;
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, 4), 0);
	assert_int_equal(h.state, 1024);
	assert_int_equal(h.counters, 1024 + 3 * 64);
	assert_int_equal(h.shard_stride, 128);
	assert_int_equal(h.nr_shards, 4);
	assert_int_equal(h.total_size, 1024 + 3 * 64 + 4 * 128);
}

static void shards_are_a_power_of_two(void **state)
{
	static const unsigned int cpus[] = { 0, 1, 2, 3, 5, 8, 9, 4096 };
	static const unsigned int shards[] = { 1, 1, 2, 4, 8, 8, 8, 8 };
	struct image_header h = header(512, 10, 0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, cpus[i]), 0);
		assert_int_equal(h.nr_shards, shards[i]);
	}
}

static void fewer_shards_when_tight(void **state)
{
	struct image_header h = header(IMAGE_CAPACITY_0 - IMAGE_SLACK - 2 * 1024, 64, 0);

	(void)state;
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, 2), 0);
	assert_int_equal(h.nr_shards, 2);
	assert_int_equal(h.total_size, IMAGE_CAPACITY_0 - IMAGE_SLACK);
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, 4), 0);
	assert_int_equal(h.nr_shards, 2);
	h = header(IMAGE_CAPACITY_0 - IMAGE_SLACK - 1024, 64, 0);
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, 4), 0);
	assert_int_equal(h.nr_shards, 1);
}

/* Counters that are not hot lie there once. */
static void cold_counters_once(void **state)
{
	struct image_header h = header(4096, 1000, 0);

	(void)state;
	h.nr_hot = 4;
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, 2), 0);
	assert_int_equal(h.hot, 4096 + 16000);
	assert_int_equal(h.total_size, 4096 + 16000 + 64);
	h.nr_hot = 1000000;
	h.nr_counters = 1000000;
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_2, 8), 0);
	assert_int_equal(h.nr_shards, 1);
}

static void too_big_changes_nothing(void **state)
{
	struct image_header h = header(IMAGE_CAPACITY_0 - 512, 64, 0), before = h;

	(void)state;
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_0, 1), -E2BIG);
	assert_memory_equal(&h, &before, sizeof(h));
	h = header(UINT32_MAX, UINT32_MAX, UINT32_MAX);
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_MAX, 8), -E2BIG);
	h = header(4096, UINT32_MAX / 16 + 2, 0);	/* would wrap in 32 bits */
	assert_int_equal(image_layout(&h, IMAGE_CAPACITY_MAX, 8), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_cache_lines),
		cmocka_unit_test(shards_are_a_power_of_two),
		cmocka_unit_test(fewer_shards_when_tight),
		cmocka_unit_test(cold_counters_once),
		cmocka_unit_test(too_big_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

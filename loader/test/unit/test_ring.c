// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer/ring.h"

#define SIZE	256U

/* What the kernel does, in ordinary memory: data twice, positions that only grow. */
struct fake {
	uint64_t consumer, producer;
	_Alignas(8) uint8_t data[2 * SIZE];
	struct ring ring;
};

static void start(struct fake *f, uint64_t at)
{
	memset(f, 0, sizeof(*f));
	f->consumer = f->producer = at;
	f->ring.consumer = &f->consumer;
	f->ring.producer = &f->producer;
	f->ring.data = f->data;
	f->ring.size = SIZE;
}

static void put32(struct fake *f, uint64_t at, uint32_t value)
{
	size_t offset = at & (SIZE - 1);

	memcpy(f->data + offset, &value, sizeof(value));
	memcpy(f->data + (offset + SIZE) % (2 * SIZE), &value, sizeof(value));
}

/* Returns where it lies. */
static uint64_t write_record(struct fake *f, const void *data, uint32_t len, uint32_t flags)
{
	uint64_t at = f->producer;

	put32(f, at, len | flags);
	for (uint32_t i = 0; i < len; i++) {
		size_t offset = (at + BPF_RINGBUF_HDR_SZ + i) & (SIZE - 1);

		f->data[offset] = f->data[offset + SIZE] = ((const uint8_t *)data)[i];
	}
	f->producer += (BPF_RINGBUF_HDR_SZ + len + 7) / 8 * 8;
	return at;
}

static void expect(struct fake *f, const char *text)
{
	size_t len;
	const void *p = ring_next(&f->ring, &len);

	assert_non_null(p);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(p, text, len);
	ring_done(&f->ring);
}

static void expect_none(struct fake *f)
{
	size_t len = 99;

	assert_null(ring_next(&f->ring, &len));
	assert_int_equal(len, 0);
}

static void expect_nonsense(struct fake *f)
{
	size_t len = 99;

	assert_null(ring_next(&f->ring, &len));
	assert_int_equal(len, 1);
}

static void test_order(void **state)
{
	struct fake f;

	(void)state;
	start(&f, 0);
	expect_none(&f);
	write_record(&f, "one", 3, 0);
	write_record(&f, "sixteen bytes...", 16, 0);
	expect(&f, "one");
	expect(&f, "sixteen bytes...");
	expect_none(&f);
	assert_int_equal(f.consumer, f.producer);
}

/* A record that was not told to be done is the next one again: a reader that was killed. */
static void test_again(void **state)
{
	struct fake f;
	size_t len;

	(void)state;
	start(&f, 0);
	write_record(&f, "one", 3, 0);
	assert_non_null(ring_next(&f.ring, &len));
	expect(&f, "one");
	expect_none(&f);
}

static void test_busy(void **state)
{
	struct fake f;
	uint64_t at;

	(void)state;
	start(&f, 0);
	at = write_record(&f, "one", 3, BPF_RINGBUF_BUSY_BIT);
	write_record(&f, "two", 3, 0);
	expect_none(&f);
	assert_int_equal(f.consumer, 0);
	put32(&f, at, 3);
	expect(&f, "one");
	expect(&f, "two");
}

static void test_discarded(void **state)
{
	struct fake f;

	(void)state;
	start(&f, 0);
	write_record(&f, "one", 3, BPF_RINGBUF_DISCARD_BIT);
	write_record(&f, "", 0, BPF_RINGBUF_DISCARD_BIT);
	write_record(&f, "two", 3, 0);
	expect(&f, "two");
	write_record(&f, "three", 5, BPF_RINGBUF_DISCARD_BIT);
	expect_none(&f);
	assert_int_equal(f.consumer, f.producer);
}

/* Many times round, with records that lie across the end. */
static void test_wrap(void **state)
{
	char text[64];
	struct fake f;

	(void)state;
	start(&f, 0);
	for (unsigned int i = 0; i < 10000; i++) {
		uint32_t len = i * 7 % 60;

		memset(text, 'a' + (int)(i % 26), sizeof(text));
		text[len] = 0;
		write_record(&f, text, len, 0);
		expect(&f, text);
		expect_none(&f);
	}
}

static void test_nonsense(void **state)
{
	struct fake f;

	(void)state;
	start(&f, 0);
	write_record(&f, "one", 3, 0);
	put32(&f, 0, 17);		/* longer than what is reserved */
	expect_nonsense(&f);
	start(&f, 0);
	f.producer = SIZE + 8;		/* more than there is room for */
	expect_nonsense(&f);
	start(&f, 4);			/* not where a record can be */
	f.producer = 64;
	expect_nonsense(&f);
	start(&f, 64);
	f.producer = 0;			/* behind us: nothing new */
	expect_none(&f);
}

static void test_passed(void **state)
{
	struct fake f;
	uint64_t end;

	(void)state;
	start(&f, 0);
	write_record(&f, "one", 3, 0);
	end = ring_end(&f.ring);
	write_record(&f, "two", 3, 0);
	assert_false(ring_passed(&f.ring, end));
	expect(&f, "one");
	assert_true(ring_passed(&f.ring, end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	  cmocka_unit_test(test_again),
		cmocka_unit_test(test_busy),	  cmocka_unit_test(test_discarded),
		cmocka_unit_test(test_wrap),	  cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

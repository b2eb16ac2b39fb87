// SPDX-License-Identifier: GPL-2.0-only
/*
 * Image files that are cut, of another version, or changed bit by bit: refused, or harmless. With
 * the checksum as it was, which has to notice each bit, and with a right one, as an attacker would
 * make it, so that the validator stands alone.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "images.h"

#define RANDOM_BITS	6000U
#define SOME_RANDOM	3000U

struct tally {
	unsigned int refused, harmless;
};

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 33);
}

static void flip(const struct image *img, size_t bit)
{
	((uint8_t *)img->data)[bit / 8] ^= (uint8_t)(1U << bit % 8);
}

static bool in_checksum(size_t bit)
{
	size_t at = offsetof(struct image_header, checksum);

	return bit / 8 >= at && bit / 8 < at + sizeof(uint64_t);
}

/* One bit: noticed by the checksum; and with a right checksum refused, or harmless. */
static void try_bit(const struct image *img, size_t bit, bool rules, struct tally *t)
{
	uint64_t checksum = img->header->checksum;
	struct error err = { 0 };
	unsigned int bad;

	flip(img, bit);
	if (!image_validate(img->data, img->size, &err))
		fail_msg("byte %zu, bit %zu: not noticed by the checksum", bit / 8, bit % 8);
	if (!in_checksum(bit) && !image_check(img)) {
		bad = image_run(img, rules);
		if (bad)
			fail_msg("byte %zu, bit %zu: verdict %u of an image taken for good",
				 bit / 8, bit % 8, bad);
		t->harmless++;
	} else {
		t->refused++;
	}
	flip(img, bit);
	img->header->checksum = checksum;
}

static void report(const char *what, const struct tally *t)
{
	print_message("%s: %u bits, %u refused, %u harmless\n", what, t->refused + t->harmless,
		      t->refused, t->harmless);
}

/* The seeds of this test have what they should. */
static void has_everything(void **state)
{
	struct image img = image_made();
	const struct image_node *n = (const void *)((char *)img.data + img.header->nodes.offset);
	const struct image_tree *t = (const void *)((char *)img.data + img.header->trees.offset);
	unsigned int kinds[3] = { 0 }, leaves = 0, i;
	size_t s;

	(void)state;
	for (s = 0; s < SECTIONS; s++)
		assert_true(image_section(&img, s)->count > 0);
	for (i = 0; i < img.header->nodes.count; i++)
		kinds[n[i].kind]++;
	for (i = 0; i < img.header->trees.count; i++)
		leaves += t[i].nr_leaf > 0;
	print_message("%zu bytes, nodes %u inner, %u leaf, %u leaves, trees %u of a leaf\n", img.size,
		      kinds[NODE_INNER], kinds[NODE_LEAF], kinds[NODE_LEAVES], leaves);
	assert_true(kinds[NODE_INNER] && kinds[NODE_LEAF] && kinds[NODE_LEAVES] && leaves);
	assert_int_equal(image_run(&img, true), 0);
	image_free(&img);
}

static void every_bit_of_the_header(void **state)
{
	struct image img = image_made();
	struct tally t = { 0, 0 };
	size_t bit;

	(void)state;
	for (bit = 0; bit < sizeof(struct image_header) * 8; bit++)
		try_bit(&img, bit, true, &t);
	report("header", &t);
	assert_true(t.refused > 2000);
	image_free(&img);
}

/* Eight bytes on both sides of where a section begins and ends. */
static void borders(void **state)
{
	struct image img = image_made();
	struct tally t = { 0, 0 };
	size_t s, at, bit, b;

	(void)state;
	for (s = 0; s < SECTIONS; s++) {
		for (b = 0; b < 2; b++) {
			at = b ? section_end(&img, s) : image_section(&img, s)->offset;
			for (bit = (at - 8) * 8; bit < (at + 8) * 8 && bit < img.size * 8; bit++)
				try_bit(&img, bit, bit % 16 == 0, &t);
		}
	}
	report("borders", &t);
	image_free(&img);
}

/* As many in each section, small as it may be. */
static void random_bits(void **state)
{
	struct image img = image_made();
	uint64_t seed = 1;
	struct tally t;
	size_t s, bit;
	unsigned int i;

	(void)state;
	for (s = 0; s < SECTIONS; s++) {
		t = (struct tally){ 0, 0 };
		for (i = 0; i < RANDOM_BITS / SECTIONS; i++) {
			bit = image_section(&img, s)->offset * (size_t)8 +
			      next_random(&seed) % (8 * (section_end(&img, s) -
							 image_section(&img, s)->offset));
			try_bit(&img, bit, i % 16 == 0, &t);
		}
		report(section_kinds[s].name, &t);
	}
	image_free(&img);
}

/* Some at once, only where the tables are: what one bit cannot do. */
static void some_bits(void **state)
{
	struct image img = image_made();
	size_t from = img.header->chains.offset, to = section_end(&img, SECTIONS - 1), bits[4];
	unsigned int i, k, n, bad;
	struct tally t = { 0, 0 };
	uint64_t seed = 2;

	(void)state;
	for (i = 0; i < SOME_RANDOM; i++) {
		n = 2 + i % 3;
		for (k = 0; k < n; k++) {
			bits[k] = from * 8 + next_random(&seed) % ((to - from) * 8);
			flip(&img, bits[k]);
		}
		bad = 0;
		if (image_check(&img)) {
			t.refused++;
		} else {
			t.harmless++;
			bad = image_run(&img, false);
		}
		for (k = 0; k < n; k++)
			flip(&img, bits[k]);
		if (bad)
			fail_msg("round %u: verdict %u of an image taken for good", i, bad);
	}
	report("some at once", &t);
	image_free(&img);
}

/* The first @size bytes, in memory that ends there; its own words about size and checksum too. */
static void try_cut(const struct image *img, size_t size, struct tally *t)
{
	struct image cut = { .data = malloc(size ? size : 1), .size = size }, borrowed;
	struct error err = { 0 };

	assert_non_null(cut.data);
	memcpy(cut.data, img->data, size);
	if (!image_borrow(&borrowed, "cut", cut.data, size, &err))
		fail_msg("%zu bytes of %zu: taken for good", size, img->size);
	assert_string_not_equal(err.msg, "");
	assert_int_equal(image_validate(cut.data, size, &err), -EINVAL);
	cut.header = cut.data;
	if (size >= sizeof(struct image_header)) {
		cut.header->size = (uint32_t)size;
		if (image_check(&cut)) {
			t->refused++;
		} else {
			t->harmless++;
			assert_int_equal(image_run(&cut, true), 0);
		}
	}
	free(cut.data);
}

static void cut_short(void **state)
{
	struct image img = image_made();
	struct tally t = { 0, 0 };
	uint64_t seed = 3;
	unsigned int i;
	size_t s, at;

	(void)state;
	for (at = 0; at < sizeof(struct image_header) + 8; at++)
		try_cut(&img, at, &t);
	for (s = 0; s < SECTIONS; s++) {
		for (at = image_section(&img, s)->offset - 1; at < section_end(&img, s) + 2;
		     at += at == image_section(&img, s)->offset + 1U ?
				   section_end(&img, s) - at - 1 : 1) {
			if (at < img.size)
				try_cut(&img, at, &t);
		}
	}
	for (i = 0; i < 300; i++)
		try_cut(&img, next_random(&seed) % img.size, &t);
	print_message("cut: %u refused, %u harmless\n", t.refused, t.harmless);
	assert_true(t.refused > 300);
	image_free(&img);
}

/* Bytes behind the end are no part of an image. */
static void longer(void **state)
{
	struct image img = image_made(), borrowed;
	uint8_t *data = calloc(1, img.size + 64);
	struct error err = { 0 };

	(void)state;
	assert_non_null(data);
	memcpy(data, img.data, img.size);
	assert_int_equal(image_borrow(&borrowed, "same", data, img.size, &err), 0);
	assert_int_equal(image_borrow(&borrowed, "longer", data, img.size + 1, &err), -EINVAL);
	assert_int_equal(image_borrow(&borrowed, "longer", data, img.size + 64, &err), -EINVAL);
	free(data);
	image_free(&img);
}

static void other_versions(void **state)
{
	static const uint32_t versions[] = { 0, 1, 2, IMAGE_VERSION + 1, 0x02000000, UINT32_MAX };
	struct image img = image_made();
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		assert_int_not_equal(versions[i], IMAGE_VERSION);
		err = (struct error){ 0 };
		img.header->version = versions[i];
		img.header->checksum = image_checksum(img.header, img.size);
		assert_int_equal(image_validate(img.data, img.size, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "version"));
	}
	img.header->version = IMAGE_VERSION;
	img.header->header_size += 8;
	assert_int_equal(image_check(&img), -EINVAL);
	image_free(&img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_everything), cmocka_unit_test(every_bit_of_the_header),
		cmocka_unit_test(borders),	  cmocka_unit_test(random_bits),
		cmocka_unit_test(some_bits),	  cmocka_unit_test(cut_short),
		cmocka_unit_test(longer),	  cmocka_unit_test(other_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images with trees that somebody changed: what the validator lets through is a forest, and the
 * evaluator ends and stays inside for any bytes, validated or not.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile/evaluate.h"
#include "compile/internal.h"
#include "compile/layout.h"
#include "rules/parse.h"

#define NR_RULES	400U

static const struct packet_context input = { FAMILY_IPV4, TABLE_FILTER, HOOK_INPUT,
					     "eth0",	  NULL,		CT_NEW };

/* UDP, 10.0.0.1:7 to 10.1.7.1:53; cut short it may drop at every rule that asks for a port. */
static const uint8_t udp[28] = {
	0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 7, 1, 0, 7, 0, 53, 0, 8,
};

static struct image forest(void)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(FAMILY_IPV4) };
	struct error err = { 0 };
	struct buffer text = { 0 };
	struct ruleset rs;
	struct image img;
	unsigned int i;

	buffer_puts(&text, "*filter\n:INPUT ACCEPT\n");
	for (i = 0; i < NR_RULES; i++)
		buffer_printf(&text, "-A INPUT -d 10.%u.%u.0/24 -p udp --dport %u -j DROP\n", i % 3,
			      i % 50, 40 + i % 20);
	buffer_puts(&text, "COMMIT\n");
	src.text = text.data;
	src.len = text.len;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	assert_int_equal(image_compile(&rs, &img, &err), 0);
	ruleset_free(&rs);
	buffer_free(&text);
	assert_int_equal(image_validate(img.data, img.size, &err), 0);
	return img;
}

static unsigned int evaluate(const struct image *img, uint8_t *space, size_t len)
{
	memcpy(space, img->data, img->size);
	if (image_layout((struct image_header *)(void *)space, IMAGE_CAPACITY_0, 2))
		return EVALUATE_DROP;
	return image_evaluate(space, IMAGE_CAPACITY_0, &input, udp, len);
}

static int validate(struct image *img)
{
	struct error err = { 0 };

	img->header->checksum = image_checksum(img->header, img->size);
	return image_validate(img->data, img->size, &err);
}

/* One bit in each byte of trees, nodes, records, traits: refused, or a verdict without an error. */
static void every_byte(void **state)
{
	struct image img = forest();
	uint8_t *space = calloc(1, IMAGE_CAPACITY_0);
	size_t at = img.header->trees.offset, end = img.header->programs.offset, refused = 0;
	unsigned int verdict;

	(void)state;
	assert_non_null(space);
	for (; at < end; at++) {
		uint8_t *byte = (uint8_t *)img.data + at, bit = (uint8_t)(1U << at % 8);

		*byte ^= bit;
		verdict = evaluate(&img, space, at % 2 ? 28 : 24);
		if (validate(&img))
			refused++;
		else if (verdict >= 2 && verdict != 2 + DROP_HOTDROP)
			fail_msg("byte %zu: verdict %u of an image taken for good", at, verdict);
		*byte ^= bit;
	}
	assert_true(refused > 1000);
	free(space);
	image_free(&img);
}

/* Bytes at random, many at once: the evaluator alone. */
static void any_bytes(void **state)
{
	struct image img = forest();
	uint8_t *space = calloc(1, IMAGE_CAPACITY_0), *copy = malloc(img.size);
	unsigned int round, i, r = 1;
	size_t first = img.header->trees.offset, n = img.header->programs.offset - first;

	(void)state;
	assert_non_null(space);
	assert_non_null(copy);
	memcpy(copy, img.data, img.size);
	for (round = 0; round < 3000; round++) {
		for (i = 0; i < 20; i++) {
			r = r * 1103515245 + 12345;
			((uint8_t *)img.data)[first + (r >> 8) % n] = (uint8_t)(r >> 3);
		}
		evaluate(&img, space, round % 2 ? 28 : 24);
		memcpy(img.data, copy, img.size);
	}
	free(copy);
	free(space);
	image_free(&img);
}

static struct image_node *node(const struct image *img, uint32_t i)
{
	return (struct image_node *)(void *)((char *)img->data + img->header->nodes.offset) + i;
}

static void not_a_tree(void **state)
{
	struct image img = forest();
	struct image_node *root = node(&img, 0), saved = *root;
	struct image_tree *tree = (void *)((char *)img.data + img.header->trees.offset);

	(void)state;
	assert_int_equal(validate(&img), 0);
	assert_int_not_equal(root->kind, NODE_LEAF);
	root->min_id = NR_RULES;
	assert_int_equal(validate(&img), -EINVAL);
	*root = saved;
	root->base = root->kind == NODE_INNER ? 0 : UINT32_MAX;
	assert_int_equal(validate(&img), -EINVAL);
	*root = saved;
	root->count = 14;
	assert_int_equal(validate(&img), -EINVAL);
	*root = saved;
	root->dim = DIM_COUNT;
	assert_int_equal(validate(&img), -EINVAL);
	*root = saved;
	tree->at = img.header->nodes.count;
	assert_int_equal(validate(&img), -EINVAL);
	image_free(&img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(not_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

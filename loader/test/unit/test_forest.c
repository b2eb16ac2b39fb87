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

static struct image compiled(struct buffer *text)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(FAMILY_IPV4) };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;

	buffer_puts(text, "COMMIT\n");
	src.text = text->data;
	src.len = text->len;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	assert_int_equal(image_compile(&rs, &img, &err), 0);
	ruleset_free(&rs);
	buffer_free(text);
	assert_int_equal(image_validate(img.data, img.size, &err), 0);
	return img;
}

static struct image forest(void)
{
	struct buffer text = { 0 };
	unsigned int i;

	buffer_puts(&text, "*filter\n:INPUT ACCEPT\n");
	for (i = 0; i < NR_RULES; i++)
		buffer_printf(&text, "-A INPUT -d 10.%u.%u.0/24 -p udp --dport %u -j DROP\n", i % 3,
			      i % 50, 40 + i % 20);
	return compiled(&text);
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

/* The packet is counted by each of many rules, and not dropped for the steps that takes. */
static void many_rules_count(void **state)
{
	uint8_t *space = calloc(1, IMAGE_CAPACITY_1);
	struct image_header *h = (void *)space;
	struct buffer text = { 0 };
	struct image img;
	unsigned int i, n = 20000;

	(void)state;
	assert_non_null(space);
	buffer_puts(&text, "*filter\n:INPUT ACCEPT\n");
	for (i = 0; i < n; i++)
		buffer_puts(&text, "-A INPUT -p udp\n");
	img = compiled(&text);
	memcpy(space, img.data, img.size);
	assert_int_equal(image_layout(h, IMAGE_CAPACITY_1, 1), 0);
	assert_int_equal(image_evaluate(space, IMAGE_CAPACITY_1, &input, udp, sizeof(udp)),
			 EVALUATE_ACCEPT);
	for (i = 0; i < n; i++)
		assert_int_equal(image_counter_sum(h, i, IMAGE_NONE).packets, 1);
	image_free(&img);
	free(space);
}

/* What is established is accepted by the first leaf, and no tree is asked. */
static void established_first(void **state)
{
	const struct image_tree *tree;
	struct buffer text = { 0 };
	struct image img;
	unsigned int i;

	(void)state;
	buffer_puts(&text, "*filter\n:INPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\n"
			   "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n");
	for (i = 0; i < NR_RULES; i++)
		buffer_printf(&text, "-A INPUT -s 10.%u.%u.0/24 -j DROP\n", i / 200, i % 200);
	img = compiled(&text);
	tree = (const void *)((const char *)img.data + img.header->trees.offset);
	assert_true(img.header->trees.count > 1);
	assert_in_range(tree[0].nr_leaf, 2, IMAGE_LEAF);
	assert_int_equal(tree[0].min_id, 0);
	assert_true(tree[1].min_id > 1);
	image_free(&img);
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

/*
 * Ranges that cross each other: rules that lie in one leaf of a tree and are left over from
 * another. compiled() asks the validator.
 */
static void copies(void **state)
{
	unsigned int set, i, port;
	uint32_t number = 1;
	struct buffer text;
	struct image img;

	(void)state;
	for (set = 0; set < 40; set++) {
		text = (struct buffer){ 0 };
		buffer_puts(&text, "*filter\n:INPUT ACCEPT\n");
		for (i = 0; i < 200 + set * 10; i++) {
			number = number * 1664525U + 1013904223U;
			port = number >> 16 & 63;
			buffer_printf(&text, "-A INPUT -s 10.%u.0.0/%u ", number >> 22 & 7,
				      number >> 25 & 1 ? 16U : 8U + (number >> 26 & 7));
			buffer_printf(&text, "-p udp -m udp --dport %u:%u\n", port,
				      port + (number >> 29) * 8);
		}
		img = compiled(&text);
		image_free(&img);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_rules_count), cmocka_unit_test(established_first),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(not_a_tree), cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

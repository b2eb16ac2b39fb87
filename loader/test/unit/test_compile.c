// SPDX-License-Identifier: GPL-2.0-only
/* The compiler: what the image says, limits, and that nothing damaged is let through. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buffer.h"
#include "compile/compile.h"
#include "compile/internal.h"
#include "rules/parse.h"

static int compile(const char *text, struct image *img, struct error *err)
{
	struct rules_source src = { .where = "test", .families = FAMILIES_ALL, .text = text,
				    .len = strlen(text) };
	struct ruleset rs;
	int ret;

	ruleset_init(&rs);
	ret = rules_parse(&rs, &src, err);
	if (!ret)
		ret = ruleset_finish(&rs, err);
	if (!ret)
		ret = image_compile(&rs, img, err);
	ruleset_free(&rs);
	return ret;
}

static struct image must_compile(const char *text)
{
	struct error err = { 0 };
	struct image img;

	if (compile(text, &img, &err))
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(image_validate(img.data, img.size, &err), 0);
	return img;
}

static const char server[] =
	"*raw\n:PREROUTING ACCEPT\n-A PREROUTING -i lo -j ACCEPT\nCOMMIT\n"
	"*filter\n:INPUT DROP\n:s -\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
	"-A INPUT -p tcp --syn -j s\n-A s -p tcp --dport 22 -s 192.0.2.0/24 -j ACCEPT\nCOMMIT\n";

static void describes_itself(void **state)
{
	struct image img = must_compile(server);
	const struct image_header *h = img.header;

	(void)state;
	assert_int_equal(h->features, IMAGE_F_CONNTRACK | IMAGE_F_INTERFACES);
	assert_int_equal(h->nr_rules[FAMILY_IPV4][TABLE_FILTER], 3);
	assert_int_equal(h->nr_rules[FAMILY_IPV4][TABLE_RAW], 1);
	assert_int_not_equal(h->base[FAMILY_IPV4][TABLE_FILTER][HOOK_INPUT], IMAGE_NONE);
	assert_int_not_equal(h->base[FAMILY_IPV4][TABLE_RAW][HOOK_PREROUTING], IMAGE_NONE);
	assert_int_equal(h->base[FAMILY_IPV4][TABLE_RAW][HOOK_INPUT], IMAGE_NONE);
	image_free(&img);
}

static void same_rules_same_bytes(void **state)
{
	struct image one = must_compile(server), two = must_compile(server);

	(void)state;
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.data, two.data, one.size);
	image_free(&one);
	image_free(&two);
}

static void text_comes_back(void **state)
{
	struct image img = must_compile(server);
	struct error err = { 0 };
	struct buffer out = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	assert_int_equal(image_ruleset(img.header, &rs, false, &err), 0);
	rules_print(&out, &rs, FAMILY_IPV4, TABLE_FILTER, 0);
	assert_non_null(
		strstr(out.data, "-A s -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -j ACCEPT\n"));
	assert_non_null(strstr(out.data, ":INPUT DROP [0:0]\n"));
	buffer_free(&out);
	ruleset_free(&rs);
	image_free(&img);
}

/* INPUT jumps to c0, that to c1 ...: @depth chains. */
static char *nested(unsigned int depth)
{
	struct buffer out = { 0 };
	unsigned int i;

	buffer_puts(&out, "*filter\n:INPUT ACCEPT\n");
	for (i = 0; i < depth; i++)
		buffer_printf(&out, ":c%u -\n", i);
	buffer_puts(&out, "-A INPUT -j c0\n");
	for (i = 0; i + 1 < depth; i++)
		buffer_printf(&out, "-A c%u -j c%u\n", i, i + 1);
	buffer_puts(&out, "COMMIT\n");
	return out.data;
}

static void depth_is_limited(void **state)
{
	struct error err = { 0 };
	struct image img;
	char *text = nested(IMAGE_STACK);

	(void)state;
	assert_int_equal(compile(text, &img, &err), 0);
	image_free(&img);
	free(text);
	text = nested(IMAGE_STACK + 1);
	assert_int_equal(compile(text, &img, &err), -E2BIG);
	assert_string_not_equal(err.msg, "");
	assert_null(img.data);
	free(text);
}

static void capacities(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < IMAGE_CAPACITIES; i++) {
		assert_int_equal(image_capacity(image_capacity_bytes(i)), i);
		assert_int_equal(image_capacity(image_capacity_bytes(i) + 1),
				 i + 1 < IMAGE_CAPACITIES ? i + 1 : -1);
	}
}

/* Without the checksum, which would catch them all: what the validator itself must notice. */
static void broken_references(void **state)
{
	struct image img = must_compile(server);
	struct error err = { 0 };
	size_t at, refused = 0;

	(void)state;
	for (at = 0; at < img.size; at++) {
		uint8_t *byte = (uint8_t *)img.data + at;

		*byte ^= 0x80;
		img.header->checksum = image_checksum(img.header, img.size);
		refused += image_validate(img.data, img.size, &err) != 0;
		*byte ^= 0x80;
		assert_true(img.header->size == img.size);
	}
	/* Header, chains and acts are full of references; text and leaf values are free. */
	assert_true(refused > 300);
	image_free(&img);
}

/* @count rules that all ask for the same packets. */
static void dear_rules(unsigned int count, bool warned)
{
	struct buffer out = { 0 };
	struct image img;
	unsigned int i;

	buffer_puts(&out, "*filter\n:INPUT ACCEPT\n");
	for (i = 0; i < count; i++)
		buffer_puts(&out, "-A INPUT -p tcp --dport 22 -m state --state NEW\n");
	buffer_puts(&out, "COMMIT\n");
	img = must_compile(out.data);
	assert_int_equal(img.warning[0] != 0, warned);
	if (warned)
		assert_non_null(strstr(img.warning, "from test:"));
	buffer_free(&out);
	image_free(&img);
}

static void dear_chains_are_named(void **state)
{
	(void)state;
	dear_rules(16, false);
	dear_rules(100, false);
	dear_rules(2000, true);
}

static void features_must_fit(void **state)
{
	static const char *const rules[] = {
		"*filter\n-A INPUT -p tcp --tcp-option 8\nCOMMIT\n",
		"*filter\n-A INPUT -m state --state NEW\nCOMMIT\n",
		"*filter\n-A INPUT ! -i eth0\nCOMMIT\n",
	};
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct image img = must_compile(rules[i]);

		assert_int_not_equal(img.header->features, 0);
		img.header->features = 0;
		img.header->checksum = image_checksum(img.header, img.size);
		assert_int_equal(image_validate(img.data, img.size, &err), -EINVAL);
		image_free(&img);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_itself), cmocka_unit_test(same_rules_same_bytes),
		cmocka_unit_test(text_comes_back),  cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(capacities),	    cmocka_unit_test(broken_references),
		cmocka_unit_test(features_must_fit), cmocka_unit_test(dear_chains_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

/* @count rules that differ in nothing a tree could cut. */
static void same_rules(struct buffer *out, const char *chain, unsigned int count)
{
	for (; count; count--)
		buffer_printf(out, "-A %s -p tcp --dport 22 -m state --state NEW\n", chain);
}

/* @count rules of as many networks. */
static void plain_rules(struct buffer *out, const char *chain, unsigned int count)
{
	for (; count; count--)
		buffer_printf(out, "-A %s -d 10.%u.%u.0/24 -j ACCEPT\n", chain, count / 256,
			      count % 256);
}

/* The warning must begin with @begin and end with @end; NULL: there is none. */
static void warned(struct buffer *out, const char *begin, const char *end)
{
	struct image img;
	size_t len;

	buffer_puts(out, "COMMIT\n");
	img = must_compile(out->data);
	if (!begin) {
		assert_string_equal(img.warning, "");
	} else {
		len = strlen(img.warning);
		if (strncmp(img.warning, begin, strlen(begin)) || len < strlen(end) ||
		    strcmp(img.warning + len - strlen(end), end))
			fail_msg("\"%s\", not \"%s ... %s\"", img.warning, begin, end);
		assert_true(strtoul(img.warning + strlen(begin), NULL, 10) >= 10);
	}
	buffer_free(out);
	image_free(&img);
}

static struct buffer table(const char *more)
{
	struct buffer out = { 0 };

	buffer_printf(&out, "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:dear -\n%s", more);
	return out;
}

static void dear_chains_are_named(void **state)
{
	struct buffer out = table("");

	(void)state;
	same_rules(&out, "INPUT", 16);
	warned(&out, NULL, NULL);
	out = table("");
	same_rules(&out, "INPUT", 100);
	warned(&out, NULL, NULL);
	out = table("");
	plain_rules(&out, "INPUT", 5000);
	warned(&out, NULL, NULL);
	/* From the first rule that is not in the first leaf: the 17th, behind five lines. */
	out = table("-A INPUT -j dear\n");
	same_rules(&out, "dear", 2000);
	warned(&out, "chain dear: a packet may cost ", "from test:22 on");
	/* Behind rules that are cheap. */
	out = table("");
	plain_rules(&out, "FORWARD", 3000);
	plain_rules(&out, "INPUT", 3000);
	same_rules(&out, "INPUT", 4000);
	warned(&out, "chain INPUT: a packet may cost ", "from test:6021 on");
}

/* Of several the dearest. */
static void the_dearest_chain_is_named(void **state)
{
	struct buffer out = table("");

	(void)state;
	same_rules(&out, "INPUT", 2000);
	same_rules(&out, "dear", 4000);
	same_rules(&out, "FORWARD", 2500);
	warned(&out, "chain dear: a packet may cost ", "from test:2021 on");
	out = table("");
	same_rules(&out, "INPUT", 4000);
	same_rules(&out, "dear", 2000);
	warned(&out, "chain INPUT: a packet may cost ", "from test:21 on");
}

/* Random pairs of short prefixes, or of ports: hard for trees, but copies in them help. */
static void hard_rules_need_not_be_dear(void **state)
{
	struct buffer out = table("");
	unsigned int i, r = 1;

	(void)state;
	for (i = 0; i < 3000; i++) {
		r = r * 1103515245 + 12345;
		buffer_printf(&out, "-A INPUT -s %u.%u.0.0/%u -d %u.0.0.0/%u -j DROP\n", r >> 24,
			      r >> 16 & 255, 4 + (r >> 8 & 7), r >> 12 & 255, 1 + (r >> 20 & 7));
	}
	warned(&out, NULL, NULL);
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
		cmocka_unit_test(the_dearest_chain_is_named),
		cmocka_unit_test(hard_rules_need_not_be_dear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

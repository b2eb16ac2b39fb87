// SPDX-License-Identifier: GPL-2.0-only
/* More than is supported: refused with number and limit, before anything is made of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "compile/internal.h"
#include "rules/parse.h"

/* A text of @count times @line between @head and @tail. */
static struct rules_source text_of(const char *head, const char *line, size_t count,
				   const char *tail)
{
	size_t len = strlen(line), at = strlen(head), i;
	char *text = malloc(at + len * count + strlen(tail) + 1);
	struct rules_source src = { .where = "big.v4", .families = FAMILY_BIT(FAMILY_IPV4) };

	assert_non_null(text);
	memcpy(text, head, at);
	for (i = 0; i < count; i++, at += len)
		memcpy(text + at, line, len);
	memcpy(text + at, tail, strlen(tail) + 1);
	src.text = text;
	src.len = at + strlen(tail);
	return src;
}

static int counted(const char *head, const char *line, size_t count, const char *tail,
		   unsigned int tables, struct error *err)
{
	struct rules_source src = text_of(head, line, count, tail);
	struct ruleset rs;
	int ret;

	*err = (struct error){ 0 };
	src.tables = tables;
	ruleset_init(&rs);
	ret = rules_count(&rs, &src, err);
	ruleset_free(&rs);
	free((void *)(uintptr_t)src.text);
	return ret;
}

static void too_many_rules(void **state)
{
	struct rules_source src = text_of("*filter\n", "-A INPUT\n", RULES_MAX + 1, "COMMIT\n");
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), -E2BIG);
	assert_string_equal(err.msg, "big.v4: 4194305 rules; at most 4194304 are supported");
	/* Nothing has been made, not even a table. */
	assert_null(rs.arena.blocks);
	ruleset_free(&rs);
	free((void *)(uintptr_t)src.text);
}

static void what_counts(void **state)
{
	const char *const end = "COMMIT\n";
	struct error err;

	(void)state;
	assert_int_equal(counted("*filter\n", "-A I\n", RULES_MAX, end, 0, &err), 0);
	assert_int_equal(counted("*filter\n", "-A I\n", RULES_MAX + 1, end, 0, &err), -E2BIG);
	assert_int_equal(counted("*filter\n", "-A I\n", RULES_MAX, "-A I", 0, &err), -E2BIG);
	assert_int_equal(counted("*filter\n", "[1:2] -A I\n", RULES_MAX + 1, end, 0, &err), -E2BIG);
	assert_int_equal(counted("*filter\n", "[1:2] -P I\n", RULES_MAX + 1, end, 0, &err), 0);
	assert_int_equal(counted("*filter\n", "# -A I\n", RULES_MAX + 1, end, 0, &err), 0);
	assert_int_equal(counted("", ":I ACCEPT\n", RULES_MAX + 1, "[", 0, &err), 0);
	assert_int_equal(counted("", "[1]\n", RULES_MAX * 2, "[1] ", 0, &err), 0);
	/* The lines do not tell how many are left. */
	assert_int_equal(counted("*filter\n", "-A I\n", RULES_MAX + 1, "-F\n", 0, &err), 0);
	assert_int_equal(counted("*filter\n-D I 1\n", "-A I\n", RULES_MAX + 1, end, 0, &err), 0);
	/* Tables that -T leaves out. */
	assert_int_equal(counted("*raw\n", "-A I\n", RULES_MAX + 1, end,
				 TABLE_BIT(TABLE_FILTER), &err), 0);
	assert_int_equal(counted("*nat\n-A x\n*raw\n", "-A I\n", RULES_MAX + 1, end,
				 TABLE_BIT(TABLE_RAW), &err), -E2BIG);
	assert_string_equal(err.msg, "big.v4: 4194305 rules; at most 4194304 are supported");
}

/* Two texts are one rule set. */
static void together(void **state)
{
	struct rules_source one = text_of("*filter\n", "-A INPUT\n", 5, "COMMIT\n");
	struct rules_source more = text_of("*filter\n", "-A INPUT\n", RULES_MAX - 4, "COMMIT\n");
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &one, &err), 0);
	assert_int_equal(rules_parse(&rs, &more, &err), -E2BIG);
	assert_string_equal(err.msg, "big.v4: 4194305 rules; at most 4194304 are supported");
	ruleset_free(&rs);
	free((void *)(uintptr_t)one.text);
	free((void *)(uintptr_t)more.text);
}

/* By its size alone: the bytes are not there to be looked at. */
static void too_large_image(void **state)
{
	struct error err = { 0 };
	struct image img;
	char byte = 0;

	(void)state;
	assert_int_equal(image_borrow(&img, "a.image", &byte, IMAGE_CAPACITY_MAX + 1UL, &err),
			 -E2BIG);
	assert_string_equal(err.msg, "a.image: an image of 503316481 bytes; "
				     "at most 503316480 are supported");
}

/* An image of nothing, as large as one likes. */
static struct image_header *empty_image(size_t size)
{
	struct image_header *h = mmap(NULL, size, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct image_section empty = { .offset = sizeof(*h) };

	assert_ptr_not_equal(h, MAP_FAILED);
	h->magic = IMAGE_MAGIC;
	h->version = IMAGE_VERSION;
	h->header_size = sizeof(*h);
	h->size = (uint32_t)size;
	memset(h->base, 0xff, sizeof(h->base));
	h->chains = h->trees = h->nodes = h->rules4 = h->rules6 = h->traits = empty;
	h->programs = h->ifaces = h->text = h->named = h->sets = empty;
	return h;
}

static int checked(struct image_header *h)
{
	struct error err = { 0 };

	h->checksum = image_checksum(h, h->size);
	return image_validate(h, h->size, &err);
}

static void set_rules(struct image_header *h, uint32_t n)
{
	h->nr_ids = h->nr_counters = h->nr_rules[0][0] = n;
}

static void limits_of_images(void **state)
{
	size_t size = 2U << 20;
	struct image_header *h = empty_image(size);
	struct image_iface *border = (struct image_iface *)(void *)(h + 1);
	uint32_t i;

	(void)state;
	set_rules(h, IMAGE_RULES_MAX);
	assert_int_equal(checked(h), 0);
	set_rules(h, IMAGE_RULES_MAX + 1);
	assert_int_equal(checked(h), -EINVAL);
	set_rules(h, 0);
	for (i = 0; i < 65535; i++)
		border[i].lo = i + 1;
	h->ifaces.count = 65534;
	assert_int_equal(checked(h), 0);
	h->ifaces.count = 65535;	/* intervals are numbered in 16 bits; the last is free */
	assert_int_equal(checked(h), -EINVAL);
	munmap(h, size);
}

/* It would fit, but for its counters. */
static void too_many_counters(void **state)
{
	size_t size = IMAGE_CAPACITY_MAX - (60U << 20);
	struct image_header *h = empty_image(size);
	struct error err = { 0 };
	struct image img;

	(void)state;
	set_rules(h, IMAGE_RULES_MAX);
	assert_int_equal(checked(h), 0);
	assert_int_equal(image_borrow(&img, "a.image", h, size, &err), -E2BIG);
	assert_string_equal(err.msg, "a.image: its 4194304 counters do not fit behind 440401920 "
				     "bytes; at most 503316480 are supported");
	munmap(h, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_rules),  cmocka_unit_test(what_counts),
		cmocka_unit_test(together),	   cmocka_unit_test(too_large_image),
		cmocka_unit_test(too_many_counters),
		cmocka_unit_test(limits_of_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

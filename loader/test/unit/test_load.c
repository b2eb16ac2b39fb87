// SPDX-License-Identifier: GPL-2.0-only
/* What makes large rule sets load fast must give the same answers as the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "compile/compile.h"
#include "compile/sha256.h"
#include "rules/lex.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

/* The same numbers each time. */
static uint32_t number(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525U + 1013904223U;
	return (*state >> 8) % below;
}

static void digest_of(const uint8_t *data, size_t len, bool plain, uint32_t *seed,
		      uint8_t digest[32])
{
	struct sha256 s;
	size_t at, n;

	sha256_init(&s);
	s.plain = s.plain || plain;
	for (at = 0; at < len; at += n) {
		n = 1 + number(seed, (uint32_t)(len - at));
		sha256_add(&s, data + at, n);
	}
	sha256_end(&s, digest);
}

static void hashes(void **state)
{
	/* FIPS 180-4, example of one block */
	static const uint8_t abc[32] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	uint8_t data[300], one[32], two[32];
	uint32_t seed = 1;
	size_t len;

	(void)state;
	digest_of((const uint8_t *)"abc", 3, true, &seed, one);
	assert_memory_equal(one, abc, 32);
	for (len = 0; len < sizeof(data); len++) {
		data[len] = (uint8_t)number(&seed, 256);
		digest_of(data, len, true, &seed, one);
		digest_of(data, len, false, &seed, two);
		assert_memory_equal(one, two, 32);
	}
}

/* A quoted word behind a line makes the lexer take the slow way. */
static void words_are_the_same(void **state)
{
	static const char letters[] = "a-b!\\ \t  c./\v";
	struct words *usual = malloc(sizeof(*usual)), *slow = malloc(sizeof(*slow));
	char line[64];
	unsigned int column, i;
	uint32_t seed = 1, run;
	size_t len;

	(void)state;
	assert_non_null(usual);
	assert_non_null(slow);
	for (run = 0; run < 20000; run++) {
		len = number(&seed, 40);
		for (i = 0; i < len; i++)
			line[i] = letters[number(&seed, sizeof(letters) - 1)];
		memcpy(line + len, " \"x\"", 4);
		assert_int_equal(lex(usual, line, len, 0, &column), LEX_OK);
		assert_int_equal(lex(slow, line, len + 4, 0, &column), LEX_OK);
		assert_int_equal(slow->n, usual->n + 1);
		for (i = 0; i < usual->n; i++) {
			assert_string_equal(usual->word[i], slow->word[i]);
			assert_int_equal(usual->column[i], slow->column[i]);
		}
		assert_null(usual->word[usual->n]);
	}
	free(usual);
	free(slow);
}

static char *many_rules(void)
{
	struct buffer out = { 0 };
	uint32_t seed = 1, i;

	buffer_puts(&out, "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n");
	for (i = 0; i < 12000; i++) {
		buffer_printf(&out, i % 3 ? "-4 -A INPUT -s 10.%u.%u.0/%u -p tcp --dport %u -j DROP\n" :
			      "-6 -A INPUT -s 2001:db8:%x:%x::/%u -p udp --dport %u -j DROP\n",
			      number(&seed, 256), number(&seed, 256), 20 + number(&seed, 13),
			      number(&seed, 65536));
	}
	buffer_puts(&out, "COMMIT\n");
	assert_int_equal(out.failed, 0);
	return out.data;
}

/* @build: in parts, and then filled in by us. */
static struct image compile(const char *text, bool build)
{
	struct rules_source src = { .where = "test", .families = FAMILIES_ALL, .text = text,
				    .len = strlen(text) };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;

	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    (build ? image_build : image_compile)(&rs, &img, &err))
		fail_msg("%s", err.msg);
	ruleset_free(&rs);
	if (build)
		assert_null(img.data);
	else if (image_validate(img.data, img.size, &err))
		fail_msg("%s", err.msg);
	return img;
}

static void any_number_of_threads(void **state)
{
	char *text = many_rules();
	struct image many = compile(text, false), parts = compile(text, true), one;
	void *filled = calloc(1, many.size);

	(void)state;
	assert_non_null(filled);
	image_one_thread();
	one = compile(text, false);
	assert_int_equal(one.size, many.size);
	assert_memory_equal(one.data, many.data, one.size);
	assert_int_equal(parts.size, many.size);
	image_fill(&parts, filled);
	assert_memory_equal(filled, many.data, many.size);
	memset(filled, 0, many.size);
	image_fill(&many, filled);
	assert_memory_equal(filled, many.data, many.size);
	image_free(&parts);
	image_free(&one);
	image_free(&many);
	free(filled);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes), cmocka_unit_test(words_are_the_same),
		cmocka_unit_test(any_number_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/parse.h"

/* What iptables-restore refuses and we take: with one warning of each kind a text, at its place. */

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define HEAD	"*filter\n:INPUT ACCEPT [0:0]\n"

struct dialect_case {
	const char *text;
	unsigned int line, column;	/* of the warning; 0: there is none */
	const char *message;		/* a part of it */
};

static const struct dialect_case cases[] = {
	{ HEAD "COMMIT\n", 0, 0, NULL },
	{ HEAD "COMMIT\n\n# end", 0, 0, NULL },
	{ "*filter\r\n:INPUT DROP\r\n:U -\r\n-A INPUT -j U\r\nCOMMIT\r\n", 1, 8, "CR LF" },
	{ HEAD ":U -\r\nCOMMIT\n", 3, 5, "CR LF" },
	{ HEAD "COMMIT", 3, 7, "no newline behind COMMIT" },
	{ HEAD ":U DROP [0:0]\n:W ACCEPT\nCOMMIT\n", 3, 4, "\"DROP\" is ignored" },
	{ HEAD ":U [0:0]\nCOMMIT\n", 3, 4, "\"[0:0]\" is ignored" },
	{ HEAD "-A INPUT -j U\n:U -\nCOMMIT\n", 3, 13, "declared by a later line" },
	{ HEAD "-A INPUT -g U\n-N U\nCOMMIT\n", 3, 13, "declared by a later line" },
	{ HEAD ":U -\n-A INPUT -j U\nCOMMIT\n", 0, 0, NULL },
	{ HEAD "-A INPUT -p tcp -m tcp --dport 1 -m tcp --sport 2\n:-x -\nCOMMIT\n", 0, 0, NULL },
};

static void parse(struct ruleset *rs, const char *where, const char *text, unsigned int families,
		  struct buffer *warnings)
{
	struct rules_source src = { .where = where, .text = text, .len = strlen(text),
				    .families = families, .warnings = warnings };
	struct error err = { 0 };
	int ret = rules_parse(rs, &src, &err);

	if (ret)
		print_error("%s: %s\n", text, err.msg);
	assert_int_equal(ret, 0);
}

static void check_case(const struct dialect_case *c, unsigned int families)
{
	struct buffer out = { 0 };
	const struct error *warning;
	struct error err = { 0 };
	struct ruleset rs;

	ruleset_init(&rs);
	parse(&rs, "test", c->text, families, &out);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	assert_int_equal(out.len, c->line ? sizeof(*warning) : 0);
	warning = (const struct error *)(const void *)out.data;
	if (c->line) {
		assert_true(warning->warning);
		assert_non_null(strstr(warning->msg, c->message));
		assert_string_equal(warning->where, "test");
		assert_int_equal(warning->line, c->line);
		assert_int_equal(warning->column, c->column);
		assert_int_equal(warning->caret, c->column - 1);
	}
	buffer_free(&out);
	ruleset_free(&rs);
}

static void test_warnings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++) {
		check_case(&cases[i], FAMILY_BIT(FAMILY_IPV4));
		check_case(&cases[i], FAMILIES_ALL);
	}
}

/* With nobody to read them; and fragments, of which one names the other's chain: no warning. */
static void test_fragments(void **state)
{
	static const char one[] = "*filter\n-A INPUT -j U\nCOMMIT\n", two[] = "*filter\n:U -\nCOMMIT";
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	parse(&rs, "two", two, FAMILIES_ALL, NULL);
	ruleset_free(&rs);
	ruleset_init(&rs);
	parse(&rs, "one", one, FAMILIES_ALL, &out);
	parse(&rs, "two", HEAD ":U -\nCOMMIT\n", FAMILIES_ALL, &out);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	assert_int_equal(out.len, 0);
	buffer_free(&out);
	ruleset_free(&rs);
}

/* As iptables-restore --noflush: declared again it is empty, in each family; used it goes on. */
static void test_noflush(void **state)
{
	static const char first[] = HEAD "-A INPUT -j U\n:U -\n-A U -j DROP\n:W -\n-A W\nCOMMIT\n",
			  second[] = HEAD "-A INPUT -j W\n:U -\n-A W -j DROP\nCOMMIT\n";
	const struct error *warning;
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct ruleset rs;
	int f;

	(void)state;
	ruleset_init(&rs);
	parse(&rs, "first", first, FAMILIES_ALL, NULL);
	parse(&rs, "second", second, FAMILIES_ALL, &out);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	assert_int_equal(out.len, sizeof(*warning));
	warning = (const struct error *)(const void *)out.data;
	assert_non_null(strstr(warning->msg, "chain \"U\" is declared again: the 1 rules"));
	for (f = 0; f < NR_FAMILIES; f++) {
		assert_int_equal(ruleset_chain(&rs, (enum family)f, TABLE_FILTER, "U",
					       false)->nr_rules, 0);
		assert_int_equal(ruleset_chain(&rs, (enum family)f, TABLE_FILTER, "W",
					       false)->nr_rules, 2);
		assert_int_equal(ruleset_chain(&rs, (enum family)f, TABLE_FILTER, "INPUT",
					       false)->nr_rules, 2);
		assert_int_equal(rs.tables[f][TABLE_FILTER].nr_rules, 4);
	}
	buffer_free(&out);
	ruleset_free(&rs);
}

/* -D with a rule takes out the first that is written so. */
static void test_delete(void **state)
{
	static const char text[] = HEAD ":U -\n"
		"-A INPUT -p tcp --dport 22 -j U\n-A INPUT -j DROP\n[5:6] -A INPUT -p tcp --dport 22 -j U\n"
		"-A INPUT -s 1.2.3.4,4.3.2.1 -j U\n"
		"-I INPUT 2 -j RETURN\n-D INPUT --protocol tcp -m tcp --dport ssh -j U\n"
		"-D INPUT -s 1.2.3.4,4.3.2.1 -j U\n-A INPUT\nCOMMIT\n";
	struct error err = { 0 };
	struct chain *c;
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	parse(&rs, "test", text, FAMILY_BIT(FAMILY_IPV4), NULL);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	c = ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "INPUT", false);
	assert_int_equal(c->nr_rules, 4);
	assert_int_equal(c->rules->target, TARGET_RETURN);
	assert_int_equal(c->rules->next->target, TARGET_DROP);
	assert_int_equal(c->rules->next->next->packets, 5);
	assert_null(c->rules->next->next->next->next);
	assert_int_equal(ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "U", false)->refs, 1);
	ruleset_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_noflush),
		cmocka_unit_test(test_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

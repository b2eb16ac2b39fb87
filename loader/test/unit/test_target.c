/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compile/compile.h"
#include "rules/parse.h"

/* Targets that are more than a verdict: read, printed, listed, compiled. */

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define X29	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X63	"xxxxxxxxx" X27 X27
#define X27	"xxxxxxxxxxxxxxxxxxxxxxxxxxx"

struct target_case {
	enum family f;
	const char *rule;	/* what stands behind "-A INPUT " */
	const char *save;	/* NULL: the same */
	const char *list;	/* end of the line of iptables -L -n; NULL: not compared */
};

static const struct target_case cases[] = {
	{ FAMILY_IPV4, "-j REJECT", "-j REJECT --reject-with icmp-port-unreachable",
	  " reject-with icmp-port-unreachable" },
	{ FAMILY_IPV4, "-j REJECT --reject-with net-unreach",
	  "-j REJECT --reject-with icmp-net-unreachable", NULL },
	{ FAMILY_IPV4, "-j REJECT --reject-with ICMP-H", "-j REJECT --reject-with "
	  "icmp-host-unreachable", NULL },
	{ FAMILY_IPV4, "-j REJECT --reject admin", "-j REJECT --reject-with "
	  "icmp-admin-prohibited", NULL },
	{ FAMILY_IPV4, "-p tcp -j REJECT --reject-with tcp-rst",
	  "-p tcp -j REJECT --reject-with tcp-reset", NULL },
	{ FAMILY_IPV6, "-j REJECT", "-j REJECT --reject-with icmp6-port-unreachable", NULL },
	{ FAMILY_IPV6, "-p tcp -j REJECT --reject-with tcp-reset", NULL, NULL },
	{ FAMILY_IPV6, "-j REJECT --reject-with policy-fail",
	  "-j REJECT --reject-with icmp6-policy-fail", NULL },
	{ FAMILY_IPV4, "-j LOG", NULL, " LOG flags 0 level 4" },
	{ FAMILY_IPV4, "-j LOG --log-level warning", "-j LOG", NULL },
	{ FAMILY_IPV6, "-j LOG --log-prefix \"a b: \" --log-level debug --log-macdecode "
	  "--log-tcp-options --log-uid --log-ip-options --log-tcp-sequence",
	  "-j LOG --log-prefix \"a b: \" --log-level 7 --log-tcp-sequence --log-tcp-options "
	  "--log-ip-options --log-uid --log-macdecode", " LOG flags 47 level 7 prefix \"a b: \"" },
	{ FAMILY_IPV4, "-j LOG --log-prefix " X29 "yz", "-j LOG --log-prefix " X29, NULL },
	{ FAMILY_IPV4, "-j LOG --log-level 0x3", "-j LOG --log-level 3", NULL },
	{ FAMILY_IPV4, "-j NFLOG", NULL, "" },
	{ FAMILY_IPV4, "-j NFLOG --nflog-group 0 --nflog-size 0", "-j NFLOG --nflog-size 0",
	  " nflog-size 0" },
	{ FAMILY_IPV6, "-j NFLOG --nflog-threshold 5 --nflog-range 7 --nflog-prefix a --nflog-group"
	  " 65535", "-j NFLOG --nflog-prefix a --nflog-group 65535 --nflog-range 7 "
	  "--nflog-threshold 5", " nflog-prefix a nflog-group 65535 nflog-range 7 "
	  "nflog-threshold 5" },
	{ FAMILY_IPV4, "-j NFLOG --nflog-prefix " X63 "y", "-j NFLOG --nflog-prefix " X63, NULL },
};

static int parse(struct ruleset *rs, const char *table, const char *rule, enum family f,
		 char *text, size_t size, struct error *err)
{
	struct rules_source src = { .where = "test", .text = text, .families = FAMILY_BIT(f) };
	int ret;

	snprintf(text, size, "*%s\n-A %s %s\nCOMMIT\n", table,
		 strcmp(table, "raw") ? "INPUT" : "PREROUTING", rule);
	src.len = strlen(text);
	ruleset_init(rs);
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

static void check_printed(const struct ruleset *rs, const struct target_case *c)
{
	struct buffer out = { 0 };
	char want[256];
	const char *line;

	rule_print(&out, rs->tables[c->f][TABLE_FILTER].chains->rules,
		   rs->tables[c->f][TABLE_FILTER].chains, c->f);
	snprintf(want, sizeof(want), "-A INPUT %s", c->save ? c->save : c->rule);
	assert_string_equal(out.data, want);
	buffer_free(&out);
	if (!c->list)
		return;
	assert_int_equal(rules_list(&out, rs, c->f, TABLE_FILTER, "INPUT", LIST_NUMERIC), 0);
	line = strstr(out.data, "destination");
	line = strchr(line, '\n');
	assert_non_null(line);
	snprintf(want, sizeof(want), "%s\n", c->list);
	assert_true(strlen(line) > strlen(want));
	assert_string_equal(line + strlen(line) - strlen(want), want);
	buffer_free(&out);
}

static void test_print(void **state)
{
	char text[512], warning[IMAGE_WARNING];
	struct image img;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++) {
		struct error err = { 0 };

		assert_int_equal(parse(&rs, "filter", cases[i].rule, cases[i].f, text, sizeof(text),
				       &err), 0);
		check_printed(&rs, &cases[i]);
		assert_int_equal(image_try(&rs, warning, &err), 0);
		assert_int_equal(image_compile(&rs, &img, &err), 0);
		assert_int_equal(image_validate(img.data, img.size, &err), 0);
		assert_int_equal(img.header->answers.count, 1);
		assert_true(img.header->features & IMAGE_F_GROUP(OPS_ANSWER));
		image_free(&img);
		ruleset_free(&rs);
	}
}

struct refused_case {
	enum family f;
	const char *table, *rule, *message;
};

static const struct refused_case refused[] = {
	{ FAMILY_IPV4, "filter", "-j REJECT --reject-with icmp6-no-route", "unknown reject type" },
	{ FAMILY_IPV4, "filter", "-j REJECT --reject-with echo-reply", "unknown reject type" },
	{ FAMILY_IPV6, "filter", "-j REJECT --reject-with host-unreach", "unknown reject type" },
	{ FAMILY_IPV4, "filter", "-j REJECT --reject-with tcp-reset", "needs -p tcp" },
	{ FAMILY_IPV6, "filter", "! -p tcp -j REJECT --reject-with tcp-reset", "needs -p tcp" },
	{ FAMILY_IPV4, "filter", "-j REJECT ! --reject-with tcp-reset", "cannot be inverted" },
	{ FAMILY_IPV4, "filter", "-j REJECT --reject-with net-un --reject-with net-un", "once" },
	{ FAMILY_IPV4, "filter", "-j REJECT --reject-with", "requires an argument" },
	{ FAMILY_IPV4, "filter", "--reject-with net-un -j REJECT", "unknown option" },
	{ FAMILY_IPV4, "filter", "-j REJECT -j LOG", "multiple --jump" },
	{ FAMILY_IPV4, "filter", "-g REJECT", "no chain or target" },
	{ FAMILY_IPV4, "raw", "-j REJECT", "not allowed in table raw" },
	{ FAMILY_IPV4, "filter", "-j LOG --log-level bad", "unknown log level" },
	{ FAMILY_IPV4, "filter", "-j LOG --log-level warn", "unknown log level" },
	{ FAMILY_IPV4, "filter", "-j LOG --log-level 8", "unknown log level" },
	{ FAMILY_IPV4, "filter", "-j LOG --log-prefix \"\"", "at least one character" },
	{ FAMILY_IPV4, "filter", "-j LOG --log-uid x", "bad argument" },
	{ FAMILY_IPV4, "filter", "-j LOG --log-tcp", "unknown option" },
	{ FAMILY_IPV4, "filter", "-j NFLOG --nflog-group 65536", "expected 0 to 65535" },
	{ FAMILY_IPV4, "filter", "-j NFLOG --nflog-size -1", "expected 0 to 4294967295" },
	{ FAMILY_IPV4, "filter", "-j NFLOG --nflog-size 1 --nflog-range 1", "together" },
	{ FAMILY_IPV4, "filter", "-j MARK --set-mark 1", "unsupported target \"MARK\": it alters" },
	{ FAMILY_IPV4, "raw", "-j NOTRACK", "unsupported target \"NOTRACK\": it alters the conn" },
	{ FAMILY_IPV4, "raw", "-j CT --notrack", "unsupported target \"CT\"" },
	{ FAMILY_IPV4, "raw", "-j TRACE", "unsupported target \"TRACE\"" },
	{ FAMILY_IPV4, "filter", "-j QUEUE", "unsupported target \"QUEUE\"" },
};

static void test_refused(void **state)
{
	struct ruleset rs;
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		struct error err = { 0 };

		assert_int_not_equal(parse(&rs, refused[i].table, refused[i].rule, refused[i].f,
					   text, sizeof(text), &err), 0);
		if (!strstr(err.msg, refused[i].message))
			print_error("%s: %s\n", refused[i].rule, err.msg);
		assert_non_null(strstr(err.msg, refused[i].message));
		assert_int_equal(err.line, 2);
		ruleset_free(&rs);
	}
}

/* In a text for both families a type of one family decides. */
static void test_family(void **state)
{
	static const char text[] = "*filter\n"
		"-A INPUT -j REJECT --reject-with icmp-port-unreachable\n"
		"-A INPUT -j REJECT --reject-with icmp6-no-route\n"
		"-A INPUT -j REJECT\n"
		"COMMIT\n";
	struct rules_source src = { .where = "test", .text = text, .len = sizeof(text) - 1,
				    .families = FAMILIES_ALL };
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	assert_int_equal(rs.tables[FAMILY_IPV4][TABLE_FILTER].nr_rules, 2);
	assert_int_equal(rs.tables[FAMILY_IPV6][TABLE_FILTER].nr_rules, 2);
	ruleset_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

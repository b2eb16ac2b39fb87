// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot/cmdline.h"

struct parsed {
	struct cmdline c;
	struct error err;
	int ret;
};

static struct parsed parse(const char *text)
{
	struct parsed p = { 0 };

	p.ret = cmdline_parse(text, strlen(text), &p.c, &p.err);
	return p;
}

static void accepts(struct parsed *p)
{
	if (p->ret)
		print_error("%s\n", p->err.msg);
	assert_int_equal(p->ret, 0);
	assert_string_equal(p->err.msg, "");
	cmdline_free(&p->c);
}

static void refuses(const char *text, const char *message)
{
	struct parsed p = parse(text);

	assert_int_equal(p.ret, -22);
	if (!strstr(p.err.msg, message))
		fail_msg("\"%s\" not in \"%s\"", message, p.err.msg);
	assert_string_not_equal(p.err.hint, "");
	cmdline_free(&p.c);
}

static void test_nothing(void **state)
{
	static const char *const lines[] = {
		"", "\n", "console=ttyS0 quiet\n",
		"bpfilterx=1 xbpfilter.rules=/x bpfilter_rules=/x",
		"-- single", "rules=/x", "\"", "\"\"", "=", "==", " = \" ", "=bpfilter=off",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct parsed p = parse(lines[i]);

		assert_int_equal(p.c.rules.nr, 0);
		assert_false(p.c.off);
		assert_int_equal(p.c.fail, FAIL_DENY);
		assert_int_equal(p.c.timeout, CMDLINE_TIMEOUT);
		assert_int_equal(p.c.unique, CMDLINE_UNIQUE);
		assert_false(p.c.removable);
		assert_null(p.c.init);
		assert_null(p.c.tables);
		accepts(&p);
	}
}

static void test_values(void **state)
{
	struct parsed p = parse("quiet bpfilter.fail=open bpfilter.timeout=3 bpfilter.init=/x/y "
				"bpfilter.tables=filter,raw bpfilter.fail=panic bpfilter=on "
				"bpfilter.removable=yes bpfilter.unique=0\n");

	(void)state;
	assert_int_equal(p.c.fail, FAIL_PANIC);
	assert_int_equal(p.c.timeout, 3);
	assert_string_equal(p.c.init, "/x/y");
	assert_string_equal(p.c.tables, "filter,raw");
	assert_false(p.c.off);
	assert_true(p.c.removable);
	assert_int_equal(p.c.unique, 0);
	accepts(&p);
	p = parse("bpfilter=off");
	assert_true(p.c.off);
	accepts(&p);
}

static void test_inline(void **state)
{
	struct parsed p = parse("bpfilter.rules=/a.v4 bpfilter.rules=-A+INPUT+-i+eth+++-j+ACCEPT "
				"bpfilter.rules=6:-P+INPUT+DROP "
				"bpfilter.rules=4:-A+FORWARD bpfilter.end");

	(void)state;
	assert_int_equal(p.c.rules.nr, 4);
	assert_string_equal(p.c.rules.specs[0].text, "/a.v4");
	assert_int_equal(p.c.rules.specs[0].kind, SOURCE_PATH);
	assert_string_equal(p.c.rules.specs[1].text, "-A INPUT -i eth+ -j ACCEPT");
	assert_int_equal(p.c.rules.specs[1].kind, SOURCE_INLINE);
	assert_int_equal(p.c.rules.specs[1].families, FAMILIES_ALL);
	assert_string_equal(p.c.rules.specs[2].text, "-P INPUT DROP");
	assert_int_equal(p.c.rules.specs[2].families, FAMILY_BIT(FAMILY_IPV6));
	assert_string_equal(p.c.rules.specs[3].text, "-A FORWARD");
	assert_int_equal(p.c.rules.specs[3].families, FAMILY_BIT(FAMILY_IPV4));
	accepts(&p);
}

static void test_nflog(void **state)
{
	struct parsed p = parse("bpfilter.nflog=unix:/run/n bpfilter.nflog=pcapng:2M:/run/p");

	(void)state;
	assert_string_equal(p.c.nflog, "pcapng:2M:/run/p");
	accepts(&p);
	refuses("bpfilter.nflog=file:/x", "bpfilter.nflog=: NFLOG output file:/x: there is no such");
	refuses("bpfilter.nflog=pcapng:2Q:/x", "a size of 1M to 1024G");
	refuses("bpfilter.nflog=", "has no value");
}

/* As kernel/params.c: quotes around a value or a whole word, '-' like '_' in names. */
static void test_quotes(void **state)
{
	static const char *const lines[] = {
		"bpfilter.rules=\"-A INPUT -j DROP\" bpfilter.end",
		"\"bpfilter.rules=-A INPUT -j DROP\" bpfilter.end",
		"\"bpfilter.rules=-A+INPUT+-j+DROP\"\t\"bpfilter.end\"\n",
		"bpfilter.rules=\"-A INPUT -j DROP\" bpfilter.end \"never closed",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct parsed p = parse(lines[i]);

		assert_int_equal(p.c.rules.nr, 1);
		assert_string_equal(p.c.rules.specs[0].text, "-A INPUT -j DROP");
		accepts(&p);
	}
}

/* A typo must not open anything; what was clear still holds. */
static void test_refused(void **state)
{
	struct parsed p = parse("bpfilter.fail=panic bpfilter.tiemout=3 bpfilter=off");

	(void)state;
	assert_int_equal(p.ret, -22);
	assert_int_equal(p.c.fail, FAIL_PANIC);
	assert_true(p.c.off);
	cmdline_free(&p.c);
	refuses("bpfilter.fial=open", "unknown word bpfilter.fial=");
	refuses("bpfilter.fail=opne", "deny, open or panic");
	refuses("bpfilter.fail", "no value");
	refuses("bpfilter.rules=", "no value");
	refuses("bpfilter.end=1", "unknown word");
	refuses("bpfilter", "no value");
	refuses("bpfilter=of", "off or on");
	refuses("rd.bpfilter=", "0 or 1");
	refuses("rd.bpfilter=of", "0 or 1");
	refuses("bpfilter.timeout=0", "1 to 3600");
	refuses("bpfilter.timeout=3601", "1 to 3600");
	refuses("bpfilter.timeout=99999999999999999999", "1 to 3600");
	refuses("bpfilter.timeout=1s", "1 to 3600");
	refuses("bpfilter.init=sbin/init", "a path from /");
	refuses("bpfilter.rules=bootconfigs", "no source of rules");
	refuses("bpfilter.rules=credential:", "no source of rules");
	refuses("bpfilter.modules=", "no value");
	refuses("bpfilter.removable=1", "yes or no");
	refuses("bpfilter.unique=3601", "0 to 3600");
	refuses("bpfilter.rules=LABEL=x", "names no file on a partition");
	refuses("bpfilter.rules=4:/x", "no source of rules");
	refuses("-- bpfilter.rules=/x", "after \"--\"");
	refuses("bpfilter.rules=\"-A INPUT\n-j DROP\" bpfilter.end", "control character");
}

static void test_cut(void **state)
{
	static const char line[] = "bpfilter.rules=-A+INPUT+-j+ACCEPT bpfilter.rules=-P+INPUT+DROP "
				   "bpfilter.end";

	(void)state;
	refuses("bpfilter.rules=-A+INPUT", "it was cut");
	refuses("bpfilter.end bpfilter.rules=-A+INPUT", "it was cut");
	/* Wherever it is cut inside or after the first rule. */
	for (size_t len = 16; len < sizeof(line) - 1; len++) {
		struct cmdline c;
		struct error err = { 0 };

		assert_int_equal(cmdline_parse(line, len, &c, &err), -22);
		cmdline_free(&c);
	}
}

/* The last one counts; a longer name is somebody else's. */
static void test_rd(void **state)
{
	static const struct {
		const char *line;
		enum rd_switch rd;
	} cases[] = {
		{ "", RD_UNSET }, { "rd.bpfilter", RD_ON }, { "rd.bpfilter=1", RD_ON },
		{ "rd.bpfilter=yes", RD_ON }, { "rd.bpfilter=0", RD_OFF }, { "rd.bpfilter=off", RD_OFF },
		{ "rd.bpfilter=0 rd.bpfilter", RD_ON }, { "rd.bpfilter=1 rd.bpfilter=no", RD_OFF },
		{ "rd.bpfilters=0 rd.bpfilter.x=0 ard.bpfilter=0", RD_UNSET },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed p = parse(cases[i].line);

		assert_int_equal(p.c.rd, cases[i].rd);
		accepts(&p);
	}
}

/* With a key built in: nothing is left that loosens, and each word is named. */
static void test_tighten(void **state)
{
	static const char *const words[] = {
		"bpfilter=off", "rd.bpfilter=0", "bpfilter.fail=open", "bpfilter.key=", "bpfilter.tables=",
		"bpfilter.removable=", "bpfilter.nflog=", NULL,
	};
	struct parsed p = parse("bpfilter=off bpfilter.fail=open bpfilter.key=/k bpfilter.tables=raw "
				"bpfilter.removable=yes rd.bpfilter=no bpfilter.nflog=netlink");

	(void)state;
	for (size_t i = 0; words[i]; i++)
		assert_string_equal(cmdline_tighten(&p.c), words[i]);
	assert_null(cmdline_tighten(&p.c));
	assert_false(p.c.off);
	assert_int_equal(p.c.rd, RD_UNSET);
	assert_int_equal(p.c.fail, FAIL_DENY);
	assert_null(p.c.key);
	assert_null(p.c.tables);
	assert_false(p.c.removable);
	assert_null(p.c.nflog);
	accepts(&p);
	p = parse("bpfilter.fail=panic bpfilter.timeout=3 bpfilter.rules=/x");
	assert_null(cmdline_tighten(&p.c));
	assert_int_equal(p.c.fail, FAIL_PANIC);
	accepts(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_nflog),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_rd),
		cmocka_unit_test(test_tighten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

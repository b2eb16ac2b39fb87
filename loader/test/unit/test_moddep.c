// SPDX-License-Identifier: GPL-2.0-only
/* modules.dep and modules.builtin, as depmod(8) writes them and as nobody should. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/moddep.h"

static const char dep[] =
	"kernel/net/netfilter/nf_conntrack.ko.xz: kernel/net/ipv4/netfilter/nf_defrag_ipv4.ko.xz kernel/lib/libcrc32c.ko.xz\n"
	"kernel/lib/libcrc32c.ko.xz:\n"
	"kernel/net/netfilter/nft-ct.ko: kernel/net/netfilter/nf_tables.ko\n";

static void finds_lines(void **state)
{
	char *line, *words[MODDEP_MAX];
	int n;

	(void)state;
	assert_int_equal(moddep_find(dep, "nf_conntrack", &line, words, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(words[0], "kernel/net/netfilter/nf_conntrack.ko.xz");
	assert_string_equal(words[2], "kernel/lib/libcrc32c.ko.xz");
	free(line);
	assert_int_equal(moddep_find(dep, "libcrc32c", &line, words, &n), 0);
	assert_int_equal(n, 1);
	free(line);
	assert_int_equal(moddep_find(dep, "nft_ct", &line, words, &n), 0);	/* '-' is '_' */
	assert_int_equal(n, 2);
	free(line);
}

static void finds_no_others(void **state)
{
	static const char *const names[] = { "conntrack", "nf_conntrack2", "nf_conn",
					     "",	  "nf_tables",	   "ko" };
	char *line, *words[MODDEP_MAX];
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(moddep_find(dep, names[i], &line, words, &n), -ENOENT);
		assert_null(line);
	}
	assert_int_equal(moddep_find("", "nf_conntrack", &line, words, &n), -ENOENT);
	assert_int_equal(moddep_find("\n\n:\n", "nf_conntrack", &line, words, &n), -ENOENT);
}

static void too_many(void **state)
{
	char text[4096] = "a.ko:", *line, *words[MODDEP_MAX];
	int i, n;

	(void)state;
	for (i = 0; i < MODDEP_MAX - 1; i++)
		strcat(text, " b.ko");
	assert_int_equal(moddep_find(text, "a", &line, words, &n), 0);
	assert_int_equal(n, MODDEP_MAX);
	free(line);
	strcat(text, " b.ko");
	assert_int_equal(moddep_find(text, "a", &line, words, &n), -E2BIG);
	assert_null(line);
}

static void builtin(void **state)
{
	static const char text[] = "kernel/net/netfilter/nf_conntrack.ko\nkernel/lib/x-y.ko";

	(void)state;
	assert_true(moddep_builtin(text, "nf_conntrack"));
	assert_true(moddep_builtin(text, "x_y"));
	assert_false(moddep_builtin(text, "nf_tables"));
	assert_false(moddep_builtin("", "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_lines),
		cmocka_unit_test(finds_no_others),
		cmocka_unit_test(too_many),
		cmocka_unit_test(builtin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

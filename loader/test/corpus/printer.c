/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/parse.h"

/*
 * What the printer makes of a file of rules, for "print" beside this: usage: printer FILE 4|6 TABLE.
 * Parts, each behind a line "== NAME": save, and list with these options. Nothing is put in force,
 * so also rules are shown that cannot be.
 */

static const struct { const char *name; unsigned int flags; } lists[] = {
	{ "-n", LIST_NUMERIC },
	{ "-n -v", LIST_NUMERIC | LIST_VERBOSE },
	{ "-n -v -x --line-numbers",
	  LIST_NUMERIC | LIST_VERBOSE | LIST_EXACT | LIST_LINE_NUMBERS },
};

static int print(const struct ruleset *rs, enum family f, enum table_id t)
{
	struct buffer out = { 0 };
	int ret = 0;

	buffer_puts(&out, "== save\n");
	rules_print(&out, rs, f, t, PRINT_COUNTERS | PRINT_ALL_TABLES);
	for (size_t i = 0; !ret && i < sizeof(lists) / sizeof(lists[0]); i++) {
		buffer_printf(&out, "== %s\n", lists[i].name);
		ret = rules_list(&out, rs, f, t, NULL, lists[i].flags);
	}
	if (!ret && !out.failed)
		fwrite(out.data, 1, out.len, stdout);
	ret = ret ? ret : out.failed;
	buffer_free(&out);
	return ret;
}

int main(int argc, char **argv)
{
	struct rules_source src = { 0 };
	struct error err = { 0 };
	struct ruleset rs;
	enum table_id t;
	enum family f;
	char *text;
	int ret;

	if (argc != 4) {
		fprintf(stderr, "usage: printer FILE 4|6 TABLE\n");
		return 2;
	}
	f = argv[2][0] == '4' ? FAMILY_IPV4 : FAMILY_IPV6;
	t = strcmp(argv[3], "raw") ? TABLE_FILTER : TABLE_RAW;
	ruleset_init(&rs);
	ret = rules_read_file(argv[1], RULES_FILE_MAX, &text, &src.len, &err);
	if (!ret) {
		src.where = argv[1];
		src.text = text;
		src.families = FAMILY_BIT(f);
		src.tables = TABLE_BIT(t);
		ret = rules_parse(&rs, &src, &err);
	}
	if (!ret)
		ret = ruleset_finish(&rs, &err);
	if (!ret)
		ret = ruleset_table(&rs, f, t);
	if (!ret)
		ret = print(&rs, f, t);
	if (ret)
		error_print(&err, 2);
	free(text);
	ruleset_free(&rs);
	return ret ? 1 : 0;
}

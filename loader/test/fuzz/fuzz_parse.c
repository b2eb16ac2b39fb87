/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules/parse.h"

/*
 * Any bytes as a text of rules. What is taken must print, and the printed text must be taken again
 * and print the same, read as the text of an image is: "-m ipcomp" alone means every CPI only there.
 * The first byte chooses families, tables and the form.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns 0 and the printed text of one family, or negative if the text was refused. */
static int parse_and_print(struct buffer *out, const struct rules_source *src, unsigned int tables,
			   enum family f, struct error *err)
{
	struct ruleset rs;
	struct buffer list = { 0 };
	char message[1024];
	int t, ret;

	ruleset_init(&rs);
	ret = rules_parse(&rs, src, err);
	if (!ret)
		ret = ruleset_finish(&rs, err);
	if (ret) {
		error_format(err, message, sizeof(message));
		if (!err->msg[0] || err->caret > strlen(err->excerpt))
			abort();
	}
	for (t = 0; t < NR_TABLES && !ret; t++) {
		if (tables && !(tables & TABLE_BIT(t)))
			continue;
		rules_print(out, &rs, f, (enum table_id)t, PRINT_COUNTERS);
		rules_list(&list, &rs, f, (enum table_id)t, NULL, LIST_VERBOSE);
	}
	buffer_free(&list);
	ruleset_free(&rs);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules_source src = { .where = "fuzz" };
	struct rules_source again = { .where = "again", .canonical = true };
	struct buffer first = { 0 }, second = { 0 };
	struct error err = { 0 };
	enum family f;

	if (!size)
		return 0;
	src.families = data[0] & 3 ? data[0] & 3U : FAMILIES_ALL;
	src.tables = data[0] >> 2 & 3U;
	src.inline_rules = data[0] & 16;
	src.text = (const char *)data + 1;
	src.len = size - 1;
	f = src.families & FAMILY_BIT(FAMILY_IPV4) ? FAMILY_IPV4 : FAMILY_IPV6;
	if (!parse_and_print(&first, &src, src.tables, f, &err) && first.len) {
		again.families = FAMILY_BIT(f);
		again.text = first.data;
		again.len = first.len;
		if (parse_and_print(&second, &again, 0, f, &err) || second.len != first.len ||
		    memcmp(first.data, second.data, first.len))
			abort();
	}
	buffer_free(&first);
	buffer_free(&second);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "rules/parse.h"

/* "-A a" and its newline: no rule is shorter. */
#define RULE_LENGTH_MIN	5U

/* Is this the "*TABLE" line of a table that is taken? */
static bool table_taken(const struct rules_source *src, const char *line, size_t len)
{
	const char *name;
	int t;

	for (t = 0; src->tables && t < NR_TABLES; t++) {
		name = table_name((enum table_id)t);
		if (src->tables & TABLE_BIT(t) && len > strlen(name) &&
		    !memcmp(line + 1, name, strlen(name)))
			return true;
	}
	return !src->tables;
}

/* "-A ..." or "[packets:bytes] -A ..." */
static bool appends(const char *line, size_t len)
{
	const char *end = line[0] == '[' ? memchr(line, ']', len) : NULL;

	if (end && (size_t)(line + len - end) > 2) {
		len -= (size_t)(end + 2 - line);
		line = end + 2;
	}
	return len > 2 && line[0] == '-' && line[1] == 'A';
}

/* Lines that add at least one rule each; 0 if others take rules away again. */
static size_t count_rules(const struct rules_source *src)
{
	const char *p = src->text, *end = p + src->len, *eol;
	bool taken = true;
	size_t n = 0, len;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		len = (size_t)(eol - p);
		if (len > 1 && p[0] == '-' && (p[1] == 'D' || p[1] == 'F'))
			return 0;
		if (len && p[0] == '*')
			taken = table_taken(src, p, len);
		else
			n += taken && len && appends(p, len);
	}
	return n;
}

int rules_count(const struct ruleset *rs, const struct rules_source *src, struct error *err)
{
	size_t have = ruleset_count(rs, FAMILIES_ALL), n;

	if (have + src->len / RULE_LENGTH_MIN <= RULES_MAX)
		return 0;
	n = have + count_rules(src);
	if (n <= RULES_MAX)
		return 0;
	return error_set(err, -E2BIG, "%s: %zu rules; at most %u are supported", src->where, n,
			 RULES_MAX);
}

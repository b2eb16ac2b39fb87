/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_UNIT_EXTENSION_H
#define TEST_UNIT_EXTENSION_H

/* One rule with an extension: what is printed, listed, refused. For tests that are tables. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/evaluate.h"
#include "compile/layout.h"
#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

static inline int parse_rule(struct ruleset *rs, const char *rule, enum family f, struct error *err)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	char text[1024];
	int ret;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", rule);
	src.text = text;
	ruleset_init(rs);
	memset(err, 0, sizeof(*err));
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

/* What iptables-save prints behind "-A INPUT "; @want NULL: the rule itself. */
static inline void assert_printed(const char *rule, enum family f, const char *want)
{
	struct buffer out = { 0 };
	struct error err;
	struct ruleset rs;
	const struct chain *c;

	if (parse_rule(&rs, rule, f, &err))
		fail_msg("%s: %s", rule, err.msg);
	c = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
	rule_print(&out, c->rules, c, f);
	assert_string_equal(out.data + strlen("-A INPUT "), want ? want : rule);
	buffer_free(&out);
	ruleset_free(&rs);
}

/* What iptables -L prints of the first match, @len bytes. */
static inline void assert_listed(const char *rule, enum family f, const char *want, size_t len)
{
	struct buffer out = { 0 };
	struct error err;
	struct ruleset rs;
	const struct match *m;

	if (parse_rule(&rs, rule, f, &err))
		fail_msg("%s: %s", rule, err.msg);
	m = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false)->rules->matches;
	m->ext->list(&out, m->data, f, true);
	if (out.len != len || memcmp(out.data, want, len))
		fail_msg("%s: listed as '%s'", rule, out.data);
	buffer_free(&out);
	ruleset_free(&rs);
}

/* @column counts from behind "-A INPUT ". */
static inline void assert_refused(const char *rule, enum family f, unsigned int column,
				  const char *message)
{
	struct error err;
	struct ruleset rs;
	int ret = parse_rule(&rs, rule, f, &err);

	ruleset_free(&rs);
	if (!ret || err.column != column + 9 || !strstr(err.msg, message))
		fail_msg("%s: %d, column %u: %s", rule, ret, err.column - 9, err.msg);
}

/* Rules of table filter in force, IMAGE_CAPACITY_0 bytes; to be freed. */
static inline struct image_header *rules_in_force(const char *rules, unsigned int families)
{
	struct rules_source src = { .where = "test", .families = families };
	struct image_header *h = calloc(1, IMAGE_CAPACITY_0);
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	char text[8192];

	assert_non_null(h);
	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n%sCOMMIT\n", rules);
	src.text = text;
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, &img, &err) || image_validate(img.data, img.size, &err))
		fail_msg("%s: %s", rules, err.msg);
	ruleset_free(&rs);
	memcpy(h, img.data, img.size);
	image_free(&img);
	assert_int_equal(image_layout(h, IMAGE_CAPACITY_0, 1), 0);
	h->hz = 100;
	return h;
}

/* How many packets rule @number has counted. */
static inline uint64_t counted(const struct image_header *h, unsigned int number)
{
	const struct image_counter *c = (const void *)((const char *)h + h->counters);

	assert_true(number < h->nr_counters);
	return c[number].packets;
}

#endif

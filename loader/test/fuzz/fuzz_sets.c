/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "rules/parse.h"
#include "rules/sets.h"

/*
 * Any bytes as a text of sets. What is taken must print, the printed text must be taken again and
 * print the same, and its first set must make an image that is taken for good.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int parse_and_print(struct ruleset *rs, struct buffer *out, const char *text, size_t len)
{
	const struct sets_source src = { .where = "fuzz", .text = text, .len = len };
	struct error err = { 0 };
	int ret;

	ruleset_init(rs);
	ret = sets_parse(rs, &src, &err);
	if (!ret)
		ret = ruleset_finish(rs, &err);
	if (ret && (!err.msg[0] || err.caret > strlen(err.excerpt)))
		abort();
	if (!ret)
		ipsets_print(out, rs, 0, NULL, NULL);
	return ret;
}

/* With a rule that names the first set, in both families where it is for both. */
static void make_image(struct ruleset *rs)
{
	const struct origin origin = { .where = "fuzz", .text = "", .line = 1, .column = 1 };
	struct error err = { 0 };
	struct ipset_use *use;
	struct image img;

	if (!rs->sets || !rs->sets->first)
		return;
	use = ipset_use(rs, rs->sets->first->name,
			rs->sets->first->family == FAMILY_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4,
			&origin);
	use->dims = 2;
	if (ruleset_finish(rs, &err))
		return;
	if (image_compile(rs, &img, &err) || image_validate(img.data, img.size, &err))
		abort();
	image_free(&img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer first = { 0 }, second = { 0 };
	struct ruleset rs;
	int ret = parse_and_print(&rs, &first, (const char *)data, size);

	if (!ret)
		make_image(&rs);
	ruleset_free(&rs);
	if (!ret && first.len) {
		if (parse_and_print(&rs, &second, first.data, first.len) ||
		    second.len != first.len || memcmp(first.data, second.data, first.len))
			abort();
		ruleset_free(&rs);
	}
	buffer_free(&first);
	buffer_free(&second);
	return 0;
}

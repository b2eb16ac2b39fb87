// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/stage2.h"

/* One text a word, so that a message can say which: "bpfilter.rules=[3]:1:12: error: ...". */
static int add_inline(struct input *in, const struct cmdline_rules *rules, size_t number,
		      struct error *err)
{
	char *text = NULL, *name = NULL;
	int len = asprintf(&text, "%s\n", rules->text);
	int ret;

	if (len < 0 || asprintf(&name, "bpfilter.rules=[%zu]", number) < 0) {
		if (len >= 0)
			free(text);
		return error_errno(err, -ENOMEM, "cannot take in the inline rules");
	}
	ret = input_add(in, name, text, (size_t)len, rules->families, err);
	if (ret) {
		free(name);
		return ret;
	}
	in->files[in->nr_files - 1].own_name = name;
	in->files[in->nr_files - 1].inline_rules = true;
	return 0;
}

static int collect_named(const struct cmdline *c, struct input *in, struct error *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < c->nr_rules; i++) {
		if (c->rules[i].inline_rule)
			ret = add_inline(in, &c->rules[i], i + 1, err);
		else
			ret = input_option(in, 1, c->rules[i].text, err);
	}
	return ret;
}

static int collect_rescue(struct input *in, struct error *err)
{
	static const char *const names[] = { INPUT_DIR "/rescue.v4", INPUT_DIR "/rescue.v6" };
	struct stat st;
	int ret = 0;

	for (size_t i = 0; !ret && i < 2; i++)
		if (!lstat(names[i], &st))
			ret = input_option(in, 1, names[i], err);
	return ret || in->nr_files ? ret : -ENOENT;
}

int sources_collect(const struct cmdline *c, enum image_origin origin, struct input *in,
		    struct error *err)
{
	struct error none = { 0 };
	int ret;

	if (origin == IMAGE_ORIGIN_RESCUE)
		return collect_rescue(in, err);
	if (c->tables && input_tables(c->tables, &in->tables, err)) {
		error_hint(err, "correct bpfilter.tables= on the kernel command line");
		return -EINVAL;
	}
	if (c->nr_rules)
		return collect_named(c, in, err);
	ret = input_defaults(in, INPUT_DIR, &none);
	if (ret == -ENOENT) {
		error_set(err, ret, "there are no rules: nothing in " INPUT_DIR
			  " of the initramfs, no bpfilter.rules= on the kernel command line");
		error_hint(err, "put rules.v4 and rules.v6 into " INPUT_DIR " of the initramfs");
	} else if (ret) {
		*err = none;
	}
	return ret;
}

void sources_names(const struct input *in, char *names, size_t size)
{
	struct buffer out = { 0 };
	size_t nr_inline = 0;

	input_names(in, &out);
	for (size_t i = 0; i < in->nr_files; i++)
		nr_inline += in->files[i].inline_rules;
	if (nr_inline)
		buffer_printf(&out, "%s%zu inline rule%s", out.len ? ", " : "", nr_inline,
			      nr_inline == 1 ? "" : "s");
	snprintf(names, size, "%s", out.data ? out.data : "");
	buffer_free(&out);
}

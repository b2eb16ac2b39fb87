// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "boot/firmware.h"
#include "boot/stage2.h"
#include "rules/sets.h"

/* @file owns what it has, in any case. */
static int add(struct input *in, struct input_file *file, const char *name, struct error *err)
{
	file->own_name = strdup(name);
	file->name = file->own_name;
	if (!file->own_name) {
		free(file->text);
		free(file->sig);
		return error_errno(err, -ENOMEM, "cannot take in %s", name);
	}
	if (!file->families)
		file->families = input_families(name);
	if (!file->families)
		file->families = FAMILIES_ALL;
	if (sets_name(name) && !file->inline_rules)
		file->families = 0;
	return input_add(in, file, err);
}

/* One text a word, so that a message can say which: "bpfilter.rules=[3]:1:12: error: ...". */
static int add_inline(struct input *in, const struct fetched *f, struct error *err)
{
	struct input_file file = { .families = f->spec.families, .inline_rules = true };
	char name[64];
	int len = asprintf(&file.text, "%s\n", f->spec.text);

	if (len < 0)
		return error_errno(err, -ENOMEM, "cannot take in the inline rules");
	file.len = (size_t)len;
	snprintf(name, sizeof(name), "%s[%zu]", f->list, f->number);
	return add(in, &file, name, err);
}

static int read_firmware(enum source_kind kind, const char *name, char **text, size_t *len,
			 struct error *err)
{
	if (kind == SOURCE_FW_CFG)
		return firmware_fw_cfg(name, text, len, err);
	if (kind == SOURCE_SMBIOS)
		return firmware_smbios(name, text, len, err);
	return firmware_credential(name, text, len, err);
}

static int add_firmware(struct input *in, const struct source_spec *spec, struct error *err)
{
	struct input_file file = { .signed_as = strchr(spec->text, ':') + 1 };
	char *sig_name = NULL;
	int ret = read_firmware(spec->kind, file.signed_as, &file.text, &file.len, err);

	if (ret)
		return ret;
	/* That there is none matters only if a key is in use: signed.c. */
	if (asprintf(&sig_name, "%s" SIGN_SUFFIX, file.signed_as) >= 0 &&
	    read_firmware(spec->kind, sig_name, &file.sig, &file.sig_len, NULL))
		file.sig = NULL;
	free(sig_name);
	return add(in, &file, spec->text, err);
}

static int add_text(struct input *in, const struct fetched *f, struct error *err)
{
	struct input_file file = {
		.text = f->text, .len = f->len, .sig = f->sig, .sig_len = f->sig_len,
	};

	return add(in, &file, f->spec.text, err);
}

static int collect_one(struct input *in, const struct fetched *f, struct error *err)
{
	switch (f->spec.kind) {
	case SOURCE_INLINE:
		return add_inline(in, f, err);
	case SOURCE_PATH:
		return input_option(in, 1, f->spec.text, err);
	case SOURCE_CREDENTIAL:
	case SOURCE_FW_CFG:
	case SOURCE_SMBIOS:
		return add_firmware(in, &f->spec, err);
	case SOURCE_PARTITION:
		return add_text(in, f, err);
	case SOURCE_BOOTCONFIG:
		break;		/* what it names stands in its place: fetch.c */
	}
	return error_set(err, -EINVAL, "%s cannot stand here", f->spec.text);
}

static int collect_rescue(struct input *in, struct error *err)
{
	static const char *const names[] = {
		INPUT_DIR "/rescue.v4", INPUT_DIR "/rescue.v6", INPUT_DIR "/rescue.ipset",
	};
	struct stat st;
	int ret = 0;

	/* Sets alone are no rules. */
	for (size_t i = 0; !ret && i < 3; i++)
		if ((i < 2 || in->nr_files) && !lstat(names[i], &st))
			ret = input_option(in, 1, names[i], err);
	return ret || in->nr_files ? ret : -ENOENT;
}

static int collect_defaults(struct input *in, struct error *err)
{
	struct error none = { 0 };
	int ret = input_defaults(in, INPUT_DIR, &none);

	if (ret == -ENOENT) {
		error_set(err, ret, "there are no rules: nothing in " INPUT_DIR
			  " of the initramfs, no bpfilter.rules= on the kernel command line");
		error_hint(err, "put rules.v4 and rules.v6 into " INPUT_DIR " of the initramfs");
	} else if (ret) {
		*err = none;
	}
	return ret;
}

int sources_collect(const struct cmdline *c, const struct fetch *f, enum image_origin origin,
		    struct input *in, struct error *err)
{
	int ret = 0;

	if (origin == IMAGE_ORIGIN_RESCUE)
		return collect_rescue(in, err);
	if (c->tables && input_tables(c->tables, &in->tables, err)) {
		error_hint(err, "correct bpfilter.tables= on the kernel command line");
		return -EINVAL;
	}
	if (!f->nr)
		return collect_defaults(in, err);
	for (size_t i = 0; !ret && i < f->nr; i++)
		ret = collect_one(in, &f->all[i], err);
	return ret;
}

void sources_names(const struct input *in, char *names, size_t size)
{
	struct buffer out = { 0 };
	size_t nr_inline = 0;

	for (size_t i = 0; i < in->nr_files; i++) {
		if (in->files[i].inline_rules)
			nr_inline++;
		else
			buffer_printf(&out, "%s%s", out.len ? ", " : "", in->files[i].name);
	}
	if (nr_inline)
		buffer_printf(&out, "%s%zu inline rule%s", out.len ? ", " : "", nr_inline,
			      nr_inline == 1 ? "" : "s");
	snprintf(names, size, "%s", out.data ? out.data : "");
	buffer_free(&out);
}

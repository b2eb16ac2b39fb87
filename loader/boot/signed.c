// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "boot/stage2.h"
#include "rules/parse.h"
#include "sign/sign.h"

#define TABLES_MAX	4096U
#define TABLES_FILE	INPUT_DIR "/tables"

int signed_key(const struct cmdline *c, struct sign_key *key, bool *wanted, struct error *err)
{
	*wanted = sign_key_embedded(key);
	if (*wanted || !c->key)
		return 0;
	*wanted = true;
	return sign_key_read(key, c->key, err);
}

static int verify(const struct sign_key *key, const struct input_file *file, struct error *err)
{
	const char *name = file->signed_as ? file->signed_as : file->name;

	if (file->inline_rules) {
		error_set(err, -EKEYREJECTED, "%s is not signed: inline rules cannot be",
			  file->name);
		error_hint(err, "a key is in use: put signed files into " INPUT_DIR " instead");
		return -EKEYREJECTED;
	}
	if (!file->sig)
		return sign_unsigned(file->name, err);
	return sign_verify(key, name, file->text, file->len, file->sig, file->sig_len, err);
}

/* What it leaves out counts as much as what the rules say. */
static int verify_tables(const struct sign_key *key, struct error *err)
{
	struct input_file file = { .name = TABLES_FILE };
	int ret = rules_read_file(file.name, TABLES_MAX, &file.text, &file.len, err);

	if (!ret)
		ret = sign_read(file.name, &file.sig, &file.sig_len, err);
	if (!ret)
		ret = verify(key, &file, err);
	free(file.text);
	free(file.sig);
	return ret;
}

int signed_read(const struct cmdline *c, const struct sign_key *key, struct input *in,
		struct error *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < in->nr_files; i++)
		if (!in->files[i].text)
			ret = sign_read(in->files[i].name, &in->files[i].sig,
					&in->files[i].sig_len, err);
	if (!ret)
		ret = input_read(in, err);
	for (size_t i = 0; !ret && i < in->nr_files; i++)
		ret = verify(key, &in->files[i], err);
	if (!ret && in->tables && !c->tables)
		ret = verify_tables(key, err);
	return ret;
}

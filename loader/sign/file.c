// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "rules/parse.h"
#include "sign/sign.h"

int sign_key_read(struct sign_key *key, const char *path, struct error *err)
{
	char *text;
	size_t len;
	int ret = rules_read_file(path, SIGN_TEXT_MAX, &text, &len, err);

	if (ret)
		return ret;
	ret = sign_key_parse(key, text, len, path, err);
	free(text);
	return ret;
}

int sign_read(const char *name, char **sig, size_t *len, struct error *err)
{
	char *path;
	struct stat st;
	int ret = 0;

	*sig = NULL;
	*len = 0;
	if (asprintf(&path, "%s" SIGN_SUFFIX, name) < 0)
		return error_errno(err, -ENOMEM, "cannot look for the signature of %s", name);
	if (!lstat(path, &st) || errno != ENOENT)
		ret = rules_read_file(path, SIGN_TEXT_MAX, sig, len, err);
	free(path);
	return ret;
}

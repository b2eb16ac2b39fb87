/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "rules/parse.h"
#include "sign/sign.h"

static const char help[] =
	"Usage: bpfilter verify-file [-p PUBLICKEY] [--json] FILE...\n\n"
	"Check that each FILE was signed with the key, under this name: FILE" SIGN_SUFFIX " is its\n"
	"signature, made by 'bpfilter sign' or 'minisign -S'.\n\n"
	"  -p, --public-key PUBLICKEY  file with the key; without: the key that is built in\n"
	"  -j, --json                  one JSON object on standard output\n"
	"      --help                  this text\n\n"
	"Exit code 0: all are good, 1: one is not.\n";

static const struct option options[] = {
	{ "public-key", required_argument, NULL, 'p' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int choose_key(struct sign_key *key, const char *path, struct error *err)
{
	if (path)
		return sign_key_read(key, path, err);
	if (sign_key_embedded(key))
		return 0;
	error_set(err, -ENOKEY, "no key is built in");
	error_hint(err, "name a public key: -p PUBLICKEY");
	return -ENOKEY;
}

static int verify(const struct sign_key *key, const char *path, struct error *err)
{
	char *data = NULL, *sig = NULL;
	size_t len, sig_len;
	int ret = rules_read_file(path, RULES_FILE_MAX, &data, &len, err);

	if (!ret)
		ret = sign_read(path, &sig, &sig_len, err);
	if (!ret && !sig)
		ret = sign_unsigned(path, err);
	if (!ret)
		ret = sign_verify(key, path, data, len, sig, sig_len, err);
	free(sig);
	free(data);
	return ret;
}

/* The message in one line, the hint beside it. */
static void json_file(struct buffer *out, const char *path, int ret, const struct error *err)
{
	char text[1024];

	error_format(err, text, sizeof(text));
	text[strcspn(text, "\n")] = 0;
	buffer_puts(out, "\n    {\"file\": ");
	json_string(out, path);
	buffer_printf(out, ", \"ok\": %s, \"error\": ", json_bool(!ret));
	json_string(out, ret ? text : "");
	buffer_puts(out, ", \"next\": ");
	json_string(out, err->hint);
	buffer_putc(out, '}');
}

static int verify_files(const char *key_path, bool json, char **paths)
{
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct sign_key key;
	char name[17];
	bool good = true;
	int ret = choose_key(&key, key_path, &err);

	if (ret)
		return command_failed(&err);
	sign_key_name(&key, name);
	if (json)
		buffer_printf(&out, "{\n  \"version\": 1,\n  \"key\": \"%s\",\n  \"files\": [", name);
	for (; *paths; paths++) {
		err = (struct error){ 0 };
		ret = verify(&key, *paths, &err);
		good = good && !ret;
		if (json)
			json_file(&out, *paths, ret, &err);
		else if (ret)
			command_failed(&err);
		else
			buffer_printf(&out, "%s: signed by key %s\n", *paths, name);
		if (json && paths[1])
			buffer_putc(&out, ',');
	}
	if (json)
		buffer_printf(&out, "],\n  \"ok\": %s\n}\n", json_bool(good));
	ret = command_output(&out);
	buffer_free(&out);
	return good ? ret : COMMAND_FAILED;
}

int cmd_verify_file(int argc, char **argv)
{
	const char *key = NULL;
	bool json = false;
	int c, ret = 0;

	while (!ret && (c = getopt_long(argc, argv, ":p:j", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 'j')
			json = true;
		else if (c == 'p' && !key)
			key = optarg;
		else if (c == 'p')
			ret = command_usage(argv[0], "one key is enough");
		else
			ret = command_bad_option(argv, c);
	}
	if (!ret && optind == argc)
		ret = command_usage(argv[0], "which FILE?");
	return ret ? ret : verify_files(key, json, argv + optind);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"
#include "rules/parse.h"
#include "sign/secret.h"

static const char help[] =
	"Usage: bpfilter sign -s SECRETKEY FILE...\n"
	"       bpfilter sign --new-key NAME\n\n"
	"Sign each FILE, rules or an image: write FILE" SIGN_SUFFIX ", which also says that this\n"
	"is a file called FILE. The files are those of minisign.\n\n"
	"  -s, --secret-key SECRETKEY  made by --new-key, or by 'minisign -G -W'\n"
	"  -n, --new-key NAME          make a key: NAME.key, to be kept secret, and NAME.pub\n"
	"      --help                  this text\n";

static const struct option options[] = {
	{ "secret-key", required_argument, NULL, 's' },
	{ "new-key", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int read_secret(struct sign_secret *secret, const char *path, struct error *err)
{
	struct stat st;
	char *text;
	size_t len;
	int ret = rules_read_file(path, SIGN_TEXT_MAX, &text, &len, err);

	if (ret)
		return ret;
	ret = sign_secret_parse(secret, text, len, path, err);
	explicit_bzero(text, len);
	free(text);
	if (!ret && !stat(path, &st) && st.st_mode & (S_IRWXG | S_IRWXO))
		command_warn("%s is open to others (mode %03o): chmod 600 it", path,
			     (unsigned int)st.st_mode & 0777);
	return ret;
}

static int sign_file(const struct sign_secret *secret, const char *path, struct error *err)
{
	struct buffer sig = { 0 };
	char *target = NULL, *data = NULL;
	size_t len;
	int ret = rules_read_file(path, RULES_FILE_MAX, &data, &len, err);

	if (!ret && asprintf(&target, "%s" SIGN_SUFFIX, path) < 0) {
		target = NULL;
		ret = error_errno(err, -ENOMEM, "cannot sign %s", path);
	}
	if (!ret)
		ret = sign_make(secret, path, data, len, (long long)time(NULL), &sig, err);
	if (!ret)
		ret = output_replace(target, sig.data, sig.len, err);
	buffer_free(&sig);
	free(target);
	free(data);
	return ret;
}

static int sign_files(const char *secret_path, char **paths)
{
	struct sign_secret secret = { 0 };
	struct buffer out = { 0 };
	struct error err = { 0 };
	char name[17];
	int ret = read_secret(&secret, secret_path, &err), printed;

	sign_key_name(&secret.key, name);
	for (; !ret && *paths; paths++) {
		ret = sign_file(&secret, *paths, &err);
		if (!ret)
			buffer_printf(&out, "%s" SIGN_SUFFIX ": signed by key %s\n", *paths, name);
	}
	explicit_bzero(&secret, sizeof(secret));
	printed = command_output(&out);
	buffer_free(&out);
	return ret ? command_failed(&err) : printed;
}

static int random_secret(struct sign_secret *secret, struct error *err)
{
	uint8_t random[SIGN_RANDOM];
	int ret = 0;

	/* Requests of up to 256 bytes are never cut short: getrandom(2). */
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		ret = error_errno(err, -errno, "cannot get random numbers");
	else
		sign_secret_make(secret, random);
	explicit_bzero(random, sizeof(random));
	return ret;
}

/* Both files or none, and none that was there before is lost. */
static int write_key(const struct sign_secret *secret, const char *path, const char *public_path,
		     struct error *err)
{
	struct buffer text = { 0 }, public_text = { 0 };
	int ret;

	sign_secret_print(secret, &text);
	sign_key_print(&secret->key, &public_text);
	ret = text.failed ? text.failed : public_text.failed;
	if (ret)
		error_errno(err, ret, "cannot make a key");
	if (!ret)
		ret = output_create(path, text.data, text.len, 0600, err);
	if (!ret) {
		ret = output_create(public_path, public_text.data, public_text.len, 0644, err);
		if (ret)
			unlink(path);
	}
	if (ret == -EEXIST)
		error_hint(err, "a key is never overwritten: choose another NAME");
	if (text.data)
		explicit_bzero(text.data, text.len);
	buffer_free(&text);
	buffer_free(&public_text);
	return ret;
}

static int print_new_key(const struct sign_key *key, const char *path, const char *public_path)
{
	struct buffer out = { 0 };
	char name[17];
	int ret;

	sign_key_name(key, name);
	buffer_printf(&out, "key %s: %s (keep it secret), %s\n", name, path, public_path);
	ret = command_output(&out);
	buffer_free(&out);
	return ret;
}

static int new_key(const char *name)
{
	struct sign_secret secret = { 0 };
	char *path = NULL, *public_path = NULL;
	struct error err = { 0 };
	int ret = 0;

	if (asprintf(&path, "%s.key", name) < 0)
		path = NULL;
	if (asprintf(&public_path, "%s.pub", name) < 0)
		public_path = NULL;
	if (!path || !public_path)
		ret = error_errno(&err, -ENOMEM, "cannot make a key");
	if (!ret)
		ret = random_secret(&secret, &err);
	if (!ret)
		ret = write_key(&secret, path, public_path, &err);
	ret = ret ? command_failed(&err) : print_new_key(&secret.key, path, public_path);
	explicit_bzero(&secret, sizeof(secret));
	free(path);
	free(public_path);
	return ret;
}

int cmd_sign(int argc, char **argv)
{
	const char *secret = NULL, *name = NULL;
	int c, ret = 0;

	while (!ret && (c = getopt_long(argc, argv, ":s:n:", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 's' && !secret)
			secret = optarg;
		else if (c == 'n' && !name)
			name = optarg;
		else if (c == 's' || c == 'n')
			ret = command_usage(argv[0], "one key is enough");
		else
			ret = command_bad_option(argv, c);
	}
	if (ret)
		return ret;
	if (name && (secret || optind < argc))
		return command_usage(argv[0], "--new-key stands alone");
	if (name)
		return *name ? new_key(name) : command_usage(argv[0], "the NAME is empty");
	if (!secret)
		return command_usage(argv[0], "-s SECRETKEY is missing");
	if (optind == argc)
		return command_usage(argv[0], "which FILE?");
	return sign_files(secret, argv + optind);
}

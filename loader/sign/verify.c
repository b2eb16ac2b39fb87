// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_sign_ed25519.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "sign/sign.h"
#include "sign/text.h"

#define AGAIN	"sign the file again: bpfilter sign -s SECRETKEY FILE, or minisign -S"

/* A .minisig. Of its first line nothing is used: no signature covers it. */
struct signature {
	struct sign_signature body;
	const char *comment;		/* the trusted one, in the text */
	size_t comment_len;
	uint8_t global[64];		/* signature of @body.sig and the comment */
};

static int parse(struct signature *s, const char *where, const char *sig, size_t sig_len,
		 struct error *err)
{
	struct sign_text t = { .where = where, .at = sig, .end = sig + sig_len };
	int ret = sign_text_comment(&t, SIGN_COMMENT, &s->comment, &s->comment_len, err);

	if (!ret)
		ret = sign_text_base64(&t, "a signature", &s->body, sizeof(s->body), err);
	if (!ret && memcmp(s->body.algorithm, "ED", 2) && memcmp(s->body.algorithm, "Ed", 2))
		ret = sign_text_error(&t, err, "not an Ed25519 signature");
	if (!ret)
		ret = sign_text_comment(&t, SIGN_TRUSTED, &s->comment, &s->comment_len, err);
	if (!ret)
		ret = sign_text_base64(&t, "a signature of the comment", s->global,
				       sizeof(s->global), err);
	if (!ret)
		ret = sign_text_end(&t, err);
	if (ret)
		error_hint(err, AGAIN);
	return ret;
}

static int check_key(const struct sign_key *key, const struct signature *s, const char *where,
		     struct error *err)
{
	struct sign_key other = { 0 };
	char wanted[17], used[17];

	memcpy(other.id, s->body.id, sizeof(other.id));
	if (!memcmp(key->id, other.id, sizeof(other.id)))
		return 0;
	sign_key_name(key, wanted);
	sign_key_name(&other, used);
	error_set(err, -ENOKEY, "%s was made with key %s, not with key %s", where, used, wanted);
	error_hint(err, "sign the file with the secret key of %s", wanted);
	return -ENOKEY;
}

static bool is_data_signed(const struct sign_key *key, const struct signature *s, const void *data,
			   size_t len)
{
	uint8_t hash[64];

	if (!memcmp(s->body.algorithm, "ED", 2)) {
		if (crypto_generichash_blake2b(hash, sizeof(hash), data, len, NULL, 0))
			return false;
		data = hash;
		len = sizeof(hash);
	}
	return !crypto_sign_ed25519_verify_detached(s->body.sig, data, len, key->pk);
}

static int check_comment(const struct sign_key *key, const struct signature *s, const char *where,
			 struct error *err)
{
	struct buffer signed_part = { 0 };
	int ret;

	buffer_add(&signed_part, s->body.sig, sizeof(s->body.sig));
	buffer_add(&signed_part, s->comment, s->comment_len);
	ret = signed_part.failed;
	if (ret)
		error_errno(err, ret, "cannot verify %s", where);
	else if (crypto_sign_ed25519_verify_detached(s->global, (uint8_t *)signed_part.data,
						     signed_part.len, key->pk))
		ret = error_set(err, -EKEYREJECTED,
				"%s: its trusted comment was altered after it was signed", where);
	buffer_free(&signed_part);
	return ret;
}

/*
 * The field "file:NAME" that minisign writes between tabs. With two of them it is anybody's guess
 * which one the signer meant.
 */
static int find_name(const struct signature *s, const char **name, size_t *len, const char *where,
		     struct error *err)
{
	static const char key[] = "file:";
	const char *p = s->comment, *end = p + s->comment_len, *tab;
	const size_t key_len = sizeof(key) - 1;
	unsigned int found = 0;

	for (; p < end; p = tab + 1) {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (!tab)
			tab = end;
		if ((size_t)(tab - p) < key_len || memcmp(p, key, key_len))
			continue;
		*name = p + key_len;
		*len = (size_t)(tab - *name);
		found++;
	}
	if (found == 1)
		return 0;
	error_set(err, -EKEYREJECTED, "%s: its trusted comment has %s field file:NAME", where,
		  found ? "more than one" : "no");
	error_hint(err, "sign with bpfilter sign, or with minisign -S without -t");
	return -EKEYREJECTED;
}

static int check_name(const struct signature *s, const char *path, const char *where,
		      struct error *err)
{
	const char *wanted = sign_base_name(path), *name = "";
	size_t len = 0;
	int ret = find_name(s, &name, &len, where, err);

	if (ret)
		return ret;
	if (len == strlen(wanted) && !memcmp(name, wanted, len))
		return 0;
	error_set(err, -EKEYREJECTED, "%s was made for a file called %.*s, not %s", where,
		  (int)(len < 255 ? len : 255), name, wanted);
	error_hint(err, "sign the file under the name it is used by");
	return -EKEYREJECTED;
}

int sign_verify(const struct sign_key *key, const char *name, const void *data, size_t len,
		const char *sig, size_t sig_len, struct error *err)
{
	struct signature s = { 0 };
	char where[sizeof(err->where)];
	int ret;

	snprintf(where, sizeof(where), "%s" SIGN_SUFFIX, name);
	ret = parse(&s, where, sig, sig_len, err);
	if (!ret)
		ret = check_key(key, &s, where, err);
	if (!ret && !is_data_signed(key, &s, data, len)) {
		ret = error_set(err, -EKEYREJECTED, "%s or its signature was altered after it was signed",
				name);
		error_hint(err, AGAIN);
	}
	if (!ret)
		ret = check_comment(key, &s, where, err);
	/* Only now: before, the comment was anybody's. */
	if (!ret)
		ret = check_name(&s, name, where, err);
	return ret;
}

int sign_unsigned(const char *name, struct error *err)
{
	error_set(err, -EKEYREJECTED, "%s is not signed: there is no %s" SIGN_SUFFIX, name,
		  sign_base_name(name));
	error_hint(err, "bpfilter sign -s SECRETKEY FILE writes FILE" SIGN_SUFFIX);
	return -EKEYREJECTED;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sodium/crypto_generichash_blake2b.h>
#include <sodium/crypto_sign_ed25519.h>
#include <string.h>

#include "sign/secret.h"
#include "sign/text.h"

void sign_secret_make(struct sign_secret *secret, const uint8_t random[SIGN_RANDOM])
{
	memcpy(secret->key.id, random, sizeof(secret->key.id));
	crypto_sign_ed25519_seed_keypair(secret->key.pk, secret->sk, random + 8);
}

static int check_private(const struct sign_private *p, const struct sign_text *t, struct error *err)
{
	static const uint8_t none[2];

	if (!memcmp(p->kdf, "Sc", 2)) {
		error_set(err, -EOPNOTSUPP, "%s is encrypted with a password", t->where);
		error_hint(err, "sign with 'minisign -S -s %s -m FILE' instead", t->where);
		return -EOPNOTSUPP;
	}
	if (memcmp(p->algorithm, "Ed", 2) || memcmp(p->kdf, none, 2) ||
	    memcmp(p->checksum, "B2", 2))
		return sign_text_error(t, err, "not an Ed25519 key of minisign");
	return 0;
}

/*
 * minisign leaves the checksum of a key that is not encrypted zero. That the public half belongs
 * to the secret one says more, and signing with one that does not would give the key away.
 */
static int take_over(struct sign_secret *secret, const struct sign_private *p,
		     const struct sign_text *t, struct error *err)
{
	crypto_sign_ed25519_seed_keypair(secret->key.pk, secret->sk, p->sk);
	if (memcmp(secret->sk, p->sk, sizeof(p->sk)))
		return sign_text_error(t, err, "the key is damaged");
	memcpy(secret->key.id, p->id, sizeof(p->id));
	return 0;
}

int sign_secret_parse(struct sign_secret *secret, const char *text, size_t len, const char *where,
		      struct error *err)
{
	struct sign_text t = { .where = where, .at = text, .end = text + len };
	struct sign_private p = { 0 };
	const char *comment;
	size_t comment_len;
	int ret = sign_text_comment(&t, SIGN_COMMENT, &comment, &comment_len, err);

	if (!ret)
		ret = sign_text_base64(&t, "a secret key", &p, sizeof(p), err);
	if (!ret)
		ret = check_private(&p, &t, err);
	if (!ret)
		ret = take_over(secret, &p, &t, err);
	if (!ret)
		ret = sign_text_end(&t, err);
	explicit_bzero(&p, sizeof(p));
	if (!ret)
		return 0;
	explicit_bzero(secret, sizeof(*secret));
	error_hint(err, "'bpfilter sign --new-key NAME' or 'minisign -G -W' makes a secret key");
	return ret;
}

void sign_secret_print(const struct sign_secret *secret, struct buffer *out)
{
	struct sign_private p = { .algorithm = "Ed", .checksum = "B2" };
	char name[17];

	memcpy(p.id, secret->key.id, sizeof(p.id));
	memcpy(p.sk, secret->sk, sizeof(p.sk));
	sign_key_name(&secret->key, name);
	buffer_printf(out, SIGN_COMMENT "bpfilter secret key %s, not encrypted\n", name);
	sign_text_encode(out, &p, sizeof(p));
	explicit_bzero(&p, sizeof(p));
}

void sign_key_print(const struct sign_key *key, struct buffer *out)
{
	struct sign_public p = { .algorithm = "Ed" };
	char name[17];

	memcpy(p.id, key->id, sizeof(p.id));
	memcpy(p.pk, key->pk, sizeof(p.pk));
	sign_key_name(key, name);
	buffer_printf(out, SIGN_COMMENT "bpfilter public key %s\n", name);
	sign_text_encode(out, &p, sizeof(p));
}

static int check_name(const char *name, const char *path, struct error *err)
{
	const char *c = name;

	while ((unsigned char)*c >= 0x20 && *c != 0x7f)
		c++;
	if (*c || !*name)
		return error_set(err, -EINVAL, "%s: the name of the file cannot be put on a line",
				 path);
	return 0;
}

int sign_make(const struct sign_secret *secret, const char *name, const void *data, size_t len,
	      long long now, struct buffer *out, struct error *err)
{
	struct sign_signature s = { .algorithm = "ED" };
	uint8_t hash[64], global[64];
	struct buffer part = { 0 };
	int ret = check_name(sign_base_name(name), name, err);

	if (ret)
		return ret;
	memcpy(s.id, secret->key.id, sizeof(s.id));
	crypto_generichash_blake2b(hash, sizeof(hash), data, len, NULL, 0);
	crypto_sign_ed25519_detached(s.sig, NULL, hash, sizeof(hash), secret->sk);
	buffer_add(&part, s.sig, sizeof(s.sig));
	buffer_printf(&part, "timestamp:%lld\tfile:%s\thashed", now, sign_base_name(name));
	if (part.failed) {
		ret = error_errno(err, part.failed, "cannot sign %s", name);
		goto out;
	}
	crypto_sign_ed25519_detached(global, NULL, (uint8_t *)part.data, part.len, secret->sk);
	buffer_puts(out, SIGN_COMMENT "signature from bpfilter\n");
	sign_text_encode(out, &s, sizeof(s));
	buffer_printf(out, SIGN_TRUSTED "%s\n", part.data + sizeof(s.sig));
	sign_text_encode(out, global, sizeof(global));
	ret = out->failed;
	if (ret)
		error_errno(err, ret, "cannot sign %s", name);
out:
	buffer_free(&part);
	return ret;
}

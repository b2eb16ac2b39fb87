// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gen/key.h"
#include "sign/sign.h"
#include "sign/text.h"

int sign_key_parse(struct sign_key *key, const char *text, size_t len, const char *where,
		   struct error *err)
{
	struct sign_text t = { .where = where, .at = text, .end = text + len };
	struct sign_public public;
	const char *comment;
	size_t comment_len;
	int ret = 0;

	if (sign_text_begins(&t, SIGN_COMMENT))
		ret = sign_text_comment(&t, SIGN_COMMENT, &comment, &comment_len, err);
	if (!ret)
		ret = sign_text_base64(&t, "a public key", &public, sizeof(public), err);
	if (!ret && memcmp(public.algorithm, "Ed", 2))
		ret = sign_text_error(&t, err, "not an Ed25519 key");
	if (!ret)
		ret = sign_text_end(&t, err);
	if (ret) {
		error_hint(err, "a public key is the file NAME.pub of 'bpfilter sign --new-key NAME', "
			   "or minisign.pub of 'minisign -G'");
		return ret;
	}
	memcpy(key->id, public.id, sizeof(key->id));
	memcpy(key->pk, public.pk, sizeof(key->pk));
	return 0;
}

bool sign_key_embedded(struct sign_key *key)
{
#ifdef SIGN_KEY_ID
	*key = (struct sign_key){ .id = { SIGN_KEY_ID }, .pk = { SIGN_KEY_PK } };
	return true;
#else
	*key = (struct sign_key){ 0 };
	return false;
#endif
}

void sign_key_name(const struct sign_key *key, char name[17])
{
	uint64_t id = 0;

	for (size_t i = sizeof(key->id); i--;)
		id = id << 8 | key->id[i];
	snprintf(name, 17, "%" PRIX64, id);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sign/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What make-seeds has a signature of. */
static const char signed_text[] = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";

/* A part of the input, its length in front, on the heap, so that a byte too much is seen. */
static char *take(const uint8_t **data, size_t *size, size_t *len)
{
	char *part;

	*len = 0;
	if (*size >= 2) {
		*len = (size_t)((*data)[0] | (*data)[1] << 8);
		*data += 2;
		*size -= 2;
	}
	if (*len > *size)
		*len = *size;
	part = malloc(*len);
	if (*len)
		memcpy(part, *data, *len);
	*data += *len;
	*size -= *len;
	return part;
}

static void check_secret(const char *text, size_t len)
{
	struct sign_secret secret;
	struct error err = { 0 };

	if (!sign_secret_parse(&secret, text, len, "secret", &err) != !err.msg[0])
		abort();
}

/*
 * Key, signature, text: a refusal has a reason; and no signature is good but that of the seeds,
 * under its name: another one would be a forgery.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t key_len, sig_len, len;
	char *key_text = take(&data, &size, &key_len), *sig = take(&data, &size, &sig_len);
	char *text = take(&data, &size, &len);
	struct error err = { 0 };
	struct sign_key key;
	int ret = sign_key_parse(&key, key_text, key_len, "key", &err);

	if (!ret != !err.msg[0])
		abort();
	if (!ret) {
		ret = sign_verify(&key, "/etc/rules.v4", text, len, sig, sig_len, &err);
		if (!ret != !err.msg[0])
			abort();
		if (!ret && (len != sizeof(signed_text) - 1 || memcmp(text, signed_text, len)))
			abort();
		err = (struct error){ 0 };
		if (!sign_verify(&key, "rules.v6", text, len, sig, sig_len, &err))
			abort();
	}
	check_secret(key_text, key_len);
	free(key_text);
	free(sig);
	free(text);
	return 0;
}

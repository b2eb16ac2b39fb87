/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIGN_SECRET_H
#define SIGN_SECRET_H

#include "buffer.h"
#include "sign/sign.h"

/* A secret key, and what is made with it. Whoever holds one clears it with explicit_bzero(). */
struct sign_secret {
	struct sign_key key;
	uint8_t sk[64];
};

#define SIGN_RANDOM	40	/* bytes that a new key is made of */

/** sign_secret_make() - a new key out of random bytes, from getrandom(2). */
void sign_secret_make(struct sign_secret *secret, const uint8_t random[SIGN_RANDOM]);

/**
 * sign_secret_parse() - minisign's secret key file. -EBADMSG: it is none, or is damaged;
 * -EOPNOTSUPP: it is encrypted.
 */
int sign_secret_parse(struct sign_secret *secret, const char *text, size_t len, const char *where,
		      struct error *err);

/** sign_secret_print(), sign_key_print() - the files NAME.key and NAME.pub. */
void sign_secret_print(const struct sign_secret *secret, struct buffer *out);
void sign_key_print(const struct sign_key *key, struct buffer *out);

/**
 * sign_make() - the text of a .minisig, as minisign writes it by default.
 * @name: what follows its last slash goes into the trusted comment; -EINVAL: not on one line, or
 * empty. @now: seconds since 1970.
 */
int sign_make(const struct sign_secret *secret, const char *name, const void *data, size_t len,
	      long long now, struct buffer *out, struct error *err);

#endif

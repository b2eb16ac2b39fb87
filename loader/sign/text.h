/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIGN_TEXT_H
#define SIGN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "error.h"

/*
 * minisign's files: comments and base64, line by line. What is not exactly that is -EBADMSG with
 * the line; the line itself is not shown, since it may be a secret.
 */

#define SIGN_COMMENT	"untrusted comment: "
#define SIGN_TRUSTED	"trusted comment: "

struct sign_text {
	const char *where;	/* the file, for messages */
	const char *at, *end;	/* what is not yet read */
	unsigned int line;	/* that was read last */
};

/* What the base64 lines hold. Octets only: no padding, no byte order. */
struct sign_public {
	uint8_t algorithm[2];	/* "Ed" */
	uint8_t id[8];
	uint8_t pk[32];
};

struct sign_signature {
	uint8_t algorithm[2];	/* "ED": of the text's BLAKE2b-512, "Ed": of the text itself */
	uint8_t id[8];
	uint8_t sig[64];
};

struct sign_private {
	uint8_t algorithm[2];	/* "Ed" */
	uint8_t kdf[2];		/* 0: not encrypted, "Sc": scrypt */
	uint8_t checksum[2];	/* "B2" */
	uint8_t salt[32];
	uint8_t limits[16];
	uint8_t id[8];
	uint8_t sk[64];		/* seed and public key */
	uint8_t sum[32];	/* 0 where not encrypted */
};

/* The longest of them in base64, with its NUL. */
#define SIGN_BASE64_MAX	((sizeof(struct sign_private) + 2) / 3 * 4 + 1)

/** sign_text_error() - an error about the line read last. Returns -EBADMSG. */
__attribute__((format(printf, 3, 4)))
int sign_text_error_(const struct sign_text *t, struct error *err, const char *fmt, ...);
#define sign_text_error(t, err, ...) (sign_text_error_(t, err, __VA_ARGS__), -EBADMSG)

/** sign_text_begins() - does the rest begin with @prefix? */
bool sign_text_begins(const struct sign_text *t, const char *prefix);

/** sign_text_comment() - a line that begins with @prefix; what follows is *text, *len bytes. */
int sign_text_comment(struct sign_text *t, const char *prefix, const char **text, size_t *len,
		      struct error *err);

/** sign_text_base64() - a line that is base64 of exactly @size bytes. @what: "a key". */
int sign_text_base64(struct sign_text *t, const char *what, void *data, size_t size,
		     struct error *err);

/** sign_text_encode() - such a line. */
void sign_text_encode(struct buffer *out, const void *data, size_t size);

/** sign_text_end() - that was all. */
int sign_text_end(struct sign_text *t, struct error *err);

/** sign_base_name() - what follows the last slash. */
const char *sign_base_name(const char *path);

#endif

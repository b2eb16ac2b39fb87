/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIGN_SIGN_H
#define SIGN_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * Signatures of rule texts and images: Ed25519 by libsodium, in the files of minisign(1). The
 * signature of NAME is NAME.minisig. It covers the file, and its trusted comment says for which
 * file name it was made: signed IPv4 rules are no IPv6 rules.
 *
 * Nothing here but the functions that read files makes a system call, memory aside: sodium_init()
 * is not needed, and not called.
 */

#define SIGN_SUFFIX	".minisig"
/* Longer key and signature files are none: minisign's are below 10 KiB. */
#define SIGN_TEXT_MAX	((size_t)16384)

struct sign_key {
	uint8_t id[8];		/* random; printed last byte first */
	uint8_t pk[32];
};

/**
 * sign_key_parse() - a public key: minisign's file of two lines, or the second line alone.
 * @where: the name of the file, for messages. -EBADMSG: it is no such file.
 */
int sign_key_parse(struct sign_key *key, const char *text, size_t len, const char *where,
		   struct error *err);

/** sign_key_read() - the same of a file. */
int sign_key_read(struct sign_key *key, const char *path, struct error *err);

/** sign_key_embedded() - the key built in by "make KEY=FILE". Returns false: there is none. */
bool sign_key_embedded(struct sign_key *key);

/** sign_key_name() - the id as minisign prints it: hexadecimal, without leading zeros. */
void sign_key_name(const struct sign_key *key, char name[17]);

/**
 * sign_verify() - was this text signed with the key, under this name?
 * @name: how the text is called; what follows its last slash is the name that must be signed;
 * @sig, @sig_len: the text of its .minisig.
 * -EBADMSG: this is no signature file; -ENOKEY: made with another key; -EKEYREJECTED: text, comment
 * or signature were altered, or the file was signed under another name or none.
 */
int sign_verify(const struct sign_key *key, const char *name, const void *data, size_t len,
		const char *sig, size_t sig_len, struct error *err);

/** sign_read() - the text of @name.minisig, malloc()ed; NULL and 0 returned: there is none. */
int sign_read(const char *name, char **sig, size_t *len, struct error *err);

/** sign_unsigned() - the error for a text without a signature. Returns -EKEYREJECTED. */
int sign_unsigned(const char *name, struct error *err);

#endif

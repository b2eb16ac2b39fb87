/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_SHA256_H
#define COMPILE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4) of a text that comes in parts. */
struct sha256 {
	uint32_t state[8];
	uint64_t len;			/* bytes so far */
	uint8_t rest[64];		/* of them the last len % 64 */
	bool plain;			/* without the CPU's instructions for it; the same digest */
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t digest[32]);

#endif

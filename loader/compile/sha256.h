/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_SHA256_H
#define COMPILE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/** sha256() - FIPS 180-4, of one block of memory. */
void sha256(const void *data, size_t len, uint8_t digest[32]);

#endif

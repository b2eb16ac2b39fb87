/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_EMBEDDED_H
#define KERNEL_EMBEDDED_H

#include <stddef.h>

/* Data inside the helper, compressed; written by scripts/mkembedded. */
struct embedded {
	const unsigned char *packed;	/* zlib */
	size_t packed_len;
	size_t len;
	const struct embedded *base;	/* if not NULL: XOR with this one, of the same length */
};

/** embedded_unpack() - e->len bytes, malloc()ed; NULL: no memory. */
unsigned char *embedded_unpack(const struct embedded *e);

#endif

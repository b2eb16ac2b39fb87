// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/embedded.h"

#include <stdlib.h>
#include <zlib.h>

unsigned char *embedded_unpack(const struct embedded *e)
{
	unsigned char *data = malloc(e->len), *base = NULL;
	uLongf len = e->len;
	size_t i;

	if (!data || uncompress(data, &len, e->packed, e->packed_len) != Z_OK || len != e->len)
		goto fail;
	if (!e->base)
		return data;
	base = embedded_unpack(e->base);
	if (!base)
		goto fail;
	for (i = 0; i < e->len; i++)
		data[i] ^= base[i];
	free(base);
	return data;
fail:
	free(data);
	return NULL;
}

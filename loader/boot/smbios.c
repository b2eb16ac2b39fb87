// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "boot/firmware.h"

const char *smbios_string(const char *raw, size_t len, const char *name)
{
	const char *p, *end = raw + len;
	size_t name_len = strlen(name);
	int count;

	/* type, length of what precedes the strings, handle, number of strings */
	if (len < 5 || raw[0] != 11 || (unsigned char)raw[1] < 5 || (unsigned char)raw[1] > len)
		return NULL;
	count = (unsigned char)raw[4];
	for (p = raw + (unsigned char)raw[1]; count > 0; count--) {
		size_t left = (size_t)(end - p), n = strnlen(p, left);

		if (n == left || !n)	/* no end; or the end of all strings */
			return NULL;
		if (n > name_len && p[name_len] == '=' && !strncmp(p, name, name_len))
			return p + name_len + 1;
		p += n + 1;
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "boot/firmware.h"
#include "boot/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as /proc/bootconfig and as an SMBIOS structure: what is found lies inside them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *raw = malloc(size);
	struct sources s = { 0 };
	struct error err = { 0 };
	const char *value;
	size_t total = 0;

	if (!text || (size && !raw))
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	if (!bootconfig_sources(text, &s, &err) != !err.msg[0])
		abort();
	for (size_t i = 0; i < s.nr; i++)
		total += strlen(s.specs[i].text);
	if (total > size)
		abort();
	sources_free(&s);
	if (size)
		memcpy(raw, data, size);
	value = smbios_string(raw, size, "rules");
	if (value && (value < raw || value + strlen(value) >= raw + size))
		abort();
	free(raw);
	free(text);
	return 0;
}

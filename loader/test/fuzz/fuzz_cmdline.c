// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer/nflog.h"
#include "boot/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes: no crash, every string terminated, a refusal has a reason, no rule without its end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct nflog_spec output;
	struct cmdline c;
	size_t total = 0;
	int ret = cmdline_parse((const char *)data, size, &c, &err);

	if (!ret != !err.msg[0])
		abort();
	if (c.timeout < 1 || c.timeout > CMDLINE_TIMEOUT_MAX)
		abort();
	for (size_t i = 0; i < c.rules.nr; i++) {
		const struct source_spec *spec = &c.rules.specs[i];

		if ((spec->kind == SOURCE_INLINE) != (spec->text[0] == '-') ||
		    (spec->kind == SOURCE_PATH && spec->text[0] != '/'))
			abort();
		total += strlen(spec->text);
	}
	total += c.nflog ? strlen(c.nflog) : 0;
	total += c.init ? strlen(c.init) : 0;
	total += c.tables ? strlen(c.tables) : 0;
	if (c.nflog && nflog_spec_parse(c.nflog, &output, NULL))
		abort();
	if (total > size)
		abort();
	cmdline_free(&c);
	return 0;
}

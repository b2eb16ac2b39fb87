// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "sign/sign.h"

/* A line that cannot be read or understood is kept as b->cmdline_err: stage 2 refuses then. */
static void take_line(struct boot *b, const char *given)
{
	char *text = NULL;
	size_t len = 0;

	if (given)
		len = strlen(given);
	else if (cmdline_read(&text, &len, &b->cmdline_err))
		given = "";	/* the defaults */
	if (cmdline_parse(given ? given : text, len, &b->cmdline, &b->cmdline_err))
		error_set(&b->cmdline_err, -EINVAL, "the kernel command line is refused");
	free(text);
}

/* Rules that must be signed would be worth nothing if the line could do without them. */
static void tighten(struct boot *b)
{
	char name[17];
	struct sign_key key;
	const char *word;

	b->keyed = sign_key_embedded(&key);
	if (!b->keyed)
		return;
	sign_key_name(&key, name);
	while ((word = cmdline_tighten(&b->cmdline)))
		boot_log(LOG_ERROR, "error: %s on the kernel command line is ignored: rules must be signed by key %s",
			 word, name);
}

void boot_config(struct boot *b, const char *given)
{
	take_line(b, given);
	tighten(b);
}

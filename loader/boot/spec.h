/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_SPEC_H
#define BOOT_SPEC_H

#include <stddef.h>

#include "error.h"
#include "rules/ruleset.h"

/* Where rules are, as bpfilter.rules= of the kernel command line and bootconfig name it. Pure. */

enum source_kind {
	SOURCE_PATH,
	SOURCE_INLINE,
	SOURCE_BOOTCONFIG,
	SOURCE_CREDENTIAL,
	SOURCE_FW_CFG,
	SOURCE_SMBIOS,
	SOURCE_PARTITION,
};

struct source_spec {
	enum source_kind kind;
	const char *text;	/* the whole word, of an inline rule its blanks restored */
	unsigned int families;	/* FAMILY_BIT()s of an inline rule */
};

struct sources {
	struct source_spec *specs;	/* owned; their strings are not */
	size_t nr;
};

#define SOURCES_MAX		1024U

/**
 * sources_add() - what kind of source a word names, behind the others.
 * @word: an inline rule with its blanks; must outlive @s.
 * Returns 0, -EINVAL (no source; @err says which there are), -E2BIG, -ENOMEM.
 */
int sources_add(struct sources *s, const char *word, struct error *err);

void sources_free(struct sources *s);

/**
 * bootconfig_sources() - what bpfilter.rules in /proc/bootconfig's text names, in order
 * (Documentation/admin-guide/bootconfig.rst; the text is that of fs/proc/bootconfig.c).
 * @text: NUL terminated; its values are terminated in place, and @s points into it.
 * Returns 0, -ENOENT (there is no such key), -EINVAL, -ENOMEM. sources_free() is due in any case.
 */
int bootconfig_sources(char *text, struct sources *s, struct error *err);

#endif

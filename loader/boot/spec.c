// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "boot/partition.h"
#include "boot/spec.h"

/* The rest of @word behind @prefix must not be empty, unless @prefix is all of it. */
static const struct {
	const char *prefix;
	enum source_kind kind;
	bool alone;
} source_kinds[] = {
	{ "/", SOURCE_PATH, false },
	{ "-", SOURCE_INLINE, false },
	{ "4:-", SOURCE_INLINE, false },
	{ "6:-", SOURCE_INLINE, false },
	{ "bootconfig", SOURCE_BOOTCONFIG, true },
	{ "credential:", SOURCE_CREDENTIAL, false },
	{ "fw_cfg:", SOURCE_FW_CFG, false },
	{ "smbios:", SOURCE_SMBIOS, false },
};
#define NR_SOURCE_KINDS	(sizeof(source_kinds) / sizeof(source_kinds[0]))

static bool is_source(const char *word, size_t i)
{
	size_t len = strlen(source_kinds[i].prefix);

	return !strncmp(word, source_kinds[i].prefix, len) && source_kinds[i].alone == !word[len];
}

static int find_kind(const char *word, enum source_kind *kind, struct error *err)
{
	struct partition_spec partition;
	size_t i;

	if (partition_spec_is(word)) {
		*kind = SOURCE_PARTITION;
		return partition_spec_parse(word, &partition, err);
	}
	for (i = 0; i < NR_SOURCE_KINDS && !is_source(word, i); i++)
		;
	if (i == NR_SOURCE_KINDS) {
		error_set(err, -EINVAL, "bpfilter.rules=%.100s is no source of rules", word);
		error_hint(err, "a source is a path (/etc/bpfilter/x.v4), an inline rule "
			   "(-A+INPUT+-i+lo+-j+ACCEPT, 4:-..., 6:-...), bootconfig, "
			   "LABEL=NAME:/PATH, credential:NAME, fw_cfg:NAME or smbios:NAME");
		return -EINVAL;
	}
	*kind = source_kinds[i].kind;
	return 0;
}

int sources_add(struct sources *s, const char *word, struct error *err)
{
	struct source_spec spec = { .text = word, .families = FAMILIES_ALL };
	struct source_spec *more;
	int ret = find_kind(word, &spec.kind, err);

	if (ret)
		return ret;
	if (spec.kind == SOURCE_INLINE && word[0] != '-') {
		spec.families = FAMILY_BIT(word[0] == '4' ? FAMILY_IPV4 : FAMILY_IPV6);
		spec.text = word + 2;
	}
	if (s->nr == SOURCES_MAX)
		return error_set(err, -E2BIG, "more than %u sources of rules", SOURCES_MAX);
	more = realloc(s->specs, (s->nr + 1) * sizeof(*more));
	if (!more)
		return error_errno(err, -ENOMEM, "cannot keep the sources of rules");
	s->specs = more;
	s->specs[s->nr++] = spec;
	return 0;
}

void sources_free(struct sources *s)
{
	free(s->specs);
	*s = (struct sources){ 0 };
}

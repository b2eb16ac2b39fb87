// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "boot/partition.h"

#define DEV	"/dev/"

static const char *const keys[] = {
	[PARTITION_LABEL] = "LABEL=",
	[PARTITION_UUID] = "UUID=",
	[PARTITION_PARTLABEL] = "PARTLABEL=",
	[PARTITION_PARTUUID] = "PARTUUID=",
	[PARTITION_NODE] = DEV,
};
#define NR_KEYS	(sizeof(keys) / sizeof(keys[0]))

/* The last ":/", so that a label may contain one. NULL: none. */
static const char *divider(const char *text)
{
	const char *last = NULL;

	for (const char *p = strstr(text, ":/"); p; p = strstr(p + 1, ":/"))
		last = p;
	return last;
}

/* NR_KEYS: none. */
static size_t find_key(const char *text)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++)
		if (!strncmp(text, keys[i], strlen(keys[i])))
			break;
	return i;
}

bool partition_spec_is(const char *text)
{
	size_t key = find_key(text);

	return key < PARTITION_NODE || (key == PARTITION_NODE && divider(text));
}

/* The kernel's names, as in /sys/class/block, have '!' for '/' (drivers/base/core.c). */
static int take_node(struct partition_spec *spec, struct error *err)
{
	static const char *const others[] = { "disk/", "mapper/" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strncmp(spec->value, others[i], strlen(others[i])))
			continue;
		error_set(err, -EINVAL, "/dev/%s is a name that udev makes later", spec->value);
		error_hint(err, "write LABEL=, UUID=, PARTLABEL=, PARTUUID= or the kernel's own "
			   "name, as in /sys/class/block");
		return -EINVAL;
	}
	for (char *p = spec->value; *p; p++)
		if (*p == '/')
			*p = '!';
	return 0;
}

int partition_spec_parse(const char *text, struct partition_spec *spec, struct error *err)
{
	size_t key = find_key(text), len = 0;
	const char *end = divider(text), *value = NULL;

	if (key < NR_KEYS && end) {
		value = text + strlen(keys[key]);
		len = end > value ? (size_t)(end - value) : 0;
	}
	if (!len || len >= sizeof(spec->value) || !end[2]) {
		error_set(err, -EINVAL, "%.160s names no file on a partition", text);
		error_hint(err, "write LABEL=NAME:/PATH; or UUID=, PARTLABEL=, PARTUUID=, "
			   "/dev/NAME:/PATH");
		return -EINVAL;
	}
	*spec = (struct partition_spec){ .key = (enum partition_key)key, .path = end + 1 };
	memcpy(spec->value, value, len);
	return key == PARTITION_NODE ? take_node(spec, err) : 0;
}

bool partition_spec_same(const struct partition_spec *a, const struct partition_spec *b)
{
	return a->key == b->key && !strcmp(a->value, b->value);
}

void partition_spec_name(const struct partition_spec *spec, char *name, size_t size)
{
	snprintf(name, size, "%s%s", keys[spec->key], spec->value);
	for (char *p = name; spec->key == PARTITION_NODE && *p; p++)
		if (*p == '!')
			*p = '/';
}

/* Hexadecimal numbers are written in both cases; an empty string is no number. */
static bool same_id(const char *a, const char *b)
{
	return *a && !strcasecmp(a, b);
}

bool partition_spec_matches(const struct partition_spec *spec, const char *name,
			    const struct partition_found *found)
{
	switch (spec->key) {
	case PARTITION_LABEL:
		return !found->ret && !strcmp(found->label, spec->value);
	case PARTITION_UUID:
		return !found->ret && same_id(found->uuid, spec->value);
	case PARTITION_PARTLABEL:
		return !strcmp(found->partlabel, spec->value);
	case PARTITION_PARTUUID:
		return same_id(found->partuuid, spec->value);
	case PARTITION_NODE:
		return !strcmp(name, spec->value);
	}
	return false;
}

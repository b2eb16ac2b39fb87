// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "boot/spec.h"

#define OWN_KEY		"bpfilter."
#define RULES_KEY	"bpfilter.rules"

static int malformed(struct error *err)
{
	return error_set(err, -EINVAL, "/proc/bootconfig cannot be understood");
}

/*
 * One value, quoted with '"', or with '\'' if it contains '"'; it may hold line ends. Terminated in
 * place; returns what follows it, NULL if it has no end.
 */
static char *cut_value(char *p, char **value)
{
	char quote = *p;

	if (quote != '"' && quote != '\'')
		return NULL;
	*value = p + 1;
	p = strchr(p + 1, quote);
	if (!p)
		return NULL;
	*p = 0;
	return p + 1;
}

/* The values of one key, separated by ", ", to the end of the line. */
static int take_values(char **text, bool wanted, struct sources *s, struct error *err)
{
	char *p = *text, *value;

	for (;;) {
		int ret = 0;

		p = cut_value(p, &value);
		if (!p)
			return malformed(err);
		if (wanted && !strcmp(value, "bootconfig"))
			ret = error_set(err, -EINVAL, "bpfilter.rules of bootconfig names itself");
		else if (wanted)
			ret = sources_add(s, value, err);
		if (ret)
			return ret;
		if (p[0] != ',' || p[1] != ' ')
			break;
		p += 2;
	}
	if (*p && *p != '\n')
		return malformed(err);
	*text = p;
	return 0;
}

/* A typo must not leave rules out: only one key of ours is known here. */
static int check_key(const char *key, struct error *err)
{
	if (strncmp(key, OWN_KEY, sizeof(OWN_KEY) - 1) || !strcmp(key, RULES_KEY))
		return 0;
	error_set(err, -EINVAL, "bootconfig: unknown key %.100s", key);
	error_hint(err, "only " RULES_KEY " is read there; kernel.%.60s puts a word on the command "
		   "line", key);
	return -EINVAL;
}

int bootconfig_sources(char *text, struct sources *s, struct error *err)
{
	int ret = 0;

	while (!ret && *text) {
		char *key = text, *equals;

		if (*text == '\n') {
			text++;
			continue;
		}
		if (*text == '#') {	/* the boot loader's part of the command line */
			text += strcspn(text, "\n");
			continue;
		}
		equals = strstr(text, " = ");
		if (!equals || memchr(text, '\n', (size_t)(equals - text)))
			return malformed(err);
		*equals = 0;
		text = equals + 3;
		ret = check_key(key, err);
		if (!ret)
			ret = take_values(&text, !strcmp(key, RULES_KEY), s, err);
	}
	if (!ret && !s->nr) {
		error_set(err, -ENOENT, "bootconfig has no " RULES_KEY);
		error_hint(err, "add it with 'bootconfig -a FILE INITRD' and boot with the word "
			   "bootconfig");
		ret = -ENOENT;
	}
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/moddep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char plain(char c)
{
	return c == '-' ? '_' : c;
}

/* Is @path (of @len bytes) the file of that module: NAME.ko, NAME.ko.xz ...? */
static bool is_module(const char *path, size_t len, const char *name)
{
	const char *slash = memrchr(path, '/', len);
	size_t i, n = strlen(name);

	if (slash) {
		len -= (size_t)(slash + 1 - path);
		path = slash + 1;
	}
	if (len < n + 3 || strncmp(path + n, ".ko", 3) || (len > n + 3 && path[n + 3] != '.'))
		return false;
	for (i = 0; i < n; i++) {
		if (plain(path[i]) != plain(name[i]))
			return false;
	}
	return true;
}

/* The line whose file (up to @end) is the module's; NULL. */
static const char *find_line(const char *text, const char *name, const char *end, size_t *len)
{
	const char *line, *next;
	size_t file;

	for (line = text; *line; line = next) {
		*len = strcspn(line, "\n");
		next = line + *len + (line[*len] == '\n');
		file = strcspn(line, end);
		if (is_module(line, file < *len ? file : *len, name))
			return line;
	}
	return NULL;
}

int moddep_find(const char *text, const char *name, char **line, char *words[MODDEP_MAX], int *n)
{
	const char *found;
	char *at, *save = NULL;
	size_t len;

	*line = NULL;
	*n = 0;
	found = find_line(text, name, ":\n", &len);
	if (!found)
		return -ENOENT;
	*line = strndup(found, len);
	if (!*line)
		return -ENOMEM;
	for (at = strtok_r(*line, ": \t\r", &save); at; at = strtok_r(NULL, " \t\r", &save)) {
		if (*n == MODDEP_MAX) {
			free(*line);
			*line = NULL;
			return -E2BIG;
		}
		words[(*n)++] = at;
	}
	return 0;
}

bool moddep_builtin(const char *text, const char *name)
{
	size_t len;

	return find_line(text, name, "\n", &len) != NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>

#include "answer/nflog.h"

#define SIZE_DEFAULT (64ULL << 20)
#define SIZE_MIN (1ULL << 20) /* the largest packet fits well */
#define SIZE_MAX_BYTES (1ULL << 40)

static int refuse(struct error *err, const char *text, const char *why)
{
	error_set(err, -EINVAL, "NFLOG output %.200s: %s", text, why);
	error_hint(err, "it can be netlink, pcapng:/PATH, pcapng:SIZE:/PATH (such as 64M) or "
			"unix:/PATH");
	return -EINVAL;
}

/* "64M:" in front of the path. Returns what follows; NULL: no size, or out of range. */
static const char *parse_size(const char *p, u64 *size)
{
	static const char units[] = "KMG";
	const char *unit;
	u64 n = 0;

	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9' && n <= SIZE_MAX_BYTES; p++)
		n = n * 10 + (u64)(*p - '0');
	unit = *p ? strchr(units, *p) : NULL;
	if (unit) {
		n <<= n > SIZE_MAX_BYTES ? 0 : 10 * (unit - units + 1);
		p++;
	}
	*size = n;
	return *p == ':' && n >= SIZE_MIN && n <= SIZE_MAX_BYTES ? p + 1 : NULL;
}

/* The last component is the file's or the socket's name. */
static int check_path(const struct nflog_spec *spec, const char *text, struct error *err)
{
	const char *name = strrchr(spec->path, '/');
	size_t most = spec->kind == NFLOG_UNIX ?
			      sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 :
			      NAME_MAX - 2; /* ".1" */

	if (spec->path[0] != '/')
		return refuse(err, text, "a path from / is needed");
	if (strlen(spec->path) > PATH_MAX - 3)
		return refuse(err, text, "the path is too long");
	if (!name || !name[1] || !strcmp(name, "/.") || !strcmp(name, "/.."))
		return refuse(err, text, "the path names no file");
	if (strlen(name + 1) > most)
		return refuse(err, text, "the name of the file is too long");
	return 0;
}

int nflog_spec_parse(const char *text, struct nflog_spec *spec, struct error *err)
{
	*spec = (struct nflog_spec){ .kind = NFLOG_NETLINK };
	if (!strcmp(text, "netlink"))
		return 0;
	if (!strncmp(text, "unix:", 5)) {
		spec->kind = NFLOG_UNIX;
		spec->path = text + 5;
	} else if (!strncmp(text, "pcapng:", 7)) {
		spec->kind = NFLOG_PCAPNG;
		spec->path = text + 7;
		spec->size = SIZE_DEFAULT;
		if (*spec->path != '/')
			spec->path = parse_size(spec->path, &spec->size);
		if (!spec->path)
			return refuse(err, text,
				      "a path from /, or a size of 1M to 1024G and a "
				      "path are needed");
	} else {
		return refuse(err, text, "there is no such output");
	}
	return check_path(spec, text, err);
}

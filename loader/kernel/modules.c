// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading kernel modules by ourselves: nothing is executed, no modprobe is needed in the initramfs.
 * The kernel decompresses (finit_module() with MODULE_INIT_COMPRESSED_FILE,
 * CONFIG_MODULE_DECOMPRESS).
 */
#include "kernel/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "kernel/moddep.h"
#include "rules/parse.h"

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

#define DEPENDENCIES_MAX	(16UL << 20)
#define MODULE_MAX		(64UL << 20)

int module_present(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%.64s", name);
	return access(path, F_OK) == 0;
}

/* A gzip file: unpacked here, because zlib is at hand, for kernels that cannot do it themselves. */
static int load_gzip(int fd, const char *params)
{
	gzFile gz = gzdopen(dup(fd), "rb");
	char *data = malloc(MODULE_MAX);
	size_t len = 0;
	int n, ret = -ENOMEM;

	if (!gz || !data)
		goto out;
	while ((n = gzread(gz, data + len, (unsigned int)(MODULE_MAX - len))) > 0)
		len += (size_t)n;
	if (n < 0) {
		ret = -EBADMSG;
		goto out;
	}
	ret = syscall(SYS_init_module, data, len, params) ? -errno : 0;
out:
	free(data);
	if (gz)
		gzclose(gz);
	return ret;
}

static int load_fd(int fd, const char *path, const char *params, struct error *err)
{
	const char *dot = strrchr(path, '.');
	bool compressed = dot && strcmp(dot, ".ko");
	int ret;

	ret = syscall(SYS_finit_module, fd, params, compressed ? MODULE_INIT_COMPRESSED_FILE : 0) ?
		      -errno : 0;
	if (ret && ret != -EEXIST && compressed && !strcmp(dot, ".gz"))
		ret = load_gzip(fd, params);
	/* Somebody else was faster. */
	if (!ret || ret == -EEXIST)
		return 0;
	error_errno(err, ret, "loading the kernel module %s", path);
	if (ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ENOEXEC)
		error_hint(err, "a compressed module needs CONFIG_MODULE_DECOMPRESS; or put it "
			   "there as .ko");
	return ret;
}

static int load_file(const char *base, const char *relative, const char *params, struct error *err)
{
	char *path = NULL;
	int fd, ret;

	if (asprintf(&path, "%s%s%s", relative[0] == '/' ? "" : base, relative[0] == '/' ? "" : "/",
		     relative) < 0)
		return error_errno(err, -ENOMEM, "loading a kernel module");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ret = error_errno(err, -errno, "%s", path);
	} else {
		ret = load_fd(fd, path, params, err);
		close(fd);
	}
	free(path);
	return ret;
}

/* What it depends on comes first: modules.dep lists it from the outermost to the innermost. */
static int load_with_dependencies(const char *base, const char *dep, const char *name,
				  const char *params, struct error *err)
{
	char *words[MODDEP_MAX];
	char *line;
	int n, i, ret;

	ret = moddep_find(dep, name, &line, words, &n);
	if (ret == -ENOENT)
		return error_set(err, ret, "there is no kernel module %s in %s/modules.dep", name,
				 base);
	if (ret)
		return error_errno(err, ret, "%s/modules.dep", base);
	for (i = n - 1; i >= 0 && !ret; i--)
		ret = load_file(base, words[i], i ? "" : params, err);
	free(line);
	return ret;
}

/*
 * modules.builtin names what needs no loading, for kernels where /sys/module has no entry for it.
 */
static bool is_builtin(const char *base, const char *name)
{
	char *path = NULL, *text = NULL;
	bool found = false;
	size_t len;

	if (asprintf(&path, "%s/modules.builtin", base) < 0)
		return false;
	if (!rules_read_file(path, DEPENDENCIES_MAX, &text, &len, NULL))
		found = moddep_builtin(text, name);
	free(text);
	free(path);
	return found;
}

int module_load(const char *name, const char *params, struct error *err)
{
	char base[sizeof(struct utsname)], path[sizeof(base) + 16];
	struct utsname uts;
	char *text = NULL;
	size_t len;
	int ret;

	if (module_present(name))
		return 0;
	if (uname(&uts))
		return error_errno(err, -errno, "uname");
	snprintf(base, sizeof(base), "/lib/modules/%s", uts.release);
	snprintf(path, sizeof(path), "%s/modules.dep", base);
	if (rules_read_file(path, DEPENDENCIES_MAX, &text, &len, NULL)) {
		if (is_builtin(base, name))
			return 0;
		error_set(err, -ENOENT, "cannot load the kernel module %s: %s cannot be read", name,
			  path);
		error_hint(err, "put the modules of kernel %s into the initramfs, or build %s into "
			   "the kernel", uts.release, name);
		return -ENOENT;
	}
	ret = load_with_dependencies(base, text, name, params, err);
	if (ret == -ENOENT && is_builtin(base, name)) {
		if (err)
			memset(err, 0, sizeof(*err));
		ret = 0;
	}
	free(text);
	return ret;
}

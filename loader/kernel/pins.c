/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names below BPFFS/bpfilter/<netns cookie>/v1: making, finding and removing them.
 */
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/sys.h"

const char *generation_dir(enum generation gen)
{
	static const char *const names[GENERATIONS] = { "a", "b", "deny" };

	return names[gen];
}

const char *pin_path(char buf[PIN_PATH], const struct kernel *k, enum generation gen,
		     const char *name)
{
	snprintf(buf, PIN_PATH, "%s/%s%s%s", k->dir, generation_dir(gen), name ? "/" : "",
		 name ? name : "");
	return buf;
}

int pin_mkdir(const struct kernel *k, enum generation gen, struct error *err)
{
	char path[PIN_PATH];

	if (mkdir(pin_path(path, k, gen, NULL), 0700) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make %s", path);
	return 0;
}

int pin_add(const struct kernel *k, enum generation gen, const char *name, int fd,
	    struct error *err)
{
	char path[PIN_PATH];
	int ret;

	ret = sys_pin(fd, pin_path(path, k, gen, name));
	if (ret == -EEXIST && !unlink(path))
		ret = sys_pin(fd, path);
	return ret ? error_errno(err, ret, "cannot pin %s", path) : 0;
}

int pin_get(const struct kernel *k, enum generation gen, const char *name, struct error *err)
{
	char path[PIN_PATH];
	int fd;

	fd = sys_get(pin_path(path, k, gen, name));
	if (fd < 0 && fd != -ENOENT)
		return error_errno(err, fd, "cannot open %s", path);
	return fd;
}

int pin_remove(const struct kernel *k, enum generation gen, const char *name, struct error *err)
{
	char path[PIN_PATH];

	if (unlink(pin_path(path, k, gen, name)) && errno != ENOENT)
		return error_errno(err, -errno, "cannot remove %s", path);
	return 0;
}

int pin_detach(const struct kernel *k, enum generation gen, const char *name, struct error *err)
{
	struct link l;
	int fd, ret = 0;

	fd = pin_get(k, gen, name, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (!link_identify(fd, &l) && l.cookie == k->cookie && l.gen == gen)
		ret = sys_link_detach(fd);
	close(fd);
	if (ret)
		return error_errno(err, ret, "cannot detach %s/%s", generation_dir(gen), name);
	return 0;
}

int pin_clear(const struct kernel *k, enum generation gen, struct error *err)
{
	char path[PIN_PATH];
	struct dirent *e;
	int ret = 0;
	DIR *d;

	d = opendir(pin_path(path, k, gen, NULL));
	if (!d)
		return errno == ENOENT ? 0 : error_errno(err, -errno, "cannot read %s", path);
	while (!ret && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (!strncmp(e->d_name, "link-", 5))
			ret = pin_detach(k, gen, e->d_name, err);
		if (!ret)
			ret = pin_remove(k, gen, e->d_name, err);
	}
	closedir(d);
	if (!ret && rmdir(path))
		ret = error_errno(err, -errno, "cannot remove %s", path);
	return ret;
}

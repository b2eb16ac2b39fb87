// SPDX-License-Identifier: GPL-2.0-only
#include "boot/partition.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot/blockdev.h"
#include "kernel/modules.h"
#include "rules/parse.h"

/*
 * What can be read. @helper: a module that the file system would ask modprobe for, which an
 * initramfs may lack; where it is built in there is none of this name. Options: nothing is written,
 * nothing in the file system makes the kernel panic, no character set that could be missing.
 */
static const struct {
	const char *found, *type, *module, *helper, *options;
} file_systems[] = {
	{ "ext4", "ext4", "ext4", "crc32c_generic", "noload,errors=continue" },
	{ "ext3", "ext4", "ext4", "crc32c_generic", "noload,errors=continue" },
	{ "ext2", "ext4", "ext4", "crc32c_generic", "noload,errors=continue" },
	{ "vfat", "vfat", "vfat", "nls_cp437",
	  "codepage=437,iocharset=default,utf8,errors=continue" },
	{ "squashfs", "squashfs", "squashfs", NULL, "" },
	{ "iso9660", "iso9660", "isofs", NULL, "iocharset=utf8" },
	{ "erofs", "erofs", "erofs", "crc32c_generic", "" },
};
#define NR_FILE_SYSTEMS	(sizeof(file_systems) / sizeof(file_systems[0]))

static bool kernel_has(const char *type)
{
	FILE *f = fopen("/proc/filesystems", "re");
	char line[64], name[64];
	bool has = false;

	while (f && !has && fgets(line, sizeof(line), f))
		has = line[0] == '\t' && sscanf(line, "%63s", name) == 1 && !strcmp(name, type);
	if (f)
		fclose(f);
	return has;
}

/* fsopen() would call modprobe for a type that is not there. */
static int load_file_system(size_t i, struct error *err)
{
	if (file_systems[i].helper)
		(void)module_load(file_systems[i].helper, "", NULL);
	return kernel_has(file_systems[i].type) ? 0 : module_load(file_systems[i].module, "", err);
}

static int set(int fs, unsigned int cmd, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, fs, cmd, key, value, 0) ? -errno : 0;
}

/* "flag,key=value" */
static int set_options(int fs, const char *options)
{
	char copy[128], *one, *save;
	int ret = 0;

	snprintf(copy, sizeof(copy), "%s", options);
	for (one = strtok_r(copy, ",", &save); !ret && one; one = strtok_r(NULL, ",", &save)) {
		char *value = strchr(one, '=');

		if (value)
			*value++ = 0;
		ret = set(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, one, value);
	}
	return ret;
}

/* What the kernel has to say; "e TEXT", the last one first in meaning (fs/fs_context.c). */
static int refused(int fs, int ret, const struct partition *p, const char *type, struct error *err)
{
	char line[256], last[256] = "";
	ssize_t n;

	while (fs >= 0 && (n = read(fs, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		line[strcspn(line, "\n")] = 0;
		if (line[0] == 'e' && line[1] == ' ')
			memcpy(last, line, sizeof(last));
	}
	if (last[0])
		error_set(err, ret, "%s cannot be mounted: %s", p->name, last + 2);
	else
		error_errno(err, ret, "%s cannot be mounted as %s", p->name, type);
	error_hint(err, "check the file system (fsck); the kernel's log may say more");
	return ret;
}

static int mount_as(struct partition *p, const char *node, size_t i, struct error *err)
{
	const char *type = file_systems[i].type;
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), ret;

	ret = fs < 0 ? -errno : set(fs, FSCONFIG_SET_STRING, "source", node);
	if (!ret)
		ret = set(fs, FSCONFIG_SET_FLAG, "ro", NULL);
	if (!ret)
		ret = set_options(fs, file_systems[i].options);
	if (!ret)
		ret = set(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (!ret) {
		p->mount = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
					MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
		ret = p->mount < 0 ? -errno : 0;
	}
	if (ret)
		refused(fs, ret, p, type, err);
	if (fs >= 0)
		close(fs);
	return ret;
}

/*
 * "ro" alone does not keep a file system from writing: ext4 clears away orphans and records errors
 * (fs/ext4/orphan.c, ext4_handle_error()). So the device is made read-only meanwhile.
 */
static int hold_read_only(struct partition *p, const char *node, struct error *err)
{
	int on = 1, was = 0;

	p->device = open(node, O_RDONLY | O_CLOEXEC);
	if (p->device < 0)
		return error_errno(err, -errno, "%s cannot be opened", p->name);
	if (ioctl(p->device, BLKROGET, &was) || (!was && ioctl(p->device, BLKROSET, &on)))
		return error_errno(err, -errno, "%s cannot be made read-only", p->name);
	p->made_read_only = !was;
	return 0;
}

static int find_file_system(const struct blockdev *d, const struct partition *p, size_t *i,
			    struct error *err)
{
	if (d->found.ret == -EUCLEAN)
		return error_set(err, -EUCLEAN, "%s holds the marks of more than one file system; "
				 "wipefs(8) shows them", p->name);
	if (d->found.ret)
		return error_set(err, d->found.ret, d->found.ret == -ENODATA ?
				 "%s holds no file system" : "%s cannot be read", p->name);
	for (*i = 0; *i < NR_FILE_SYSTEMS; (*i)++)
		if (!strcmp(d->found.type, file_systems[*i].found))
			return 0;
	error_set(err, -EPROTONOSUPPORT, "%s is of type %s", p->name, d->found.type);
	error_hint(err, "rules are read from ext4, ext3, ext2, vfat, squashfs, iso9660 and erofs");
	return -EPROTONOSUPPORT;
}

static void set_name(struct partition *p, const struct partition_spec *spec,
		     const struct blockdev *d)
{
	char name[PARTITION_VALUE_MAX + 16];

	partition_spec_name(spec, name, sizeof(name));
	if (spec->key == PARTITION_NODE)
		snprintf(p->name, sizeof(p->name), "%s", name);
	else
		snprintf(p->name, sizeof(p->name), "%s on /dev/%s", name, d->name);
}

int partition_open(const struct partition_spec *spec, const struct partition_options *opt,
		   struct partition *p, struct error *err)
{
	const struct blockdev *d = NULL;
	struct blockdevs all;
	char node[64];
	size_t i = 0;
	int ret;

	*p = (struct partition){ .mount = -1, .device = -1 };
	ret = blockdevs_open(&all, err);
	if (!ret)
		ret = blockdevs_find(&all, spec, opt, &d, err);
	if (!ret) {
		set_name(p, spec, d);
		ret = find_file_system(d, p, &i, err);
	}
	if (!ret)
		ret = load_file_system(i, err);
	if (!ret && blockdevs_node(&all, d->dev, node, sizeof(node)))
		ret = error_errno(err, -errno, "%s: no device node", p->name);
	if (!ret)
		ret = hold_read_only(p, node, err);
	if (!ret)
		ret = mount_as(p, node, i, err);
	if (ret)
		partition_close(p);
	blockdevs_close(&all);
	return ret;
}

/* Why openat2() would not. */
static int cannot_open(int ret, const char *name, struct error *err)
{
	switch (ret) {
	case -ENOENT:
		return error_set(err, ret, "%s: there is no such file", name);
	case -EXDEV:
		error_set(err, ret, "%s leads out of its file system", name);
		error_hint(err, "symbolic links are followed inside of it, if they are relative");
		return ret;
	case -ENXIO:
		return error_set(err, -EINVAL, "%s is not a regular file", name);
	case -EACCES:	/* MOUNT_ATTR_NODEV */
		return error_set(err, -EINVAL, "%s is a device, not a file", name);
	}
	return error_errno(err, ret, "%s cannot be opened", name);
}

int partition_read(struct partition *p, const char *path, size_t max, char **text, size_t *len,
		   struct error *err)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	char name[sizeof(p->name) + 256];
	int fd, ret;

	*text = NULL;
	*len = 0;
	snprintf(name, sizeof(name), "%s:%.250s", p->name, path);
	path += strspn(path, "/");
	fd = (int)syscall(SYS_openat2, p->mount, path, &how, sizeof(how));
	if (fd < 0)
		return cannot_open(-errno, name, err);
	ret = rules_read_fd(fd, name, max, text, len, err);
	close(fd);
	return ret;
}

void partition_close(struct partition *p)
{
	int off = 0;

	if (p->mount >= 0)
		close(p->mount);
	if (p->made_read_only)
		(void)ioctl(p->device, BLKROSET, &off);
	if (p->device >= 0)
		close(p->device);
	*p = (struct partition){ .mount = -1, .device = -1 };
}

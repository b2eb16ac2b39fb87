// SPDX-License-Identifier: GPL-2.0-only
#include "boot/blockdev.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CLASS_DIR	"/sys/class/block"
#define UEVENT_BUFFER	(1 << 20)	/* bytes; overflows: all is looked at anew */

/* -1: no such attribute. */
static int read_attr(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

static uint64_t read_number(int dir, const char *name)
{
	char text[32];

	return read_attr(dir, name, text, sizeof(text)) ? 0 : strtoull(text, NULL, 10);
}

/* 0: no such attribute, as with a path of a multipath device, which is no device of its own. */
static dev_t read_dev(int dir, const char *name)
{
	unsigned int major, minor;
	char text[32];

	if (read_attr(dir, name, text, sizeof(text)) || sscanf(text, "%u:%u", &major, &minor) != 2)
		return 0;
	return makedev(major, minor);
}

/*
 * Can the medium be taken out, or the device? Anything that it hangs on may say so: a disk's own
 * "removable" is 0 or 1 (Documentation/ABI/stable/sysfs-block), that of a USB or PCI device
 * "removable", "fixed" or "unknown". What hangs on USB counts in any case.
 */
static bool is_removable(int dir)
{
	char link[32], path[PATH_MAX], text[32], *end;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, sizeof(path) - sizeof("/removable"));
	if (n <= 0)
		return true;
	path[n] = 0;
	for (end = path + n; end && end > path; end = strrchr(path, '/')) {
		char *name;

		*end = 0;
		name = strrchr(path, '/');
		if (name && !strncmp(name, "/usb", 4) && isdigit((unsigned char)name[4]))
			return true;
		strcpy(end, "/removable");
		if (!read_attr(AT_FDCWD, path, text, sizeof(text)) &&
		    (!strcmp(text, "1") || !strcmp(text, "removable")))
			return true;
		*end = 0;
	}
	return false;
}

/* A part of another device, which the kernel holds already: RAID, LVM, verity. */
static bool has_holder(int dir)
{
	int fd = openat(dir, "holders", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	bool held = false;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!held && (e = readdir(d)))
		held = e->d_name[0] != '.';
	closedir(d);
	return held;
}

/* Memory, files and floppies are no place for rules; the last would take seconds to look at. */
static bool is_wanted(const char *name)
{
	static const char *const others[] = { "loop", "ram", "zram", "fd", "mtdblock" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t len = strlen(others[i]);

		if (!strncmp(name, others[i], len) && isdigit((unsigned char)name[len]))
			return false;
	}
	return name[0] != '.' && strlen(name) < sizeof(((struct blockdev *)NULL)->name);
}

/* False: gone meanwhile, empty, or not to be looked at. */
static bool describe(int class, const char *name, struct blockdev *d)
{
	int dir = openat(class, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*d = (struct blockdev){ .pipe = -1 };
	if (dir < 0)
		return false;
	snprintf(d->name, sizeof(d->name), "%.39s", name);
	d->dev = read_dev(dir, "dev");
	d->sectors = read_number(dir, "size");
	d->number = (unsigned int)read_number(dir, "partition");
	d->start = d->number ? read_number(dir, "start") : 0;
	d->disk = d->number ? read_dev(dir, "../dev") : d->dev;
	if (!d->dev || !d->disk || !d->sectors || has_holder(dir)) {
		close(dir);
		return false;
	}
	d->removable = is_removable(dir);
	close(dir);
	return true;
}

static void forget(struct blockdevs *all, size_t i)
{
	probe_stop(&all->list[i]);
	all->list[i] = all->list[--all->nr];
}

static int add(struct blockdevs *all, const struct blockdev *d)
{
	struct blockdev *more;

	for (size_t i = 0; i < all->nr; i++) {
		struct blockdev *old = &all->list[i];

		if (strcmp(old->name, d->name))
			continue;
		if (old->dev != d->dev || old->sectors != d->sectors || old->start != d->start) {
			probe_stop(old);
			*old = *d;
		}
		old->seen = true;
		return 0;
	}
	more = realloc(all->list, (all->nr + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	all->list = more;
	all->list[all->nr] = *d;
	all->list[all->nr++].seen = true;
	return 0;
}

int blockdevs_scan(struct blockdevs *all, struct error *err)
{
	DIR *dir = opendir(CLASS_DIR);
	struct dirent *e;
	int ret = 0;

	all->scan_due = false;
	if (!dir)
		return error_errno(err, -errno, "cannot look for block devices in " CLASS_DIR);
	for (size_t i = 0; i < all->nr; i++)
		all->list[i].seen = false;
	while (!ret && (e = readdir(dir))) {
		struct blockdev d;

		if (is_wanted(e->d_name) && describe(dirfd(dir), e->d_name, &d))
			ret = add(all, &d);
	}
	closedir(dir);
	for (size_t i = all->nr; !ret && i-- > 0;)
		if (!all->list[i].seen)
			forget(all, i);
	return ret ? error_errno(err, ret, "cannot keep the list of block devices") : 0;
}

/* "change@/devices/.../block/vda", then NAME=VALUE, each with a 0 behind it. */
static void take_uevent(struct blockdevs *all, const char *msg, size_t len)
{
	static const char block[] = "\0SUBSYSTEM=block";
	const char *name = strrchr(msg, '/');

	if (!name || !memmem(msg, len, block, sizeof(block)))
		return;
	all->scan_due = true;
	if (!strncmp(msg, "add@", 4))
		return;
	for (size_t i = all->nr; i-- > 0;)
		if (!strcmp(all->list[i].name, name + 1))
			forget(all, i);
}

void blockdevs_uevents(struct blockdevs *all)
{
	struct sockaddr_nl from = { 0 };
	char msg[8192];

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(all->uevents, msg, sizeof(msg) - 1, 0,
				     (struct sockaddr *)&from, &size);

		if (n < 0 && errno == ENOBUFS) {
			while (all->nr)
				forget(all, all->nr - 1);
			all->scan_due = true;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return;
		if (n <= 0 || from.nl_pid)	/* only the kernel is believed */
			continue;
		msg[n] = 0;
		take_uevent(all, msg, (size_t)n);
	}
}

static int open_uevents(struct error *err)
{
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	const int size = UEVENT_BUFFER;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return error_errno(err, -errno, "cannot be told of new devices");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		int ret = error_errno(err, -errno, "cannot be told of new devices");

		close(fd);
		return ret;
	}
	return fd;
}

static int open_nodes(struct error *err)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), fd = -1;

	if (fs >= 0 && !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		fd = error_errno(err, -errno, "cannot make a place for device nodes");
	if (fs >= 0)
		close(fs);
	return fd;
}

int blockdevs_node(const struct blockdevs *all, dev_t dev, char *path, size_t size)
{
	char name[32];

	snprintf(name, sizeof(name), "%u:%u", major(dev), minor(dev));
	if (mknodat(all->nodes, name, S_IFBLK | 0600, dev) && errno != EEXIST)
		return -errno;
	snprintf(path, size, "/proc/self/fd/%d/%s", all->nodes, name);
	return 0;
}

int blockdevs_open(struct blockdevs *all, struct error *err)
{
	*all = (struct blockdevs){ .nodes = -1, .scan_due = true };
	all->uevents = open_uevents(err);
	if (all->uevents < 0)
		return all->uevents;
	all->nodes = open_nodes(err);
	return all->nodes < 0 ? all->nodes : 0;
}

void blockdevs_close(struct blockdevs *all)
{
	while (all->nr)
		forget(all, all->nr - 1);
	free(all->list);
	if (all->uevents >= 0)
		close(all->uevents);
	if (all->nodes >= 0)
		close(all->nodes);
	*all = (struct blockdevs){ .uevents = -1, .nodes = -1 };
}

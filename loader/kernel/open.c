/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The beginning and the end of every command that touches the kernel.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/pins.h"
#include "kernel/slot.h"
#include "kernel/sys.h"

#define LOCK_PATH	64
#define LOCK_PAUSE_NS	5000000L
#define LOCK_PATIENCE	(60U * 200U)	/* pauses: a minute */

static void lock_path(char path[LOCK_PATH], const struct kernel *k)
{
	snprintf(path, LOCK_PATH, "/run/bpfilter/lock-%" PRIu64, k->cookie);
}

/*
 * Is the file that was locked still the one of this name? The last holder removes it when nothing
 * is in force.
 */
static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !lstat(path, &b) && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int lock_once(const char *path)
{
	unsigned int i;
	int fd, ret;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	for (i = 0; flock(fd, LOCK_EX | LOCK_NB); i++) {
		ret = -errno;
		if (ret == -EINTR)
			continue;
		if (ret != -EWOULDBLOCK || i >= LOCK_PATIENCE) {
			close(fd);
			return ret == -EWOULDBLOCK ? -EBUSY : ret;
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
	}
	if (same_file(fd, path))
		return fd;
	close(fd);
	return -EAGAIN;
}

/* One writer. Where /run cannot be written there is nobody else yet (early boot). */
static int take_lock(struct kernel *k, struct error *err)
{
	char path[LOCK_PATH];
	int fd;

	mkdir("/run/bpfilter", 0755);
	lock_path(path, k);
	do {
		fd = lock_once(path);
	} while (fd == -EAGAIN);
	if (fd == -EROFS || fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd == -EBUSY) {
		error_set(err, fd, "another bpfilter is at work in this network namespace (%s)", path);
		error_hint(err, "wait for it to end; 'fuser %s' shows which one it is", path);
		return fd;
	}
	if (fd < 0)
		return error_errno(err, fd, "cannot lock %s", path);
	k->lock_fd = fd;
	return 0;
}

/* Directories of a namespace in which nothing is in force go, and so does its lock. */
static void remove_empty(struct kernel *k)
{
	char path[sizeof(k->dir)];

	if (k->dir[0] && rmdir(k->dir) && errno != ENOENT)
		return;
	snprintf(path, sizeof(path), "%s/bpfilter/%" PRIu64, k->bpffs, k->cookie);
	if (k->dir[0] && rmdir(path) && errno != ENOENT)
		return;
	lock_path(path, k);
	unlink(path);
}

/* A layout of pins that is newer than ours must not be touched. */
static int check_layout(const char *dir, struct error *err)
{
	struct dirent *e;
	int version, ret = 0;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : error_errno(err, -errno, "cannot read %s", dir);
	while (!ret && (e = readdir(d))) {
		version = e->d_name[0] == 'v' ? atoi(e->d_name + 1) : 0;
		if (version <= PIN_VERSION)
			continue;
		ret = error_set(err, -EPROTO, "%s/%s was made by a newer bpfilter", dir, e->d_name);
		error_hint(err, "use that version, or remove its filters with it first");
	}
	closedir(d);
	return ret;
}

static int make_dir(const char *path, struct error *err)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make %s", path);
	return 0;
}

int kernel_make_dirs(struct kernel *k, struct error *err)
{
	char path[sizeof(k->dir)];
	int ret;

	snprintf(path, sizeof(path), "%s/bpfilter", k->bpffs);
	ret = make_dir(path, err);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/bpfilter/%" PRIu64, k->bpffs, k->cookie);
	ret = make_dir(path, err);
	return ret ? ret : make_dir(k->dir, err);
}

static int open_place(struct kernel *k, struct error *err)
{
	char parent[sizeof(k->dir)];
	int ret;

	ret = bpffs_find(k->bpffs, sizeof(k->bpffs), err);
	if (ret)
		return ret;
	snprintf(parent, sizeof(parent), "%s/bpfilter/%" PRIu64, k->bpffs, k->cookie);
	snprintf(k->dir, sizeof(k->dir), "%s/bpfilter/%" PRIu64 "/v%d", k->bpffs, k->cookie,
		 PIN_VERSION);
	ret = take_lock(k, err);
	return ret ? ret : check_layout(parent, err);
}

int kernel_open_other(struct kernel *k, uint64_t cookie, struct error *err)
{
	int ret;

	memset(k, 0, sizeof(*k));
	k->lock_fd = -1;
	k->cookie = cookie;
	ret = open_place(k, err);
	if (ret)
		kernel_close(k);
	return ret;
}

int kernel_open(struct kernel *k, bool create, struct error *err)
{
	int ret;

	memset(k, 0, sizeof(*k));
	k->lock_fd = -1;
	if (geteuid()) {
		error_set(err, -EPERM, "must be root (CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN)");
		return -EPERM;
	}
	ret = kernel_netns_cookie(&k->cookie, err);
	if (!ret)
		ret = open_place(k, err);
	/* Process 1 is the first command after boot: there is nothing to adopt. */
	if (!ret && getpid() != 1)
		ret = pins_adopt(k, err);
	if (!ret && create)
		ret = kernel_make_dirs(k, err);
	if (!ret && access(k->dir, F_OK))
		ret = -errno;	/* -ENOENT: nothing of ours here, no message */
	if (ret)
		kernel_close(k);
	return ret;
}

void kernel_close(struct kernel *k)
{
	filter_unload(k);
	if (k->lock_fd >= 0) {
		remove_empty(k);
		/* Not by close() alone: a descriptor that got into a child would keep it. */
		(void)flock(k->lock_fd, LOCK_UN);
		close(k->lock_fd);
	}
	k->lock_fd = -1;
}


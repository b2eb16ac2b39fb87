/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network namespaces: our own number, and whether another one is still in use.
 */
#include "kernel/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buffer.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define PATH_LENGTH	300
#define NSFS_MAGIC	0x6e736673	/* include/uapi/linux/magic.h */
#define PID_INIT_INO	0xeffffffcU	/* include/linux/proc_ns.h */
#define NETNS_UNSEEN	0ULL		/* no namespace has this cookie */

static int cookie_here(uint64_t *cookie)
{
	socklen_t len = sizeof(*cookie);
	int fd, ret = 0;

	/* Any socket will do; this family is in every kernel with networking. */
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0 /* NETLINK_ROUTE */);
	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len))
		ret = -errno;
	close(fd);
	return ret;
}

int kernel_netns_cookie(uint64_t *cookie, struct error *err)
{
	int ret = cookie_here(cookie);

	if (!ret)
		return 0;
	*cookie = 0;
	return error_errno(err, ret, "cannot tell the network namespace (SO_NETNS_COOKIE)");
}

/* Namespaces reported so far, by inode number: each would cost a setns() for every process. */
struct report {
	int out;
	struct buffer seen;	/* of ino_t */
};

static bool first_time(struct report *r, ino_t ino)
{
	const char *data = r->seen.data;

	for (size_t i = 0; i < r->seen.len; i += sizeof(ino))
		if (!memcmp(data + i, &ino, sizeof(ino)))
			return false;
	buffer_add(&r->seen, &ino, sizeof(ino));
	if (r->seen.failed)
		_exit(1);
	return true;
}

static void tell(const struct report *r, uint64_t cookie)
{
	(void)!write(r->out, &cookie, sizeof(cookie));
}

/* What could not be looked at may be anything, unless it has ended meanwhile. */
static void unseen(const struct report *r)
{
	if (errno != ENOENT && errno != ESRCH)
		tell(r, NETNS_UNSEEN);
}

/* One namespace: the cookie of a network namespace is written. Runs in a child, which moves. */
static void report_namespace(const struct report *r, int path_fd)
{
	char path[32];
	uint64_t cookie = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		unseen(r);
		return;
	}
	if (!setns(fd, CLONE_NEWNET)) {
		if (cookie_here(&cookie))
			cookie = NETNS_UNSEEN;
		tell(r, cookie);
	} else if (errno != EINVAL) {	/* which is: of another kind */
		unseen(r);
	}
	close(fd);
}

/* The namespace a file stands for, if it does. O_PATH: opening a device or a FIFO does things. */
static void report(struct report *r, const char *path)
{
	struct statfs fs;
	struct stat st;
	int fd;

	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0) {
		unseen(r);
		return;
	}
	if (!fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC && !fstat(fd, &st) &&
	    first_time(r, st.st_ino))
		report_namespace(r, fd);
	close(fd);
}

/* Entries of directory @dir: @dir/ENTRY@suffix. */
static void report_dir(struct report *r, const char *dir, const char *suffix)
{
	char path[PATH_LENGTH];
	struct dirent *e;
	DIR *d;

	d = opendir(dir);
	if (!d)
		unseen(r);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, e->d_name, suffix);
		report(r, path);
	}
	if (d)
		closedir(d);
}

/*
 * Bind mounts of namespaces in the mount namespace of a process, wherever they are ("ip netns",
 * container engines); once for each mount namespace.
 */
static void report_mounts(struct report *r, const char *pid)
{
	char line[2 * PATH_LENGTH], where[PATH_LENGTH], path[2 * PATH_LENGTH];
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", pid);
	if (!stat(path, &st) && !first_time(r, st.st_ino))
		return;
	snprintf(path, sizeof(path), "/proc/%.20s/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		unseen(r);
	while (f && fgets(line, sizeof(line), f)) {
		if (!strstr(line, " - nsfs ") ||
		    sscanf(line, "%*s %*s %*s net:%*s %299s", where) != 1)
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/root%s", pid, where);
		report(r, path);
	}
	if (f)
		fclose(f);
}

static void report_process(struct report *r, const char *pid)
{
	char path[PATH_LENGTH];

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	report_dir(r, path, "/ns/net");
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	report_dir(r, path, "");
	report_mounts(r, pid);
}

static bool listed(const pid_t *list, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == pid)
			return true;
	return false;
}

/* What keeps namespaces alive: threads, files that are open, mounts. */
static void report_all(int out, const pid_t *skip, size_t nr_skip)
{
	struct report r = { .out = out };
	struct dirent *e;
	struct stat st;
	DIR *d;

	/* From inside another PID namespace not all processes can be seen. */
	if (stat("/proc/self/ns/pid", &st) || st.st_ino != PID_INIT_INO)
		tell(&r, NETNS_UNSEEN);
	d = opendir("/proc");
	if (!d)
		tell(&r, NETNS_UNSEEN);
	while (d && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    !listed(skip, nr_skip, atoi(e->d_name)))
			report_process(&r, e->d_name);
	if (d)
		closedir(d);
}

static int collect(int in, uint64_t **list, size_t *count, bool *unseen)
{
	size_t room = 0;
	uint64_t cookie;
	void *p;

	while (read(in, &cookie, sizeof(cookie)) == (ssize_t)sizeof(cookie)) {
		if (cookie == NETNS_UNSEEN) {
			*unseen = true;
			continue;
		}
		if (*count == room) {
			room = room ? room * 2 : 64;
			p = realloc(*list, room * sizeof(cookie));
			if (!p)
				return -ENOMEM;
			*list = p;
		}
		(*list)[(*count)++] = cookie;
	}
	return 0;
}

int netns_alive(const pid_t *skip, size_t nr_skip, uint64_t **list, size_t *count, bool *unseen,
		struct error *err)
{
	int fds[2], ret, status = 0;
	pid_t pid;

	*list = NULL;
	*count = 0;
	*unseen = false;
	if (pipe2(fds, O_CLOEXEC))
		return error_errno(err, -errno, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		ret = -errno;
		close(fds[0]);
		close(fds[1]);
		return error_errno(err, ret, "cannot fork");
	}
	if (!pid) {
		report_all(fds[1], skip, nr_skip);
		_exit(0);
	}
	close(fds[1]);
	ret = collect(fds[0], list, count, unseen);
	close(fds[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ret && status)
		ret = -EIO;
	if (ret) {
		free(*list);
		*list = NULL;
		*count = 0;
		return error_errno(err, ret, "cannot list network namespaces");
	}
	return 0;
}

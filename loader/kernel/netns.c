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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

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

/* The namespace a file stands for: its cookie goes to @out. Runs in a child, which moves there. */
static void report(const char *path, int out)
{
	uint64_t cookie;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!setns(fd, CLONE_NEWNET) && !cookie_here(&cookie))
		(void)!write(out, &cookie, sizeof(cookie));
	close(fd);
}

static void report_all(int out)
{
	char path[300];
	struct dirent *e;
	DIR *d;

	d = opendir("/proc");
	while (d && (e = readdir(d))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net", e->d_name);
		report(path, out);
	}
	if (d)
		closedir(d);
	d = opendir("/run/netns");
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/run/netns/%s", e->d_name);
		report(path, out);
	}
	if (d)
		closedir(d);
}

static int collect(int in, uint64_t **list, size_t *count)
{
	size_t room = 0;
	uint64_t cookie;
	void *p;

	while (read(in, &cookie, sizeof(cookie)) == (ssize_t)sizeof(cookie)) {
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

int netns_alive(uint64_t **list, size_t *count, struct error *err)
{
	int fds[2], ret, status = 0;
	pid_t pid;

	*list = NULL;
	*count = 0;
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
		report_all(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	ret = collect(fds[0], list, count);
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

// SPDX-License-Identifier: GPL-2.0-only
#include "answer/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "answer/logtext.h"

#define KMSG "/dev/kmsg"
#define POLICY "/proc/sys/kernel/printk_devkmsg"
#define EVERYWHERE "/proc/sys/net/netfilter/nf_log_all_netns"
#define FACILITY_USER (1 << 3)
#define LEVEL_MASK 7

/*
 * DEFAULT_RATELIMIT_BURST lines in DEFAULT_RATELIMIT_INTERVAL from the first one on
 * (devkmsg_open(), printk.c). The kernel looks at its clock after us and counts in ticks: with some
 * margin, what we call written was.
 */
#define RATION_LINES 10U
#define RATION_TIME 5100000000ULL

int kmsg_open(struct error *err)
{
	int fd = open(KMSG, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? error_errno(err, -errno, "cannot open %s", KMSG) : fd;
}

int kmsg_policy_open(void)
{
	int fd = open(POLICY, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

enum kmsg_policy kmsg_policy(int fd)
{
	char text[16] = "";
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n >= 3 && !memcmp(text, "off", 3))
		return KMSG_OFF;
	if (n >= 2 && !memcmp(text, "on", 2))
		return KMSG_ON;
	return KMSG_RATIONED;
}

/* In the network namespace of process 1; nothing is opened between there and back. */
static int open_there(int own)
{
	int there = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC), fd;

	/* Who may not look at process 1 is no container with processes of its own. */
	if (there < 0)
		return errno == EACCES ? KMSG_HERE : -errno;
	fd = setns(there, CLONE_NEWNET) ? -1 : open(EVERYWHERE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(there);
	if (setns(own, CLONE_NEWNET) && fd >= 0) {
		close(fd);
		fd = -EPERM;
	}
	return fd;
}

int kmsg_everywhere_open(void)
{
	int own, fd;

	if (!access(EVERYWHERE, F_OK))
		return KMSG_HERE;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return -errno;
	fd = open_there(own);
	close(own);
	return fd;
}

bool kmsg_everywhere(int fd)
{
	char text[2] = "";

	return fd == KMSG_HERE || (fd >= 0 && pread(fd, text, 1, 0) == 1 && text[0] == '1');
}

bool kmsg_rationed(int fd)
{
	return kmsg_policy(fd) != KMSG_ON;
}

int kmsg_write(int fd, int level, const char *text, size_t len)
{
	char head[8];
	struct iovec part[3] = {
		{ .iov_base = head },
		{ .iov_base = (void *)(uintptr_t)text },
		{ .iov_base = (void *)(uintptr_t) "\n", .iov_len = 1 },
	};
	ssize_t n;

	part[0].iov_len =
		(size_t)snprintf(head, sizeof(head), "<%d>", FACILITY_USER | (level & LEVEL_MASK));
	part[1].iov_len = len < LOG_LINE_MAX ? len : LOG_LINE_MAX;
	n = writev(fd, part, 3);
	return n < 0 ? -errno : 0;
}

bool kmsg_ration_take(struct kmsg_ration *ration, enum kmsg_policy policy, u64 now)
{
	if (policy == KMSG_ON)
		return true;
	if (policy == KMSG_OFF)
		return false;
	if (!ration->begin || now - ration->begin > RATION_TIME) {
		ration->begin = now;
		ration->lines = 0;
	}
	if (ration->lines >= RATION_LINES)
		return false;
	ration->lines++;
	return true;
}

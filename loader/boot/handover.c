// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot/boot.h"

extern char **environ;

/* /init of an initramfs first, then what the kernel tries itself (init/main.c kernel_init()). */
static const char *const candidates[] = {
	"/init", "/sbin/init", "/etc/init", "/bin/init", "/bin/sh",
};

/*
 * Ourselves by another name would be a loop. A script that calls us again cannot be seen that way:
 * then we find the mark of the first run (b->again), and pass over the /init that called.
 */
static bool is_self(const struct boot *b, const char *path)
{
	struct stat st;

	return b->self.st_ino && !stat(path, &st) && st.st_ino == b->self.st_ino &&
	       st.st_dev == b->self.st_dev;
}

static void execute(struct boot *b, const char *path)
{
	char *first = b->argv[0];
	int ret;

	if (access(path, F_OK) || is_self(b, path))
		return;
	boot_log(LOG_INFO, "next init: %s", path);
	mounts_undo(b);
	b->argv[0] = (char *)(uintptr_t)path;
	execve(path, b->argv, environ);
	ret = -errno;
	b->argv[0] = first;
	mounts_make(b);		/* for the log */
	boot_log(LOG_ERROR, "cannot execute %s: %s", path, strerror(-ret));
}

/*
 * What a packet meets does not change here: links are pinned or gone, and our file descriptors are
 * the only thing that execve() takes away (B3).
 */
void handover(struct boot *b)
{
	if (b->kernel_open)
		kernel_close(&b->kernel);
	b->kernel_open = false;
	(void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	if (b->cmdline.init && !b->again) {
		if (access(b->cmdline.init, F_OK) || is_self(b, b->cmdline.init))
			boot_log(LOG_ERROR, "bpfilter.init=%s: %s", b->cmdline.init,
				 is_self(b, b->cmdline.init) ? "that is bpfilter itself" :
				 "no such file");
		execute(b, b->cmdline.init);
	}
	for (size_t i = b->again; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		execute(b, candidates[i]);
}

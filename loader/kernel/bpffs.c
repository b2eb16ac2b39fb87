/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which bpffs? Pins must outlive the command. Under "ip netns exec" /sys is a fresh mount of a
 * private mount namespace, and a bpffs mounted there dies with the command and takes the links
 * along.
 */
#include "kernel/pins.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SYS_BPF	"/sys/fs/bpf"
#define RUN_DIR	"/run/bpfilter"
#define RUN_BPF	"/run/bpfilter/bpf"

static bool is_bpffs(const char *path)
{
	struct statfs st;

	return !statfs(path, &st) && (uint32_t)st.f_type == BPF_FS_MAGIC;
}

/*
 * The number of the initial mount namespace: fixed since Linux 6.18 (MNT_NS_INIT_INO), before that
 * the first or second that is given out at boot.
 */
static bool first_number(uint64_t ino)
{
	return ino == 0xeffffff8U || ino == 0xf0000000U || ino == 0xf0000001U;
}

/*
 * Are we in the mount namespace of process 1? Only mounts made there outlive us. Where process 1
 * may not be looked at (that takes CAP_SYS_PTRACE), the number of our own must do.
 */
static bool initial_mounts(void)
{
	struct stat ours, init;

	if (getpid() == 1)
		return true;
	if (stat("/proc/self/ns/mnt", &ours))
		return false;
	if (!stat("/proc/1/ns/mnt", &init))
		return ours.st_dev == init.st_dev && ours.st_ino == init.st_ino;
	return errno == EACCES && first_number(ours.st_ino);
}

/* A bpffs in /sys that process 1 sees there too: it stays when we are gone. */
static bool sys_is_shared(void)
{
	struct stat ours, init;

	return !stat(SYS_BPF, &ours) && !stat("/proc/1/root" SYS_BPF, &init) &&
	       ours.st_dev == init.st_dev;
}

static int make_run_dir(void)
{
	mkdir("/run", 0755);
	if (mkdir(RUN_DIR, 0755) && errno != EEXIST)
		return -errno;
	if (mkdir(RUN_BPF, 0700) && errno != EEXIST)
		return -errno;
	return 0;
}

static int mount_bpffs(const char *path)
{
	if (mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return -errno;
	return 0;
}

/* Commands in "ip netns exec" see /run, not /sys: show them the same bpffs there. May fail. */
static void bind_to_run(void)
{
	if (make_run_dir() || is_bpffs(RUN_BPF))
		return;
	/* A failure shows when such a command finds nothing: its error says what to do. */
	if (mount(SYS_BPF, RUN_BPF, NULL, MS_BIND, NULL))
		return;
}

static int create_bpffs(char *path, size_t size, struct error *err)
{
	int ret;

	ret = mount_bpffs(SYS_BPF);
	if (!ret) {
		bind_to_run();
		snprintf(path, size, "%s", SYS_BPF);
		return 0;
	}
	/* No sysfs (or it has no such directory): the place in /run will do. */
	if (ret == -ENOENT && !make_run_dir())
		ret = mount_bpffs(RUN_BPF);
	if (!ret)
		snprintf(path, size, "%s", RUN_BPF);
	return ret ? error_errno(err, ret, "cannot mount a bpffs on %s", SYS_BPF) : 0;
}

int bpffs_find(char *path, size_t size, struct error *err)
{
	bool initial = initial_mounts();

	/* Made in the initial mount namespace and nowhere else. */
	if (is_bpffs(RUN_BPF)) {
		snprintf(path, size, "%s", RUN_BPF);
		return 0;
	}
	if (is_bpffs(SYS_BPF) && (initial || sys_is_shared())) {
		if (initial)
			bind_to_run();
		snprintf(path, size, "%s", SYS_BPF);
		return 0;
	}
	if (initial)
		return create_bpffs(path, size, err);
	error_set(err, -ENODEV, "no bpffs that outlives this command");
	error_hint(err, "run 'bpfilter status' once outside, in the initial mount namespace");
	return -ENODEV;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "answer/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "answer/calls.h"

/* The ring is mapped twice (4 MiB each); the rest is 1 MiB of program and what answers take. */
#define ADDRESS_SPACE (48UL << 20)
#define NICE 5 /* answers wait for services, not the other way round */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

void confine_escape(void)
{
	struct sched_param none = { 0 };

	/* "0" is the writer. Version 2; the hybrid layout's; version 1's of systemd. */
	write_file("/sys/fs/cgroup/cgroup.procs", "0");
	write_file("/sys/fs/cgroup/unified/cgroup.procs", "0");
	write_file("/sys/fs/cgroup/systemd/cgroup.procs", "0");
	write_file("/proc/self/oom_score_adj", "-1000");
	(void)syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &none);
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	(void)prctl(PR_SET_NAME, "bpfilter", 0, 0, 0);
}

/* Its mount lives as long as something in it is open, or is somebody's root. */
static int enter(int fd)
{
	int ret = fchdir(fd) || chroot(".") ? -errno : 0;

	close(fd);
	return ret;
}

void confine_view(void)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/",
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	int null;

	if (fd < 0 || enter(fd))
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
		(void)dup2(null, i);
	if (null > STDERR_FILENO)
		close(null);
}

int confine_net_sysctls(void)
{
	const char *path = "/proc/sys/net";
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0)
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A new file system that is mounted nowhere. */
static int make_empty(const char *type)
{
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), fd = -1;

	if (fs < 0)
		return -errno;
	(void)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0555", 0);
	if (!syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					  MOUNT_ATTR_NOEXEC);
	if (fd < 0)
		fd = -errno;
	close(fs);
	return fd;
}

int confine_root(struct error *err)
{
	int fd = make_empty("tmpfs"), stay, ret;
	struct stat root, here;
	bool keep;

	if (fd < 0)
		fd = make_empty("ramfs");
	if (fd < 0)
		return error_errno(err, fd, "cannot make an empty root for the companion");
	stay = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	keep = !stat("/", &root) && !stat(".", &here) &&
	       (root.st_dev != here.st_dev || root.st_ino != here.st_ino);
	ret = enter(fd);
	if (!ret && keep && stay >= 0 && fchdir(stay))
		ret = -errno;
	if (stay >= 0)
		close(stay);
	return ret ? error_errno(err, ret, "cannot enter an empty root") : 0;
}

/* A limit that is lower already stays: to raise it can be forbidden. */
static int limit(int what, unsigned long value)
{
	struct rlimit r;

	if (getrlimit(what, &r))
		return -1;
	if (r.rlim_max > value)
		r.rlim_max = value;
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	return setrlimit(what, &r);
}

static int set_capabilities(bool admin)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	const unsigned long secure = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
				     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
				     SECBIT_NO_CAP_AMBIENT_RAISE |
				     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	unsigned int wanted = 1U << CAP_NET_RAW | (admin ? 1U << CAP_NET_ADMIN : 0U);

	(void)prctl(PR_SET_SECUREBITS, secure, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Where the set is smaller already, this fails and the next calls do not matter less. */
	for (unsigned int cap = 0; cap < 64; cap++)
		if (cap > 31 || !(wanted & 1U << cap))
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	data[0].effective = data[0].permitted = wanted;
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

int confine_rights(int openat_fd, bool admin, struct error *err)
{
	int ret;

	if (limit(RLIMIT_AS, ADDRESS_SPACE) || limit(RLIMIT_NOFILE, 32) || limit(RLIMIT_NPROC, 0) ||
	    limit(RLIMIT_CORE, 0) || limit(RLIMIT_MSGQUEUE, 0) || limit(RLIMIT_LOCKS, 0))
		return error_errno(err, -errno, "cannot limit what the companion may use");
	ret = set_capabilities(admin);
	if (ret)
		return error_errno(err, ret, "cannot drop capabilities");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_errno(err, -errno, "cannot give up privileges");
	ret = calls_restrict(openat_fd);
	return ret ? error_errno(err, ret, "cannot install the companion's seccomp filter") : 0;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "boot/boot.h"

/*
 * @keep: left mounted for the next init, if there are pins. A second mount of proc, sysfs or
 * devtmpfs on a place where the same one is already mounted fails with EBUSY (fs/namespace.c
 * do_add_mount()); tmpfs stacks. What inits do with that:
 *
 *	dracut, systemd		look first, keep what is there
 *	initramfs-tools, mkinitcpio	print "busy", go on
 *	busybox init scripts	the same, unless they run under "set -e"
 *	booster			gives up (init/main.go boost())
 *
 * So /proc and /dev go. /sys stays, for beneath it is the bpffs with the pins, and initrds that
 * move /sys into the new root carry it along. /run stays for the state file and the second place of
 * the bpffs; it stacks. Without pins all go: in an empty network namespace (stage 1 b) our /sys
 * would show the interfaces of the one we left.
 */
static const struct {
	const char *dir, *type, *options;
	unsigned long flags;
	bool keep;
} mounts[] = {
	{ "/proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "/sys", "sysfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "/dev", "devtmpfs", "mode=0755", MS_NOSUID, false },
	{ "/run", "tmpfs", "mode=0755,size=20%", MS_NOSUID | MS_NODEV, true },
};
#define NR_MOUNTS	(sizeof(mounts) / sizeof(mounts[0]))

/* In an initramfs only: the rootfs is never unmounted, and so this never is. */
#define SECOND_DIR	"/.bpfilter"

void hold_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_RDONLY | O_DIRECTORY) != fd)
			return;
}

/*
 * Without /dev/console in the initramfs the kernel starts us without streams; hold_streams() has
 * put a directory there. The next init inherits what we make of it.
 */
static void streams_to_console(void)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int console;

		if (fstat(fd, &st) || !S_ISDIR(st.st_mode))
			continue;
		console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (console < 0)
			console = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (console < 0)
			return;
		dup2(console, fd);
		close(console);
	}
}

static bool is_mountpoint(const char *dir)
{
	struct stat st, root;

	return !lstat(dir, &st) && !lstat("/", &root) && st.st_dev != root.st_dev;
}

bool mounts_ran_before(void)
{
	return is_mountpoint(SECOND_DIR);
}

static void mount_one(struct boot *b, size_t i)
{
	if (is_mountpoint(mounts[i].dir))
		return;
	if (mkdir(mounts[i].dir, 0755) && errno != EEXIST)
		return;
	if (!mount(mounts[i].type, mounts[i].dir, mounts[i].type, mounts[i].flags,
		   mounts[i].options))
		b->mounted |= 1U << i;
}

/*
 * What fails here is noticed by who needs it: without /proc there is no command line, without /sys
 * no bpffs, and both end in the failure policy. Stage 1 needs none of them and is in force.
 */
void mounts_make(struct boot *b)
{
	for (size_t i = 0; i < NR_MOUNTS; i++)
		mount_one(b, i);
	if (access("/dev/kmsg", F_OK))	/* a kernel without devtmpfs */
		(void)mknod("/dev/kmsg", S_IFCHR | 0600, makedev(1, 11));
	streams_to_console();
	if (stat("/proc/self/exe", &b->self) && stat(b->argv[0], &b->self))
		b->self = (struct stat){ 0 };
}

static bool in_initramfs(void)
{
	struct statfs fs;

	return !statfs("/", &fs) && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

int mounts_second(const char *bpffs, struct error *err)
{
	int ret;

	if (!in_initramfs())
		return 0;	/* this root stays, and so does its /sys/fs/bpf */
	if (mkdir(SECOND_DIR, 0700) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make " SECOND_DIR);
	if (bpffs)
		ret = mount(bpffs, SECOND_DIR, NULL, MS_BIND, NULL);
	else
		ret = mount("bpfilter", SECOND_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			    "size=4k,mode=0700");
	if (ret)
		return error_errno(err, -errno, "cannot mount " SECOND_DIR);
	return 0;
}

void mounts_undo(struct boot *b)
{
	bool pins = b->stage1 == STAGE1_PINNED;

	for (size_t i = NR_MOUNTS; i-- > 0;) {
		if (!(b->mounted & 1U << i) || (pins && mounts[i].keep))
			continue;
		if (!umount2(mounts[i].dir, MNT_DETACH))	/* else it stays: see above */
			b->mounted &= ~(1U << i);
	}
}

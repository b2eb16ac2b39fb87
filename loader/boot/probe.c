// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is on a device? The answer is made of bytes that anybody may have written, so libblkid reads
 * them in a process of its own, in the sandbox; whoever takes that process over can lie about this
 * one device, which they could do anyway.
 */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/blockdev.h"
#include "boot/stage2.h"

#define FOUND_MAGIC	0x31444e46U
#define PROBE_SECONDS	5U	/* of CPU time */

/* Too long: left empty, so that a part of a name never answers for the whole. */
static void take(const char *value, char *to, size_t size)
{
	if (value && strlen(value) < size)
		strcpy(to, value);
}

static const char *lookup(blkid_probe pr, const char *name)
{
	const char *value = NULL;

	return blkid_probe_lookup_value(pr, name, &value, NULL) ? NULL : value;
}

static int find_file_system(blkid_probe pr, struct partition_found *found)
{
	int n = blkid_do_safeprobe(pr);

	if (n)	/* 1: nothing, -2: several at once, else it cannot be read */
		return n == 1 ? -ENODATA : n == -2 ? -EUCLEAN : -EIO;
	take(lookup(pr, "TYPE"), found->type, sizeof(found->type));
	take(lookup(pr, "LABEL"), found->label, sizeof(found->label));
	take(lookup(pr, "UUID"), found->uuid, sizeof(found->uuid));
	return found->type[0] ? 0 : -ENODATA;
}

/* The entry must describe what the kernel made of it. */
static void find_entry(blkid_probe pr, const struct blockdev *d, struct partition_found *found)
{
	blkid_partlist list = blkid_probe_get_partitions(pr);
	blkid_partition part = NULL;

	if (list)
		part = blkid_partlist_get_partition_by_partno(list, (int)d->number);
	if (!part || (uint64_t)blkid_partition_get_start(part) != d->start)
		return;
	take(blkid_partition_get_name(part), found->partlabel, sizeof(found->partlabel));
	take(blkid_partition_get_uuid(part), found->partuuid, sizeof(found->partuuid));
}

/* Everything that needs an ioctl is asked here: sizes, sector sizes, media. */
static blkid_probe open_probe(int fd)
{
	blkid_probe pr = fd < 0 ? NULL : blkid_new_probe();

	if (!pr || blkid_probe_set_device(pr, fd, 0, 0))
		return NULL;
	(void)blkid_probe_get_sectorsize(pr);
	return pr;
}

static int open_node(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);

	if (fd >= 0)
		close(fd);
	return high;
}

/* The device becomes 3, its disk 4, the pipe 5, and nothing else stays open: not the image. */
static int keep_only(int device, int disk, int pipe_fd)
{
	int high = fcntl(pipe_fd, F_DUPFD_CLOEXEC, 10);

	if (device < 0 || disk < 0 || high < 0 || dup2(device, 3) < 0 || dup2(disk, 4) < 0 ||
	    dup2(high, 5) < 0)
		return -errno;
	return syscall(SYS_close_range, 6U, ~0U, 0U) ? -errno : 0;
}

static int look(const struct blockdev *d, struct partition_found *found)
{
	blkid_probe fs = open_probe(3), table = d->number ? open_probe(4) : NULL;
	int ret;

	if (!fs)
		return -EIO;
	ret = sandbox_enter(PROBE_SECONDS, NULL);
	if (ret)
		return ret;
	blkid_probe_enable_superblocks(fs, 1);
	blkid_probe_set_superblocks_flags(fs, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
						      BLKID_SUBLKS_TYPE);
	ret = find_file_system(fs, found);
	if (table) {
		blkid_probe_enable_superblocks(table, 0);
		blkid_probe_enable_partitions(table, 1);
		find_entry(table, d, found);
	}
	return ret;
}

__attribute__((noreturn))
static void prober(const struct blockdev *d, const char *device, const char *disk, int pipe_fd)
{
	struct partition_found found = { .magic = FOUND_MAGIC };

	if (keep_only(open_node(device), open_node(disk), pipe_fd))
		_exit(1);
	found.ret = look(d, &found);
	_exit(write(5, &found, sizeof(found)) != sizeof(found));
}

void probe_start(const struct blockdevs *all, struct blockdev *d)
{
	char device[64], disk[64];
	int fds[2], ret;

	_Static_assert(sizeof(d->found) <= 4096, "a result is one write to a pipe");
	d->probe = PROBE_DONE;
	d->found = (struct partition_found){ 0 };
	ret = blockdevs_node(all, d->dev, device, sizeof(device));
	if (!ret)
		ret = blockdevs_node(all, d->disk, disk, sizeof(disk));
	if (!ret && pipe2(fds, O_CLOEXEC))
		ret = -errno;
	if (ret) {
		d->found.ret = ret;
		return;
	}
	d->pid = fork();
	if (!d->pid)
		prober(d, device, disk, fds[1]);
	close(fds[1]);
	if (d->pid < 0) {
		d->found.ret = -errno;
		close(fds[0]);
		return;
	}
	d->pipe = fds[0];
	d->probe = PROBE_RUNNING;
}

static void terminate(char *text, size_t size)
{
	text[size - 1] = 0;
}

/* What hangs in the kernel does not end now; it is left to the next init. */
static void end_process(struct blockdev *d, int options)
{
	close(d->pipe);
	d->pipe = -1;
	(void)kill(d->pid, SIGKILL);
	(void)waitpid(d->pid, NULL, options);
}

/* The process may have been taken over by what it read: believe no string ends. */
void probe_finish(struct blockdev *d)
{
	struct partition_found *f = &d->found;
	bool whole = read(d->pipe, f, sizeof(*f)) == sizeof(*f) && f->magic == FOUND_MAGIC;

	if (!whole)
		*f = (struct partition_found){ .ret = -EIO };
	terminate(f->type, sizeof(f->type));
	terminate(f->label, sizeof(f->label));
	terminate(f->uuid, sizeof(f->uuid));
	terminate(f->partlabel, sizeof(f->partlabel));
	terminate(f->partuuid, sizeof(f->partuuid));
	end_process(d, whole ? 0 : WNOHANG);
	d->probe = PROBE_DONE;
}

void probe_stop(struct blockdev *d)
{
	if (d->probe == PROBE_RUNNING)
		end_process(d, WNOHANG);
	d->probe = PROBE_DUE;
}

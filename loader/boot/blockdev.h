/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_BLOCKDEV_H
#define BOOT_BLOCKDEV_H

#include <sys/types.h>

#include "boot/partition.h"

/*
 * The block devices there are, as /sys/class/block shows them, and what probing finds on them.
 * Devices come and go: uevents tell, and a device of which one tells is looked at anew.
 */

enum probe_state {
	PROBE_DUE,
	PROBE_RUNNING,		/* by a process; @pipe brings its result */
	PROBE_DONE,		/* @found tells */
};

struct blockdev {
	char name[40];		/* sysfs spelling */
	dev_t dev;
	dev_t disk;		/* the whole disk; @dev itself if it is one */
	unsigned int number;	/* of the partition; 0: none */
	uint64_t start, sectors;	/* in 512 bytes; @start of a partition on its disk */
	bool removable;
	bool seen;		/* by the scan that goes on */
	enum probe_state probe;
	pid_t pid;
	int pipe;
	struct partition_found found;
};

struct blockdevs {
	struct blockdev *list;
	size_t nr;
	int uevents;		/* netlink socket, opened before the first scan */
	int nodes;		/* a tmpfs in no directory: device nodes by major:minor */
	bool scan_due;
};

/* blockdev.c */
int blockdevs_open(struct blockdevs *all, struct error *err);
void blockdevs_close(struct blockdevs *all);
/** blockdevs_scan() - take in /sys/class/block. */
int blockdevs_scan(struct blockdevs *all, struct error *err);
/** blockdevs_uevents() - read what the kernel has told; may set scan_due. */
void blockdevs_uevents(struct blockdevs *all);
/** blockdevs_node() - path of a node of ours for @dev, made when it is missing. 0 or -errno. */
int blockdevs_node(const struct blockdevs *all, dev_t dev, char *path, size_t size);

/* probe.c */
/** probe_start() - a process that looks at the device. On failure found.ret tells. */
void probe_start(const struct blockdevs *all, struct blockdev *d);
/** probe_finish() - its result, when the pipe can be read. */
void probe_finish(struct blockdev *d);
/** probe_stop() - give up what runs. */
void probe_stop(struct blockdev *d);

/* find.c */
/** blockdevs_find() - wait for the one that answers; see partition_open() for the errors. */
int blockdevs_find(struct blockdevs *all, const struct partition_spec *spec,
		   const struct partition_options *opt, const struct blockdev **found,
		   struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_PARTITION_H
#define BOOT_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * Rules on a config partition: KEY=VALUE:/PATH or /dev/NODE:/PATH.
 *
 * Who may do what: the bytes of a device are looked at by a process of its own for each device, in
 * the sandbox (probe.c). Mounting is the kernel's work and this process', still root. The mount
 * hangs on a file descriptor alone (fsmount()): it is in no directory, nobody else comes across it,
 * and it ends with the process. Nothing is written to the device.
 */

enum partition_key {
	PARTITION_LABEL,
	PARTITION_UUID,
	PARTITION_PARTLABEL,
	PARTITION_PARTUUID,
	PARTITION_NODE,		/* value: the kernel's name of the device, sysfs spelling */
};

#define PARTITION_VALUE_MAX	128	/* a GPT name has 36 UTF-16 units: 108 bytes of UTF-8 */

struct partition_spec {
	enum partition_key key;
	char value[PARTITION_VALUE_MAX];
	const char *path;	/* in the text that was parsed; begins with '/' */
};

/* What probing a device found. A pipe carries it: fixed size, no pointers. */
struct partition_found {
	uint32_t magic;
	int32_t ret;		/* 0; -ENODATA: no file system; -EUCLEAN: more than one */
	char type[24];		/* libblkid's name; empty: none */
	char label[PARTITION_VALUE_MAX];
	char uuid[40];
	char partlabel[PARTITION_VALUE_MAX];
	char partuuid[40];
};

/* partspec.c: pure, text in, values out */

/** partition_spec_is() - is it meant as one? "/etc/x" is a path, "/dev/vda1:/x" is ours. */
bool partition_spec_is(const char *text);
/** partition_spec_parse() - the last ":/" divides. @text must outlive @spec. 0 or -EINVAL. */
int partition_spec_parse(const char *text, struct partition_spec *spec, struct error *err);
/** partition_spec_same() - the same device, whatever the path. */
bool partition_spec_same(const struct partition_spec *a, const struct partition_spec *b);
/** partition_spec_name() - "LABEL=x" or "/dev/x" for messages. */
void partition_spec_name(const struct partition_spec *spec, char *name, size_t size);
/** partition_spec_matches() - is the device @name, with @found on it, the one? */
bool partition_spec_matches(const struct partition_spec *spec, const char *name,
			    const struct partition_found *found);

struct partition_options {
	uint64_t deadline_ns;	/* CLOCK_MONOTONIC: until then a device is waited for */
	unsigned int unique_ms;	/* how long after the first that answers a second may */
	bool removable;		/* removable devices may answer */
};

struct partition {
	int mount;		/* file descriptor of the mount; -1: not open */
	int device;
	bool made_read_only;	/* the device, by us */
	char name[PARTITION_VALUE_MAX + 64];	/* "LABEL=x on /dev/vda1" */
};

/**
 * partition_open() - wait for the one device that answers to @spec, and mount it.
 * To be called by a process that may mount, without threads, before it enters its sandbox.
 * -EEXIST: two devices answer. -ETIMEDOUT: none until the deadline; the message lists those that
 * are there. -EPERM: only a removable one. -EPROTONOSUPPORT: not a file system we read.
 * partition_close() is due after success alone.
 */
int partition_open(const struct partition_spec *spec, const struct partition_options *opt,
		   struct partition *p, struct error *err);

/**
 * partition_read() - a regular file of at most @max bytes. *text is malloc()ed, with a 0 behind it.
 * Symbolic links are followed inside of the file system; absolute ones and ".." above its top are
 * refused (openat2(2), RESOLVE_BENEATH). -ENOENT: not there; -EFBIG; other -errno.
 */
int partition_read(struct partition *p, const char *path, size_t max, char **text, size_t *len,
		   struct error *err);

void partition_close(struct partition *p);

#endif

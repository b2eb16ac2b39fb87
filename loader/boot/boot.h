/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "boot/cmdline.h"
#include "boot/timing.h"
#include "input.h"
#include "kernel/kernel.h"

/*
 * Process 1 of a boot; or "bpfilter start", a hook of an initrd or a unit of the running system,
 * that does the same without being process 1. What a packet meets, at every moment:
 *
 *  B1  From stage1_install() on nothing but loopback passes, in both families, until a family's
 *      gate is opened; there is no way back to "no filter" but bpfilter=off and bpfilter.fail=open.
 *  B2  A gate is opened only after an image that judges the family is in force (kernel.h, I3).
 *  B3  The next init is executed only when what holds the promise outlives us: pinned links, or an
 *      empty network namespace, or somebody asked for "open". Else the kernel panics; a hook
 *      cannot put others into a namespace: it ends with 1, and its caller ends the boot.
 *  B4  Rule text and images are parsed in the child alone; process 1 reads a result of fixed size
 *      and an image that image_validate() has passed.
 *  B5  Where a key is in use nothing is parsed but what it has signed; what the kernel has parsed
 *      by then is the initramfs and, for a config partition, its file system. A key that is built
 *      in cannot be talked away: cmdline_tighten().
 *  B6  What needs privileges for finding rules (modules, mounts) the child does before it enters
 *      its sandbox, fetch.c; bytes of devices are looked at in sandboxes of their own, probe.c.
 */

enum stage1 {
	STAGE1_NONE,		/* not in force: not tried, switched off, or failed */
	STAGE1_DENY,		/* (a) the deny program, held by our file descriptors */
	STAGE1_PINNED,		/* (a) and pinned: outlives us */
	STAGE1_ISOLATED,	/* (b) we are in an empty network namespace */
};

enum boot_as {
	BOOT_INIT,		/* process 1: hands over to the next init */
	BOOT_INITRD,		/* a hook of an initrd, before its udev */
	BOOT_UNIT,		/* the running system */
};

struct boot {
	enum boot_as as;
	char **argv;
	struct timing timing;		/* its start is when we started */

	enum stage1 stage1;
	struct deny deny;
	struct error deny_err;
	uint64_t stage1_ns;		/* CLOCK_MONOTONIC when it was in force */
	uint64_t stage1_boot_ns;	/* the same instant since kernel start, CLOCK_BOOTTIME */
	char up[128];			/* interfaces that were up then, but lo */

	unsigned int mounted;		/* bits of mounts.c's table: made by us */
	bool again;			/* we ran before in this root file system */
	struct stat self;		/* of our own executable; st_ino 0: unknown */

	struct cmdline cmdline;
	bool keyed;			/* a key is built in: the line can only tighten */
	struct error cmdline_err;	/* why it was refused; msg empty: it was not */
	struct kernel kernel;
	bool kernel_open;
	bool loaded;			/* the rules, or the rescue rules, are in force */
};

/* log.c */
enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTE = 5, LOG_INFO = 6,
		 LOG_DEBUG = 7 };
__attribute__((format(printf, 2, 3)))
void boot_log(enum log_level level, const char *fmt, ...);
/** boot_log_error() - a message with its place, line, caret and hint: one log line each. */
void boot_log_error(enum log_level level, const struct error *err);
/** boot_log_to_stderr() - from now on, in this process and its children, instead of /dev/kmsg. */
void boot_log_to_stderr(void);
/** boot_panic() - say so and end with 1: of process 1 the kernel panics. */
__attribute__((noreturn, format(printf, 1, 2)))
void boot_panic(const char *fmt, ...);
uint64_t clock_ns(int clock);

/* mounts.c */
/** hold_streams() - no file of ours may get the number of a closed standard stream. */
void hold_streams(void);
/** mounts_make() - /proc, /sys, /dev, /run where missing; standard streams to the console. */
void mounts_make(struct boot *b);
/** mounts_second() - a mount of @bpffs (NULL: of nothing) that no init knows; marks that we ran. */
int mounts_second(const char *bpffs, struct error *err);
/** mounts_ran_before() - is that mount there already? Needs no other mount. */
bool mounts_ran_before(void);
/** mounts_undo() - take away those of ours that the next init wants to make itself. */
void mounts_undo(struct boot *b);

/* stage1.c */
void stage1_install(struct boot *b);
/** stage1_keep() - make it outlive us and log it; failing that the failure policy. */
void stage1_keep(struct boot *b);
/** stage1_remove() - bpfilter=off, bpfilter.fail=open. */
void stage1_remove(struct boot *b);
/** interfaces_up() - names of those that are up, but lo; cut to @size. @down: take them down. */
void interfaces_up(char *names, size_t size, bool down);

/* stage2.c */
void stage2_run(struct boot *b);

/* config.c */
/** boot_config() - read the command line: @given, or (NULL) the kernel's. Errors are kept in @b. */
void boot_config(struct boot *b, const char *given);

/* repair.c */
/**
 * repair() - something is in force: verify it, mend what can be mended. Returns an exit code: 0 if
 * rules are in force and filter as they should.
 */
int repair(const struct boot *b);

/* handover.c */
/** handover() - execute the next init; returns if there is none. */
void handover(struct boot *b);

#endif

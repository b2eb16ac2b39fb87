/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_KMSG_H
#define LOADER_ANSWER_KMSG_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/image.h"
#include "error.h"

/*
 * The kernel's log as a user writes to it: /dev/kmsg. What is written gets the facility "user"
 * whatever one asks for "kern". With the sysctl kernel.printk_devkmsg at "ratelimit", the kernel's
 * default, ten lines in five seconds pass for each time the device was opened; the others vanish
 * though write() succeeds. struct kmsg_ration knows beforehand which, so that they can be counted.
 */

/** kmsg_open() - /dev/kmsg for writing, non-blocking, close-on-exec. The file or -errno. */
int kmsg_open(struct error *err);

/**
 * kmsg_policy_open() - the sysctl kernel.printk_devkmsg, to be read later by a process that cannot
 * open files any more. The file or -errno (no /proc); kmsg_policy() takes it either way.
 */
int kmsg_policy_open(void);

enum kmsg_policy { KMSG_ON, KMSG_RATIONED, KMSG_OFF };

/**
 * kmsg_policy() - what the sysctl says now; one system call.
 * @fd: of kmsg_policy_open(). One that cannot be read counts as rationed, the kernel's default.
 */
enum kmsg_policy kmsg_policy(int fd);

/**
 * kmsg_everywhere_open() - the sysctl net.netfilter.nf_log_all_netns, to be read later. It is the
 * first network namespace's alone: elsewhere this looks there by way of process 1, and comes back.
 * The file; KMSG_HERE: this is the first namespace, which may always log, or it cannot be told
 * since process 1 may not be looked at; -errno.
 */
#define KMSG_HERE	(1 << 30)
int kmsg_everywhere_open(void);

/**
 * kmsg_everywhere() - may rules of this network namespace log? As nf_log_ip_packet() does
 * (net/netfilter/nf_log_syslog.c): what another namespace's administrator says does not belong into
 * the host's log unless the host wants it.
 * @fd: of kmsg_everywhere_open(); one that cannot be read counts as no.
 */
bool kmsg_everywhere(int fd);

/** kmsg_rationed() - are lines lost beyond ten in five seconds, or all of them? */
bool kmsg_rationed(int fd);

/**
 * kmsg_write() - one line, at once.
 * @level: 0 to 7, as of LOG's --log-level.
 * @text: any bytes; cut at LOG_LINE_MAX. A NUL ends it.
 * Returns 0, -EAGAIN, -EINTR, or another -errno. 0 is no promise: see the policy.
 */
int kmsg_write(int fd, int level, const char *text, size_t len);

/* What one open /dev/kmsg was given under KMSG_RATIONED; zeroed at first. */
struct kmsg_ration {
	u64 begin;		/* of the present five seconds, ns; 0: none */
	u32 lines;		/* written in them */
};

/**
 * kmsg_ration_take() - will the kernel take a line now? If so, count it as written.
 * @now: CLOCK_MONOTONIC or CLOCK_BOOTTIME, ns, read before the write; never back.
 */
bool kmsg_ration_take(struct kmsg_ration *ration, enum kmsg_policy policy, u64 now);

#endif

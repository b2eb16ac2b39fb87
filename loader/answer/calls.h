/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_CALLS_H
#define LOADER_ANSWER_CALLS_H

/**
 * calls_restrict() - from now on only the system calls that answering takes; any other ends the
 * process. No new privileges must have been set.
 * @openat_fd: openat() reads below this directory alone; -1: never.
 * Returns 0 or -errno; 0 also where the kernel has no CONFIG_SECCOMP_FILTER.
 */
int calls_restrict(int openat_fd);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_RCU_H
#define KERNEL_RCU_H

#include "kernel/slot.h"

/**
 * rcu_wait() - one RCU grace period: programs that ran when it was called have ended. By putting
 * the image of a slot into its outer map once more: BPF_MAP_UPDATE_ELEM of an ARRAY_OF_MAPS waits
 * (maybe_wait_bpf_programs(), kernel/bpf/syscall.c). membarrier(MEMBARRIER_CMD_GLOBAL) would do the
 * same and take the same time, but may be compiled out or filtered, and does nothing with one CPU
 * or with nohz_full (then EINVAL).
 */
int rcu_wait(const struct slot *s, int inner_fd, struct error *err);

/**
 * rcu_hurry() - make grace periods cost 0.01 ms instead of 8 to 25 (measured), system-wide, while
 * @on. Only for boot, when nobody else does the same. A kernel or a /sys that cannot: then it takes
 * longer.
 */
void rcu_hurry(bool on);

#endif

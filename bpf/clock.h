/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_CLOCK_H
#define BPF_CLOCK_H

#include "bpf/image.h"

/* What bpf/clock.bpf.c tells of the kernel's clocks. */
struct kernel_clock {
	u64 jiffies;
	u64 monotonic;		/* ns */
	u64 realtime_offset;	/* ns: CLOCK_REALTIME - CLOCK_MONOTONIC */
	u64 offset_at;		/* where that is in kernel memory; 0: not found */
};

#endif

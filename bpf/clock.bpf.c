// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's clocks, for rules that ask for rates or the time of day. Run by the commands
 * (BPF_PROG_TEST_RUN).
 *
 * Programs on the hooks cannot ask for CLOCK_REALTIME: there is no helper for it, and the one for
 * CLOCK_TAI is of no use, as TAI - UTC may be set at any time. But the timers of each CPU
 * (struct hrtimer_cpu_base) keep the difference to CLOCK_MONOTONIC, and whoever sets the clock has
 * it changed there (clock_was_set()). No symbol leads there without KALLSYMS_ALL, but a timer that
 * every task has does: dl_timer, which is set up on the CPU that makes the task. The task here is
 * the first one, init_task, made on the boot CPU, which is never switched off.
 */
#define IMAGE_CAPACITY_INDEX 0
#include "bpf/portable.h"

#include "bpf/clock.h"

/* Generations of processes; a longer line of ancestors is not walked. */
#define ANCESTORS	(1U << 16)

static long parent_step(u32 i, u64 *task)
{
	u64 at = *task + bpf_core_field_offset(struct task_struct, real_parent);
	u64 parent = sixteen(at)->pair[0];

	(void)i;
	if (!parent || parent == *task)
		return 1;
	*task = parent;
	return 0;
}

/* Where the boot CPU's timers keep CLOCK_REALTIME - CLOCK_MONOTONIC; 0: somewhere else. */
static __always_inline u64 offset_at(void)
{
	u64 task = (u64)bpf_get_current_task(), base, cpu;

	if (!bpf_core_field_exists(struct task_struct, dl.dl_timer.base) ||
	    !bpf_core_field_exists(struct hrtimer_clock_base, cpu_base) ||
	    !bpf_core_field_exists(struct hrtimer_clock_base, offset) ||
	    !bpf_core_field_exists(struct hrtimer_cpu_base, clock_base) ||
	    !bpf_core_enum_value_exists(enum hrtimer_base_type, HRTIMER_BASE_REALTIME))
		return 0;
	bpf_loop(ANCESTORS, parent_step, &task, 0);
	base = sixteen(task + bpf_core_field_offset(struct task_struct, dl.dl_timer.base))->pair[0];
	cpu = sixteen(base + bpf_core_field_offset(struct hrtimer_clock_base, cpu_base))->pair[0];
	if (!base || !cpu)
		return 0;
	return cpu + bpf_core_field_offset(struct hrtimer_cpu_base, clock_base) +
	       bpf_core_enum_value(enum hrtimer_base_type, HRTIMER_BASE_REALTIME) *
	       bpf_core_type_size(struct hrtimer_clock_base) +
	       bpf_core_field_offset(struct hrtimer_clock_base, offset);
}

SEC("syscall")
int bf_clock(struct kernel_clock *c)
{
	c->offset_at = offset_at();
	c->realtime_offset = sixteen(c->offset_at)->pair[0];
	c->jiffies = bpf_jiffies64();
	c->monotonic = bpf_ktime_get_ns();
	return 0;
}

char _license[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only
/*
 * From one evaluator to the next (I1), run by the commands (BPF_PROG_TEST_RUN): both judge, a grace
 * period, the old one passes on. In the kernel, because a process that is killed is killed when it
 * returns to user space: it cannot leave both judging, where packets of neither rule set pass.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/image.h"

/* The part of union bpf_attr for BPF_MAP_UPDATE_ELEM. */
struct update {
	u32 map_fd;
	u32 pad;
	u64 key;
	u64 value;
	u64 flags;
};

static __always_inline int put(u32 map_fd, const void *value)
{
	u32 key = 0;
	struct update u = {
		.map_fd = map_fd,
		.key = (u64)(unsigned long)&key,
		.value = (u64)(unsigned long)value,
	};

	return (int)bpf_sys_bpf(BPF_MAP_UPDATE_ELEM, &u, sizeof(u));
}

/* Returns 0, or a negative errno and the old one judges on alone. */
SEC("syscall")
int bf_handover(struct handover *h)
{
	int ret;

	h->next.judging = 1;
	ret = put(h->next_fd, &h->next);
	if (ret)
		return ret;
	/* An update of an array of maps waits for a grace period: see rcu_wait(). */
	ret = put(h->image_fd, &h->inner_fd);
	if (!ret)
		ret = put(h->current_fd, &h->current);
	if (!ret)
		return 0;
	h->next.judging = 0;
	put(h->next_fd, &h->next);
	return ret;
}

char _license[] SEC("license") = "GPL";

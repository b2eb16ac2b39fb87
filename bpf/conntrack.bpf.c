// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is connection tracking on in the caller's network namespace? Run by the commands
 * (BPF_PROG_TEST_RUN). The kernel offers no other way to see it without sending packets.
 */
#define IMAGE_CAPACITY_INDEX 0
#include "bpf/hooks.h"

/*
 * Result: bit 0 IPv4, bit 1 IPv6; bit 2 always, so that "nothing seen" is not mistaken for an
 * answer.
 */
SEC("syscall")
int bf_conntrack(void *ctx)
{
	const struct task_struct *task = (void *)bpf_get_current_task_btf();
	const struct net *net;

	task = bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct));
	net = task->nsproxy->net_ns;
	return (int)(4 | conntrack_hooked(net, NFPROTO_IPV4_) |
		     conntrack_hooked(net, NFPROTO_IPV6_) << 1);
}

char _license[] SEC("license") = "GPL";

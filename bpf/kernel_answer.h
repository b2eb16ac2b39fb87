/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_KERNEL_ANSWER_H
#define BPF_KERNEL_ANSWER_H

/* What bpf/ops_answer.h knows of the kernel besides bpf/kernel.h and bpf/kernel_objects.h. */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* include/net/route.h, include/net/ip6_fib.h */
struct rtable {
	unsigned int rt_flags;
	int rt_iif;
};

struct rt6_info {
	u32 rt6i_flags;
};

#pragma clang attribute pop

/* skb->ip_summed */
#define CHECKSUM_UNNECESSARY_	1
#define CHECKSUM_COMPLETE_	2
#define CHECKSUM_PARTIAL_	3

#define IPPROTO_GRE_		47

#define TCP_RST_		4U	/* of byte 13 */
#define ICMP_UNREACHABLE_	3U	/* ICMP_DEST_UNREACH */
#define ICMPV6_UNREACHABLE_	1U	/* ICMPV6_DEST_UNREACH */

#define HOOK_PRE_ROUTING_	0	/* enum nf_inet_hooks */
#define HOOK_LOCAL_IN_		1
#define LOOPBACK_INDEX		1	/* LOOPBACK_IFINDEX: in every network namespace */

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_HOOKS_H
#define BPF_HOOKS_H

#include "bpf/portable.h"

/*
 * Is connection tracking switched on in a network namespace? Its hook functions are then in the
 * namespace's lists (nf_ct_netns_get() registers them). Asked at packet time, and by the commands
 * through bpf/conntrack.bpf.c. BPF only.
 */

#define NF_IP_PRI_CONNTRACK_	(-200)
#define HOOKS_MAX		1024	/* MAX_HOOK_COUNT, net/netfilter/core.c */
#define NFPROTO_IPV4_		2
#define NFPROTO_IPV6_		10

struct hook_search {
	u64 ops;		/* address of the array of struct nf_hook_ops * */
	u32 count;
	u32 found;
};

/*
 * Others may have a hook function at that priority too (an nft chain, a BPF program), but theirs
 * has private data, and conntrack's (ipv4_conntrack_ops, net/netfilter/nf_conntrack_proto.c) none.
 */
static long hook_step(u32 i, struct hook_search *s)
{
	u32 priority = bpf_core_field_offset(struct nf_hook_ops, priority);
	u32 priv = bpf_core_field_offset(struct nf_hook_ops, priv);
	u64 op;

	if (i >= s->count)
		return 1;
	op = sixteen(s->ops + (u64)i * 8)->pair[0];
	if ((int)sixteen(op + priority)->word[0] != NF_IP_PRI_CONNTRACK_ ||
	    sixteen(op + priv)->pair[0])
		return 0;
	s->found = 1;
	return 1;
}

/*
 * struct nf_hook_entries: a count, that many struct nf_hook_entry, that many pointers to struct
 * nf_hook_ops (nf_hook_entries_get_hook_ops(), include/linux/netfilter.h).
 */
verified_once u32 entries_hooked(u64 entries)
{
	struct hook_search s = { 0 };

	if (!entries)
		return 0;
	s.count = sixteen(entries)->half[0];
	s.ops = entries + bpf_core_field_offset(struct nf_hook_entries, hooks) +
		(u64)s.count * bpf_core_type_size(struct nf_hook_entry);
	bpf_loop(HOOKS_MAX, hook_step, &s, 0);
	return s.found;
}

/*
 * conntrack_hooked() - at PREROUTING of a family. The list is read as a number, not as a pointer:
 * only numbers can be handed to a function that is verified once.
 */
static __always_inline u32 conntrack_hooked(const struct net *net, u32 pf)
{
	u64 at = (u64)net;

	if (pf == NFPROTO_IPV4_)
		at += bpf_core_field_offset(struct net, nf.hooks_ipv4);
	else
		at += bpf_core_field_offset(struct net, nf.hooks_ipv6);
	return entries_hooked(sixteen(at)->pair[0]);
}

#endif

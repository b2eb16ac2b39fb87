/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

/*
 * Kernel structures, only the fields the programs read. Offsets are relocated at load time (CO-RE),
 * so order and padding here mean nothing. BPF sources only.
 */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net;
struct sock;
struct task_struct;

struct net_device {
	char name[16];
	int ifindex;
};

struct sk_buff {
	unsigned int len, data_len;
	unsigned char *head, *data;
	unsigned short network_header;
	unsigned long _nfct;
};

struct nf_hook_state {
	unsigned char hook;
	unsigned char pf;
	struct net_device *in;
	struct net_device *out;
	struct sock *sk;
	struct net *net;
};

struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
};

struct nf_hook_ops {
	void *priv;
	int priority;
};

struct nf_hook_entry {
	void *hook;
	void *priv;
};

struct nf_hook_entries {
	unsigned short num_hook_entries;
	struct nf_hook_entry hooks[];
};

struct netns_nf {
	struct nf_hook_entries *hooks_ipv4[5];
	struct nf_hook_entries *hooks_ipv6[5];
};

struct net {
	struct netns_nf nf;
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	struct nsproxy *nsproxy;
};

struct in6_addr {
	union {
		unsigned char u6_addr8[16];
	} in6_u;
};

#pragma clang attribute pop

#endif

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

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct in_device;
struct ipv4_devconf;
struct skb_ext;
struct xfrm_state;

struct net_device {
	char name[16];
	int ifindex;
	unsigned long priv_flags;
	struct in_device *ip_ptr;
	struct inet6_dev *ip6_ptr;
	struct hlist_node index_hlist;
	unsigned short type, hard_header_len;
	int group;
};

/* tclassid: with CONFIG_IP_ROUTE_CLASSID. */
struct dst_entry {
	unsigned int tclassid;
	struct xfrm_state *xfrm;	/* with CONFIG_XFRM */
};

/* skb_frag_t: a page, then its length and offset in 32 bits each; of several names over time. */
struct any_frag {
	unsigned long page;
};

struct skb_shared_info {
	unsigned char nr_frags;
	struct sk_buff *frag_list;
	struct any_frag frags[1];
};

struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	struct sock *sk;
	unsigned int len, data_len, end;
	unsigned char *head, *data;
	unsigned short network_header, mac_header;
	unsigned short protocol, queue_mapping, vlan_proto, vlan_tci;
	unsigned int mark, hash, csum;
	unsigned char pkt_type : 3;
	unsigned char ip_summed : 2;
	unsigned char csum_valid : 1;
	unsigned long _nfct, _skb_refdst;
	unsigned char active_extensions;
	struct skb_ext *extensions;
};

struct sock_common {
	volatile unsigned char skc_state;
	struct sock *skc_listener;
	struct {
		long long counter;
	} skc_cookie;
	struct {
		struct net *net;
	} skc_net;
};

/* With CONFIG_CGROUP_NET_CLASSID. */
struct sock_cgroup_data {
	u32 classid;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	struct sock_cgroup_data sk_cgrp_data;
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

struct netns_ipv4 {
	struct ipv4_devconf *devconf_all;
	_Bool fib_has_custom_rules;	/* with CONFIG_IP_MULTIPLE_TABLES */
	struct hlist_head *fib_table_hash;
};

struct fib6_info;
struct fib6_table;
struct fib_rules_ops;
struct ipv6_devconf;

struct netns_ipv6 {
	struct ipv6_devconf *devconf_all;
	struct fib6_info *fib6_null_entry;
	struct hlist_head *fib_table_hash;
	struct fib6_table *fib6_main_tbl;
	_Bool fib6_has_custom_rules;	/* these three with CONFIG_IPV6_MULTIPLE_TABLES */
	struct fib6_table *fib6_local_tbl;
	struct fib_rules_ops *fib6_rules_ops;
};

struct net {
	struct hlist_head *dev_index_head;
	struct netns_ipv4 ipv4;
	struct netns_ipv6 ipv6;
	struct netns_nf nf;
};

struct nsproxy {
	struct net *net_ns;
};

struct hrtimer_cpu_base;

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
	long long offset;
};

struct hrtimer_cpu_base {
	struct hrtimer_clock_base clock_base[8];
};

enum hrtimer_base_type { HRTIMER_BASE_REALTIME = 1 };

struct hrtimer {
	struct hrtimer_clock_base *base;
};

struct sched_dl_entity {
	struct hrtimer dl_timer;
};

struct task_struct {
	struct task_struct *real_parent;
	struct sched_dl_entity dl;
	struct nsproxy *nsproxy;
};

struct in6_addr {
	union {
		unsigned char u6_addr8[16];
	} in6_u;
};

#pragma clang attribute pop

#endif

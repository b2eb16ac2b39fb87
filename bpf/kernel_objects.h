/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_KERNEL_OBJECTS_H
#define BPF_KERNEL_OBJECTS_H

/*
 * Kernel structures that the ops of OPS_OBJECT walk: sockets and their owners, routes, bridges and
 * IPsec. As bpf/kernel.h: only fields that are read, offsets relocated at load time.
 */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Sockets: include/net/sock.h, include/linux/net.h, fs.h, cred.h. */
typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

struct group_info {
	int ngroups;
	kgid_t gid[];
};

struct cred {
	kuid_t fsuid;
	kgid_t fsgid;
	struct group_info *group_info;
};

struct file {
	const struct cred *f_cred;
};

struct socket {
	struct file *file;
};

/* Extensions of a packet: include/linux/skbuff.h. */
enum skb_ext_id {
	SKB_EXT_BRIDGE_NF,
	SKB_EXT_SEC_PATH,
};

struct skb_ext {
	unsigned char offset[2];
};

struct nf_bridge_info {
	int physinif;
	struct net_device *physoutdev;
};

/* As it was before Linux 6.8. */
struct nf_bridge_info___old {
	struct net_device *physindev;
};

/* IPsec: include/net/xfrm.h. */
typedef union {
	u32 a4;
	u32 a6[4];
} xfrm_address_t;

struct xfrm_id {
	xfrm_address_t daddr;
	u32 spi;
	unsigned char proto;
};

struct xfrm_state {
	struct xfrm_id id;
	struct {
		u32 reqid;
		unsigned char mode;
		xfrm_address_t saddr;
	} props;
};

struct sec_path {
	int len;
	struct xfrm_state *xvec[6];
};

struct xfrm_dst {
	struct dst_entry *child;
};

/* Routes: include/net/ip_fib.h, net/ipv4/fib_trie.c, include/linux/inetdevice.h. */
struct key_vector {
	u32 key;
	unsigned char pos, bits, slen;
	struct hlist_head leaf;
	struct key_vector *tnode[];
};

struct tnode {
	struct key_vector *parent;
	struct key_vector kv[1];
};

struct fib_table {
	struct hlist_node tb_hlist;
	u32 tb_id;
	unsigned long *tb_data;
};

struct trie {
	struct key_vector kv[1];
};

struct ipv4_devconf {
	int data[1];
};

struct in_device {
	struct ipv4_devconf cnf;
};

enum netdev_priv_flags {
	IFF_L3MDEV_MASTER = 1 << 18,
	IFF_L3MDEV_SLAVE = 1 << 21,
};

struct fib_nh_common {
	struct net_device *nhc_dev;
	unsigned char nhc_gw_family;
	unsigned char nhc_flags;
};

struct fib_nh {
	struct fib_nh_common nh_common;
};

struct nh_info {
	_Bool reject_nh;
	struct fib_nh_common fib_nhc;
};

struct nexthop;

struct nh_grp_entry {
	struct nexthop *nh;
};

struct nh_group {
	unsigned short num_nh;
	struct nh_grp_entry nh_entries[];
};

struct nexthop {
	_Bool is_group;
	struct nh_info *nh_info;
	struct nh_group *nh_grp;
};

struct fib_info {
	unsigned int fib_flags;
	unsigned char fib_dead;
	int fib_nhs;
	struct nexthop *nh;
	struct fib_nh fib_nh[];
};

struct fib_alias {
	struct hlist_node fa_list;
	struct fib_info *fa_info;
	unsigned char fa_dscp, fa_type, fa_slen;
};

/* IPv6 routes and addresses: include/net/ip6_fib.h, fib_rules.h, if_inet6.h, linux/ipv6.h. */
struct rt6key {
	struct in6_addr addr;
	int plen;
};

struct fib6_nh {
	struct fib_nh_common nh_common;
};

struct fib6_info {
	struct fib6_info *fib6_next;
	unsigned int fib6_nsiblings;
	struct rt6key fib6_dst;
	u32 fib6_flags;
	struct rt6key fib6_src;
	u32 fib6_metric;
	unsigned char fib6_type;
	struct nexthop *nh;
	struct fib6_nh fib6_nh[];
};

struct fib6_node {
	struct fib6_node *parent, *left, *right;
	struct fib6_node *subtree;	/* with CONFIG_IPV6_SUBTREES */
	struct fib6_info *leaf;
	unsigned short fn_bit, fn_flags;
	struct fib6_info *rr_ptr;
};

struct fib6_table {
	struct hlist_node tb6_hlist;
	struct fib6_node tb6_root;
};

struct list_head {
	struct list_head *next;
};

struct fib_rule {
	struct list_head list;
	int iifindex, oifindex;
	u32 mark_mask, flags, table;
	unsigned char action, l3mdev, proto;
	u32 pref;
};

struct fib_rules_ops {
	struct list_head rules_list;
};

struct ipv6_devconf {
	int forwarding;
	int ignore_routes_with_linkdown;
	int rtr_probe_interval;		/* with CONFIG_IPV6_ROUTER_PREF */
};

struct inet6_dev {
	struct list_head addr_list;
	struct ipv6_devconf cnf;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	u32 flags;
	struct list_head if_list;
};

#pragma clang attribute pop

#endif

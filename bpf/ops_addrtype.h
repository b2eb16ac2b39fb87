/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_ADDRTYPE_H
#define BPF_OPS_ADDRTYPE_H

/*
 * OP_ADDRTYPE: net/netfilter/xt_addrtype.c. The kernel looks the address up in its routes
 * (inet_dev_addr_type(), net/ipv4/fib_frontend.c); a netfilter program has no helper for that, so
 * the same walk is made here, in the memory of the routing tables (fib_table_lookup(),
 * net/ipv4/fib_trie.c). Included by bpf/ops_object.h, kernel alone.
 */

#define RT_TABLE_LOCAL_		255U
#define RTN_UNICAST_		1U
#define RTN_BROADCAST_		3U
#define RTN_MULTICAST_		5U
#define RTN_BLACKHOLE_		6U
#define RTNH_F_DEAD_		1U
#define RTNH_F_LINKDOWN_	16U
#define KEY_BITS		32U

/* net.ipv4.conf.*.ignore_routes_with_linkdown: IPV4_DEVCONF_..., counted from 1 */
#define IGNORE_LINKDOWN		((29 - 1) * 4)

/* ip_ignore_linkdown() */
static __always_inline u32 ignores_linkdown(u64 net, u64 dev)
{
	u64 in_dev = POINTER(dev, struct net_device, ip_ptr), all;

	if (!in_dev)
		return 0;
	all = POINTER(net, struct net, ipv4.devconf_all);
	return kernel_u32(FIELD(all, struct ipv4_devconf, data) + IGNORE_LINKDOWN) ||
	       kernel_u32(FIELD(in_dev, struct in_device, cnf.data) + IGNORE_LINKDOWN);
}

/* fib_lookup_good_nhc() without a wish for an interface. @hop: struct fib_nh_common. */
static __always_inline u32 hop_good(u64 net, u64 hop)
{
	u32 flags = KERNEL(struct fib_nh_common, hop)->nhc_flags;

	if (flags & RTNH_F_DEAD_)
		return 0;
	return !(flags & RTNH_F_LINKDOWN_) ||
	       !ignores_linkdown(net, POINTER(hop, struct fib_nh_common, nhc_dev));
}

/*
 * The ways a route may go. A route has them in an array of its own, or in a nexthop object, which
 * may be a group of others: then the array has pointers to those.
 */
struct hops {
	u64 first;
	u32 count, stride;
	u32 group;
	u32 object;		/* it is a nexthop object */
};

static __always_inline u64 hop_of_object(u64 nexthop)
{
	return FIELD(POINTER(nexthop, struct nexthop, nh_info), struct nh_info, fib_nhc);
}

static __always_inline void hops_of(u64 route, struct hops *h)
{
	u64 nexthop = POINTER(route, struct fib_info, nh), group;

	h->group = 0;
	h->object = !!nexthop;
	h->count = 1;
	h->stride = 0;
	if (!nexthop) {
		h->first = FIELD(route, struct fib_info, fib_nh);
		h->count = KERNEL(struct fib_info, route)->fib_nhs;
		h->stride = bpf_core_type_size(struct fib_nh);
	} else if (!KERNEL(struct nexthop, nexthop)->is_group) {
		h->first = hop_of_object(nexthop);
	} else {
		group = POINTER(nexthop, struct nexthop, nh_grp);
		h->first = FIELD(group, struct nh_group, nh_entries);
		h->count = KERNEL(struct nh_group, group)->num_nh;
		h->stride = bpf_core_type_size(struct nh_grp_entry);
		h->group = 1;
	}
}

/* nexthop_is_blackhole(): also of a group of one. */
static __always_inline u32 hops_blackhole(const struct hops *h)
{
	u64 hop = h->group ? hop_of_object(kernel_u64(h->first)) : h->first;

	if (!h->object || h->count > 1)
		return 0;
	return KERNEL(struct nh_info, hop - bpf_core_field_offset(struct nh_info, fib_nhc))
		->reject_nh;
}

#define HOPS_MAX	256U

/*
 * route_usable() - what fib_table_lookup() makes of the ways of a route: HOPS_GOOD, HOPS_BAD (the
 * next route is asked), HOPS_REJECT, or HOPS_LEAF (the rest of the leaf is not asked, either).
 */
enum { HOPS_GOOD, HOPS_BAD, HOPS_REJECT, HOPS_LEAF };

verified_once u32 route_usable(u64 net, u64 route)
{
	struct hops h;
	u64 at;
	u32 i;

	if (!group_in(OPS_OBJECT))
		return HOPS_BAD;
	hops_of(route, &h);
	if (hops_blackhole(&h))
		return HOPS_REJECT;
	at = h.first;
	portable_rolled
	for (i = 0; i < HOPS_MAX && i < h.count; i++) {
		if (hop_good(net, h.group ? hop_of_object(kernel_u64(at)) : at))
			return HOPS_GOOD;
		at += h.stride;
	}
	return h.object ? HOPS_LEAF : HOPS_BAD;
}

/* route_device() - fib_info_nhc(fi, 0)->nhc_dev */
verified_once u64 route_device(u64 route)
{
	struct hops h;
	u64 hop;

	if (!group_in(OPS_OBJECT))
		return 0;
	hops_of(route, &h);
	hop = h.group ? hop_of_object(kernel_u64(h.first)) : h.first;
	return POINTER(hop, struct fib_nh_common, nhc_dev);
}

/*
 * The walk. A node (struct key_vector) has 2^bits children, chosen by the bits of the key above
 * pos; what it skips is compared when a leaf is reached. Then back: at the last place where a
 * shorter prefix may be, the lowest set bit of the child's number is cleared, and so on.
 */
enum { WALK_DOWN, WALK_PREFIX, WALK_BACK, WALK_LEAF };

struct route_walk {
	u64 node;		/* struct key_vector; WALK_LEAF: struct fib_alias */
	u64 parent;		/* of the place to come back to */
	u64 net;
	u32 key, child;
	u32 differs;		/* WALK_LEAF: bits of the key that are not the leaf's */
	u16 state, type;
};

static __always_inline u64 node_child(u64 node, u32 child)
{
	return kernel_u64(FIELD(node, struct key_vector, tnode) + (u64)child * 8);
}

static __always_inline void enter_leaf(struct route_walk *w, u64 node, u32 key)
{
	w->differs = w->key ^ key;
	w->node = kernel_u64(FIELD(node, struct key_vector, leaf));
	w->state = WALK_LEAF;
}

static __always_inline void step_down(struct route_walk *w)
{
	const struct key_vector *n = KERNEL(struct key_vector, w->node);
	u64 index = (u64)(w->key ^ n->key) >> (n->pos & 63);

	if (index >> (n->bits & 63)) {
		w->state = WALK_PREFIX;
		return;
	}
	if (!n->bits) {
		enter_leaf(w, w->node, n->key);
		return;
	}
	if (n->slen > n->pos) {
		w->parent = w->node;
		w->child = index;
	}
	w->node = node_child(w->node, index);
	if (!w->node)
		w->state = WALK_BACK;
}

/* Does the key begin as this node does, up to the node's last bit that is set? */
static __always_inline void step_prefix(struct route_walk *w)
{
	const struct key_vector *n = KERNEL(struct key_vector, w->node);
	u32 key = n->key;

	if (((w->key ^ key) & (key | -key)) || n->slen == n->pos) {
		w->state = WALK_BACK;
		return;
	}
	if (!n->bits) {
		enter_leaf(w, w->node, key);
		return;
	}
	w->node = node_child(w->node, 0);
	if (!w->node)
		w->state = WALK_BACK;
}

/* Returns 1 at the root: there is no route. */
static __always_inline long step_back(struct route_walk *w)
{
	const struct key_vector *p = KERNEL(struct key_vector, w->parent);
	u32 key = p->key;

	if (w->child) {
		w->child &= w->child - 1;
		w->node = node_child(w->parent, w->child);
		if (w->node)
			w->state = WALK_PREFIX;
		return 0;
	}
	if (p->pos >= KEY_BITS)
		return 1;
	w->parent = kernel_u64(w->parent - bpf_core_field_offset(struct tnode, kv) +
			       bpf_core_field_offset(struct tnode, parent));
	p = KERNEL(struct key_vector, w->parent);
	w->child = (u64)(key ^ p->key) >> (p->pos & 63);
	return 0;
}

/* One route of the leaf. Returns 1 if it is the one. */
static __always_inline long step_leaf(struct route_walk *w)
{
	const struct fib_alias *fa = KERNEL(struct fib_alias, w->node);
	u64 route = POINTER(w->node, struct fib_alias, fa_info);
	const struct fib_info *fi = KERNEL(struct fib_info, route);
	u32 usable, type = fa->fa_type;

	if (!w->node) {
		w->state = WALK_BACK;
		return 0;
	}
	w->node = kernel_u64(w->node);
	if ((u64)w->differs >> (fa->fa_slen & 63) || fa->fa_dscp || fi->fib_dead)
		return 0;
	/* fib_props[]: from RTN_BLACKHOLE on an error, which makes the address UNICAST */
	usable = HOPS_REJECT;
	if (type < RTN_BLACKHOLE_) {
		if (fi->fib_flags & RTNH_F_DEAD_)
			return 0;
		usable = route_usable(w->net, route);
	}
	if (usable == HOPS_BAD)
		return 0;
	if (usable == HOPS_LEAF) {
		w->node = 0;
		return 0;
	}
	w->type = usable == HOPS_REJECT ? RTN_UNICAST_ : type;
	w->node = usable == HOPS_REJECT ? 0 : route;
	return 1;
}

static long route_step(u32 i, struct route_walk *w)
{
	(void)i;
	switch (w->state) {
	case WALK_DOWN:
		step_down(w);
		return 0;
	case WALK_PREFIX:
		step_prefix(w);
		return 0;
	case WALK_BACK:
		return step_back(w);
	}
	return step_leaf(w);
}

/* A walk has at most some hundred steps, but a leaf may have any number of routes. */
#define ROUTE_STEPS_MAX	(1U << 20)
#define TABLES_MAX	256U

/* fib_get_table(): the slot's number in either configuration of the kernel; 0: none. */
static __always_inline u64 local_table(u64 net)
{
	u32 slot = bpf_core_field_exists(struct net, ipv4.fib_has_custom_rules) ? RT_TABLE_LOCAL_ :
										  1;
	u64 at = kernel_u64(POINTER(net, struct net, ipv4.fib_table_hash) + slot * 8);
	u32 i;

	portable_rolled
	for (i = 0; i < TABLES_MAX && at; i++) {
		if (KERNEL(struct fib_table, at)->tb_id == RT_TABLE_LOCAL_)
			return at;
		at = kernel_u64(at);
	}
	return 0;
}

/* route_type() - __inet_dev_addr_type() behind its first lines. @dev: 0, or it has to be there. */
static __always_inline u32 route_type(u64 net, u64 dev, u32 address)
{
	u64 table = local_table(net);
	struct route_walk w = { .net = net, .key = address, .type = RTN_UNICAST_ };

	if (!table)
		return RTN_BROADCAST_;
	w.parent = FIELD(POINTER(table, struct fib_table, tb_data), struct trie, kv);
	w.node = node_child(w.parent, 0);
	if (!w.node)
		return RTN_UNICAST_;
	portable_loop(ROUTE_STEPS_MAX, route_step, &w);
	if (dev && w.type != RTN_UNICAST_ && route_device(w.node) != dev)
		return RTN_UNICAST_;
	return w.type;
}

static __always_inline u32 address_type4(hook_ctx *ctx, u64 dev, u32 address)
{
	if (!address || address == 0xffffffff)
		return RTN_BROADCAST_;
	if (address >> 28 == 14)
		return RTN_MULTICAST_;
	return route_type(hook_net(ctx), dev, address);
}

/* A device in a VRF has a table of its own, whose number only the VRF's module knows. */
static __always_inline u32 in_vrf(u64 dev)
{
	const struct net_device *d = KERNEL(struct net_device, dev);
	u32 master = bpf_core_enum_value(enum netdev_priv_flags, IFF_L3MDEV_MASTER);
	u32 slave = bpf_core_enum_value(enum netdev_priv_flags, IFF_L3MDEV_SLAVE);

	return BPF_CORE_READ_BITFIELD(d, priv_flags) & (master | slave);
}

/* match_type6() as far as the address itself says: ipv6_addr_type(). */
static __always_inline u32 address_type6(const u32 *a, u32 types)
{
	u32 multicast = a[0] >> 24 == 0xff;
	u32 any = !(a[0] | a[1] | a[2] | a[3]);
	u32 mapped = !(a[0] | a[1]) && a[2] == 0xffff;

	if ((types & 1U << RTN_MULTICAST_) && !multicast)
		return 0;
	if ((types & 1U << RTN_UNICAST_) && (multicast || any || mapped))
		return 0;
	return !(types & 1) || any;
}

/* The device that the address has to be of, in @dev; 0: any. Returns 0 if its routes are known. */
static __always_inline int limit_device(hook_ctx *ctx, u32 arg, u64 *dev)
{
	*dev = 0;
	if (arg & ADDRTYPE_LIMIT_IN)
		*dev = POINTER(ctx->state, struct nf_hook_state, in);
	else if (arg & ADDRTYPE_LIMIT_OUT)
		*dev = POINTER(ctx->state, struct nf_hook_state, out);
	return *dev && in_vrf(*dev) ? -1 : 0;
}

/* Which types a route would have to say; all that is said without asking one holds by itself. */
verified_once u32 match_addrtype(hook_ctx *ctx, const struct packet *p, u32 arg)
{
	u32 types = arg & ADDRTYPE_TYPES;
	const u32 *address;
	u64 dev;

	if (!group_in(OPS_OBJECT) || !p)
		return MATCH_BAD;
	if (limit_device(ctx, arg, &dev))
		return MATCH_HOTDROP;
	address = arg & ADDRTYPE_SOURCE ? p->src : p->dst;
	if (p->family)
		return address_type6(address, types) ? MATCH_YES : MATCH_NO;
	types >>= address_type4(ctx, dev, *address);
	return types & 1 ? MATCH_YES : MATCH_NO;
}

#include "bpf/ops_local6.h"

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_PHYSDEV_H
#define BPF_OPS_PHYSDEV_H

/* OP_PHYSDEV: net/netfilter/xt_physdev.c. Included by bpf/ops_object.h, kernel alone. */

static __always_inline u32 bridges_known(void)
{
	return bpf_core_enum_value_exists(enum skb_ext_id, SKB_EXT_BRIDGE_NF);
}

struct device_search {
	u64 at;			/* of the list node; 0: the end */
	u32 ifindex, pad;
	u64 found;
};

static long device_step(u32 i, struct device_search *s)
{
	u64 dev, at = s->at;

	(void)i;
	if (!at)
		return 1;
	dev = at - bpf_core_field_offset(struct net_device, index_hlist);
	s->at = kernel_u64(at);
	if ((u32)KERNEL(struct net_device, dev)->ifindex != s->ifindex)
		return 0;
	s->found = dev;
	return 1;
}

#define DEVICE_HASH	256U		/* NETDEV_HASHENTRIES */
#define DEVICES_MAX	(1U << 20)

/* device_by_index() - dev_get_by_index_rcu(); 0: none. */
verified_once u64 device_by_index(u64 net, u32 ifindex)
{
	struct device_search s = { .ifindex = ifindex };

	if (!group_in(OPS_OBJECT) && !group_in(OPS_ANSWER))
		return 0;
	s.at = kernel_u64(POINTER(net, struct net, dev_index_head) + ifindex % DEVICE_HASH * 8);
	portable_loop(DEVICES_MAX, device_step, &s);
	return s.found;
}

/* nf_bridge_get_physindev() */
static __always_inline u64 bridge_in(u64 bridge, u64 net)
{
	if (bpf_core_field_exists(struct nf_bridge_info, physinif))
		return device_by_index(net, KERNEL(struct nf_bridge_info, bridge)->physinif);
	return POINTER(bridge, struct nf_bridge_info___old, physindev);
}

/* ifname_compare_aligned(): 16 bytes under a mask; name, then mask. */
static __always_inline u32 same_name(struct image_space *img, u64 at, u64 dev)
{
	const u64 *want = image_at(img, at, 32);
	u64 name = FIELD(dev, struct net_device, name);

	if (!want)
		return 0;
	return !(((kernel_u64(name) ^ want[0]) & want[2]) |
		 ((kernel_u64(name + 8) ^ want[1]) & want[3]));
}

/*
 * physdev_mt(). @at: of the name and mask for --physdev-in, and behind it for --physdev-out.
 * Without bridge information, what is inverted holds.
 */
verified_once u32 match_physdev(hook_ctx *ctx, struct image_space *img, u64 at, u32 arg)
{
	u32 given = arg & 255, invert = arg >> 8 & 255;
	u64 bridge, in, out;

	if (!group_in(OPS_OBJECT) || !bridges_known() || !img)
		return 0;
	bridge = packet_extension(ctx, bpf_core_enum_value(enum skb_ext_id, SKB_EXT_BRIDGE_NF));
	if (!bridge)
		return !(given & ~invert);
	out = POINTER(bridge, struct nf_bridge_info, physoutdev);
	if ((given & PHYSDEV_BRIDGED) && !!out == !!(invert & PHYSDEV_BRIDGED))
		return 0;
	if ((given & PHYSDEV_IS_OUT) && !!out == !!(invert & PHYSDEV_IS_OUT))
		return 0;
	if ((given & PHYSDEV_OUT) &&
	    (!out || same_name(img, at + 32, out) == !!(invert & PHYSDEV_OUT)))
		return 0;
	if (!(given & (PHYSDEV_IN | PHYSDEV_IS_IN)))
		return 1;
	in = bridge_in(bridge, hook_net(ctx));
	if ((given & PHYSDEV_IS_IN) && !!in == !!(invert & PHYSDEV_IS_IN))
		return 0;
	return !(given & PHYSDEV_IN) || !in || same_name(img, at, in) != !!(invert & PHYSDEV_IN);
}

#endif

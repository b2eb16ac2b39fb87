/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_POLICY_H
#define BPF_OPS_POLICY_H

/* OP_POLICY: net/netfilter/xt_policy.c. Included by bpf/ops_object.h, kernel alone. */

/* Kernels without IPsec have neither. */
static __always_inline u32 policies_known(void)
{
	return bpf_core_enum_value_exists(enum skb_ext_id, SKB_EXT_SEC_PATH) &&
	       bpf_core_field_exists(struct dst_entry, xfrm);
}

/* Is the option not given, or @equal as it wants? */
static __always_inline u32 policy_holds(u64 flags, u32 bit, u32 equal)
{
	return !(flags & bit) || equal != !!(flags >> POLICY_INVERT & bit);
}

/* ((x ^ value) & mask) over 16 bytes of kernel memory. */
static __always_inline u32 same_tunnel(const u64 *value, u64 address)
{
	return !(((kernel_u64(address) ^ value[0]) & value[2]) |
		 ((kernel_u64(address + 8) ^ value[1]) & value[3]));
}

/* same_state() - match_xfrm_state(). @at: of the element in the image. */
verified_once u32 same_state(struct image_space *img, u64 at, u64 state)
{
	const struct xfrm_state *x;
	const u64 *e;
	u64 flags;

	if (!group_in(OPS_OBJECT) || !policies_known() || !img)
		return 0;
	x = KERNEL(struct xfrm_state, state);
	e = image_at(img, at, POLICY_WORDS * 8);
	if (!e)
		return 0;
	flags = e[0];
	return policy_holds(flags, POLICY_PROTO, x->id.proto == (flags >> 32 & 255)) &&
	       policy_holds(flags, POLICY_MODE, x->props.mode == (flags >> 40 & 255)) &&
	       policy_holds(flags, POLICY_SPI, x->id.spi == (u32)e[1]) &&
	       policy_holds(flags, POLICY_REQID, x->props.reqid == (u32)(e[1] >> 32)) &&
	       policy_holds(flags, POLICY_SRC,
			    same_tunnel(e + 2, FIELD(state, struct xfrm_state, props.saddr))) &&
	       policy_holds(flags, POLICY_DST,
			    same_tunnel(e + 6, FIELD(state, struct xfrm_state, id.daddr)));
}

#define POLICY_NONE_THERE	2U

/* match_policy_in(): the last transformation comes first. */
verified_once u32 policy_in(hook_ctx *ctx, struct image_space *img, u64 at, u32 arg)
{
	u32 strict = arg & POLICY_STRICT, count = arg >> 8 & 255, i;
	int len;
	u64 path;

	if (!group_in(OPS_OBJECT) || !policies_known() || !img)
		return 0;
	path = packet_extension(ctx, bpf_core_enum_value(enum skb_ext_id, SKB_EXT_SEC_PATH));
	if (!path)
		return POLICY_NONE_THERE;
	len = KERNEL(struct sec_path, path)->len;
	if ((strict && count != (u32)len) || !count)
		return 0;
	path = FIELD(path, struct sec_path, xvec);
	portable_rolled
	for (i = 0; i < POLICY_DEPTH && (int)i < len; i++) {
		if (!same_state(img, at, kernel_u64(path + (u64)(len - 1 - (int)i) * 8))) {
			if (strict)
				return 0;
			continue;
		}
		if (!strict)
			return 1;
		at += POLICY_WORDS * 8;
	}
	return !!strict;
}

/* match_policy_out() */
verified_once u32 policy_out(hook_ctx *ctx, struct image_space *img, u64 at, u32 arg)
{
	u32 strict = arg & POLICY_STRICT, count = arg >> 8 & 255, i;
	u64 dst, state;

	if (!group_in(OPS_OBJECT) || !policies_known() || !img)
		return 0;
	dst = POINTER(ctx->skb, struct sk_buff, _skb_refdst) & ~1ULL;
	state = dst ? POINTER(dst, struct dst_entry, xfrm) : 0;
	if (!state)
		return POLICY_NONE_THERE;
	portable_rolled
	for (i = 0; i < POLICY_DEPTH && state; i++) {
		if (i >= count && (strict || !count))
			return 0;
		if (!same_state(img, at, state)) {
			if (strict)
				return 0;
		} else if (!strict) {
			return 1;
		}
		if (strict)
			at += POLICY_WORDS * 8;
		dst = POINTER(dst, struct xfrm_dst, child);
		state = dst ? POINTER(dst, struct dst_entry, xfrm) : 0;
	}
	return strict && i == count;
}

/* policy_mt() */
static __always_inline u32 match_policy(hook_ctx *ctx, struct image_space *img, u64 at, u32 arg)
{
	u32 found;

	if (arg & POLICY_OUT)
		found = policy_out(ctx, img, at, arg);
	else
		found = policy_in(ctx, img, at, arg);
	if (arg & POLICY_NONE)
		return found == POLICY_NONE_THERE;
	return found == 1;
}

#endif

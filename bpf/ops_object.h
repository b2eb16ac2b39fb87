/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_OBJECT_H
#define BPF_OPS_OBJECT_H

/*
 * OPS_OBJECT: what the kernel knows of a packet: its socket, the type of its addresses, the bridge
 * port and the IPsec policies it went through. Included by bpf/match.h.
 *
 * Kernel memory is only read. It may go away meanwhile where the kernel itself would hold a lock;
 * what is read then is wrong, or zero, but never a fault.
 */

#ifdef __bpf__

#include "bpf/kernel_objects.h"

/* Kernel memory at a number, as a type. For fields that are numbers. */
#define KERNEL(type, address) \
	((const type *)bpf_rdonly_cast((void *)(u64)(address), bpf_core_type_id_kernel(type)))
/* The address of a field, without reading it. */
#define FIELD(base, type, field)	((u64)(base) + bpf_core_field_offset(type, field))

static __always_inline u64 kernel_u64(u64 address)
{
	return sixteen(address)->pair[0];
}

static __always_inline u32 kernel_u32(u64 address)
{
	return sixteen(address)->word[0];
}

/* A field that is a pointer, as a number: others cannot be handed to a verified_once function. */
#define POINTER(base, type, field)	kernel_u64(FIELD(base, type, field))

static __always_inline u64 packet_sock(hook_ctx *ctx)
{
	return POINTER(ctx->skb, struct sk_buff, sk);
}

#define TCP_TIME_WAIT_		6
#define TCP_NEW_SYN_RECV_	12

/* The namespace of the hook; also the packet's. */
static __always_inline u64 hook_net(hook_ctx *ctx)
{
	return POINTER(ctx->state, struct nf_hook_state, net);
}

static __always_inline u32 in_namespace(u64 sk, u64 net)
{
	return !bpf_core_field_exists(struct sock, __sk_common.skc_net.net) ||
	       POINTER(sk, struct sock, __sk_common.skc_net.net) == net;
}

/* xt_owner.c begins with the socket behind skb_to_full_sk(). Its struct socket; 0: none. */
static __always_inline u64 packet_socket(hook_ctx *ctx)
{
	u64 sk = packet_sock(ctx);
	u32 state = sk ? KERNEL(struct sock, sk)->__sk_common.skc_state : TCP_TIME_WAIT_;

	if (state == TCP_NEW_SYN_RECV_) {
		sk = POINTER(sk, struct sock, __sk_common.skc_listener);
		state = KERNEL(struct sock, sk)->__sk_common.skc_state;
	}
	if (!sk || state == TCP_TIME_WAIT_ || !in_namespace(sk, hook_net(ctx)))
		return 0;
	return POINTER(sk, struct sock, sk_socket);
}

static __always_inline u32 in_ids(u32 id, u64 range)
{
	return id >= (u32)range && id <= (u32)(range >> 32);
}

struct group_search {
	u64 at;			/* of the next group */
	u64 range;
	u32 left, found;
};

static long group_step(u32 i, struct group_search *s)
{
	u64 at = s->at;

	(void)i;
	if (!s->left)
		return 1;
	s->found = in_ids(kernel_u32(at), s->range);
	s->at = at + sizeof(u32);
	s->left--;
	return s->found;
}

#define GROUPS_MAX	65536	/* NGROUPS_MAX */

/* in_groups() - is one of the supplementary groups in the range? */
verified_once u32 in_groups(u64 info, u64 range)
{
	const struct group_info *groups = KERNEL(struct group_info, info);
	struct group_search s = { .range = range };

	if (!group_in(OPS_OBJECT) || !info)
		return 0;
	s.at = FIELD(info, struct group_info, gid);
	s.left = groups->ngroups;
	portable_loop(GROUPS_MAX, group_step, &s);
	return s.found;
}

/* OP_OWNER: owner_mt(). What is asked may be inverted one by one; nothing there is nothing. */
static __always_inline u32 match_owner(hook_ctx *ctx, u32 arg, const u64 *ids)
{
	u32 given = arg & 255, invert = arg >> 8 & 255, group;
	u64 socket = packet_socket(ctx), file, owner, range;
	const struct cred *cred;

	if (!socket)
		return given == invert;
	if (given & invert & OWNER_SOCKET)
		return 0;
	file = POINTER(socket, struct socket, file);
	if (!file)
		return !((given ^ invert) & (OWNER_UID | OWNER_GID));
	owner = POINTER(file, struct file, f_cred);
	cred = KERNEL(struct cred, owner);
	if ((given & OWNER_UID) && in_ids(cred->fsuid.val, ids[0]) == !!(invert & OWNER_UID))
		return 0;
	if (!(given & OWNER_GID))
		return 1;
	range = ids[1];
	group = in_ids(cred->fsgid.val, range);
	if (!group && (given & OWNER_GROUPS))
		group = in_groups(POINTER(owner, struct cred, group_info), range);
	return group != !!(invert & OWNER_GID);
}

/* xt_cgroup.c asks only full sockets of this namespace, and others match neither way. */
static __always_inline u32 match_socket(hook_ctx *ctx)
{
	u64 sk = packet_sock(ctx);
	u32 state;

	if (!sk)
		return 0;
	state = KERNEL(struct sock, sk)->__sk_common.skc_state;
	return state != TCP_TIME_WAIT_ && state != TCP_NEW_SYN_RECV_ &&
	       in_namespace(sk, hook_net(ctx));
}

/* OP_CLASSID, behind OP_SOCKET: sock_cgroup_classid(). */
static __always_inline u32 match_classid(hook_ctx *ctx, u32 classid)
{
	if (!bpf_core_field_exists(struct sock_cgroup_data, classid))
		return 0;
	return KERNEL(struct sock, packet_sock(ctx))->sk_cgrp_data.classid == classid;
}

/* packet_extension() - skb_ext_find(); 0: it has none of this kind. */
static __always_inline u64 packet_extension(hook_ctx *ctx, u32 kind)
{
	u64 at;

	if (!(untrusted_skb((u64)ctx->skb)->active_extensions >> (kind & 7) & 1))
		return 0;
	at = POINTER(ctx->skb, struct sk_buff, extensions);
	return at + sixteen(FIELD(at, struct skb_ext, offset) + kind)->byte[0] * 8U;
}

#include "bpf/ops_physdev.h"
#include "bpf/ops_policy.h"
#include "bpf/ops_addrtype.h"

/*
 * Does this kernel lack what the op asks for? The loader has refused its rule then
 * (loader/kernel/objects.c). A packet that comes here all the same is dropped.
 */
static __always_inline u32 object_missing(u32 code)
{
	switch (code) {
	case OP_CLASSID:
		return !bpf_core_field_exists(struct sock_cgroup_data, classid);
	case OP_PHYSDEV:
		return !bridges_known();
	case OP_POLICY:
		return !policies_known();
	case OP_LOCAL6:
		return !LOCAL6_KNOWN;
	}
	return 0;
}

static __always_inline u32 yes_or_no(u32 match)
{
	return match ? MATCH_YES : MATCH_NO;
}

/*
 * match_own() - of an answer that the companion sends: the kernel's own TCP resets have no socket,
 * and its ICMP errors have one without a file, of no class (icmp_xmit_lock()).
 */
static __always_inline u32 match_own(u32 icmp, u32 code, u32 arg)
{
	u32 given = arg & 255, invert = arg >> 8 & 255;

	if (code == OP_SOCKET)
		return icmp;
	if (code == OP_CLASSID)
		return icmp && !arg;
	if (!icmp)
		return given == invert;
	return !(given & invert & OWNER_SOCKET) &&
	       !((given ^ invert) & (OWNER_UID | OWNER_GID));
}

static __always_inline u32 match_object(hook_ctx *ctx, struct image_space *img,
					const struct packet *p, u64 at, u32 code, u32 arg)
{
	const u64 *words;

	if (object_missing(code))
		return MATCH_BAD;
	if (group_in(OPS_ANSWER) && (p->own & OWN_SENT) && code <= OP_CLASSID)
		return yes_or_no(match_own(p->proto != IPPROTO_TCP_, code, arg));
	switch (code) {
	case OP_OWNER:
		words = image_at(img, at + 8, 16);
		return words ? yes_or_no(match_owner(ctx, arg, words)) : MATCH_BAD;
	case OP_SOCKET:
		return yes_or_no(match_socket(ctx));
	case OP_CLASSID:
		return yes_or_no(match_classid(ctx, arg));
	case OP_PHYSDEV:
		return yes_or_no(match_physdev(ctx, img, at + 8, arg));
	case OP_POLICY:
		return yes_or_no(match_policy(ctx, img, at + 8, arg));
	case OP_ADDRTYPE:
		return match_addrtype(ctx, p, arg);
	case OP_LOCAL6:
		return match_local6(ctx, p, arg);
	}
	return MATCH_BAD;
}

#else

/* All of them ask the kernel (OP_KERNEL): images that have them are not evaluated here. */
static __always_inline u32 match_object(hook_ctx *ctx, struct image_space *img,
					const struct packet *p, u64 at, u32 code, u32 arg)
{
	(void)ctx;
	(void)img;
	(void)p;
	(void)at;
	(void)code;
	(void)arg;
	return MATCH_BAD;
}

#endif

verified_once u32 ops_object(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;

	if (!group_in(OPS_OBJECT) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	return match_object(ctx, img, p, at, op->code, op->arg);
}

#endif

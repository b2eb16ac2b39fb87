/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_CT_H
#define BPF_OPS_CT_H

/*
 * OPS_CT: what is asked of a packet's connection, struct nf_conn, besides its state. Sources:
 * net/netfilter/xt_conntrack.c, xt_connmark.c, xt_connbytes.c, xt_helper.c. Included by
 * bpf/match.h.
 *
 * Where the fields are says struct ct_layout, found by the loader. A connection may be a module's
 * type, so the program cannot be relocated by it. Reading cannot fault (sixteen()); the packet
 * holds its connection, and that one its master, so both are what they seem.
 */

#ifdef __bpf__

extern struct control control;

#define ct_layout(ctx)		(&control.ct)
#define ct_u8(address)		(sixteen(address)->byte[0])
#define ct_u16(address)		(sixteen(address)->half[0])
#define ct_u32(address)		(sixteen(address)->word[0])
#define ct_u64(address)		(sixteen(address)->pair[0])
#define ct_jiffies(ctx)		((u32)bpf_jiffies64())

static __always_inline u64 ct_of(hook_ctx *ctx)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);

	return bpf_core_field_exists(skb->_nfct) ? skb->_nfct : 0;
}

#else

#define ct_layout(ctx)		((ctx)->layout)
#define ct_u8(address)		((u8)ct_read(address, 1))
#define ct_u16(address)		((u16)ct_read(address, 2))
#define ct_u32(address)		((u32)ct_read(address, 4))
#define ct_u64(address)		ct_read(address, 8)
#define ct_jiffies(ctx)		((u32)(ctx)->jiffies)
#define ct_of(ctx)		((ctx)->nfct)

/* Unit tests have connections in their own memory; little endian, as all we run on. */
static inline u64 ct_read(u64 address, u32 size)
{
	u64 value = 0;

	memcpy(&value, (const void *)(uintptr_t)address, size);
	return value;
}

#endif

/* nf_ct_ext_find(): the address of an extension, 0: the connection does not have it. */
static __always_inline u64 ct_extension(const struct ct_layout *l, u64 ct, u32 id)
{
	u64 ext = ct_u64(ct + l->ext);
	u32 offset = ext ? ct_u8(ext + id) : 0;

	return offset ? ext + offset : 0;
}

static __always_inline u32 ct_address(struct image_space *img, u64 at, u64 address)
{
	const u32 *v = image_at(img, at + 8, 32);

	if (!v)
		return MATCH_BAD;
	return !(((net32(ct_u32(address)) ^ v[0]) & v[4]) |
		 ((net32(ct_u32(address + 4)) ^ v[1]) & v[5]) |
		 ((net32(ct_u32(address + 8)) ^ v[2]) & v[6]) |
		 ((net32(ct_u32(address + 12)) ^ v[3]) & v[7]));
}

/* @x in the range of the payload. */
static __always_inline u32 ct_range(struct image_space *img, u64 at, u32 x)
{
	const u32 *range = image_at(img, at + 8, 8);

	return range ? x >= range[0] && x <= range[1] : MATCH_BAD;
}

/* nf_ct_expires() in seconds. */
static __always_inline u32 ct_expires(hook_ctx *ctx, struct image_space *img, u64 timeout)
{
	u32 left = ct_u32(timeout) - ct_jiffies(ctx), hz = header_of(img)->hz;

	return (int)left <= 0 || !hz ? 0 : left / hz;
}

static __always_inline u32 ct_mark(struct image_space *img, u64 at, u32 mark)
{
	const u32 *v = image_at(img, at + 8, 8);

	return v ? (mark & v[1]) == v[0] : MATCH_BAD;
}

/* connbytes_mt(). */
static __always_inline u32 ct_bytes(struct image_space *img, u64 at, const struct ct_layout *l,
				    u64 ct, u32 arg)
{
	const u64 *range = image_at(img, at + 8, 16);
	u64 counter = ct_extension(l, ct, l->acct_id), packets = 0, bytes = 0, what;

	if (!range)
		return MATCH_BAD;
	if (!counter)
		return MATCH_NO;
	if (arg & CT_BYTES_ORIGINAL) {
		packets = ct_u64(counter + l->acct_packets);
		bytes = ct_u64(counter + l->acct_bytes);
	}
	counter += l->acct_size;
	if (arg & CT_BYTES_REPLY) {
		packets += ct_u64(counter + l->acct_packets);
		bytes += ct_u64(counter + l->acct_bytes);
	}
	what = packets;
	if (arg >> 2 == CT_BYTES_BYTES)
		what = bytes;
	else if (arg >> 2 == CT_BYTES_AVERAGE)
		what = packets ? bytes / packets : 0;
	if (range[0] <= range[1])
		return what >= range[0] && what <= range[1];
	return what < range[1] || what > range[0];
}

/*
 * helper_mt(): the helper of the connection that expected this one. The rule's name has to begin
 * with the helper's; an empty one means any helper.
 */
static __always_inline u32 ct_helper(struct image_space *img, u64 at, const struct ct_layout *l,
				     u64 ct)
{
	const u8 *want = image_at(img, at + 8, 32);
	u64 helper = ct ? ct_u64(ct + l->master) : 0;
	u32 i, letter = 1;

	if (!want)
		return MATCH_BAD;
	helper = helper ? ct_extension(l, helper, l->help_id) : 0;
	helper = helper ? ct_u64(helper + l->help_helper) : 0;
	if (!helper)
		return MATCH_NO;
	if (!want[0])
		return MATCH_YES;
	helper += l->helper_name;
	portable_rolled
	for (i = 0; i < CT_HELPER_NAME && letter; i++) {
		letter = ct_u8(helper + i);
		if (letter && letter != want[i])
			return MATCH_NO;
	}
	return MATCH_YES;
}

/* An op of -m conntrack: @ct is not 0. */
static __always_inline u32 ct_field(hook_ctx *ctx, struct image_space *img, u64 at, u64 nfct,
				    const struct image_op *op)
{
	const struct ct_layout *l = ct_layout(ctx);
	u32 arg = op->arg & ~CT_WITHOUT;
	u64 ct = nfct & ~7ULL;

	switch (op->code) {
	case OP_CT_DIRECTION:
		/* CTINFO2DIR() */
		return ((nfct & 7) >= 3) == arg;
	case OP_CT_ADDRESS:
		return ct_address(img, at, ct + l->address[arg & 3]);
	case OP_CT_PORT:
		return ct_range(img, at, net16(ct_u16(ct + l->port[arg & 3])));
	case OP_CT_PROTO:
		return ct_u8(ct + l->proto) == arg;
	case OP_CT_STATUS:
		return (ct_u32(ct + l->status) & arg) != 0;
	case OP_CT_EXPIRE:
		return ct_range(img, at, ct_expires(ctx, img, ct + l->timeout));
	case OP_CT_MARK:
		return ct_mark(img, at, ct_u32(ct + l->mark));
	case OP_CT_BYTES:
		return ct_bytes(img, at, l, ct, arg);
	}
	return MATCH_BAD;
}

/* One op. Without a connection the negation does not count, but for the helper. */
verified_once u32 ops_ct(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	u64 nfct;

	if (!group_in(OPS_CT) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op)
		return MATCH_BAD;
	nfct = ct_of(ctx);
	if (op->code == OP_CT_HELPER)
		return ct_helper(img, at, ct_layout(ctx), nfct & ~7ULL);
	if (!(nfct & ~7ULL))
		return (op->arg & CT_WITHOUT ? MATCH_YES : MATCH_NO) ^ (op->flags & OP_INVERT);
	return ct_field(ctx, img, at, nfct, op);
}

#endif

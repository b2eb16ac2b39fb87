/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_CBPF_H
#define BPF_OPS_CBPF_H

/*
 * OP_CBPF: a program of classic BPF, carried out instruction by instruction as the kernel's
 * translation of it runs (bpf_convert_filter(), net/core/filter.c). All its jumps go forward, so it
 * ends. A load outside of the packet and a division by zero end it with 0.
 */

/* Codes; numbers of linux/bpf_common.h and linux/filter.h. */
#define CBPF_CLASS(code)	((code) & 7)
#define CBPF_LD		0
#define CBPF_LDX	1
#define CBPF_ST		2
#define CBPF_STX	3
#define CBPF_ALU	4
#define CBPF_JMP	5
#define CBPF_RET	6
#define CBPF_SIZE(code)	((code) & 0x18)
#define CBPF_H		0x08
#define CBPF_B		0x10
#define CBPF_MODE(code)	((code) & 0xe0)
#define CBPF_ABS	0x20
#define CBPF_IND	0x40
#define CBPF_MEM	0x60
#define CBPF_LEN	0x80
#define CBPF_MSH	0xa0
#define CBPF_X		0x08
#define CBPF_AD_OFF	(-0x1000)
#define CBPF_NET_OFF	(-0x100000)
#define CBPF_LL_OFF	(-0x200000)

struct cbpf {
	hook_ctx *ctx;
	struct image_space *img;
	u32 at;			/* of the instructions; no larger than it must be, stack is short */
	u32 a, x;
	u8 pc;
	u8 over;		/* @a is the result */
	u16 pad;
	u32 mem[16];
};

#define CBPF_FAILED	(1ULL << 32)

/* bpf_skb_load_helper_8() and its brothers: a number in host order, or CBPF_FAILED. */
static __always_inline u64 cbpf_packet(hook_ctx *ctx, u32 code, int off)
{
	u32 size = CBPF_SIZE(code) == CBPF_B ? 1 : CBPF_SIZE(code) == CBPF_H ? 2 : 4, start, len;
	int mac;
	u64 word;

	if (off < CBPF_LL_OFF)
		return CBPF_FAILED;
	if (off < CBPF_NET_OFF) {
		if (mac_offset(ctx, &mac))
			return CBPF_FAILED;
		off += mac - CBPF_LL_OFF;
	} else if (off < 0) {
		off += network_offset(ctx) - CBPF_NET_OFF;
	}
	len = data_len(ctx);
	if ((int)data_linear(ctx) - off >= (int)size) {
		word = linear_word(ctx, off);
		start = (u32)off;
	} else {
		if (len < 4 || off < 0 || (u32)off > len - size || len < size)
			return CBPF_FAILED;
		start = (u32)off > len - 4 ? len - 4 : (u32)off;
		word = other_word(ctx, start);
		if (word & READ_FAILED)
			return CBPF_FAILED;
	}
	/* the number is @size bytes at @off of the 4 at @start */
	word = net32((u32)word);
	word >>= 32 - 8 * ((u32)off - start + size);
	return size == 4 ? word : word & ((1U << 8 * size) - 1);
}

#ifdef __bpf__

/* What the kernel knows of a packet besides its bytes (SKF_AD_*); CBPF_FAILED: it has no device. */
static __always_inline u64 cbpf_ancillary(hook_ctx *ctx, u32 what)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);
	const struct net_device *dev = skb->dev;

	switch (what) {
	case 0:
		return net16(skb->protocol);
	case 4:
		return BPF_CORE_READ_BITFIELD(skb, pkt_type);
	case 8:
		return dev ? (u32)dev->ifindex : CBPF_FAILED;
	case 20:
		return skb->mark;
	case 24:
		return skb->queue_mapping;
	case 28:
		return dev ? dev->type : CBPF_FAILED;
	case 32:
		return skb->hash;
	case 36:
		return bpf_get_smp_processor_id();
	case 44:
		return skb->vlan_tci;
	case 48:
		return (skb->vlan_proto | skb->vlan_tci) != 0;
	case 56:
		return bpf_get_prandom_u32();
	case 60:
		return net16(skb->vlan_proto);
	}
	return 0;
}

#else

/* Not known to user space: OP_CBPF_KERNEL. */
static inline u64 cbpf_ancillary(hook_ctx *ctx, u32 what)
{
	(void)ctx;
	(void)what;
	return 0;
}

#endif

#define CBPF_XOR_X	40U	/* SKF_AD_ALU_XOR_X: A ^= X */

/* LD and LDX: a number or CBPF_FAILED. */
static __always_inline u64 cbpf_load(struct cbpf *c, u32 code, u32 k)
{
	switch (CBPF_MODE(code)) {
	case CBPF_ABS:
		return cbpf_packet(c->ctx, code, (int)k);
	case CBPF_IND:
		return cbpf_packet(c->ctx, code, (int)(c->x + k));
	case CBPF_MSH:
		return cbpf_packet(c->ctx, CBPF_B, (int)k);
	case CBPF_MEM:
		return c->mem[k & 15];
	case CBPF_LEN:
		return data_len(c->ctx);
	}
	return k;
}

static __always_inline u32 cbpf_alu(u32 code, u32 a, u32 b)
{
	switch (code & 0xf0) {
	case 0x00:
		return a + b;
	case 0x10:
		return a - b;
	case 0x20:
		return a * b;
	case 0x30:
		return b ? a / b : 0;
	case 0x40:
		return a | b;
	case 0x50:
		return a & b;
	case 0x60:
		return a << (b & 31);
	case 0x70:
		return a >> (b & 31);
	case 0x80:
		return 0 - a;
	case 0x90:
		return b ? a % b : 0;
	}
	return a ^ b;
}

static __always_inline u32 cbpf_jumps(u32 code, u32 a, u32 b)
{
	switch (code & 0xf0) {
	case 0x10:
		return a == b;
	case 0x20:
		return a > b;
	case 0x30:
		return a >= b;
	}
	return (a & b) != 0;
}

static __always_inline void cbpf_ld(struct cbpf *c, u32 code, u32 k)
{
	u64 value;

	if (CBPF_MODE(code) == CBPF_ABS && (int)k >= CBPF_AD_OFF && (int)k < 0) {
		k -= (u32)CBPF_AD_OFF;
		value = k == CBPF_XOR_X ? c->a ^ c->x : cbpf_ancillary(c->ctx, k);
		c->over = value >> 32 != 0;	/* without a device, A is the result */
		c->a = c->over ? c->a : (u32)value;
		return;
	}
	value = cbpf_load(c, code, k);
	if (value & CBPF_FAILED) {
		c->a = 0;
		c->over = 1;
	} else if (CBPF_CLASS(code) == CBPF_LD) {
		c->a = (u32)value;
	} else {
		c->x = CBPF_MODE(code) == CBPF_MSH ? ((u32)value & 15) * 4 : (u32)value;
	}
}

/* One instruction. */
static long cbpf_step(u32 i, struct cbpf *c)
{
	const struct image_cbpf *insn = image_at(c->img, (u64)c->at + c->pc * 8U, sizeof(*insn));
	u32 code, k, b;

	(void)i;
	if (!insn) {
		c->a = 0;
		return 1;
	}
	code = insn->code;
	k = insn->k;
	b = code & CBPF_X ? c->x : k;
	c->pc++;
	switch (CBPF_CLASS(code)) {
	case CBPF_LD:
	case CBPF_LDX:
		cbpf_ld(c, code, k);
		break;
	case CBPF_ST:
		c->mem[k & 15] = c->a;
		break;
	case CBPF_STX:
		c->mem[k & 15] = c->x;
		break;
	case CBPF_ALU:
		c->over = !b && ((code & 0xf0) == 0x30 || (code & 0xf0) == 0x90);
		c->a = cbpf_alu(code, c->a, b);
		if (c->over)
			c->a = 0;
		break;
	case CBPF_JMP:
		c->pc += (u8)((code & 0xf0) == 0 ? k : cbpf_jumps(code, c->a, b) ? insn->jt :
										     insn->jf);
		break;
	case CBPF_RET:
		c->a = code & 0x10 ? c->a : k;
		return 1;
	default:
		if (code & 0x80)
			c->a = c->x;
		else
			c->x = c->a;
	}
	return c->over & 1;
}

/* run_cbpf() - OP_CBPF at @at: bpf_mt(). */
static __always_inline u32 run_cbpf(hook_ctx *ctx, struct image_space *img, u64 at)
{
	struct cbpf c;

	c.ctx = ctx;
	c.img = img;
	c.at = (u32)at + sizeof(struct image_op);
	c.a = 0;
	c.x = 0;
	c.pc = 0;
	c.over = 0;
	portable_loop(IMAGE_CBPF_MAX, cbpf_step, &c);
	return c.a ? MATCH_YES : MATCH_NO;
}

#endif

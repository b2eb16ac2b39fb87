/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_PORTABLE_H
#define BPF_PORTABLE_H

#include "bpf/image.h"

/*
 * The few things that differ between the kernel and user space, so that everything else about a
 * verdict is one source: access to the image, to the packet's bytes, and bounded loops.
 */

#ifdef __bpf__

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"

#ifndef barrier_var
#define barrier_var(v) asm volatile("" : "+r"(v))
#endif

#define CAPACITY_NUMBER(i)	IMAGE_CAPACITY_##i
#define CAPACITY_OF(i)		CAPACITY_NUMBER(i)
#define IMAGE_CAPACITY		CAPACITY_OF(IMAGE_CAPACITY_INDEX)

/* The value of the inner map. A global function's parameter: its size is the verifier's bound. */
struct image_space {
	u64 words[IMAGE_CAPACITY / 8];
};

/* image_at() - @size bytes at @off, or NULL: safe for whatever the image says. */
static __always_inline void *image_at(struct image_space *img, u64 off, u32 size)
{
	off &= ~7ULL;
	barrier_var(off);
	if (off > IMAGE_CAPACITY - size)
		return 0;
	return (u8 *)img + off;
}

/* header_of() - in user space the caller has seen that there is one. */
static __always_inline const struct image_header *header_of(struct image_space *img)
{
	return (const struct image_header *)img;
}

extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym;
extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, u32 offset, void *buffer,
			      u32 buffer__szk) __ksym;

/* A macro: CO-RE would look for a typedef of this name in the kernel. */
#define hook_ctx struct bpf_nf_ctx

/*
 * Where the bytes of a packet are. Offsets count from the network header. Numbers only, so that it
 * can be handed to functions that are verified once.
 */
struct reader {
	u64 header;		/* address of the network header */
	u32 linear;		/* bytes from there that lie in the linear part */
	u32 len;		/* bytes from there in all */
	u32 base;		/* offset of the network header from skb->data */
	u32 pad;
};

union sixteen {
	u8 byte[16];
	u16 half[8];
	u32 word[4];
	u64 pair[2];
};

/*
 * sixteen() - kernel memory as a blob of 16 bytes. A struct that every kernel has serves as the
 * type; a wild address reads as zeroes (the load has an exception table entry), it cannot fault.
 */
static __always_inline const union sixteen *sixteen(u64 address)
{
	return bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct in6_addr));
}

/*
 * A function the verifier checks once, by its parameters' types alone, instead of once for each
 * state its callers can be in.
 */
#define verified_once		__noinline

#define READ_FAILED	(1ULL << 32)

/*
 * read_slow() - one or two half words outside the linear part: skb_header_pointer() through a
 * dynptr. Rare; it returns a word rather than fill a buffer, as stack is what programs are short
 * of.
 */
verified_once u64 read_slow(hook_ctx *ctx, u32 off, u32 halves)
{
	struct bpf_dynptr d;
	u16 half[2] = { 0 }, *p;

	if (bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &d))
		return READ_FAILED;
	p = bpf_dynptr_slice(&d, off, &half[0], sizeof(half[0]));
	if (!p)
		return READ_FAILED;
	half[0] = *p;
	if (halves < 2)
		return half[0];
	p = bpf_dynptr_slice(&d, off + 2, &half[1], sizeof(half[1]));
	if (!p)
		return READ_FAILED;
	return half[0] | (u32)*p << 16;
}

/* read_words() - @n (constant, at most 10) words in network byte order. */
static __always_inline int read_words(hook_ctx *ctx, const struct reader *r, u32 off, u32 *w,
				       const u32 n)
{
	u64 at = r->header + off, word;
	u32 i;

	if ((u64)off + n * 4 > r->linear) {
#pragma unroll
		for (i = 0; i < n; i++) {
			word = read_slow(ctx, r->base + off + i * 4, 2);
			if (word & READ_FAILED)
				return -1;
			w[i] = (u32)word;
		}
		return 0;
	}
#pragma unroll
	for (i = 0; i + 1 < n; i += 2)
		*(u64 *)&w[i] = sixteen(at + (i & ~3U) * 4)->pair[i / 2 & 1];
	if (n & 1)
		w[n - 1] = sixteen(at + (n - 1) * 4)->word[0];
	return 0;
}

/* read_halves() - 1 or 2 half words. */
static __always_inline int read_halves(hook_ctx *ctx, const struct reader *r, u32 off, u16 *h,
					u32 n)
{
	u64 at = r->header + off, word;

	if ((u64)off + n * 2 > r->linear) {
		word = read_slow(ctx, r->base + off, n);
		if (word & READ_FAILED)
			return -1;
		h[0] = (u16)word;
		h[1] = (u16)(word >> 16);
		return 0;
	}
	h[0] = sixteen(at)->half[0];
	if (n > 1)
		h[1] = sixteen(at)->half[1];
	return 0;
}

/*
 * Loads through a trusted pointer make the verifier search all of the kernel's BTF by name, each
 * time (btf_nested_type_is_trusted()): a third of the load time. Loads through these do not.
 */
static __always_inline const struct sk_buff *untrusted_skb(u64 skb)
{
	return bpf_rdonly_cast((void *)skb, bpf_core_type_id_kernel(struct sk_buff));
}

static __always_inline const struct nf_hook_state *untrusted_state(u64 state)
{
	return bpf_rdonly_cast((void *)state, bpf_core_type_id_kernel(struct nf_hook_state));
}

/* hook_reader() - of the packet in @ctx. */
static __always_inline void hook_reader(hook_ctx *ctx, struct reader *r)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);

	r->header = (u64)skb->head + skb->network_header;
	r->base = (u32)(r->header - (u64)skb->data);
	r->len = skb->len - r->base;
	r->linear = r->len - skb->data_len;
}

/* What is checked to be there of a leaf of @n records: in the kernel a constant (IMAGE_SLACK). */
#define leaf_bytes(n, size)	(IMAGE_LEAF * (size))

/*
 * group_in() - is this group of ops in the program? Known to the verifier, which does not look at
 * those that are not (config.features is constant).
 */
#ifdef EVALUATOR_EXTENDED
#define group_in(group)		((config.features & IMAGE_F_GROUP(group)) != 0)
#else
#define group_in(group)		0
#endif

#define net32(x)		__builtin_bswap32(x)
#define net16(x)		__builtin_bswap16(x)
#define portable_loop(n, f, arg) bpf_loop(n, f, arg, 0)
#define portable_unroll		_Pragma("unroll")
#define portable_rolled		_Pragma("nounroll")
#define portable_cpu()		bpf_get_smp_processor_id()
#define portable_add(p, n)	__sync_fetch_and_add(p, n)

#else /* user space */

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "compile/evaluate.h"

#ifndef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#endif
#define __noinline		__attribute__((noinline))
#define verified_once		static __noinline __attribute__((unused))
#define barrier_var(v)		((void)(v))

/* The image in memory: what the map value is in the kernel. */
struct image_space {
	u8 *data;
	u64 size;
};

static inline void *image_at(struct image_space *img, u64 off, u32 size)
{
	off &= ~7ULL;
	if (size > img->size || off > img->size - size)
		return NULL;
	return img->data + off;
}

static inline const struct image_header *header_of(struct image_space *img)
{
	return (const struct image_header *)(const void *)img->data;
}

typedef const struct packet_context hook_ctx;

struct reader {
	const u8 *data;		/* the network header */
	u32 len;
};

static inline int read_words(hook_ctx *ctx, const struct reader *r, u32 off, u32 *w, u32 n)
{
	(void)ctx;
	if ((u64)off + n * 4 > r->len)
		return -1;
	memcpy(w, r->data + off, n * 4);
	return 0;
}

static inline int read_halves(hook_ctx *ctx, const struct reader *r, u32 off, u16 *h, u32 n)
{
	(void)ctx;
	if ((u64)off + n * 2 > r->len)
		return -1;
	memcpy(h, r->data + off, n * 2);
	return 0;
}

static inline void hook_reader(hook_ctx *ctx, struct reader *r)
{
	r->data = ctx->data;
	r->len = ctx->len;
}

#define leaf_bytes(n, size)	((n) * (size))
#define group_in(group)		1
#define EVALUATOR_EXTENDED

#define net32(x)		ntohl(x)
#define net16(x)		ntohs(x)
#define portable_unroll
#define portable_rolled
#define portable_cpu()		0U
#define portable_add(p, n)	__atomic_fetch_add(p, n, __ATOMIC_RELAXED)

/* portable_loop() - bpf_loop(): until the callback returns other than 0. */
#define portable_loop(n, f, arg)				\
	do {							\
		for (u32 i_ = 0; i_ < (n); i_++)		\
			if (f(i_, arg))				\
				break;				\
	} while (0)

#endif

/* read_byte() - *byte at @off. Returns 0 or -1: not in the packet. */
static __always_inline int read_byte(hook_ctx *ctx, const struct reader *r, u32 off, u8 *byte)
{
	u32 back = (u64)off + 2 > r->len;
	u16 half;

	/* The last one is the second half of the word it ends. */
	if (off < back || (u64)off + 1 > r->len || read_halves(ctx, r, off - back, &half, 1))
		return -1;
	*byte = (u8)(net16(half) >> (back ? 0 : 8));
	return 0;
}

/* cell_at() - a rule's state; NULL: the image is wrong. */
static __always_inline struct image_cell *cell_at(struct image_space *img, u32 number)
{
	const struct image_header *h = header_of(img);

	if (number >= h->nr_state)
		return 0;
	return image_at(img, h->state + (u64)number * sizeof(struct image_cell),
			sizeof(struct image_cell));
}

#endif

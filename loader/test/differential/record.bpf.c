// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the evaluator in the kernel meets, and what it lets pass: packets at the hooks, right before
 * and right behind it, for simulate.c.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define IMAGE_CAPACITY_INDEX 0
#include "bpf/image.h"

#include "bpf/kernel.h"

#include "loader/test/differential/record.h"

#define NFPROTO_IPV6_	10

extern int bpf_dynptr_from_skb(struct sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} records SEC(".maps");

u64 lost;

static __always_inline void name_of(char name[RECORD_NAME], const struct net_device *dev)
{
	if (dev)
		bpf_probe_read_kernel_str(name, RECORD_NAME, dev->name);
	else
		name[0] = 0;
}

static __always_inline int note(struct bpf_nf_ctx *ctx, u8 raw, u8 passed)
{
	struct bpf_dynptr packet;
	struct record *r;
	u32 len = ctx->skb->len;

	r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 1;
	}
	r->nfct = ctx->skb->_nfct;
	r->len = len;
	r->family = ctx->state->pf == NFPROTO_IPV6_;
	r->hook = ctx->state->hook;
	r->raw = raw;
	r->passed = passed;
	name_of(r->in, ctx->state->in);
	name_of(r->out, ctx->state->out);
	if (len > RECORD_MAX)
		len = RECORD_MAX;
	if (bpf_dynptr_from_skb(ctx->skb, 0, &packet) ||
	    (len && bpf_dynptr_read(r->data, len, &packet, 0, 0)))
		r->len = RECORD_MAX + 1;
	bpf_ringbuf_submit(r, 0);
	return 1;
}

SEC("netfilter")
int raw_before(struct bpf_nf_ctx *ctx)
{
	return note(ctx, 1, 0);
}

SEC("netfilter")
int raw_behind(struct bpf_nf_ctx *ctx)
{
	return note(ctx, 1, 1);
}

SEC("netfilter")
int filter_before(struct bpf_nf_ctx *ctx)
{
	return note(ctx, 0, 0);
}

SEC("netfilter")
int filter_behind(struct bpf_nf_ctx *ctx)
{
	return note(ctx, 0, 1);
}

char _license[] SEC("license") = "GPL";

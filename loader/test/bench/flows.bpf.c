// SPDX-License-Identifier: GPL-2.0-only
/* XDP: makes each packet one of the next flow and hands it to the stack. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#include "loader/test/bench/flows.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOWS_MAX);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

/* [0]: the next flow, [1]: how many there are, less one (they are a power of two). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} state SEC(".maps");

static __always_inline __u16 checksum(const __u16 *half)
{
	__u32 sum = 0, i;

#pragma unroll
	for (i = 0; i < sizeof(struct iphdr) / 2; i++)
		sum += half[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~(sum + (sum >> 16));
}

SEC("xdp")
int next_flow(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u32 zero = 0, one = 1, *at, *mask, number;
	__u16 *ports = (void *)(ip + 1);
	struct flow *f;

	if ((void *)(ports + 2) > end)
		return XDP_ABORTED;
	at = bpf_map_lookup_elem(&state, &zero);
	mask = bpf_map_lookup_elem(&state, &one);
	if (!at || !mask)
		return XDP_ABORTED;
	number = (*at)++ & *mask;
	f = bpf_map_lookup_elem(&flows, &number);
	if (!f)
		return XDP_ABORTED;
	ip->saddr = f->src;
	ip->daddr = f->dst;
	ip->protocol = f->proto;
	ports[0] = f->sport;
	ports[1] = f->dport;
	ip->check = 0;
	ip->check = checksum((__u16 *)ip);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

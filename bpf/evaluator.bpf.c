// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs on the hooks. What they decide is data (bpf/image.h); this file fetches the image in
 * force, reads the packet and hands both to the walker. Built once per capacity.
 */
#include "bpf/walk.h"

#include "bpf/hooks.h"

/* Fixed before the program is loaded. Identifies our objects (I4 in loader/kernel/kernel.h). */
const volatile struct {
	u64 magic;
	u64 cookie;		/* network namespace this program belongs to */
	u32 slot;
	u32 pad;
} config = { .magic = IMAGE_MAGIC };

struct control control;

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, IMAGE_CAPACITY);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__array(values, struct inner);
} image SEC(".maps");

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

static __always_inline int drop(u32 reason)
{
	if (reason < DROP_REASONS)
		__sync_fetch_and_add(&control.drops[reason], 1);
	return WALK_DROP;
}

/*
 * first_string() - a name in memory order without what may be left behind its NUL by an earlier,
 * longer name (a rename copies up to the NUL only). @tail: clear all of it.
 */
static __always_inline u64 first_string(u64 name, int tail)
{
	u64 zero = (name - 0x0101010101010101ULL) & ~name & 0x8080808080808080ULL;

	if (tail)
		return 0;
	if (!zero)
		return name;
	/* the lowest bit set marks the first NUL: keep the bytes before it */
	return name & (((zero & -zero) >> 7) - 1);
}

/* The interval of a device's name; no device is the empty name. */
static __always_inline u32 device(struct image_space *img, const struct net_device *dev)
{
	const union sixteen *name;
	u64 head, tail;

	if (!dev)
		return 0;
	name = sixteen((u64)&dev->name);
	head = first_string(name->pair[0], 0);
	tail = first_string(name->pair[1], !(head >> 56));
	return interface_interval(img, __builtin_bswap64(head), __builtin_bswap64(tail));
}

/*
 * The tracking state as xt_conntrack.c sees it: skb->_nfct is a pointer with enum ip_conntrack_info
 * in its low three bits; 7 without a pointer is UNTRACKED, nothing at all is INVALID.
 */
static __always_inline u16 tracking(u64 nfct, u32 features)
{
	u32 info = nfct & 7, state;
	u64 ct = nfct & ~7ULL;

	if (!ct)
		return info == 7 ? CT_UNTRACKED : CT_INVALID;
	/* XT_CONNTRACK_STATE_BIT(): ctinfo % IP_CT_IS_REPLY + 1 */
	state = 1U << (info % 3 + 1);
	if ((features & IMAGE_F_NAT_STATE) && control.ct_status) {
		u64 status = sixteen(ct + control.ct_status)->pair[0];

		if (status & (1 << 4))		/* IPS_SRC_NAT */
			state |= CT_SNAT;
		if (status & (1 << 5))		/* IPS_DST_NAT */
			state |= CT_DNAT;
	}
	return (u16)state;
}

/* Everything the rules may ask about this packet. Global: verified once for both programs. */
__noinline int packet_read(struct bpf_nf_ctx *ctx, struct packet *p, u32 features)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);
	struct reader r = { 0 };

	if (!p)
		return -1;
	r.header = (u64)skb->head + skb->network_header;
	r.base = (u32)(r.header - (u64)skb->data);
	r.len = skb->len - r.base;
	r.linear = r.len - skb->data_len;
	p->len = skb->len;
	if (features & IMAGE_F_CONNTRACK)
		p->ct = tracking(bpf_core_field_exists(skb->_nfct) ? skb->_nfct : 0, features);
	return packet_headers(ctx, &r, p, features & IMAGE_F_TCP_OPTIONS);
}

/* What the rules say to the packet: as walk_rules(). @table: 0 filter, 1 raw. */
static __always_inline u32 ask(struct bpf_nf_ctx *ctx, const struct nf_hook_state *state,
			       struct evaluation *e, const u32 table, u32 base)
{
	u32 features = header_of(e->img)->features;

	/* Usual for OUTPUT: there is nothing to ask the packet. */
	if (chain_empty(e->img, base)) {
		e->p.len = untrusted_skb((u64)ctx->skb)->len;
		return WALK_POLICY;
	}
	__builtin_memset(&e->p, 0, sizeof(e->p));
	e->p.family = state->pf == NFPROTO_IPV6_;
	if (packet_read(ctx, &e->p, features))
		return WALK_ERROR(DROP_UNREADABLE);
	if (features & IMAGE_F_INTERFACES) {
		e->p.in = device(e->img, state->in);
		e->p.out = device(e->img, state->out);
	}
	/* Rules that rely on tracking must not see a packet that nobody tracked. */
	if ((features & IMAGE_F_CONNTRACK) && table == 0 && e->p.ct == CT_INVALID &&
	    !conntrack_hooked(state->net, state->pf))
		return WALK_ERROR(DROP_NO_TRACKING);
	return walk_rules(e, base);
}

static __always_inline int judge(struct bpf_nf_ctx *ctx, const u32 table)
{
	const struct nf_hook_state *state = untrusted_state((u64)ctx->state);
	const struct image_header *h;
	struct evaluation e;
	u32 key = 0, hook = state->hook, base, verdict;
	void *inner;

	/*
	 * The verifier knows the value and drops the comparison; it ties .rodata to the program
	 * (I4).
	 */
	if (config.magic != IMAGE_MAGIC)
		return WALK_DROP;
	if (!*(volatile u32 *)&control.judging)
		return WALK_ACCEPT;
	inner = bpf_map_lookup_elem(&image, &key);
	e.img = inner ? bpf_map_lookup_elem(inner, &key) : 0;
	if (!e.img)
		return drop(DROP_NO_IMAGE);
	h = header_of(e.img);
	if (hook >= IMAGE_HOOKS || h->magic != IMAGE_MAGIC || (h->features & ~IMAGE_F_KNOWN))
		return drop(DROP_BAD_IMAGE);
	base = h->base[state->pf == NFPROTO_IPV6_][table][hook];
	if (base == IMAGE_NONE)
		return WALK_ACCEPT;
	verdict = ask(ctx, state, &e, table, base);
	if (verdict == WALK_POLICY)
		verdict = walk_policy(e.img, &e.p, base);
	if (verdict > WALK_ACCEPT)
		return drop(verdict - WALK_ERROR(0));
	barrier_var(verdict);
	return verdict & 1;	/* the verifier sees the range */
}

SEC("netfilter")
int bf_filter(struct bpf_nf_ctx *ctx)
{
	return judge(ctx, 0);
}

/* Not loaded unless the rule set has a raw table: verification costs as much as for bf_filter. */
SEC("?netfilter")
int bf_raw(struct bpf_nf_ctx *ctx)
{
	return judge(ctx, 1);
}

char _license[] SEC("license") = "GPL";

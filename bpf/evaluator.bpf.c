// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs on the hooks. What they decide is data (bpf/image.h); this file fetches the image in
 * force, reads the packet and hands both to the walker. Built twice per capacity: without and with
 * the groups of ops beyond the basic ones (EVALUATOR_EXTENDED).
 */
#include "bpf/image.h"

/* Fixed before the program is loaded. Identifies our objects (I4 in loader/kernel/kernel.h). */
const volatile struct {
	u64 magic;
	u64 cookie;		/* network namespace this program belongs to */
	u32 slot;
	u32 features;		/* IMAGE_F_GROUP()s it can do */
} config __attribute__((section(".rodata"))) = { .magic = IMAGE_MAGIC };

#include "bpf/walk.h"

#include "bpf/hooks.h"

#ifdef EVALUATOR_EXTENDED
#define FEATURES_IN	((IMAGE_F_KNOWN & ~IMAGE_F_GROUPS) | config.features)
#else
#define FEATURES_IN	IMAGE_F_BASIC
#endif

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
	if ((features & IMAGE_F_NAT_STATE) && control.ct.status) {
		u64 status = sixteen(ct + control.ct.status)->pair[0];

		if (status & (1 << 4))		/* IPS_SRC_NAT */
			state |= CT_SNAT;
		if (status & (1 << 5))		/* IPS_DST_NAT */
			state |= CT_DNAT;
	}
	return (u16)state;
}

/* Rules that may tell the companion's own packets from others. */
#define ASK_OWN	(IMAGE_F_CONNTRACK | IMAGE_F_GROUP(OPS_OBJECT) | IMAGE_F_GROUP(OPS_FIELD))

/* Everything the rules may ask about this packet. Global: verified once for both programs. */
__noinline int packet_read(struct bpf_nf_ctx *ctx, struct packet *p, u32 features)
{
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);
	struct reader r = { 0 };

	if (!p)
		return -1;
	hook_reader(ctx, &r);
	p->len = skb->len;
	if (features & IMAGE_F_CONNTRACK)
		p->ct = tracking(bpf_core_field_exists(skb->_nfct) ? skb->_nfct : 0, features);
	if (packet_headers(ctx, &r, p))
		return -1;
#ifdef EVALUATOR_EXTENDED
	if (group_in(OPS_ANSWER) && (features & ASK_OWN) && answer_shaped(p)) {
		p->own = (u8)packet_own(ctx);
		if (p->own & OWN_RELATED)
			p->ct = CT_RELATED;
	}
#endif
	return 0;
}

/* What the rules say to the packet: as walk_rules(). @table: 0 filter, 1 raw. */
static __always_inline u32 ask(struct bpf_nf_ctx *ctx, const struct nf_hook_state *state,
			       struct evaluation *e, const u32 table, u32 base)
{
	u32 features = header_of(e->img)->features;

	/* Usual for OUTPUT: there is nothing to ask the packet. */
	if (chain_empty(e->img, base)) {
		e->p->len = untrusted_skb((u64)ctx->skb)->len;
		return WALK_POLICY;
	}
	__builtin_memset(e->p, 0, sizeof(*e->p));
	e->p->family = state->pf == NFPROTO_IPV6_;
	e->p->table = (u8)table;
	if (packet_read(ctx, e->p, features))
		return WALK_ERROR(DROP_UNREADABLE);
	if (features & IMAGE_F_INTERFACES) {
		e->p->in = device(e->img, state->in);
		e->p->out = device(e->img, state->out);
	}
	/* Rules that rely on tracking must not see a packet that nobody tracked. */
	if ((features & IMAGE_F_CONNTRACK) && table == 0 && e->p->ct == CT_INVALID &&
	    !conntrack_hooked(state->net, state->pf))
		return WALK_ERROR(DROP_NO_TRACKING);
	return walk_rules(e, base);
}

/*
 * room_take() - a place for the packet and the walk. They stay on the stack of the evaluator
 * without groups; the ops of groups need that stack. A place is held for the time of one packet; a
 * program that interrupts another on this CPU takes the next one. NULL: all are taken.
 */
#ifdef EVALUATOR_EXTENDED
struct room {
	u64 taken;
	struct packet p;
	struct walk w;
};

#define ROOMS		256U
#define ROOM_TRIES	16U

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ROOMS);
	__type(key, u32);
	__type(value, struct room);
} rooms SEC(".maps");

static __always_inline struct room *room_take(void)
{
	u32 i, key, first = portable_cpu() * 4;
	struct room *r;

	portable_rolled
	for (i = 0; i < ROOM_TRIES; i++) {
		key = (first + i) % ROOMS;
		r = bpf_map_lookup_elem(&rooms, &key);
		if (r && !__sync_val_compare_and_swap(&r->taken, 0, 1))
			return r;
	}
	return 0;
}

static __always_inline void room_give(struct room *r)
{
	__sync_lock_test_and_set(&r->taken, 0);
}
#endif

/* The verdict of image @e->img; errors as WALK_ERROR(). */
static __always_inline u32 verdict_of(struct bpf_nf_ctx *ctx, const struct nf_hook_state *state,
				      struct evaluation *e, const u32 table, u32 base)
{
	u32 verdict = ask(ctx, state, e, table, base);

	return verdict == WALK_POLICY ? walk_policy(e->img, e->p, base) : verdict;
}

static __always_inline u32 judge_image(struct bpf_nf_ctx *ctx, const struct nf_hook_state *state,
				       struct image_space *img, const u32 table, u32 base)
{
	struct evaluation e;
#ifdef EVALUATOR_EXTENDED
	struct room *room = room_take();
	u32 verdict;

	if (!room)
		return WALK_ERROR(DROP_STACK);
	e.ctx = ctx;
	e.img = img;
	e.p = &room->p;
	e.w = &room->w;
	verdict = verdict_of(ctx, state, &e, table, base);
	room_give(room);
	return verdict;
#else
	struct packet p;
	struct walk w;

	e.ctx = ctx;
	e.img = img;
	e.p = &p;
	e.w = &w;
	return verdict_of(ctx, state, &e, table, base);
#endif
}

static __always_inline int judge(struct bpf_nf_ctx *ctx, const u32 table)
{
	const struct nf_hook_state *state = untrusted_state((u64)ctx->state);
	const struct image_header *h;
	struct image_space *img;
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
	img = inner ? bpf_map_lookup_elem(inner, &key) : 0;
	if (!img)
		return drop(DROP_NO_IMAGE);
	h = header_of(img);
	if (hook >= IMAGE_HOOKS || h->magic != IMAGE_MAGIC || (h->features & ~FEATURES_IN))
		return drop(DROP_BAD_IMAGE);
	base = h->base[state->pf == NFPROTO_IPV6_][table][hook];
	if (base == IMAGE_NONE)
		return WALK_ACCEPT;
	verdict = judge_image(ctx, state, img, table, base);
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

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_CONNLIMIT_H
#define BPF_OPS_CONNLIMIT_H

/*
 * OPS_CONNLIMIT: net/netfilter/xt_connlimit.c and nf_conncount.c (6.18.44), without locks. Included
 * by bpf/match.h behind bpf/ops_ct.h.
 *
 * The kernel has a list of connections for each address. Here an address and its connections lie in
 * one open hash table, found from the address. Where the kernel looks a connection up by its tuple,
 * this looks whether the memory where it was is still that connection: it is never anything but a
 * connection (SLAB_TYPESAFE_BY_RCU), and reading cannot fault (sixteen()).
 *
 * A slot's word changes by compare-and-swap alone: tag << 32 | generation << 16 | CPU << 2 | state.
 */

enum connlimit_state { CONNLIMIT_FREE, CONNLIMIT_BUSY, CONNLIMIT_CONN, CONNLIMIT_KEY };

#define CONNLIMIT_NONE		0xffffffffU
/* CONNCOUNT_GC_MAX_COLLECT */
#define CONNLIMIT_COLLECT	64U
/* With more entries than this each new one looks at some others, whether they may go. */
#define CONNLIMIT_CROWDED(slots)	((slots) / 4 * 3)
#define CONNLIMIT_SWEEP		32U
/* And with so many there is no room for a new one. */
#define CONNLIMIT_FULL(slots)		((slots) / 8 * 7)
#define CONNLIMIT_TRIES		16U

/* Words of the head. */
enum { CONNLIMIT_SEQUENCE, CONNLIMIT_USED, CONNLIMIT_CURSOR };

/*
 * Words of an entry: its connection, the packet's masked address, the connection's tuple. Of an
 * address, the first is when its connections were last looked through, in jiffies << 32, and how
 * many were left.
 */
enum { CONNLIMIT_CT, CONNLIMIT_ADDRESS, CONNLIMIT_TUPLE = 3 };

/* struct packet.scratch: the packet. */
struct connlimit {
	u64 key[2];
	u64 tuple[5];		/* source, destination; ports, zone and protocol */
	u64 ct;			/* CONNLIMIT_CONFIRMED and so on in the lowest bits; 0: none */
	u32 tag;		/* of the key; its lowest bits are its slot */
	u32 count;
	u32 first;		/* cell */
	u32 slots;
	u32 mode;		/* enum connlimit_mode */
	u32 own;		/* number of the packet's own connection, or of the next one */
	u32 listed;		/* it is there */
	u32 at;			/* slot of the address */
	u32 gone;
	u32 pad;
};

#define CONNLIMIT_CONFIRMED	1U
#define CONNLIMIT_ASSURED	2U
#define CONNLIMIT_ZONE(ports)	((ports) & 0xffff00)

enum connlimit_mode { CONNLIMIT_FIND, CONNLIMIT_COLLECTS, CONNLIMIT_COUNTS };

struct connlimit_walk {
	hook_ctx *ctx;
	struct image_space *img;
	const struct packet *p;
};

enum connlimit_alive { CONNLIMIT_GONE, CONNLIMIT_ALIVE, CONNLIMIT_CLOSED };

/* IPS_DYING; TCP_CONNTRACK_TIME_WAIT, TCP_CONNTRACK_CLOSE */
#define CT_STATUS_DYING		(1U << 9)
#define CT_TCP_TIME_WAIT	7U
#define CT_TCP_CLOSE		8U

#ifdef __bpf__

static __always_inline u64 connlimit_net(hook_ctx *ctx)
{
	return (u64)untrusted_state((u64)ctx->state)->net;
}

/*
 * cell_at(). Where the image is not needed any more, clang adds before it compares, and the
 * verifier does not see the bound.
 */
static __always_inline struct image_cell *connlimit_cell(struct image_space *img, u32 number)
{
	const struct image_header *h = header_of(img);
	u64 off;

	if (number >= h->nr_state)
		return 0;
	off = (h->state + (u64)number * sizeof(struct image_cell)) & ~7ULL;
	barrier_var(off);
	if (off > IMAGE_CAPACITY - sizeof(struct image_cell))
		return 0;
	barrier_var(off);
	return (struct image_cell *)((u8 *)img + off);
}

#else

#define connlimit_net(ctx)	((void)(ctx), 0ULL)
#define connlimit_cell		cell_at

#endif

static __always_inline struct connlimit *connlimit_of(const struct packet *p)
{
	return (struct connlimit *)p->scratch;
}

static __always_inline u64 connlimit_read(const u64 *word)
{
	return *(const volatile u64 *)word;
}

/* Word @i of those that begin at cell @first. */
static __always_inline u64 *connlimit_word(struct image_space *img, u32 first, u32 i)
{
	struct image_cell *cell = connlimit_cell(img, first + i / 8);
	u64 at = i & 7;

	barrier_var(at);
	return cell ? &cell->word[at & 7] : 0;
}

static __always_inline u32 connlimit_entry(const struct connlimit *c, u32 slot)
{
	return c->first + CONNLIMIT_ENTRIES(c->slots) + slot;
}

/* What is compared besides addresses: @i is 0, or 2 for the reply's. */
static __always_inline u64 connlimit_ports(const struct ct_layout *l, u64 ct, u32 i)
{
	u64 zone = l->zone ? ct_u16(ct + l->zone) : 0;

	return (u64)ct_u16(ct + l->port[i]) << 48 | (u64)ct_u16(ct + l->port[i + 1]) << 32 |
	       zone << 8 | ct_u8(ct + l->proto);
}

/* Is the connection's tuple (@i as above) this one? */
static __always_inline u32 connlimit_is(const struct ct_layout *l, u64 ct, const u64 *tuple, u32 i)
{
	u64 src = ct + l->address[i], dst = ct + l->address[i + 1];

	return !((ct_u64(src) ^ tuple[0]) | (ct_u64(src + 8) ^ tuple[1]) |
		 (ct_u64(dst) ^ tuple[2]) | (ct_u64(dst + 8) ^ tuple[3]) |
		 (connlimit_ports(l, ct, i) ^ tuple[4]));
}

/* connlimit_alive() - nf_conntrack_find_get() and already_closed() of the entry in cell @number. */
verified_once u32 connlimit_alive(hook_ctx *ctx, struct image_space *img, u32 number)
{
	const struct ct_layout *l = ct_layout(ctx);
	const struct image_cell *e;
	u32 state;
	u64 ct;

	barrier_var(ctx);
	if (!img)
		return CONNLIMIT_GONE;
	e = connlimit_cell(img, number);
	ct = e ? connlimit_read(&e->word[CONNLIMIT_CT]) : 0;
	if (!ct || (!connlimit_is(l, ct, &e->word[CONNLIMIT_TUPLE], 0) &&
		    !connlimit_is(l, ct, &e->word[CONNLIMIT_TUPLE], 2)))
		return CONNLIMIT_GONE;
	if ((ct_u32(ct + l->status) & (CT_STATUS_CONFIRMED | CT_STATUS_DYING)) !=
		    CT_STATUS_CONFIRMED ||
	    (int)(ct_u32(ct + l->timeout) - ct_jiffies(ctx)) <= 0 ||
	    (l->net && ct_u64(ct + l->net) != connlimit_net(ctx)))
		return CONNLIMIT_GONE;
	if (ct_u8(ct + l->proto) != IPPROTO_TCP_)
		return CONNLIMIT_ALIVE;
	state = ct_u8(ct + l->tcp_state);
	return state == CT_TCP_TIME_WAIT || state == CT_TCP_CLOSE ? CONNLIMIT_CLOSED :
								    CONNLIMIT_ALIVE;
}

/* find_or_evict(): may one go whose connection is not there? @stamp: number << 32 | jiffies. */
static __always_inline u32 connlimit_stale(hook_ctx *ctx, u64 word, u64 stamp)
{
	return ((word >> 2) & 0x3fff) == (portable_cpu() & 0x3fff) ||
	       ct_jiffies(ctx) - (u32)stamp >= 2;
}

/* conn_free(): not 0 if it was still that entry. */
static __always_inline u32 connlimit_free(struct image_space *img, u32 first, u32 slot, u64 word)
{
	u64 *at = connlimit_word(img, first + CONNLIMIT_WORDS, slot);
	struct image_cell *head = connlimit_cell(img, first);

	if (!at || !head ||
	    __sync_val_compare_and_swap(at, word, (word + 0x10000) & 0xffff0000) != word)
		return 0;
	portable_add(&head->word[CONNLIMIT_USED], ~0ULL);
	return 1;
}

/* connlimit_adopt() - a packet without a connection: is it of this one, in either direction? */
verified_once u32 connlimit_adopt(hook_ctx *ctx, const struct packet *p, u64 ct)
{
	const struct ct_layout *l = ct_layout(ctx);
	struct connlimit *c;

	barrier_var(ctx);
	if (!p)
		return 0;
	c = connlimit_of(p);
	if (!connlimit_is(l, ct, c->tuple, 0) && !connlimit_is(l, ct, c->tuple, 2))
		return 0;
	c->ct = ct | CONNLIMIT_CONFIRMED;
	if (ct_u32(ct + l->status) & CT_STATUS_ASSURED)
		c->ct |= CONNLIMIT_ASSURED;
	return 1;
}

/* connlimit_reply() - is the entry in cell @number what comes back on this connection? */
verified_once u32 connlimit_reply(hook_ctx *ctx, struct image_space *img, u32 number, u64 ct)
{
	const struct image_cell *e;

	barrier_var(ctx);
	if (!img)
		return 0;
	e = connlimit_cell(img, number);
	return e && connlimit_is(ct_layout(ctx), ct, &e->word[CONNLIMIT_TUPLE], 2);
}

/* A connection's entry at its turn. */
static __always_inline void connlimit_conn(struct connlimit_walk *w, struct image_cell *e, u32 slot,
					   u64 word, u64 stamp)
{
	struct connlimit *c = connlimit_of(w->p);
	const u64 *tuple = &e->word[CONNLIMIT_TUPLE];
	u32 alive, same, seq = stamp >> 32;

	if (c->mode == CONNLIMIT_COUNTS) {
		c->count += (int)(seq - c->own) <= 0;
		return;
	}
	same = !((tuple[0] ^ c->tuple[0]) | (tuple[1] ^ c->tuple[1]) | (tuple[2] ^ c->tuple[2]) |
		 (tuple[3] ^ c->tuple[3]) | (tuple[4] ^ c->tuple[4]));
	/* The same tuple again, as another connection, in either direction. */
	if (c->mode == CONNLIMIT_FIND && (c->ct & CONNLIMIT_CONFIRMED) &&
	    connlimit_read(&e->word[CONNLIMIT_CT]) != (c->ct & ~7ULL) &&
	    (same || connlimit_reply(w->ctx, w->img, connlimit_entry(c, slot), c->ct & ~7ULL)))
		*(volatile u64 *)&e->word[CONNLIMIT_CT] = c->ct & ~7ULL;
	alive = connlimit_alive(w->ctx, w->img, connlimit_entry(c, slot));
	if (c->mode == CONNLIMIT_FIND) {
		c->count++;
		if (alive != CONNLIMIT_GONE && !(c->ct & ~7ULL))
			connlimit_adopt(w->ctx, w->p, connlimit_read(&e->word[CONNLIMIT_CT]));
		if (!same || (alive == CONNLIMIT_GONE && connlimit_stale(w->ctx, word, stamp)) ||
		    (int)(seq - c->own) > 0)
			return;
		c->own = seq;
		c->listed = 1;
		return;
	}
	if ((int)(seq - c->own) >= 0 || alive == CONNLIMIT_ALIVE || c->gone > CONNLIMIT_COLLECT ||
	    (alive == CONNLIMIT_GONE && !connlimit_stale(w->ctx, word, stamp)))
		return;
	c->gone += connlimit_free(w->img, c->first, slot, word);
}

/* One slot on the way from the key's. */
static long connlimit_step(u32 i, struct connlimit_walk *w)
{
	struct connlimit *c = connlimit_of(w->p);
	u32 slot = (c->tag + i) & (c->slots - 1);
	struct image_cell *e;
	u64 *at, *stamp, word;

	at = connlimit_word(w->img, c->first + CONNLIMIT_WORDS, slot);
	if (!at)
		return 1;
	word = connlimit_read(at);
	if (word >> 32 != c->tag || !(word & 3))
		return 0;
	if ((word & 3) == CONNLIMIT_BUSY) {
		c->count += c->mode != CONNLIMIT_COLLECTS;
		return 0;
	}
	e = connlimit_cell(w->img, connlimit_entry(c, slot));
	stamp = connlimit_word(w->img, c->first + CONNLIMIT_STAMPS(c->slots), slot);
	if (!e || !stamp)
		return 1;
	if ((e->word[CONNLIMIT_ADDRESS] ^ c->key[0]) |
	    (e->word[CONNLIMIT_ADDRESS + 1] ^ c->key[1]) |
	    CONNLIMIT_ZONE(e->word[CONNLIMIT_TUPLE + 4] ^ c->tuple[4]))
		return 0;
	if ((word & 3) == CONNLIMIT_KEY)
		c->at = slot;
	else
		connlimit_conn(w, e, slot, word, connlimit_read(stamp));
	return 0;
}

/* How many slots from the key's on have to be looked at. */
static __always_inline u32 *connlimit_reach(struct image_space *img, const struct connlimit *c)
{
	u64 *pair = connlimit_word(img, c->first + CONNLIMIT_REACH(c->slots),
				   (c->tag & (c->slots - 1)) / 2);

	return pair ? (u32 *)pair + (c->tag & 1) : 0;
}

verified_once u32 connlimit_steps(struct image_space *img, const struct packet *p)
{
	const u32 *reach;

	if (!img || !p)
		return 0;
	reach = connlimit_reach(img, connlimit_of(p));
	return reach ? *(const volatile u32 *)reach : 0;
}

static __always_inline void connlimit_go(struct connlimit_walk *w, u32 mode)
{
	struct connlimit *c = connlimit_of(w->p);
	u32 steps = connlimit_steps(w->img, w->p);

	c->mode = mode;
	portable_loop(steps, connlimit_step, w);
}

struct connlimit_claim {
	struct image_space *img;
	u64 word;
	u32 first, last;
	u32 far;
	u32 pad;
};

static long connlimit_claim_step(u32 i, struct connlimit_claim *s)
{
	u64 *at = connlimit_word(s->img, s->first + CONNLIMIT_WORDS,
				 ((s->word >> 32) + i) & s->last);
	u64 old;

	if (!at)
		return 1;
	old = connlimit_read(at);
	if ((old & 3) != CONNLIMIT_FREE ||
	    __sync_val_compare_and_swap(at, old, s->word | (old & 0xffff0000)) != old)
		return 0;
	s->word |= old & 0xffff0000;
	s->far = i;
	return 1;
}

/*
 * connlimit_insert() - an entry of @state. Returns its number, and its slot << 32; all ones: there
 * is no room.
 */
verified_once u64 connlimit_insert(hook_ctx *ctx, struct image_space *img, const struct packet *p,
				   u32 state)
{
	struct connlimit_claim s = { .img = img, .far = CONNLIMIT_NONE };
	struct image_cell *head, *e;
	const struct connlimit *c;
	u32 i, slot, seq, old, *reach;
	u64 *at, *stamp;

	barrier_var(ctx);
	if (!img || !p)
		return ~0ULL;
	c = connlimit_of(p);
	s.first = c->first;
	s.last = c->slots - 1;
	s.word = (u64)c->tag << 32 | (portable_cpu() & 0x3fff) << 2 | CONNLIMIT_BUSY;
	head = connlimit_cell(img, c->first);
	/* In a full table the search would be as long as the table. */
	if (!head || connlimit_read(&head->word[CONNLIMIT_USED]) >= CONNLIMIT_FULL(c->slots))
		return ~0ULL;
	portable_loop(c->slots, connlimit_claim_step, &s);
	slot = (c->tag + s.far) & (c->slots - 1);
	e = connlimit_cell(img, connlimit_entry(c, slot));
	at = connlimit_word(img, c->first + CONNLIMIT_WORDS, slot);
	stamp = connlimit_word(img, c->first + CONNLIMIT_STAMPS(c->slots), slot);
	reach = connlimit_reach(img, c);
	if (s.far == CONNLIMIT_NONE || !e || !at || !stamp || !reach)
		return ~0ULL;
	portable_rolled
	for (i = 0; i < CONNLIMIT_TRIES; i++) {
		old = *(volatile u32 *)reach;
		if (old > s.far || __sync_val_compare_and_swap(reach, old, s.far + 1) == old)
			break;
	}
	seq = (u32)portable_add(&head->word[CONNLIMIT_SEQUENCE], 1);
	portable_add(&head->word[CONNLIMIT_USED], 1);
	e->word[CONNLIMIT_CT] = state == CONNLIMIT_CONN ? c->ct & ~7ULL : 0;
	e->word[CONNLIMIT_ADDRESS] = c->key[0];
	e->word[CONNLIMIT_ADDRESS + 1] = c->key[1];
	portable_unroll
	for (i = 0; i < 5; i++)
		e->word[CONNLIMIT_TUPLE + i] = c->tuple[i];
	*stamp = (u64)seq << 32 | (u32)ct_jiffies(ctx);
	__sync_lock_test_and_set(at, (s.word & ~3ULL) | state);
	return (u64)slot << 32 | seq;
}

/* An entry of any address, when the table is crowded: what the kernel's work queue does. */
static long connlimit_sweep_step(u32 i, struct connlimit_walk *w)
{
	struct connlimit *c = connlimit_of(w->p);
	u32 slot = (c->own + i) & (c->slots - 1), alive;
	u64 *at = connlimit_word(w->img, c->first + CONNLIMIT_WORDS, slot);
	u64 *stamp = connlimit_word(w->img, c->first + CONNLIMIT_STAMPS(c->slots), slot);
	u64 word;

	if (!at || !stamp)
		return 1;
	word = connlimit_read(at);
	if ((word & 3) < CONNLIMIT_CONN || ct_jiffies(w->ctx) - (u32)connlimit_read(stamp) < 2)
		return 0;
	alive = CONNLIMIT_GONE;
	if ((word & 3) == CONNLIMIT_CONN)
		alive = connlimit_alive(w->ctx, w->img, connlimit_entry(c, slot));
	if (alive != CONNLIMIT_ALIVE)
		connlimit_free(w->img, c->first, slot, word);
	return 0;
}

static __always_inline void connlimit_sweep(struct connlimit_walk *w)
{
	struct connlimit *c = connlimit_of(w->p);
	struct image_cell *head = connlimit_cell(w->img, c->first);

	if (!head || connlimit_read(&head->word[CONNLIMIT_USED]) <
			     CONNLIMIT_CROWDED(c->slots))
		return;
	c->own = (u32)portable_add(&head->word[CONNLIMIT_CURSOR], CONNLIMIT_SWEEP);
	portable_loop(CONNLIMIT_SWEEP, connlimit_sweep_step, w);
}

/* get_ct_or_tuple_from_skb() without a connection. The identifier of ICMP is not looked at. */
static __always_inline u32 connlimit_packet(const struct packet *p, struct connlimit *c)
{
	u64 proto = p->proto, ports = 0;

	if ((p->flags & (PACKET_FRAGMENT | PACKET_UNPARSED)) || p->ports == L4_FRAGMENT ||
	    (p->family && proto == IPPROTO_NONE_))
		return MATCH_HOTDROP;
	if (proto == IPPROTO_ICMP_ || proto == IPPROTO_ICMPV6_) {
		if (p->l4 != L4_READABLE)
			return MATCH_HOTDROP;
	} else if (proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_ || proto == IPPROTO_SCTP_ ||
		   proto == IPPROTO_UDPLITE_) {
		if (p->ports != L4_READABLE)
			return MATCH_HOTDROP;
		ports = (u64)net16((u16)p->sport) << 48 | (u64)net16((u16)p->dport) << 32;
	}
	c->tuple[0] = (u64)net32(p->src[1]) << 32 | net32(p->src[0]);
	c->tuple[1] = (u64)net32(p->src[3]) << 32 | net32(p->src[2]);
	c->tuple[2] = (u64)net32(p->dst[1]) << 32 | net32(p->dst[0]);
	c->tuple[3] = (u64)net32(p->dst[3]) << 32 | net32(p->dst[2]);
	c->tuple[4] = ports | (proto & 255);
	c->ct = 0;
	return MATCH_YES;
}

static __always_inline void connlimit_tracked(const struct ct_layout *l, struct connlimit *c,
					      u64 ct)
{
	u32 status = ct_u32(ct + l->status);

	c->tuple[0] = ct_u64(ct + l->address[0]);
	c->tuple[1] = ct_u64(ct + l->address[0] + 8);
	c->tuple[2] = ct_u64(ct + l->address[1]);
	c->tuple[3] = ct_u64(ct + l->address[1] + 8);
	c->tuple[4] = connlimit_ports(l, ct, 0);
	c->ct = ct;
	if (status & CT_STATUS_CONFIRMED)
		c->ct |= CONNLIMIT_CONFIRMED | (status & CT_STATUS_ASSURED ? CONNLIMIT_ASSURED : 0);
}

/* connlimit_prepare() - what the packet is; or MATCH_HOTDROP, MATCH_BAD. */
verified_once u32 connlimit_prepare(hook_ctx *ctx, struct image_space *img, const struct packet *p,
				    u64 at)
{
	const struct op_connlimit *op;
	const struct image_op *code;
	struct connlimit *c;
	const u32 *a;
	u64 ct, h;

	if (!img || !p)
		return MATCH_BAD;
	code = image_at(img, at, sizeof(*code) + sizeof(*op));
	c = connlimit_of(p);
	if (!code)
		return MATCH_BAD;
	op = (const struct op_connlimit *)(code + 1);
	ct = ct_of(ctx) & ~7ULL;
	if (ct)
		connlimit_tracked(ct_layout(ctx), c, ct);
	else if (connlimit_packet(p, c) != MATCH_YES)
		return MATCH_HOTDROP;
	a = op->dest ? p->dst : p->src;
	c->key[0] = (u64)(a[0] & op->mask[0]) << 32 | (a[1] & op->mask[1]);
	c->key[1] = (u64)(a[2] & op->mask[2]) << 32 | (a[3] & op->mask[3]);
	h = (c->key[0] ^ CONNLIMIT_ZONE(c->tuple[4])) * 0x9e3779b97f4a7c15ULL;
	h = ((h ^ h >> 29) + c->key[1]) * 0xbf58476d1ce4e5b9ULL;
	c->tag = (u32)(h >> 32);
	c->count = 0;
	c->first = code->arg;
	c->slots = op->slots;
	c->listed = 0;
	c->at = CONNLIMIT_NONE;
	c->gone = 0;
	return MATCH_YES;
}

/* connlimit_check() - of a known address. Returns 1: the packet's connection is to be added. */
static __always_inline u32 connlimit_check(struct connlimit_walk *w)
{
	struct connlimit *c = connlimit_of(w->p);
	struct image_cell *key = connlimit_cell(w->img, connlimit_entry(c, c->at));
	u32 now = ct_jiffies(w->ctx), assured = (c->ct & CONNLIMIT_ASSURED) != 0;
	u64 last;

	if (!key)
		return 0;
	last = connlimit_read(&key->word[CONNLIMIT_CT]);
	if (now == last >> 32 && (assured || (!(c->ct & CONNLIMIT_CONFIRMED) &&
					      c->count - (u32)last < CONNLIMIT_COLLECT)))
		return !assured;
	if (assured) {
		struct image_cell *head = connlimit_cell(w->img, c->first);

		if (!c->count || !head)
			return 0;
		c->own = (u32)connlimit_read(&head->word[CONNLIMIT_SEQUENCE]);
	}
	connlimit_go(w, CONNLIMIT_COLLECTS);
	c->count -= c->gone < c->count ? c->gone : c->count;
	if (c->listed && !assured)
		return 0;
	*(volatile u64 *)&key->word[CONNLIMIT_CT] = (u64)now << 32 | c->count;
	return !assured;
}

/*
 * Without room for it a new connection is dropped, as by the kernel without memory; one that is
 * established, which the kernel would not add either, goes on.
 */
static __always_inline u32 connlimit_no_room(struct connlimit *c)
{
	if (!(c->ct & CONNLIMIT_ASSURED))
		return MATCH_HOTDROP;
	if (!c->count)
		c->count = 1;
	return MATCH_YES;
}

/* Counts the packet's connection: connlimit.count. Returns enum match_result. */
static __always_inline u32 connlimit_count(struct connlimit_walk *w)
{
	struct connlimit *c = connlimit_of(w->p);
	struct image_cell *head = connlimit_cell(w->img, c->first), *key;
	u32 fresh, now = ct_jiffies(w->ctx);
	u64 entry;

	if (!head)
		return MATCH_BAD;
	c->own = (u32)connlimit_read(&head->word[CONNLIMIT_SEQUENCE]);
	connlimit_go(w, CONNLIMIT_FIND);
	fresh = c->at == CONNLIMIT_NONE && !c->count;
	if (c->at == CONNLIMIT_NONE) {
		entry = connlimit_insert(w->ctx, w->img, w->p, CONNLIMIT_KEY);
		if (entry == ~0ULL)
			return connlimit_no_room(c);
		c->at = (u32)(entry >> 32);
		key = connlimit_cell(w->img, connlimit_entry(c, c->at));
		if (!key)
			return MATCH_BAD;
		/* One that was swept away, and has connections, is looked through. */
		*(volatile u64 *)&key->word[CONNLIMIT_CT] = (u64)(now - !fresh) << 32;
	}
	if (!fresh && !connlimit_check(w))
		return MATCH_YES;
	entry = connlimit_insert(w->ctx, w->img, w->p, CONNLIMIT_CONN);
	if (entry == ~0ULL)
		return connlimit_no_room(c);
	c->own = (u32)entry;
	c->count = 0;
	connlimit_go(w, CONNLIMIT_COUNTS);
	return MATCH_YES;
}

/* ops_connlimit() - connlimit_mt() */
verified_once u32 ops_connlimit(hook_ctx *ctx, struct image_space *img, const struct packet *p,
				u64 at)
{
	struct connlimit_walk w = { .ctx = ctx, .img = img, .p = p };
	const struct op_connlimit *limit;
	const struct image_op *op;
	u32 match;

	if (!group_in(OPS_CONNLIMIT) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op) + sizeof(*limit));
	if (!op || op->code != OP_CONNLIMIT)
		return MATCH_BAD;
	limit = (const struct op_connlimit *)(op + 1);
	match = connlimit_prepare(ctx, img, p, at);
	if (match != MATCH_YES)
		return match;
	match = connlimit_count(&w);
	/* Also without room: so there will be some. */
	connlimit_sweep(&w);
	if (match != MATCH_YES)
		return match;
	if (!connlimit_of(p)->count)
		return MATCH_HOTDROP;
	return connlimit_of(p)->count > limit->limit ? MATCH_YES : MATCH_NO;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_HASHLIMIT_H
#define BPF_OPS_HASHLIMIT_H

#include "bpf/rates.h"

/*
 * OP_HASHLIMIT: net/netfilter/xt_hashlimit.c, revision 3. Included by bpf/ops_rate.h.
 *
 * A table is a cell of its own and slots, a cell each. An entry is in the first slot that was free
 * when it came, from its home on; no entry is further from home than the table remembers, so that
 * far an absent one is looked for. An entry whose time is over is gone at the next moment at which
 * the kernel would collect garbage, every gc_interval; its slot is then as good as an empty one.
 *
 * Nobody waits for a lock. A slot is claimed by its tag; who finds one that is claimed for the same
 * entry looks again until it is ready, and if the claimer never comes to it, being interrupted by
 * the very program that looks, judges the packet as the first of its entry.
 */

#define HASH_NONE	0xffffffffU
#define HASH_REACH	4096U	/* slots from home that are tried */
#define HASH_ATTEMPTS	8U
#define HASH_SPINS	256U
#define HASH_TRIES	(1U << 16)

/* In packet.scratch: what is looked for, and what was found. */
struct hash_key {
	u64 key[4];		/* addresses under their masks */
	u64 tag;		/* under TAG_KEY */
	u64 dead;		/* entries that expired by then are gone */
	u32 first, slots;	/* cell of slot 0 */
	u32 home;
	u32 found, free;	/* slots; HASH_NONE */
	u32 pad;
};

/* In packet.scratch, afterwards: what the packet adds and takes. */
struct hash_charge {
	u64 delta;		/* jiffies since the last packet; a rate: since its reset, or 0 */
	u64 gain, cap, cost;	/* rate: interval in jiffies, rate, cost */
	u64 burst;
	u32 mode;
	u32 result;
};

struct hash_walk {
	struct image_space *img;
	struct packet *p;
	u32 cell;
	u32 pad;
};

static __always_inline struct hash_key *hash_key(struct packet *p)
{
	return (struct hash_key *)p->scratch;
}

static __always_inline struct hash_charge *hash_charge(struct packet *p)
{
	return (struct hash_charge *)p->scratch;
}

#define NOW_OF(word)	(*(volatile u64 *)&(word))

/* Is this slot the entry's? Remembers the first free one. */
static long hash_find_step(u32 i, struct hash_walk *s)
{
	struct hash_key *k = hash_key(s->p);
	u32 slot = k->home + i, state;
	struct image_cell *cell;
	u64 tag;

	if (slot >= k->slots)
		slot -= k->slots;
	cell = cell_at(s->img, k->first + slot);
	if (!cell || slot >= k->slots)
		return 1;
	tag = NOW_OF(cell->word[SLOT_TAG]);
	state = tag & TAG_STATE;
	if (state != TAG_EMPTY && !((tag ^ k->tag) & TAG_KEY) &&
	    (state == TAG_BUSY || !((cell->word[SLOT_KEY] ^ k->key[0]) |
				    (cell->word[SLOT_KEY + 1] ^ k->key[1]) |
				    (cell->word[SLOT_KEY + 2] ^ k->key[2]) |
				    (cell->word[SLOT_KEY + 3] ^ k->key[3])))) {
		k->found = slot;
		return 1;
	}
	if (k->free == HASH_NONE && (state == TAG_EMPTY || (state == TAG_READY &&
	    NOW_OF(cell->word[SLOT_EXPIRES]) <= k->dead)))
		k->free = slot;
	return 0;
}

/* Until a slot that was claimed is ready. */
static long hash_spin_step(u32 i, struct hash_walk *s)
{
	struct image_cell *cell = cell_at(s->img, s->cell);

	(void)i;
	return !cell || (NOW_OF(cell->word[SLOT_TAG]) & TAG_STATE) != TAG_BUSY;
}

/* htable_selective_cleanup(): a slot whose entry is gone is empty. */
static long hash_sweep_step(u32 i, struct hash_walk *s)
{
	struct hash_key *k = hash_key(s->p);
	struct image_cell *cell = cell_at(s->img, k->first + i), *table = cell_at(s->img, s->cell);
	u64 tag;

	if (!cell || !table)
		return 1;
	tag = NOW_OF(cell->word[SLOT_TAG]);
	if ((tag & TAG_STATE) == TAG_READY && NOW_OF(cell->word[SLOT_EXPIRES]) <= k->dead &&
	    __sync_val_compare_and_swap(&cell->word[SLOT_TAG], tag, TAG_EMPTY) == tag)
		__sync_fetch_and_add(&table->word[TABLE_COUNT], -1ULL);
	return 0;
}

/* Credits, refills or a rate: new state of an entry and whether the packet is below the limit. */
static __always_inline u64 hash_packets(struct hash_charge *c, u64 credit)
{
	if (c->delta) {
		credit += c->delta * c->gain;
		if (credit > c->cap)
			credit = c->cap;
	}
	c->result = credit >= c->cost;
	return c->result ? credit - c->cost : credit;
}

/* hashlimit_byte_cost(): refills << 32 | credit. A bucket has less than 2^32. */
static __always_inline u64 hash_bytes(struct hash_charge *c, u64 state)
{
	u64 credit = (u32)state, refills = state >> 32, more;

	if (c->delta) {
		more = credit + c->delta * c->gain;
		credit = credit >= more || more > c->cap ? c->cap : more;
	}
	if (credit < c->cost && refills) {
		refills--;
		credit = c->cap;
	}
	c->result = credit >= c->cost;
	return refills << 32 | (c->result ? credit - c->cost : credit);
}

#define RATE_OVER	(1ULL << 63)	/* the window before was over the rate */

static __always_inline u64 hash_rate(struct hash_charge *c, u64 state)
{
	u64 rate = state & ~RATE_OVER, over = state & RATE_OVER;

	if (c->delta) {
		over = rate * c->gain > c->delta * c->cap ? RATE_OVER : 0;
		rate = 0;
	}
	rate += c->cost;
	c->result = !over && rate <= c->burst;
	return over | (rate & ~RATE_OVER);
}

static __always_inline u64 hash_charged(struct hash_charge *c, u64 state)
{
	if (c->mode & HASHLIMIT_RATE_MATCH)
		return hash_rate(c, state);
	return c->mode & HASHLIMIT_BYTES ? hash_bytes(c, state) : hash_packets(c, state);
}

static long hash_charge_step(u32 i, struct hash_walk *s)
{
	struct hash_charge *c = hash_charge(s->p);
	struct image_cell *cell = cell_at(s->img, s->cell);
	u64 old, new;

	(void)i;
	if (!cell)
		return 1;
	old = NOW_OF(cell->word[SLOT_STATE]);
	new = hash_charged(c, old);
	c->result = c->result ? MATCH_YES : MATCH_NO;
	if (__sync_val_compare_and_swap(&cell->word[SLOT_STATE], old, new) == old)
		return 1;
	c->result = MATCH_BAD;
	return 0;
}

/* msecs_to_jiffies() */
static __always_inline u64 hash_jiffies(u32 ms, u32 hz)
{
	return ms >> 31 ? 1ULL << 61 : ((u64)ms * hz + 999) / 1000;
}

static __always_inline const struct image_named *hash_table(struct image_space *img, u32 number)
{
	const struct image_header *h = header_of(img);
	const struct image_named *n;

	if (number >= h->named.count)
		return 0;
	n = image_at(img, h->named.offset + (u64)number * sizeof(*n), sizeof(*n));
	return n && n->kind == NAMED_HASHLIMIT && n->count > 1 ? n : 0;
}

/* Words @i and @i + 1 of an address as the first @len bits of it. */
static __always_inline u64 hash_address(const u32 *a, u32 i, u32 len)
{
	u64 pair = (u64)a[i] << 32 | a[i + 1];

	if (len <= i * 32)
		return 0;
	len -= i * 32;
	return len < 64 ? pair & ~(~0ULL >> len) : pair;
}

static __always_inline u64 hash_mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* hashlimit_init_dst(): the key of this packet, and its home. */
verified_once u32 hash_prepare(struct image_space *img, struct packet *p, u32 number, u32 ports,
			       u64 now)
{
	const struct image_named *n;
	struct image_cell *table;
	struct hash_key *k;
	u64 mode, born, gc, hash;
	u32 hz;

	if (!group_in(OPS_RATE) || !img || !p)
		return 0;
	n = hash_table(img, number);
	hz = header_of(img)->hz;
	if (!n || n->family != p->family || !hz || hz > HZ_MAX)
		return 0;
	table = cell_at(img, n->first);
	if (!table)
		return 0;
	k = hash_key(p);
	mode = n->params[3];
	k->key[0] = k->key[1] = k->key[2] = k->key[3] = 0;
	if (mode & HASHLIMIT_SRC) {
		k->key[0] = hash_address(p->src, 0, mode >> 8 & 255);
		k->key[1] = hash_address(p->src, 2, mode >> 8 & 255);
	}
	if (mode & HASHLIMIT_DST) {
		k->key[2] = hash_address(p->dst, 0, mode >> 16 & 255);
		k->key[3] = hash_address(p->dst, 2, mode >> 16 & 255);
	}
	if (!(mode & HASHLIMIT_SPORT))
		ports &= 0xffff;
	if (!(mode & HASHLIMIT_DPORT))
		ports &= 0xffff0000;
	__sync_val_compare_and_swap(&table->word[TABLE_SEED], 0, header_of(img)->loaded_at | 1);
	__sync_val_compare_and_swap(&table->word[TABLE_BORN], 0, header_of(img)->jiffies);
	hash = hash_mix(NOW_OF(table->word[TABLE_SEED]), k->key[0]);
	hash = hash_mix(hash, k->key[1]);
	hash = hash_mix(hash, k->key[2]);
	hash = hash_mix(hash, k->key[3]);
	hash = hash_mix(hash, ports);
	k->tag = (u64)ports << 32 | (hash & 0xffff) << 16;
	k->first = n->first + 1;
	k->slots = n->count - 1;
	k->home = (u32)((hash >> 32) * k->slots >> 32);
	gc = hash_jiffies((u32)n->params[2], hz);
	born = NOW_OF(table->word[TABLE_BORN]);
	k->dead = gc ? born + (now - born) / gc * gc : now;
	return 1;
}

/* A slot's entry begins: rateinfo_init(). @cell is claimed. */
static __always_inline u64 hash_fresh(const struct image_named *n, u32 hz)
{
	u32 mode = (u32)n->params[3];

	if (mode & HASHLIMIT_RATE_MATCH)
		return 0;
	if (mode & HASHLIMIT_BYTES)
		return n->params[1] >> 32 << 32 | hz * hashlimit_bytes_per_jiffy(hz);
	return hashlimit_credits(n->params[0] * (n->params[1] >> 32), hz);
}

/* No way to an entry is longer than this. */
static __always_inline int hash_reach(struct image_cell *table, u64 far)
{
	u64 old = NOW_OF(table->word[TABLE_FAR]);
	u32 i;

	portable_rolled
	for (i = 0; i < 64 && old < far; i++)
		old = __sync_val_compare_and_swap(&table->word[TABLE_FAR], old, far) == old ? far :
		      NOW_OF(table->word[TABLE_FAR]);
	return old >= far;
}

enum hash_claim { CLAIM_DONE, CLAIM_AGAIN, CLAIM_FULL };

/* dsthash_alloc_init(): the free slot becomes the entry's. */
verified_once u32 hash_claim(struct image_space *img, struct packet *p, u32 number, u32 slot,
			     u64 now)
{
	const struct image_named *n;
	struct image_cell *cell, *table;
	struct hash_key *k;
	u64 tag, new;
	u32 hz;

	if (!group_in(OPS_RATE) || !img || !p)
		return CLAIM_FULL;
	k = hash_key(p);
	n = hash_table(img, number);
	cell = cell_at(img, k->first + slot);
	if (!n || !cell)
		return CLAIM_FULL;
	table = cell_at(img, n->first);
	hz = header_of(img)->hz;
	if (!table || slot >= k->slots)
		return CLAIM_FULL;
	tag = NOW_OF(cell->word[SLOT_TAG]);
	if ((tag & TAG_STATE) == TAG_BUSY || ((tag & TAG_STATE) == TAG_READY &&
					      NOW_OF(cell->word[SLOT_EXPIRES]) > k->dead))
		return CLAIM_AGAIN;
	if ((tag & TAG_STATE) == TAG_EMPTY &&
	    NOW_OF(table->word[TABLE_COUNT]) >= (u32)n->params[1])
		return CLAIM_FULL;
	if (!hash_reach(table, slot >= k->home ? slot - k->home : slot + k->slots - k->home))
		return CLAIM_AGAIN;
	new = k->tag | ((tag + TAG_GENERATION) & 0xfffc);
	if (__sync_val_compare_and_swap(&cell->word[SLOT_TAG], tag, new | TAG_BUSY) != tag)
		return CLAIM_AGAIN;
	if ((tag & TAG_STATE) == TAG_EMPTY)
		__sync_fetch_and_add(&table->word[TABLE_COUNT], 1);
	cell->word[SLOT_KEY] = k->key[0];
	cell->word[SLOT_KEY + 1] = k->key[1];
	cell->word[SLOT_KEY + 2] = k->key[2];
	cell->word[SLOT_KEY + 3] = k->key[3];
	cell->word[SLOT_PREV] = now;
	cell->word[SLOT_STATE] = hash_fresh(n, hz);
	cell->word[SLOT_EXPIRES] = now + hash_jiffies((u32)(n->params[2] >> 32), hz);
	__sync_lock_test_and_set(&cell->word[SLOT_TAG], new | TAG_READY);
	return CLAIM_DONE;
}

/* htable_gc(), once for each of its moments. */
static __always_inline int hash_sweep(struct hash_walk *s, struct image_cell *table)
{
	struct hash_key *k = hash_key(s->p);
	u64 swept = NOW_OF(table->word[TABLE_SWEPT]);

	if (swept == k->dead ||
	    __sync_val_compare_and_swap(&table->word[TABLE_SWEPT], swept, k->dead) != swept)
		return 0;
	s->cell = k->first - 1;
	portable_loop(k->slots, hash_sweep_step, s);
	return 1;
}

/* What was found of the entry: its slot is in found, or a free one in free. */
static __always_inline void hash_find(struct hash_walk *s, struct image_cell *table)
{
	struct hash_key *k = hash_key(s->p);
	u32 reach = k->slots < HASH_REACH ? k->slots : HASH_REACH;
	u64 far = NOW_OF(table->word[TABLE_FAR]) + 1;

	k->found = k->free = HASH_NONE;
	portable_loop(far < reach ? (u32)far : reach, hash_find_step, s);
	if (k->found == HASH_NONE && k->free == HASH_NONE)
		portable_loop(reach, hash_find_step, s);
}

#define HASH_FULL	(HASH_NONE - 1)		/* no room: the packet is dropped */
#define HASH_BAD	(HASH_NONE - 2)

/* dsthash_find(), dsthash_alloc_init(): cell of the entry; HASH_NONE: somebody is making it. */
verified_once u32 hash_entry(struct image_space *img, struct packet *p, u32 number, u64 now)
{
	struct image_cell *table, *cell;
	struct hash_walk s;
	struct hash_key *k;
	u32 i, claim;

	if (!group_in(OPS_RATE) || !img || !p)
		return HASH_BAD;
	k = hash_key(p);
	s.img = img;
	s.p = p;
	table = cell_at(img, k->first - 1);
	if (!table)
		return HASH_BAD;
	portable_rolled
	for (i = 0; i < HASH_ATTEMPTS; i++) {
		hash_find(&s, table);
		s.cell = k->first + k->found;
		cell = k->found == HASH_NONE ? 0 : cell_at(img, s.cell);
		if (cell && (NOW_OF(cell->word[SLOT_TAG]) & TAG_STATE) == TAG_BUSY) {
			portable_loop(HASH_SPINS, hash_spin_step, &s);
			continue;
		}
		if (cell && NOW_OF(cell->word[SLOT_EXPIRES]) > k->dead)
			return s.cell;
		if (!cell && k->free == HASH_NONE)
			return HASH_FULL;
		if (!cell)
			s.cell = k->first + k->free;
		claim = hash_claim(img, p, number, s.cell - k->first, now);
		if (claim == CLAIM_DONE)
			return s.cell;
		if (claim == CLAIM_FULL && !hash_sweep(&s, table))
			return HASH_FULL;
	}
	return HASH_NONE;
}

/* What packets of this table cost. */
static __always_inline void hash_costs(struct hash_charge *c, const struct image_named *n, u32 hz,
				       u32 len)
{
	u32 mode = (u32)n->params[3], avg = (u32)n->params[0];
	u64 burst = n->params[1] >> 32;

	c->mode = mode;
	c->burst = 0;
	if (mode & HASHLIMIT_RATE_MATCH) {
		c->gain = (u32)(n->params[3] >> 32) * hz;
		c->cap = avg ? HASHLIMIT_SCALE / avg : 0;
		if (mode & HASHLIMIT_BYTES)
			c->cap = (u64)((avg ? 0xffffffffU / avg : 0xffffffffU) - 1) <<
				 HASHLIMIT_CHUNK_SHIFT;
		c->cost = mode & HASHLIMIT_BYTES ? len : 1;
		if (mode & HASHLIMIT_BYTES)
			c->burst = burst ? burst * c->cap : c->cap;
		else
			c->burst = burst + c->cap;
	} else if (mode & HASHLIMIT_BYTES) {
		c->gain = hashlimit_bytes_per_jiffy(hz);
		c->cap = hz * hashlimit_bytes_per_jiffy(hz);
		c->cost = (u64)((len >> HASHLIMIT_CHUNK_SHIFT) + 1) *
			  hashlimit_byte_credits(avg, hz);
		if (c->cost > c->cap)
			c->cost = c->cap;
	} else {
		c->gain = hashlimit_per_jiffy(hz);
		c->cap = hashlimit_credits(n->params[0] * burst, hz);
		c->cost = hashlimit_credits(n->params[0], hz);
	}
}

/* Jiffies since the packet before: rateinfo_recalc(). */
static __always_inline u64 hash_delta(const struct hash_charge *c, struct image_cell *cell, u64 now)
{
	u64 prev;

	if (!(c->mode & HASHLIMIT_RATE_MATCH))
		return now - __sync_lock_test_and_set(&cell->word[SLOT_PREV], now);
	prev = NOW_OF(cell->word[SLOT_PREV]);
	if (now - prev < c->gain ||
	    __sync_val_compare_and_swap(&cell->word[SLOT_PREV], prev, now) != prev)
		return 0;
	return now - prev;
}

/* hashlimit_mt_common(). @ports: as in the packet, of hash_ports(). */
verified_once u32 rate_hashlimit(struct image_space *img, struct packet *p, u32 number, u32 ports,
				 u64 now)
{
	const struct image_named *n;
	struct image_cell *cell;
	struct hash_charge *c;
	struct hash_walk s;
	u32 hz;

	if (!group_in(OPS_RATE) || !img || !p)
		return MATCH_BAD;
	n = hash_table(img, number);
	if (!n || !hash_prepare(img, p, number, ports, now))
		return MATCH_BAD;
	hz = header_of(img)->hz;
	s.img = img;
	s.p = p;
	s.cell = hash_entry(img, p, number, now);
	if (s.cell == HASH_FULL)
		return MATCH_HOTDROP;
	if (s.cell == HASH_BAD)
		return MATCH_BAD;
	c = hash_charge(p);
	hash_costs(c, n, hz, p->len);
	c->delta = 0;
	if (s.cell == HASH_NONE) {
		hash_charged(c, hash_fresh(n, hz));
		return c->result ? MATCH_YES : MATCH_NO;
	}
	cell = cell_at(img, s.cell);
	if (!cell)
		return MATCH_BAD;
	cell->word[SLOT_EXPIRES] = now + hash_jiffies((u32)(n->params[2] >> 32), hz);
	c->delta = hash_delta(c, cell, now);
	c->result = MATCH_BAD;
	portable_loop(HASH_TRIES, hash_charge_step, &s);
	return c->result;
}

#define NO_PORTS	(1ULL << 32)

/* ipv6_skip_exthdr(): where it is, and at which header. */
struct hash_headers {
	hook_ctx *ctx;
	struct reader r;
	u32 off;
	u32 next;
	u32 failed;
	u32 pad;
};

static long hash_header_step(u32 i, struct hash_headers *h)
{
	u16 w[2] = { 0 };
	u32 len;

	(void)i;
	if (!is_extension(h->next))
		return 1;
	h->failed = 1;
	if (h->next == IPPROTO_NONE_ || (u64)h->off + 2 > h->r.len ||
	    read_halves(h->ctx, &h->r, h->off, w, 1))
		return 1;
	if (h->next == IPPROTO_FRAGMENT_ && ((u64)h->off + 4 > h->r.len ||
					     read_halves(h->ctx, &h->r, h->off + 2, &w[1], 1)))
		return 1;
	h->failed = 0;
	/* A later fragment: its next header stays this one, which has no ports. */
	if (h->next == IPPROTO_FRAGMENT_ && (net16(w[1]) & 0xfff8))
		return 1;
	len = net16(w[0]) & 255;
	if (h->next == IPPROTO_FRAGMENT_)
		len = 8;
	else if (h->next == IPPROTO_AH_)
		len = (len + 2) * 4;
	else
		len = (len + 1) * 8;
	h->off += len;
	h->next = net16(w[0]) >> 8;
	return 0;
}

/*
 * The ports as hashlimit_init_dst() reads them, also in later fragments of IPv4, where they are
 * data; NO_PORTS: there are none, and the packet is dropped.
 */
verified_once u64 hash_ports(hook_ctx *ctx, const struct packet *p)
{
	struct hash_headers h;
	u32 w[1];
	u8 next;

	if (!group_in(OPS_RATE) || !p)
		return NO_PORTS;
	hook_reader(ctx, &h.r);
	h.ctx = ctx;
	h.off = p->l4_at;
	h.next = p->proto;
	h.failed = 0;
	if (p->family) {
		if (read_byte(ctx, &h.r, 6, &next))
			return NO_PORTS;
		h.off = 40;
		h.next = next;
		portable_loop(IPV6_HEADERS_MAX, hash_header_step, &h);
	}
	if (h.failed)
		return NO_PORTS;
	/* proto_ports_offset() */
	if (h.next == IPPROTO_AH_)
		h.off += 4;
	else if (h.next != IPPROTO_TCP_ && h.next != IPPROTO_UDP_ && h.next != IPPROTO_DCCP_ &&
		 h.next != IPPROTO_ESP_ && h.next != IPPROTO_SCTP_ && h.next != IPPROTO_UDPLITE_)
		return 0;
	if ((u64)h.off + 4 > h.r.len || read_words(ctx, &h.r, h.off, w, 1))
		return NO_PORTS;
	return net32(w[0]);
}

#endif

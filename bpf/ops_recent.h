/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_RECENT_H
#define BPF_OPS_RECENT_H

/*
 * OPS_RECENT: net/netfilter/xt_recent.c without its lock. Included by bpf/match.h.
 *
 * Every entry has one word (recent_entry.meta) that is only changed by compare-and-swap, so that
 * it has one owner whatever other CPUs, or a softirq on this one, do meanwhile. Alone on a table a
 * program does exactly what the kernel's match does. Two that meet the same new address at the same
 * instant both make an entry; at least one sees the other's, and the second in the table goes. The
 * clock is that of bpf/ops_rate.h.
 */

#include "bpf/recent.h"

#define RECENT_NONE	0xffffffffU
/* Attempts to change a word that others change, too. */
#define RECENT_TRIES	16U

static __always_inline const struct image_named *recent_table(struct image_space *img, u32 number)
{
	u64 named = header_of(img)->named.offset;

	if (number >= header_of(img)->named.count)
		return 0;
	return image_at(img, named + (u64)number * sizeof(struct image_named),
			sizeof(struct image_named));
}

static __always_inline u64 recent_offset(struct image_space *img, const struct image_named *t)
{
	return header_of(img)->state + (u64)t->first * sizeof(struct image_cell);
}

static __always_inline struct recent_head *recent_head_at(struct image_space *img, u32 number)
{
	const struct image_named *t = recent_table(img, number);

	return t ? image_at(img, recent_offset(img, t), sizeof(struct recent_head)) : 0;
}

/* Offset of an entry; 0: the image is wrong. What is outside of the table cannot be asked for. */
static __always_inline u64 recent_entry_offset(struct image_space *img, u32 number, u32 slot)
{
	const struct image_named *t = recent_table(img, number);
	u64 stamps, cells;

	if (!t || slot >= RECENT_ENTRIES)
		return 0;
	stamps = t->params[0];
	cells = RECENT_ENTRY_CELLS(stamps);
	if (stamps > 65536 || RECENT_HEAD_CELLS + RECENT_ENTRIES * cells > t->count)
		return 0;
	return recent_offset(img, t) +
	       (RECENT_HEAD_CELLS + slot * cells) * sizeof(struct image_cell);
}

static __always_inline struct recent_entry *recent_entry_at(struct image_space *img, u32 number,
							    u32 slot)
{
	u64 at = recent_entry_offset(img, number, slot);

	return at ? image_at(img, at, sizeof(struct recent_entry)) : 0;
}

/* Word @i of the packet's masked address. */
static __always_inline u64 recent_address(const struct packet *p, const struct image_named *t,
					  u32 dest, const u32 i)
{
	u64 hi = dest ? p->dst[2 * i] : p->src[2 * i];
	u64 lo = dest ? p->dst[2 * i + 1] : p->src[2 * i + 1];

	if (!p->family)
		return i ? 0 : hi << 32 & t->params[1];
	return (hi << 32 | lo) & t->params[1 + i];
}

/* Of a masked address; never 0. */
static __always_inline u32 recent_tag(u64 hi, u64 lo, u32 family)
{
	u64 h = hi * 0x9e3779b97f4a7c15ULL;

	h ^= h >> 29;
	h = (h + lo) * 0xbf58476d1ce4e5b9ULL;
	h ^= h >> 32 ^ (u64)family << 31;
	return (u32)h ? (u32)h : 1;
}

static __always_inline u64 recent_word(const u64 *word)
{
	return *(const volatile u64 *)word;
}

/* Is the entry one of this address, and ready to be used? */
static __always_inline u32 recent_is(const struct recent_entry *e, u64 hi, u64 lo, u32 family)
{
	u64 meta = recent_word(&e->meta);

	return RECENT_STATE(meta) == RECENT_LIVE && RECENT_FAMILY(meta) == family &&
	       recent_word(&e->addr[0]) == hi && recent_word(&e->addr[1]) == lo &&
	       recent_word(&e->meta) == meta;
}

/*
 * recent_tagged() - the first entry from @from on with this tag, or RECENT_NONE. Without branches,
 * as outside(): the verifier would follow each of them a hundred times.
 */
verified_once u32 recent_tagged(struct image_space *img, u32 number, u32 tag, u32 from)
{
	u64 first = RECENT_NONE, i, other, key;
	const struct recent_head *head;

	if (!img)
		return RECENT_NONE;
	head = recent_head_at(img, number);
	if (!head)
		return RECENT_NONE;
	portable_rolled
	for (i = 0; i < RECENT_ENTRIES; i++) {
		other = head->tag[i] ^ tag;
		key = i - from;
		barrier_var(other);
		barrier_var(key);
		other += 0xffffffffULL;		/* bit 32: another tag */
		barrier_var(other);
		key = i | (other >> 32) << 32 | (key >> 63) << 33;	/* sign: before @from */
		other = key - first;
		barrier_var(other);
		first ^= (first ^ key) & (0 - (other >> 63));
	}
	return (u32)first;
}

/* What a search is for: the packet's source, or its destination. */
#define RECENT_LOOK_DEST	(1U << 8)

/* recent_holds() - is the entry @slot the packet's address? @look: slot | RECENT_LOOK_DEST. */
verified_once u32 recent_holds(struct image_space *img, const struct packet *p, u32 number,
			       u32 look)
{
	const struct image_named *t;
	const struct recent_entry *e;
	u32 dest = look & RECENT_LOOK_DEST;

	if (!img || !p)
		return 0;
	t = recent_table(img, number);
	e = recent_entry_at(img, number, look & (RECENT_LOOK_DEST - 1));
	if (!t || !e)
		return 0;
	return recent_is(e, recent_address(p, t, dest, 0), recent_address(p, t, dest, 1),
			 p->family);
}

/* So many entries with the right tag are looked at: others with the same one are rare. */
#define RECENT_LOOKS	16U

/*
 * recent_find() - recent_entry_lookup() with a TTL of 0: the entry's number or RECENT_NONE.
 * @from_dest: from this entry on << 1 | destination.
 */
verified_once u32 recent_find(struct image_space *img, const struct packet *p, u32 number,
			      u32 from_dest)
{
	u32 i, slot, from = from_dest >> 1, dest = from_dest & 1 ? RECENT_LOOK_DEST : 0, tag;
	const struct image_named *t;

	if (!img || !p)
		return RECENT_NONE;
	t = recent_table(img, number);
	if (!t)
		return RECENT_NONE;
	tag = recent_tag(recent_address(p, t, dest, 0), recent_address(p, t, dest, 1), p->family);
	portable_rolled
	for (i = 0; i < RECENT_LOOKS; i++) {
		slot = recent_tagged(img, number, tag, from);
		if (slot >= RECENT_ENTRIES)
			return RECENT_NONE;
		if (recent_holds(img, p, number, slot | dest))
			return slot;
		from = slot + 1;
	}
	return RECENT_NONE;
}

/* recent_free() - the first free entry from @from on. */
static __always_inline u32 recent_free(struct image_space *img, u32 number, u32 from)
{
	return recent_tagged(img, number, 0, from);
}

/* recent_oldest() - the entry that was not touched for the longest time: the head of lru_list. */
verified_once u32 recent_oldest(struct image_space *img, u32 number)
{
	const u64 never = (1ULL << 56) - 1;
	const struct recent_head *head;
	u64 least = never << 7, i, key, less;

	if (!img)
		return RECENT_NONE;
	head = recent_head_at(img, number);
	if (!head)
		return RECENT_NONE;
	portable_rolled
	for (i = 0; i < RECENT_ENTRIES; i++) {
		/* a free one, never touched, is the largest number */
		key = ((head->touched[i] - 1) & never) << 7 | i;
		less = key - least;
		barrier_var(less);
		least ^= (least ^ key) & (0 - (less >> 63));
	}
	return least >> 7 == never ? RECENT_NONE : (u32)least & 127;
}

static __always_inline void recent_touch(struct recent_head *head, u64 slot)
{
	u64 now = portable_add(&head->clock, 1) + 1;

	barrier_var(slot);
	if (slot < RECENT_ENTRIES)
		head->touched[slot] = now;
}

/* Writes the stamp number @index of an entry. */
static __always_inline void recent_stamp(struct image_space *img, u32 number, u32 slot, u32 index,
					 u64 now)
{
	u64 at = recent_entry_offset(img, number, slot);
	u64 *stamp;

	stamp = at ? image_at(img, at + sizeof(struct recent_entry) + (u64)index * 8, 8) : 0;
	if (stamp)
		*stamp = now;
}

/*
 * recent_update() - recent_entry_update(), and the entry's TTL. An entry that somebody else has
 * removed meanwhile stays so. @ttl: 0 to 255.
 */
verified_once u32 recent_update(struct image_space *img, u32 number, u32 slot, u64 now, u32 ttl)
{
	const struct image_named *t;
	struct recent_head *head;
	struct recent_entry *e;
	u32 i, index, used;
	u64 meta;

	if (!img)
		return MATCH_BAD;
	t = recent_table(img, number);
	head = recent_head_at(img, number);
	e = recent_entry_at(img, number, slot);
	if (!t || !head || !e)
		return MATCH_BAD;
	portable_rolled
	for (i = 0; i < RECENT_TRIES; i++) {
		meta = recent_word(&e->meta);
		if (RECENT_STATE(meta) != RECENT_LIVE)
			return MATCH_YES;
		index = RECENT_INDEX(meta) & ((u32)t->params[0] - 1);
		recent_stamp(img, number, slot, index, now);
		used = ((index + 1) & 0xffff) > RECENT_USED(meta) ? index + 1 : RECENT_USED(meta);
		if (__sync_val_compare_and_swap(&e->meta, meta,
						recent_meta(meta, RECENT_LIVE, RECENT_FAMILY(meta),
							    ttl, index + 1, used)) == meta)
			break;
	}
	recent_touch(head, slot);
	return MATCH_YES;
}

/* recent_remove() - recent_entry_remove(). The entry is free when its tag is 0. */
verified_once u32 recent_remove(struct image_space *img, u32 number, u32 slot)
{
	struct recent_head *head;
	struct recent_entry *e;
	u64 meta, i = slot;

	if (!img)
		return MATCH_BAD;
	head = recent_head_at(img, number);
	e = recent_entry_at(img, number, slot);
	if (!head || !e)
		return MATCH_BAD;
	meta = recent_word(&e->meta);
	if (RECENT_STATE(meta) != RECENT_LIVE ||
	    __sync_val_compare_and_swap(
		    &e->meta, meta, recent_meta(meta + RECENT_OWNER, RECENT_FREE, 0, 0, 0, 0)) !=
		    meta)
		return MATCH_YES;
	barrier_var(i);
	if (i >= RECENT_ENTRIES)
		return MATCH_BAD;
	head->touched[i] = 0;
	__sync_lock_test_and_set(&head->tag[i], 0);
	return MATCH_YES;
}

/* Nobody else takes this one for the oldest from now on. Not 0: somebody else was quicker. */
static __always_inline u32 recent_reserve(struct recent_head *head, u64 slot)
{
	u64 old;

	barrier_var(slot);
	if (slot >= RECENT_ENTRIES)
		return 1;
	old = recent_word(&head->touched[slot]);
	return __sync_val_compare_and_swap(&head->touched[slot], old,
					   portable_add(&head->clock, 1) + 1) != old;
}

/*
 * recent_claim() - an entry that is nobody's: a free one, or the oldest. Its number, or
 * RECENT_NONE: others were quicker each time. Who is interrupted in here does not keep others from
 * finding another one.
 */
verified_once u32 recent_claim(struct image_space *img, u32 number)
{
	struct recent_head *head;
	struct recent_entry *e;
	u32 i, slot, want, from = 0;
	u64 meta;

	if (!img)
		return RECENT_NONE;
	head = recent_head_at(img, number);
	if (!head)
		return RECENT_NONE;
	portable_rolled
	for (i = 0; i < RECENT_TRIES; i++) {
		want = RECENT_FREE;
		slot = recent_free(img, number, from);
		if (slot == RECENT_NONE) {
			want = RECENT_LIVE;
			slot = recent_oldest(img, number);
		}
		e = recent_entry_at(img, number, slot);
		if (!e)
			continue;
		from = slot + 1;
		meta = recent_word(&e->meta);
		if (recent_reserve(head, slot) || RECENT_STATE(meta) != want)
			continue;
		if (__sync_val_compare_and_swap(&e->meta, meta,
						recent_meta(meta + RECENT_OWNER, RECENT_BUSY, 0, 0,
							    0, 0)) == meta)
			return slot;
	}
	return RECENT_NONE;
}

/* recent_insert() - recent_entry_init(). @dest_ttl: dest << 8 | ttl. */
verified_once u32 recent_insert(struct image_space *img, const struct packet *p, u32 number,
				u64 now, u32 dest_ttl)
{
	const struct image_named *t;
	struct recent_head *head;
	struct recent_entry *e;
	u32 slot, other;
	u64 i, hi, lo;

	if (!img || !p)
		return MATCH_BAD;
	slot = recent_claim(img, number);
	if (slot == RECENT_NONE)
		return MATCH_HOTDROP;
	t = recent_table(img, number);
	head = recent_head_at(img, number);
	e = recent_entry_at(img, number, slot);
	if (!t || !head || !e)
		return MATCH_BAD;
	hi = recent_address(p, t, dest_ttl >> 8, 0);
	lo = recent_address(p, t, dest_ttl >> 8, 1);
	e->addr[0] = hi;
	e->addr[1] = lo;
	recent_stamp(img, number, slot, 0, now);
	i = slot;
	barrier_var(i);
	if (i < RECENT_ENTRIES)
		head->tag[i] = recent_tag(hi, lo, p->family);
	__sync_lock_test_and_set(&e->meta,
				 recent_meta(e->meta, RECENT_LIVE, p->family, dest_ttl, 1, 1));
	other = recent_find(img, p, number, dest_ttl >> 8);
	if (other < slot) {
		recent_remove(img, number, slot);
		return recent_update(img, number, other, now, dest_ttl & 255);
	}
	other = recent_find(img, p, number, (slot + 1) << 1 | dest_ttl >> 8);
	if (other != RECENT_NONE)
		recent_remove(img, number, other);
	return MATCH_YES;
}

/* Stamps @seconds old and older do not count: 32 bits, as the kernel multiplies. */
static __always_inline u64 recent_since(struct image_space *img, u64 now, u32 seconds)
{
	return now - (u32)(seconds * header_of(img)->hz);
}

/*
 * recent_hits() - are enough of the stamps new enough? They ascend around the ring, so that the one
 * @hits back from the newest decides. @since is not looked at with @seconds 0.
 */
static __always_inline u32 recent_hits(struct image_space *img, u64 at, u64 meta, u64 since,
				       u32 seconds, u32 hits)
{
	u32 used = RECENT_USED(meta), index = RECENT_INDEX(meta), back = hits ? hits : 1;
	const u64 *stamp;

	if (back > used)
		return 0;
	index = index >= back ? index - back : index + used - back;
	stamp = image_at(img, at + sizeof(struct recent_entry) + (u64)index * 8, 8);
	if (!stamp)
		return 0;
	return !seconds || (long long)(*stamp - since) >= 0;
}

/* recent_reap() - recent_entry_reap(): the oldest entry, if its newest stamp is before @since. */
verified_once u32 recent_reap(struct image_space *img, u32 number, u64 since, u32 working)
{
	const struct image_named *t;
	const struct recent_entry *e;
	const u64 *stamp;
	u32 slot, index;
	u64 at;

	if (!img)
		return MATCH_BAD;
	slot = recent_oldest(img, number);
	t = recent_table(img, number);
	at = recent_entry_offset(img, number, slot);
	e = recent_entry_at(img, number, slot);
	if (slot == RECENT_NONE || slot == working || !t || !at || !e)
		return MATCH_NO;
	index = (RECENT_INDEX(e->meta) - 1) & ((u32)t->params[0] - 1);
	stamp = image_at(img, at + sizeof(struct recent_entry) + (u64)index * 8, 8);
	if (stamp && (long long)(*stamp - since) < 0)
		recent_remove(img, number, slot);
	return MATCH_YES;
}

/* recent_check() - of an entry that is there: --rcheck and --update. */
verified_once u32 recent_check(struct image_space *img, u64 at, u32 slot, u64 now, u32 ttl)
{
	const struct recent_entry *e;
	const struct image_op *op;
	const u32 *limit;	/* seconds, hits */
	u32 number, hit, update;
	u64 since;

	if (!img)
		return MATCH_BAD;
	op = image_at(img, at, 16);
	if (!op)
		return MATCH_BAD;
	limit = (const u32 *)(op + 1);
	number = op->arg & RECENT_TABLE;
	e = recent_entry_at(img, number, slot);
	if (!e || (limit[0] && !header_of(img)->hz))
		return MATCH_BAD;
	since = recent_since(img, now, limit[0]);
	hit = recent_hits(img, recent_entry_offset(img, number, slot), e->meta, since, limit[0],
			  limit[1]);
	update = (op->arg & RECENT_UPDATE) && hit != (op->flags & OP_INVERT);
	if (op->arg & RECENT_REAP)
		recent_reap(img, number, since, update ? slot : RECENT_NONE);
	if (update)
		recent_update(img, number, slot, now, ttl);
	return hit ? MATCH_YES : MATCH_NO;
}

#ifdef __bpf__

/* The packet's TTL as it was before it was forwarded. */
static __always_inline u32 recent_ttl(hook_ctx *ctx, const struct packet *p)
{
	const struct nf_hook_state *state = untrusted_state((u64)ctx->state);
	const struct sk_buff *skb = untrusted_skb((u64)ctx->skb);
	const struct sock *sk = skb->sk;
	u32 ttl = sixteen((u64)skb->head + skb->network_header)->byte[p->family ? 7 : 8];

	if (state->out && (!sk || sk->__sk_common.skc_net.net != state->net))
		ttl++;
	return ttl & 255;
}

#else

static inline u32 recent_ttl(hook_ctx *ctx, const struct packet *p)
{
	const u8 *header = ctx->data;

	return (u8)(header[p->family ? 7 : 8] + (ctx->out && !ctx->socket));
}

#endif

/* ops_recent() - recent_mt(). */
verified_once u32 ops_recent(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct recent_entry *e;
	const struct image_op *op;
	u32 arg, number, slot, ttl;
	u64 now;

	if (!group_in(OPS_RECENT) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, 16);
	if (!op || (op->code != OP_RECENT && op->code != OP_RECENT_TTL))
		return MATCH_BAD;
	arg = op->arg;
	number = arg & RECENT_TABLE;
	now = rate_jiffies(ctx);
	ttl = recent_ttl(ctx, p);
	slot = recent_find(img, p, number, !!(arg & RECENT_DEST));
	if (slot == RECENT_NONE) {
		if (!(arg & RECENT_SET))
			return MATCH_NO;
		return recent_insert(img, p, number, now, arg & RECENT_DEST ? ttl | 256 : ttl);
	}
	if (arg & RECENT_SET)
		return recent_update(img, number, slot, now, ttl);
	if (arg & RECENT_REMOVE)
		return recent_remove(img, number, slot);
	e = recent_entry_at(img, number, slot);
	if (!e)
		return MATCH_BAD;
	if (op->code == OP_RECENT_TTL && ttl && RECENT_TTL(e->meta) && RECENT_TTL(e->meta) != ttl)
		return MATCH_NO;
	return recent_check(img, at, slot, now, ttl);
}

#endif

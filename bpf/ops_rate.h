/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_RATE_H
#define BPF_OPS_RATE_H

#include "bpf/ops_hashlimit.h"
#include "bpf/rates.h"

/*
 * OPS_RATE: net/netfilter/xt_limit.c, xt_quota.c, xt_statistic.c, xt_time.c. Included by
 * bpf/match.h. State is shared by all CPUs; whoever is late tries again, and nobody waits.
 */

/* Somebody else was quicker so often: cannot be. */
#define RATE_TRIES	(1U << 16)

#ifdef __bpf__

static __always_inline u64 rate_jiffies(hook_ctx *ctx)
{
	(void)ctx;
	return bpf_jiffies64();
}

static __always_inline u32 rate_random(hook_ctx *ctx)
{
	(void)ctx;
	return bpf_get_prandom_u32();
}

/*
 * The wall clock in seconds: CLOCK_MONOTONIC and what the kernel's timers add to it for
 * CLOCK_REALTIME (struct hrtimer_clock_base), which follows each setting of the clock.
 */
static __always_inline u64 rate_seconds(hook_ctx *ctx, const struct image_header *h)
{
	u64 offset = sixteen(h->clock_offset)->pair[0];

	(void)ctx;
	return (bpf_ktime_get_ns() + offset) / 1000000000;
}

#else

static inline u64 rate_jiffies(hook_ctx *ctx)
{
	return ctx->jiffies;
}

static inline u32 rate_random(hook_ctx *ctx)
{
	return ctx->random;
}

static inline u64 rate_seconds(hook_ctx *ctx, const struct image_header *h)
{
	(void)h;
	return ctx->seconds;
}

#endif

/*
 * OP_LIMIT: limit_mt(). The cell: CREDIT_SET | credit, 0 for a bucket that is full; the jiffy of
 * the last packet, 0 for that of loading.
 */
#define CREDIT_SET	(1ULL << 32)

struct limit_try {
	struct image_cell *cell;
	u64 now;
	u32 per_jiffy, cost, cap;
	u32 more;		/* credits gained and not yet put in */
	u32 result;
	u32 pad;
};

static long limit_step(u32 i, struct limit_try *t)
{
	u64 old = *(volatile u64 *)&t->cell->word[0];
	u32 credit = old ? (u32)old : t->cap;

	(void)i;
	t->more += (u32)((t->now - __sync_lock_test_and_set(&t->cell->word[1], t->now)) *
			 t->per_jiffy);
	credit += t->more;
	if (credit > t->cap)
		credit = t->cap;
	t->result = credit >= t->cost ? MATCH_YES : MATCH_NO;
	if (t->result == MATCH_YES)
		credit -= t->cost;
	if (__sync_val_compare_and_swap(&t->cell->word[0], old, CREDIT_SET | credit) == old)
		return 1;
	t->result = MATCH_BAD;
	return 0;
}

verified_once u32 rate_limit(struct image_space *img, u32 number, u64 rate, u64 now)
{
	const struct image_header *h;
	struct limit_try t;
	u32 hz;

	if (!group_in(OPS_RATE) || !img)
		return MATCH_BAD;
	h = header_of(img);
	t.cell = cell_at(img, number);
	hz = h->hz;
	if (!t.cell || !hz || hz > HZ_MAX)
		return MATCH_BAD;
	__sync_val_compare_and_swap(&t.cell->word[1], 0, h->jiffies);
	t.now = now;
	t.per_jiffy = limit_per_jiffy(hz);
	t.cost = limit_credits((u32)(rate >> 32), hz);
	t.cap = limit_credits((u32)(rate >> 32) * (u32)rate, hz);
	t.more = 0;
	t.result = MATCH_BAD;
	portable_loop(RATE_TRIES, limit_step, &t);
	return t.result;
}

/*
 * OP_QUOTA: quota_mt(). The cell counts bytes up; a packet that is too large is added too, so that
 * not even small ones get through behind it.
 */
static __always_inline u32 rate_quota(struct image_cell *cell, u64 quota, u32 len)
{
	u64 used = *(volatile u64 *)&cell->word[0];

	if (used <= quota)
		used = __sync_fetch_and_add(&cell->word[0], len);
	return used <= quota && quota - used >= len ? MATCH_YES : MATCH_NO;
}

/* OP_NTH: statistic_mt(), whose counter begins so that packet number @packet is the first. */
static __always_inline u32 rate_nth(struct image_cell *cell, u64 nth)
{
	u64 every = nth >> 32, number = __sync_fetch_and_add(&cell->word[0], 1);

	if (!every)
		return MATCH_BAD;
	return number % every == (u32)nth ? MATCH_YES : MATCH_NO;
}

/*
 * Day of the month, 1 to 31, of a day counted from 1970-01-01. Years begin in March here, so that
 * a leap day is the last of its year; good for 1970 to 2099.
 */
static __always_inline u32 day_of_month(u32 day)
{
	u32 in_year;

	day += 671;	/* from 1968-03-01; four years are 1461 days */
	in_year = day % 1461;
	in_year = in_year == 1460 ? 365 : in_year % 365;
	/* Five months from March on have 153 days, again and again. */
	return in_year - (153 * ((5 * in_year + 2) / 153) + 2) / 5 + 1;
}

/* OP_TIME: time_mt(). */
static __always_inline u32 rate_time(u64 now, const u64 *w, u32 flags)
{
	u32 start = (u32)(w[1] >> 32), stop = (u32)w[1], monthdays = (u32)w[2];
	u32 second, day;

	if (now < w[0] >> 32 || now > (u32)w[0])
		return MATCH_NO;
	second = (u32)(now % 86400);
	day = (u32)(now / 86400);
	if (start < stop) {
		if (second < start || second > stop)
			return MATCH_NO;
	} else {
		if (second < start && second > stop)
			return MATCH_NO;
		/* What began yesterday counts as yesterday. */
		if ((flags & TIME_CONTIGUOUS) && second <= stop)
			day--;
	}
	/* 1970-01-01 was a Thursday, 4; Sunday is 7. */
	if (!((w[2] >> 32) & (1U << ((day + 3) % 7 + 1))))
		return MATCH_NO;
	return monthdays & (1U << (day_of_month(day) & 31)) ? MATCH_YES : MATCH_NO;
}

/* OP_HASHLIMIT */
static __always_inline u32 rate_hash(hook_ctx *ctx, struct image_space *img, const struct packet *p,
				     u32 number)
{
	const struct image_named *n = hash_table(img, number);
	u64 ports = 0;

	if (!n)
		return MATCH_BAD;
	if (n->params[3] & HASHLIMIT_PORTS)
		ports = hash_ports(ctx, p);
	if (ports & NO_PORTS)
		return MATCH_HOTDROP;
	return rate_hashlimit(img, (struct packet *)p, number, (u32)ports, rate_jiffies(ctx));
}

verified_once u32 ops_rate(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	struct image_cell *cell;
	const u64 *w;
	u32 code;

	/* Not needed in the kernel, but the verifier wants to see it handed over. */
	barrier_var(ctx);
	if (!group_in(OPS_RATE) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	w = image_at(img, at + 8, TIME_WORDS * 8);
	if (!op || !w)
		return MATCH_BAD;
	code = op->code;
	if (code == OP_LIMIT)
		return rate_limit(img, op->arg, w[0], rate_jiffies(ctx));
	if (code == OP_HASHLIMIT)
		return rate_hash(ctx, img, p, op->arg);
	if (code == OP_RANDOM)
		return (rate_random(ctx) & 0x7fffffff) < op->arg ? MATCH_YES : MATCH_NO;
	if (code == OP_TIME)
		return header_of(img)->clock_offset ?
		       rate_time(rate_seconds(ctx, header_of(img)), w, op->arg) : MATCH_BAD;
	cell = cell_at(img, op->arg);
	if (!cell)
		return MATCH_BAD;
	if (code == OP_QUOTA)
		return rate_quota(cell, w[0], p->len);
	return code == OP_NTH ? rate_nth(cell, w[0]) : MATCH_BAD;
}

#endif

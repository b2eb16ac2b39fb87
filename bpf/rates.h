/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_RATES_H
#define BPF_RATES_H

#include "bpf/image.h"

/*
 * What the compiler, the loader and the evaluator know of limit, hashlimit, quota, statistic and
 * time: ops, and the arithmetic of credits in the kernel's widths. Credits depend on HZ, which only
 * the kernel that runs the image knows.
 */

/* OPS_RATE. @arg of those with state: number of the cell. */
#define OP_LIMIT	OP_CODE(OPS_RATE, 0)	/* payload: avg << 32 | burst */
#define OP_QUOTA	OP_CODE(OPS_RATE, 1)	/* payload: bytes */
#define OP_NTH		OP_CODE(OPS_RATE, 2)	/* payload: every << 32 | packet */
#define OP_RANDOM	OP_CODE(OPS_RATE, 3)	/* arg: probability in 2^-31 */
#define OP_TIME		OP_CODE(OPS_RATE, 4)	/* arg: TIME_*; payload: TIME_WORDS */
#define OP_HASHLIMIT	OP_CODE(OPS_RATE, 5)	/* arg: number of the table */

/*
 * OP_TIME: date_start << 32 | date_stop (seconds since 1970), day_start << 32 | day_stop (seconds
 * since midnight), weekdays << 32 | monthdays (bits, as xt_time has them).
 */
#define TIME_WORDS	3U
#define TIME_CONTIGUOUS	1U

/* Modes of hashlimit; what the packets of one entry have in common, and what is counted. */
#define HASHLIMIT_DST		(1U << 0)
#define HASHLIMIT_SRC		(1U << 1)
#define HASHLIMIT_DPORT		(1U << 2)
#define HASHLIMIT_SPORT		(1U << 3)
#define HASHLIMIT_INVERT	(1U << 4)	/* of a rule, not of the table: OP_INVERT */
#define HASHLIMIT_BYTES		(1U << 5)
#define HASHLIMIT_RATE_MATCH	(1U << 6)
#define HASHLIMIT_PORTS		(HASHLIMIT_DPORT | HASHLIMIT_SPORT)

/* Bytes are counted by 16 (XT_HASHLIMIT_BYTE_SHIFT). */
#define HASHLIMIT_CHUNK_SHIFT	4

/*
 * Parameters of a table: avg; burst << 32 | max; expire << 32 | gc_interval in ms; interval in
 * seconds << 32 | dstmask << 16 | srcmask << 8 | mode.
 */
#define HASHLIMIT_PARAMS	4U

/*
 * Cells of a table: one for the table itself, and a slot for each entry. Half as many slots again
 * as there may be entries keep the ways to an entry short; large tables make do with less.
 */
#define HASHLIMIT_ROOMY		(1U << 18)
#define HASHLIMIT_ENTRIES_MAX	1600000U	/* more do not fit into the cells of an image */

static inline u32 hashlimit_cells(u32 max)
{
	return 1 + max + (max > HASHLIMIT_ROOMY ? max / 4 : max / 2);
}

/* Words of the table's cell. */
enum { TABLE_SEED, TABLE_COUNT, TABLE_FAR, TABLE_SWEPT, TABLE_BORN };

/* Words of a slot. */
enum { SLOT_TAG, SLOT_PREV, SLOT_STATE, SLOT_EXPIRES, SLOT_KEY };

/* A tag: ports << 32 | 16 bits of the hash << 16 | generation << 2 | state. */
#define TAG_EMPTY	0U
#define TAG_BUSY	1U
#define TAG_READY	2U
#define TAG_STATE	3U
#define TAG_GENERATION	4U	/* one more */
#define TAG_KEY		(~0xffffULL)

#define LIMIT_SCALE		10000U		/* XT_LIMIT_SCALE */
#define HASHLIMIT_SCALE		1000000U	/* XT_HASHLIMIT_SCALE_v2 */

/* Larger ones there are not; the arithmetic below is for 1 to this. */
#define HZ_MAX			10000U

/* POW2_BELOW64(): the largest power of two <= x; 1 of 0. */
static inline __attribute__((always_inline)) u64 power_below(u64 x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	x |= x >> 32;
	return (x >> 1) + 1;
}

/* xt_limit.c: credits a jiffy. */
static inline __attribute__((always_inline)) u32 limit_per_jiffy(u32 hz)
{
	return (u32)power_below(0xffffffffU / (hz * 86400));
}

/* xt_limit.c: user2credits(), in 32 bits. */
static inline __attribute__((always_inline)) u32 limit_credits(u32 user, u32 hz)
{
	u32 second = hz * limit_per_jiffy(hz);

	if (user > 0xffffffffU / second)
		return user / LIMIT_SCALE * second;
	return user * second / LIMIT_SCALE;
}

/* xt_hashlimit.c: credits a jiffy, of packets. */
static inline __attribute__((always_inline)) u64 hashlimit_per_jiffy(u32 hz)
{
	return power_below(~0ULL / (hz * 86400));
}

/* xt_hashlimit.c: user2credits() of revision 3; it wraps. */
static inline __attribute__((always_inline)) u64 hashlimit_credits(u64 user, u32 hz)
{
	return user * (hz * hashlimit_per_jiffy(hz) / HASHLIMIT_SCALE);
}

/* xt_hashlimit.c: credits a jiffy, of bytes. A full bucket is that times HZ. */
static inline __attribute__((always_inline)) u32 hashlimit_bytes_per_jiffy(u32 hz)
{
	return (u32)power_below(0xffffffffU / hz);
}

/* xt_hashlimit.c: user2credits_byte(). */
static inline __attribute__((always_inline)) u32 hashlimit_byte_credits(u32 user, u32 hz)
{
	return (u32)((u64)user * (hz * hashlimit_bytes_per_jiffy(hz)) >> 32);
}

/* limit_mt_check(), hashlimit_mt_check_common(): is this rate refused as an overflow? */
static inline int limit_overflows(u32 avg, u32 burst, u32 hz)
{
	return limit_credits(avg * burst, hz) < limit_credits(avg, hz);
}

static inline int hashlimit_overflows(u64 avg, u64 burst, u32 hz)
{
	return hashlimit_credits(avg * burst, hz) < hashlimit_credits(avg, hz);
}

#endif

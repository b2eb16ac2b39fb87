// SPDX-License-Identifier: GPL-2.0-only
#include "compile/rates.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define NSEC		1000000000LL
#define FIRST_WRAP	300	/* s after boot at which jiffies are 2^32 */
/* The two do not begin in the same instant: so near to FIRST_WRAP nothing is certain. */
#define UNCERTAIN	60

/* Kconfig.hz of the kernel, and of 32-bit ARM. Each is more than 6 % from the next. */
static const uint32_t known[] = { 100, 200, 250, 300, 500, 1000 };

#define NR_KNOWN	(sizeof(known) / sizeof(known[0]))

bool rates_overflow(bool hashlimit, uint64_t avg, uint64_t burst)
{
	size_t i;

	for (i = 0; i < NR_KNOWN; i++)
		if (hashlimit ? !hashlimit_overflows(avg, burst, known[i]) :
		    !limit_overflows((u32)avg, (u32)burst, known[i]))
			return false;
	return true;
}

/* Which HZ is no more than 6 % from @jiffies in @ns? */
static uint32_t nearest(int64_t jiffies, int64_t ns)
{
	int64_t hz, ms = ns / 1000000;
	size_t i;

	if (jiffies < 0) {
		jiffies = -jiffies;
		ms = -ms;
	}
	if (ms <= 0 || jiffies > INT64_MAX / 1000000)
		return 0;
	hz = jiffies * 1000 * 100 / ms;	/* in hundredths */
	for (i = 0; i < NR_KNOWN; i++)
		if (hz > known[i] * 94 && hz < known[i] * 106)
			return known[i];
	return 0;
}

uint32_t rates_hz(const struct rates_moment *now)
{
	int64_t jiffies = (int64_t)(now->jiffies - (1ULL << 32));
	int64_t ns = (int64_t)now->monotonic - FIRST_WRAP * NSEC;

	if (ns > -UNCERTAIN * NSEC && ns < UNCERTAIN * NSEC)
		return 0;
	return nearest(jiffies, ns);
}

uint32_t rates_hz_between(const struct rates_moment *a, const struct rates_moment *b)
{
	return nearest((int64_t)(b->jiffies - a->jiffies), (int64_t)(b->monotonic - a->monotonic));
}

static int overflow(struct error *err, const char *match, uint64_t burst, uint32_t hz)
{
	return error_set(err, -ERANGE, "a rule of match \"%s\" has a burst of %llu, which is too large "
			 "for its rate on this kernel (HZ %u)", match, (unsigned long long)burst,
			 hz);
}

static int check_tables(const struct image_header *h, uint32_t hz, struct error *err)
{
	const struct image_named *n = (const void *)((const char *)h + h->named.offset);
	uint64_t burst;
	uint32_t i, mode;

	for (i = 0; i < h->named.count; i++) {
		mode = (uint32_t)n[i].params[3];
		burst = n[i].params[1] >> 32;
		if (n[i].kind == NAMED_HASHLIMIT &&
		    !(mode & (HASHLIMIT_BYTES | HASHLIMIT_RATE_MATCH)) &&
		    hashlimit_overflows(n[i].params[0], burst, hz))
			return overflow(err, "hashlimit", burst, hz);
	}
	return 0;
}

/* The image has been validated. */
int rates_check(const struct image_header *h, uint32_t hz, bool *clock, struct error *err)
{
	const char *base = (const char *)h + h->programs.offset;
	uint32_t at;
	struct image_op op;
	uint64_t rate;

	*clock = false;
	for (at = 0; at < h->programs.count; at += op.size * 8U) {
		memcpy(&op, base + at, sizeof(op));
		if (!op.size)
			break;
		if (op.code == OP_TIME)
			*clock = true;
		if (op.code != OP_LIMIT)
			continue;
		memcpy(&rate, base + at + 8, sizeof(rate));
		if (limit_overflows((u32)(rate >> 32), (u32)rate, hz))
			return overflow(err, "limit", (u32)rate, hz);
	}
	return check_tables(h, hz, err);
}

void rates_carried(struct image_cell *table, uint32_t count)
{
	uint64_t used = 0;
	uint32_t i;

	for (i = 1; i < count; i++) {
		if ((table[i].word[SLOT_TAG] & TAG_STATE) == TAG_BUSY)
			table[i].word[SLOT_TAG] = TAG_EMPTY;
		used += (table[i].word[SLOT_TAG] & TAG_STATE) != TAG_EMPTY;
	}
	if (count)
		table->word[TABLE_COUNT] = used;
}

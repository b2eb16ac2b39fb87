/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_RATES_H
#define COMPILE_RATES_H

#include <stdbool.h>

#include "bpf/rates.h"
#include "error.h"

/* HZ: which there are, which this kernel has, and what a rule set makes of it. */

/**
 * rates_overflow() - does the kernel refuse this rate whatever its HZ is? @packets: hashlimit's,
 * else limit's.
 */
bool rates_overflow(bool hashlimit, uint64_t avg, uint64_t burst);

/**
 * rates_check() - would a kernel with this @hz refuse a rate of this image?
 * *clock: does a rule ask for the time of day?
 */
int rates_check(const struct image_header *h, uint32_t hz, bool *clock, struct error *err);

/**
 * rates_carried() - a table of hashlimit, @count cells, has been copied from one in use: slots that
 * were just being claimed would never be ready, and are given back.
 */
void rates_carried(struct image_cell *table, uint32_t count);

/** A moment: jiffies_64 and CLOCK_MONOTONIC in ns. */
struct rates_moment {
	uint64_t jiffies, monotonic;
};

/**
 * rates_hz() - HZ from how many jiffies have passed since boot: jiffies begin at -300 * HZ in 32
 * bits (INITIAL_JIFFIES), CLOCK_MONOTONIC about at 0. 0: about five minutes after boot, when
 * jiffies are near to 2^32 with each HZ, or an HZ nobody knows.
 */
uint32_t rates_hz(const struct rates_moment *now);

/** rates_hz_between() - HZ from two moments right behind a tick each; 0: none fits. */
uint32_t rates_hz_between(const struct rates_moment *a, const struct rates_moment *b);

#endif

// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/clock.h"

#include <errno.h>
#include <time.h>

#include "bpf/clock.h"
#include "compile/rates.h"
#include "kernel/object.h"
#include "kernel/sys.h"

#define NSEC		1000000000ULL
#define TRIES		4
/* Ticks that are waited for to measure HZ, at least so long and at most. */
#define TICKS		3U
#define MEASURE_MIN	(10 * NSEC / 1000)
#define MEASURE_MAX	(200 * NSEC / 1000)

static int ask(const struct object *o, struct kernel_clock *c, struct error *err)
{
	int ret = sys_prog_run(object_prog(o, "bf_clock"), c, sizeof(*c));

	return ret ? error_errno(err, ret, "asking the kernel for its clocks") : 0;
}

/* The moment of the next tick after @from. */
static int next_tick(const struct object *o, const struct rates_moment *from,
		     struct rates_moment *to, struct error *err)
{
	struct kernel_clock c = { 0 };
	int ret;

	do {
		ret = ask(o, &c, err);
		if (ret)
			return ret;
	} while (c.jiffies == from->jiffies && c.monotonic - from->monotonic < MEASURE_MAX);
	*to = (struct rates_moment){ c.jiffies, c.monotonic };
	return 0;
}

/* HZ from tick to tick; 0: it could not be told. */
static int measure(const struct object *o, uint32_t *hz, struct error *err)
{
	struct kernel_clock c = { 0 };
	struct rates_moment first, last;
	int ret = ask(o, &c, err);

	first = (struct rates_moment){ c.jiffies, c.monotonic };
	if (!ret)
		ret = next_tick(o, &first, &first, err);
	last = first;
	while (!ret && last.monotonic - c.monotonic < MEASURE_MAX &&
	       (last.jiffies - first.jiffies < TICKS ||
		last.monotonic - first.monotonic < MEASURE_MIN))
		ret = next_tick(o, &last, &last, err);
	if (!ret)
		*hz = rates_hz_between(&first, &last);
	return ret;
}

static int find_hz(const struct object *o, struct image_header *h, struct error *err)
{
	struct kernel_clock c = { 0 };
	struct rates_moment now;
	int ret = ask(o, &c, err), i;

	if (ret)
		return ret;
	now = (struct rates_moment){ c.jiffies, c.monotonic };
	h->jiffies = c.jiffies;
	h->hz = rates_hz(&now);
	for (i = 0; !ret && !h->hz && i < TRIES; i++)
		ret = measure(o, &h->hz, err);
	if (ret || h->hz)
		return ret;
	return error_set(err, -ENOTSUP, "the kernel's HZ could not be found out: rules that ask for "
			 "rates or times cannot be loaded");
}

static uint64_t wall_clock(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * NSEC + (uint64_t)t.tv_nsec;
}

/* It is believed if it says what clock_gettime() says. The clock may be set meanwhile. */
static int find_wall_clock(const struct object *o, struct image_header *h, struct error *err)
{
	struct kernel_clock c = { 0 };
	uint64_t before, now;
	int ret, i;

	for (i = 0; i < TRIES; i++) {
		before = wall_clock();
		ret = ask(o, &c, err);
		if (ret)
			return ret;
		now = c.monotonic + c.realtime_offset;
		if (c.offset_at && now >= before && now <= wall_clock()) {
			h->clock_offset = c.offset_at;
			return 0;
		}
	}
	return error_set(err, -ENOTSUP, "the kernel's wall clock could not be found: rules with "
			 "match \"time\" cannot be loaded");
}

int clock_set(struct image_header *h, struct error *err)
{
	struct object o;
	bool clock;
	int ret;

	if (!(h->features & IMAGE_F_JIFFIES))
		return 0;
	ret = object_load(&o, "clock", NULL, err);
	if (ret)
		return ret;
	ret = find_hz(&o, h, err);
	if (!ret)
		ret = rates_check(h, h->hz, &clock, err);
	if (!ret && clock)
		ret = find_wall_clock(&o, h, err);
	object_close(&o);
	return ret;
}

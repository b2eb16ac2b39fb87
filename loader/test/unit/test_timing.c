// SPDX-License-Identifier: GPL-2.0-only
/* The parts of a boot's time: which was the slowest, and the line in the log back again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot/boot.h"

#define MS	1000000U

static uint64_t now;
static char logged[1024];

uint64_t clock_ns(int clock)
{
	(void)clock;
	return now;
}

void boot_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(level, LOG_DEBUG);
	va_start(ap, fmt);
	vsnprintf(logged, sizeof(logged), fmt, ap);
	va_end(ap);
}

static void after(struct timing *t, uint64_t ns, enum timing_part part)
{
	now += ns;
	timing_part(t, part);
}

/* A boot in which evaluator, child and the waiting for it take this long. */
static void boot(struct timing *t, uint64_t evaluator, uint64_t compile, uint64_t wait)
{
	struct timing child = { 0 };

	timing_start(t, now);
	after(t, 2 * MS, TIMING_DENY);
	after(t, evaluator, TIMING_EVALUATOR);
	after(t, wait, TIMING_WAIT);
	child.part_ns[TIMING_COMPILE] = compile;
	timing_child(t, &child);
	after(t, 1 * MS, TIMING_COMMIT);
}

static void adds_up(void **state)
{
	struct timing t;

	(void)state;
	now = 5000;
	timing_start(&t, now);
	after(&t, 3 * MS, TIMING_DENY);
	after(&t, 1 * MS, TIMING_MOUNTS);
	after(&t, 2 * MS, TIMING_DENY);
	assert_int_equal(t.part_ns[TIMING_DENY], 5 * MS);
	assert_int_equal(t.part_ns[TIMING_MOUNTS], 1 * MS);
	assert_int_equal(timing_total(&t), 6 * MS);
	assert_int_equal(timing_slowest(&t), TIMING_DENY);
}

static void slowest_is_what_was_waited_for(void **state)
{
	struct timing t;

	(void)state;
	boot(&t, 9 * MS, 8 * MS, 0);
	assert_int_equal(timing_slowest(&t), TIMING_EVALUATOR);
	boot(&t, 9 * MS, 20 * MS, 11 * MS);
	assert_int_equal(timing_slowest(&t), TIMING_COMPILE);
	boot(&t, 1 * MS, 1 * MS / 2, 0);	/* neither: something before them */
	assert_int_equal(timing_slowest(&t), TIMING_DENY);
	boot(&t, 9 * MS, 0, 10000 * (uint64_t)MS);	/* it hung and left no result */
	assert_int_equal(timing_slowest(&t), TIMING_WAIT);
	boot(&t, 3 * MS, 4 * MS, 30 * MS);	/* it took its time to end */
	assert_int_equal(timing_slowest(&t), TIMING_WAIT);
}

/* What the child says is bounded by what process 1 has seen. */
static void child_cannot_claim_more(void **state)
{
	struct timing t;

	(void)state;
	boot(&t, 9 * MS, UINT64_MAX, 1 * MS);
	assert_int_equal(t.part_ns[TIMING_COMPILE], 10 * MS);
}

static void line_and_back(void **state)
{
	struct timing t, back;

	(void)state;
	boot(&t, 9120000, 20 * MS, 10880000);
	timing_log(&t);
	assert_string_equal(logged, "timing: deny 2.00 evaluator 9.12 (child: compile 20.00) "
			    "wait 10.88 commit 1.00 total 23.00 ms; slowest: compile 20.00 ms");
	assert_true(timing_parse(logged + strlen(TIMING_MARK), &back));
	assert_int_equal(timing_total(&back), timing_total(&t));
	for (enum timing_part p = 0; p < TIMING_PARTS; p++)
		assert_int_equal(back.part_ns[p], t.part_ns[p]);
}

/* No child at all: the command line was refused. What is too short is not shown. */
static void line_without_child(void **state)
{
	struct timing t, back;

	(void)state;
	timing_start(&t, now);
	after(&t, 2 * MS, TIMING_PIN);
	after(&t, 4999, TIMING_LOG);
	timing_log(&t);
	assert_string_equal(logged, "timing: pin 2.00 total 2.00 ms; slowest: pin 2.00 ms");
	assert_true(timing_parse(logged + strlen(TIMING_MARK), &back));
	assert_int_equal(back.part_ns[TIMING_PIN], 2 * MS);
}

static void longest_line_fits(void **state)
{
	struct timing t, back;

	(void)state;
	timing_start(&t, 0);
	for (enum timing_part p = 0; p < TIMING_PARTS; p++)
		t.part_ns[p] = 3600 * 1000 * (uint64_t)MS;
	t.last_ns = TIMING_PARTS * t.part_ns[0];
	timing_log(&t);
	assert_true(timing_parse(logged + strlen(TIMING_MARK), &back));
	assert_memory_equal(back.part_ns, t.part_ns, sizeof(t.part_ns));
}

static void other_lines(void **state)
{
	static const char *const none[] = {
		"", "total", "total ms", "total 0.00 ms", "total -1.00 ms", "total 1 ms",
		"total 1.2.3 ms", "deny 1.00 slowest: deny 1.00 ms", "total 99999999999999.00 ms",
		"((((", "total 1.-5 ms",
	};
	struct timing t;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(timing_parse(none[i], &t));
	/* A newer one's parts are passed over, what stands behind the total too. */
	assert_true(timing_parse("magic 7.00 deny 1.50 total 9.00 ms; deny 3.00", &t));
	assert_int_equal(t.part_ns[TIMING_DENY], 1500000);
	assert_int_equal(timing_total(&t), 9 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up),
		cmocka_unit_test(slowest_is_what_was_waited_for),
		cmocka_unit_test(child_cannot_claim_more),
		cmocka_unit_test(line_and_back),
		cmocka_unit_test(line_without_child),
		cmocka_unit_test(longest_line_fits),
		cmocka_unit_test(other_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/* limit, hashlimit, quota, statistic, time: text, and what the evaluator makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include "compile/evaluate.h"
#include "compile/layout.h"
#include "compile/rates.h"
#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a)		(sizeof(a) / sizeof((a)[0]))
#define BOTH		FAMILIES_ALL
#define LAST_DATE	" --datestop 2038-01-19T03:14:07"

struct text_case {
	const char *in, *out;	/* NULL: the same */
	const char *list;	/* NULL: not looked at */
};

/* Saved and listed as iptables-legacy 1.8.9 does. */
static const struct text_case cases[] = {
	{ "-m limit", "-m limit --limit 3/hour", " limit: avg 3/hour burst 5" },
	{ "-m limit --limit 60/min", "-m limit --limit 1/sec", " limit: avg 1/sec burst 5" },
	{ "-m limit --limit 7", "-m limit --limit 7/sec", NULL },
	{ "-m limit --limit 10000/s --limit-burst 10000",
	  "-m limit --limit 10000/sec --limit-burst 10000", " limit: avg 10000/sec burst 10000" },
	{ "-m limit --limit 4294967297x/M --limit-burst 0x10", "-m limit --limit 1/min --limit-burst 16",
	  NULL },
	{ "-m limit --limit 13/day", NULL, " limit: avg 13/day burst 5" },
	{ "-m quota --quota 18446744073709551615", NULL, " quota: 18446744073709551615 bytes" },
	{ "-m quota ! --quota 010", "-m quota ! --quota 8", " quota: 8 bytes" },
	{ "-m statistic --mode random --probability 0.3",
	  "-m statistic --mode random --probability 0.29999999981",
	  " statistic mode random probability 0.29999999981" },
	{ "-m statistic --mode random ! --probability 1",
	  "-m statistic --mode random ! --probability 1.00000000000", NULL },
	{ "-m statistic --probability nan --mode random",
	  "-m statistic --mode random --probability 0.00000000000", NULL },
	{ "-m statistic --mode nth --every 4 --packet 0", NULL, " statistic mode nth every 4" },
	{ "-m statistic --mode nth ! --every 0x5 --packet 2",
	  "-m statistic --mode nth ! --every 5 --packet 2",
	  " statistic mode nth ! every 5 packet 2" },
	{ "-m time", "-m time" LAST_DATE, " TIME UTC" },
	{ "-m time --utc --timestart 8:00", "-m time --timestart 08:00:00 --timestop 23:59:59" LAST_DATE,
	  " TIME from 08:00:00 to 23:59:59 UTC" },
	{ "-m time --timestart 22:00 --timestop 06:00:01 --contiguous --weekdays 1,Tuesday,Su",
	  "-m time --timestart 22:00:00 --timestop 06:00:01 --weekdays Mon,Tue,Sun" LAST_DATE
	  " --contiguous", " TIME from 22:00:00 to 06:00:01 on Mon,Tue,Sun UTC contiguous" },
	{ "-m time ! --weekdays Mon ! --monthdays 1,2,31",
	  "-m time --monthdays 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,"
	  "29,30 --weekdays Tue,Wed,Thu,Fri,Sat,Sun" LAST_DATE, NULL },
	{ "-m time --monthdays 1,12,13,21,,22,23,31,", "-m time --monthdays 1,12,13,21,22,23,31" LAST_DATE,
	  " TIME on 1st,12nd,13rd,21st,22nd,23rd,31st UTC" },
	{ "-m time --monthdays 0", "-m time --monthdays \"\"" LAST_DATE, " TIME on  UTC" },
	{ "-m time ! --weekdays 1,2,3,4,5,6,7", "-m time --weekdays \"\"" LAST_DATE, NULL },
	{ "-m time --datestart 2001- --datestop 2004-02-31T1:2:3",
	  "-m time --datestart 2000-12-01T00:00:00 --datestop 2004-03-02T01:02:03",
	  " TIME starting from 2000-12-01 00:00:00 until date 2004-03-02 01:02:03 UTC" },
	{ "-m hashlimit --hashlimit 10/s --hashlimit-name a",
	  "-m hashlimit --hashlimit-upto 10/sec --hashlimit-burst 5 --hashlimit-name a",
	  " limit: up to 10/sec burst 5" },
	{ "-m hashlimit ! --hashlimit-above 10kb/s --hashlimit-burst 30000 --hashlimit-name d",
	  "-m hashlimit --hashlimit-upto 10kb/s --hashlimit-burst 30kb --hashlimit-name d",
	  " limit: up to 10kb/s burst 30kb" },
	{ "-m hashlimit --hashlimit 10000mb/s --hashlimit-name c",
	  "-m hashlimit --hashlimit-upto 11453246096b/s --hashlimit-name c", NULL },
	{ "-m hashlimit --hashlimit-above 1b/s --hashlimit-name c",
	  "-m hashlimit --hashlimit-above 0b/s --hashlimit-name c", " limit: above 0b/s" },
	{ "-m hashlimit --hashlimit-upto 40/min --hashlimit-rate-match --hashlimit-name b "
	  "--hashlimit-mode dstport||srcip",
	  "-m hashlimit --hashlimit-upto 40/sec --hashlimit-burst 5 --hashlimit-mode srcip,dstport "
	  "--hashlimit-name b --hashlimit-htable-expire 60000 --hashlimit-rate-match "
	  "--hashlimit-rate-interval 60",
	  " limit: up to 40/min burst 5 mode srcip-dstport rate-match rate-interval 60" },
	{ "-m hashlimit --hashlimit-upto 10/h --hashlimit-rate-interval 3 --hashlimit-name a "
	  "--hashlimit-srcmask 16 --hashlimit-htable-max 99999999",
	  "-m hashlimit --hashlimit-upto 10/hour --hashlimit-burst 5 --hashlimit-name a "
	  "--hashlimit-htable-max 1048576 --hashlimit-srcmask 16",
	  " limit: up to 80/day burst 5 htable-max 1048576 htable-expire 3600000 srcmask 16" },
};

static const struct { const char *rule, *error; } refused[] = {
	{ "-m limit --limit 0/sec", "bad rate" }, { "-m limit --limit 10001/sec", "too fast" },
	{ "-m limit --limit 1/", "bad unit" }, { "-m limit --limit 1/week", "bad unit" },
	{ "-m limit ! --limit 1/sec", "inverted" }, { "-m limit --limit-burst 0", "1 to 10000" },
	{ "-m limit --limit-burst 10001", "1 to 10000" },
	{ "-m limit --limit 1/day --limit-burst 10", "too large" },
	{ "-m quota", "--quota" }, { "-m quota --quota -1", "bad value" },
	{ "-m quota --quota 18446744073709551616", "bad value" },
	{ "-m statistic", "--mode" }, { "-m statistic --mode x", "bad mode" },
	{ "-m statistic --mode random", "--probability" },
	{ "-m statistic --mode random --probability 1.1", "from 0 to 1" },
	{ "-m statistic --mode random --probability .5 --every 2 --packet 0", "together" },
	{ "-m statistic --mode nth --every 5", "--packet" },
	{ "-m statistic --mode nth --every 5 --packet 5", "less than" },
	{ "-m statistic --mode nth --every 0 --packet 0", "bad value" },
	{ "-m time --timestart 24:00", "bad time" }, { "-m time --timestart 8", "bad time" },
	{ "-m time --datestart 1969", "bad date" }, { "-m time --datestart 2001-1-1T1-", "bad date" },
	{ "-m time --datestart 1970-0", "before 1970" },
	{ "-m time --monthdays 32", "not a day of a month" },
	{ "-m time --monthdays 08", "not a day of a month" },
	{ "-m time --weekdays 0", "day of the week" }, { "-m time --weekdays mon", "day of the week" },
	{ "-m time --contiguous", "--contiguous" }, { "-m time --kerneltz", "unsupported" },
	{ "-m time --localtz", "unsupported" },
	{ "-m hashlimit --hashlimit-name a", "--hashlimit-upto" },
	{ "-m hashlimit --hashlimit-upto 1/s", "--hashlimit-name" },
	{ "-m hashlimit --hashlimit-upto 1/s --hashlimit-above 1/s --hashlimit-name a", "exclude" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-name a/b", "name of a table" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-mode srcip,x --hashlimit-name a", "bad mode" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-srcmask 255.0.255.0 --hashlimit-name a",
	  "prefix length" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-htable-expire 0 --hashlimit-name a", "bad value" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-burst 1000001 --hashlimit-name a", "1000000" },
	{ "-m hashlimit --hashlimit 1/day --hashlimit-burst 2 --hashlimit-name a", "too large" },
	{ "-m hashlimit --hashlimit 9kb/s --hashlimit-burst 9 --hashlimit-name a", "smaller than" },
	{ "-m hashlimit --hashlimit 99999mb/s --hashlimit-name a", "too high" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-htable-size 200001 --hashlimit-name a",
	  "unsupported: a table of 1600008 entries" },
	{ "-m hashlimit --hashlimit 1/s --hashlimit-rate-interval 0 --hashlimit-name a",
	  "bad interval" },
};

static int parse_source(struct ruleset *rs, const char *rules, struct rules_source src,
			struct error *err)
{
	char text[4096];
	int ret;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n%sCOMMIT\n", rules);
	src.text = text;
	ruleset_init(rs);
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

static int parse(struct ruleset *rs, const char *rules, unsigned int families, struct error *err)
{
	return parse_source(rs, rules, (struct rules_source){ .where = "test", .families = families },
			    err);
}

/* What is printed can be read as the text of an image, and prints the same again. */
static void check_again(const char *rule, enum family f)
{
	const struct rules_source src = { .where = "again", .families = FAMILY_BIT(f),
					  .canonical = true };
	struct buffer out = { 0 };
	struct error err = { 0 };
	const struct chain *input;
	struct ruleset rs;
	char line[512];

	snprintf(line, sizeof(line), "%s\n", rule);
	if (parse_source(&rs, line, src, &err))
		fail_msg("%s: %s", rule, err.msg);
	input = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
	rule_print(&out, input->rules, input, f);
	assert_string_equal(out.data, rule);
	buffer_free(&out);
	ruleset_free(&rs);
}

static void check_text(const struct text_case *c, enum family f)
{
	struct buffer out = { 0 };
	struct error err = { 0 };
	const struct chain *input;
	const struct match *m;
	struct ruleset rs;
	char line[512];

	snprintf(line, sizeof(line), "-A INPUT %s\n", c->in);
	if (parse(&rs, line, FAMILY_BIT(f), &err))
		fail_msg("%s: %s", c->in, err.msg);
	input = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
	rule_print(&out, input->rules, input, f);
	assert_string_equal(out.data + strlen("-A INPUT "), c->out ? c->out : c->in);
	check_again(out.data, f);
	out.len = 0;
	m = input->rules->matches;
	m->ext->list(&out, m->data, f, true);
	if (c->list)
		assert_string_equal(out.data, c->list);
	buffer_free(&out);
	ruleset_free(&rs);
}

static void test_text(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++) {
		check_text(&cases[i], FAMILY_IPV4);
		check_text(&cases[i], FAMILY_IPV6);
	}
}

static void test_refused(void **state)
{
	struct error err;
	struct ruleset rs;
	char line[512];
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		memset(&err, 0, sizeof(err));
		snprintf(line, sizeof(line), "-A INPUT %s\n", refused[i].rule);
		if (!parse(&rs, line, FAMILY_BIT(FAMILY_IPV4), &err))
			fail_msg("taken: %s", refused[i].rule);
		if (!strstr(err.msg, refused[i].error))
			fail_msg("%s: %s", refused[i].rule, err.msg);
		ruleset_free(&rs);
	}
}

/* A rule set in force at jiffy @now of a kernel with HZ 250. */
struct force {
	struct image_header *h;
	struct packet_context c;
	uint8_t packet[60];
	size_t len;
};

#define HZ	250U
#define BOOT	((1ULL << 32) - 300 * HZ)

static struct force load(const char *rules, enum family f)
{
	struct force x = { .c = { .family = f, .table = TABLE_FILTER, .hook = HOOK_INPUT } };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	size_t capacity = IMAGE_CAPACITY_2;

	if (parse(&rs, rules, FAMILY_BIT(f), &err) || image_compile(&rs, &img, &err) ||
	    image_validate(img.data, img.size, &err))
		fail_msg("%s: %s", rules, err.msg);
	ruleset_free(&rs);
	x.h = calloc(1, capacity);
	assert_non_null(x.h);
	memcpy(x.h, img.data, img.size);
	image_free(&img);
	assert_int_equal(image_layout(x.h, capacity, 1), 0);
	x.c.jiffies = x.h->jiffies = BOOT;
	x.h->hz = HZ;
	x.h->clock_offset = 1;
	x.len = f == FAMILY_IPV4 ? 28 : 48;
	x.packet[0] = f == FAMILY_IPV4 ? 0x45 : 0x60;
	x.packet[f == FAMILY_IPV4 ? 9 : 6] = 17;
	return x;
}

/* How many of @n packets each of the first rules counts. */
static void packets(struct force *x, unsigned int n)
{
	while (n--)
		assert_true(image_evaluate(x->h, x->h->total_size, &x->c, x->packet, x->len) !=
			    2 + DROP_BAD_IMAGE);
}

static unsigned int counted(const struct force *x, unsigned int number)
{
	const struct image_counter *c = (const void *)((const char *)x->h + x->h->counters);

	return (unsigned int)c[number].packets;
}

static void test_limit(void **state)
{
	struct force x = load("-A INPUT -m limit --limit 2/sec --limit-burst 3\n", FAMILY_IPV4);

	(void)state;
	packets(&x, 5);
	assert_int_equal(counted(&x, 0), 3);
	x.c.jiffies += HZ / 2 - 1;
	packets(&x, 1);
	assert_int_equal(counted(&x, 0), 3);
	x.c.jiffies += 1;
	packets(&x, 2);
	assert_int_equal(counted(&x, 0), 4);
	x.c.jiffies += 3600 * HZ;
	packets(&x, 9);
	assert_int_equal(counted(&x, 0), 7);
	/* Gains wrap in 32 bits: 2^32 credits of 128 a jiffy are none. */
	x.c.jiffies += (1ULL << 32) / 128;
	packets(&x, 1);
	assert_int_equal(counted(&x, 0), 7);
	x.h->hz = 0;
	assert_int_equal(image_evaluate(x.h, x.h->total_size, &x.c, x.packet, x.len),
			 2 + DROP_BAD_IMAGE);
	free(x.h);
}

static void test_counters(void **state)
{
	struct force x = load("-A INPUT -m quota --quota 83\n-A INPUT -m quota ! --quota 83\n"
			      "-A INPUT -m statistic --mode nth --every 3 --packet 1\n"
			      "-A INPUT -m statistic --mode nth ! --every 3 --packet 0\n"
			      "-A INPUT -m statistic --mode random --probability 0.5\n"
			      "-A INPUT -m statistic --mode random ! --probability 0.5\n"
			      "-A INPUT -s 1.2.3.4 -m quota --quota 28\n"
			      "-A INPUT -m quota --quota 84\n", FAMILY_IPV4);
	const unsigned int want[] = { 2, 5, 2, 4, 4, 3, 0, 3 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 7; i++) {
		x.c.random = i % 2 ? 0x40000000 : 0xbfffffff;
		/* Only 28 bytes too many: from then on not even those that would fit. */
		packets(&x, 1);
	}
	for (i = 0; i < NR(want); i++)
		assert_int_equal(counted(&x, i), want[i]);
	free(x.h);
}

/* Saturday, 2026-11-21, 23:30:00 UTC. */
#define SATURDAY	1795303800ULL

static const struct { const char *rule; uint64_t at; bool match; } times[] = {
	{ "", SATURDAY, true },
	{ "--weekdays Sat --monthdays 21", SATURDAY, true },
	{ "--weekdays Sun", SATURDAY, false }, { "--weekdays Sun", SATURDAY + 1800, true },
	{ "--monthdays 22", SATURDAY + 1799, false }, { "--monthdays 22", SATURDAY + 1800, true },
	{ "--timestart 23:30 --timestop 23:30", SATURDAY, true },
	{ "--timestart 23:30:01", SATURDAY, false }, { "--timestop 23:29:59", SATURDAY, false },
	{ "--timestart 23:00 --timestop 01:00 --weekdays Sat", SATURDAY + 3600, false },
	{ "--timestart 23:00 --timestop 01:00 --weekdays Sat --contiguous", SATURDAY + 3600, true },
	{ "--timestart 23:00 --timestop 01:00 --weekdays Sat --contiguous", SATURDAY + 5401, false },
	{ "--timestart 23:00 --timestop 01:00 --weekdays Fri --contiguous", SATURDAY, false },
	{ "--datestart 2026-11-21T23:30 --datestop 2026-11-21T23:30", SATURDAY, true },
	{ "--datestart 2026-11-21T23:30:01", SATURDAY, false },
	{ "--datestop 2026-11-21T23:29:59", SATURDAY, false },
	{ "--monthdays 28 --weekdays Mon", 1835352000, true },	/* 2028-02-28 */
	{ "--monthdays 29 --weekdays Tue", 1835438400, true },	/* 2028-02-29 */
	{ "--monthdays 1", 1835524800, true }, { "--monthdays 31", 946641600, true },
};

static void test_time(void **state)
{
	struct force x;
	char rule[256];
	size_t i;

	(void)state;
	for (i = 0; i < NR(times); i++) {
		snprintf(rule, sizeof(rule), "-A INPUT -m time %s\n", times[i].rule);
		x = load(rule, FAMILY_IPV6);
		x.c.seconds = times[i].at;
		packets(&x, 1);
		if (counted(&x, 0) != times[i].match)
			fail_msg("%s at %llu", rule, (unsigned long long)times[i].at);
		free(x.h);
	}
}

#define HASH(options)	"-A INPUT -m hashlimit " options "\n"

static void test_hashlimit(void **state)
{
	struct force x = load(HASH("--hashlimit-upto 1/min --hashlimit-burst 2 --hashlimit-mode srcip "
				   "--hashlimit-name a --hashlimit-srcmask 30")
			      HASH("--hashlimit-above 9/s --hashlimit-burst 9 --hashlimit-mode dstip "
				   "--hashlimit-name a")
			      HASH("--hashlimit-upto 1/min --hashlimit-burst 1 "
				   "--hashlimit-mode srcport,dstport --hashlimit-name c"),
			      FAMILY_IPV4);

	(void)state;
	/* Both of "a" take from one bucket: the first has its rate, its mode and its mask. */
	packets(&x, 3);
	assert_int_equal(counted(&x, 0), 1);
	assert_int_equal(counted(&x, 1), 2);
	assert_int_equal(counted(&x, 2), 1);
	x.packet[15] = 3;
	packets(&x, 1);
	assert_int_equal(counted(&x, 0), 1);
	x.packet[15] = 4;
	x.packet[23] = 1;
	packets(&x, 1);
	assert_int_equal(counted(&x, 0), 2);
	assert_int_equal(counted(&x, 2), 2);
	/* A minute without packets: forgotten, not just one credit. */
	x.c.jiffies += 62 * HZ;
	packets(&x, 1);
	assert_int_equal(counted(&x, 0), 3);
	assert_int_equal(counted(&x, 1), 3);
	/* Ports that are not there. */
	x.len = 22;
	assert_int_equal(image_evaluate(x.h, x.h->total_size, &x.c, x.packet, x.len),
			 2 + DROP_HOTDROP);
	free(x.h);
}

/* Full: a new entry finds no room until others are forgotten; dropped, as the kernel does. */
static void test_full(void **state)
{
	struct force x = load(HASH("--hashlimit-upto 1/s --hashlimit-mode srcip --hashlimit-name a "
				   "--hashlimit-htable-size 40 --hashlimit-htable-max 50"),
			      FAMILY_IPV6);
	unsigned int i, verdict, dropped = 0;

	(void)state;
	for (i = 0; i < 60; i++) {
		x.packet[23] = (uint8_t)i;
		verdict = image_evaluate(x.h, x.h->total_size, &x.c, x.packet, x.len);
		dropped += verdict == 2 + DROP_HOTDROP;
	}
	assert_int_equal(dropped, 10);
	assert_int_equal(counted(&x, 0), 50);
	x.c.jiffies += 3 * HZ;
	for (i = 0; i < 50; i++) {
		x.packet[23] = (uint8_t)(100 + i);
		packets(&x, 1);
	}
	assert_int_equal(counted(&x, 0), 100);
	free(x.h);
}

/* A table that was copied while a slot was claimed. */
static void test_carried(void **state)
{
	struct image_cell cells[4] = { { { 0 } } };

	(void)state;
	cells[0].word[TABLE_COUNT] = 3;
	cells[1].word[SLOT_TAG] = 0x1234560000 | TAG_BUSY;
	cells[3].word[SLOT_TAG] = 0x1234560000 | TAG_READY;
	rates_carried(cells, 4);
	assert_int_equal(cells[0].word[TABLE_COUNT], 1);
	assert_int_equal(cells[1].word[SLOT_TAG], TAG_EMPTY);
	assert_int_equal(cells[3].word[SLOT_TAG] & TAG_STATE, TAG_READY);
	rates_carried(cells, 0);
}

static void test_bytes(void **state)
{
	struct force x = load(HASH("--hashlimit-upto 272b/s --hashlimit-name a")
			      HASH("--hashlimit-upto 272b/s --hashlimit-burst 300 --hashlimit-name b")
			      HASH("--hashlimit-upto 2/s --hashlimit-burst 1 --hashlimit-name c "
				   "--hashlimit-rate-match --hashlimit-htable-expire 60000")
			      HASH("--hashlimit-upto 48b/s --hashlimit-name d "
				   "--hashlimit-rate-match"), FAMILY_IPV4);

	(void)state;
	/* 28 bytes are 2 of the 18 chunks of a second. */
	packets(&x, 30);
	assert_int_equal(counted(&x, 0), 9);
	/* Two refills. */
	assert_int_equal(counted(&x, 1), 27);
	assert_int_equal(counted(&x, 2), 3);
	assert_int_equal(counted(&x, 3), 1);
	x.c.jiffies += HZ;
	packets(&x, 1);
	assert_int_equal(counted(&x, 0), 10);
	/* The window before was over the rate. */
	assert_int_equal(counted(&x, 2), 3);
	x.c.jiffies += HZ;
	packets(&x, 1);
	assert_int_equal(counted(&x, 2), 4);
	free(x.h);
}

#define THREADS		4
#define EACH		3000

static void *sender(void *arg)
{
	struct force x = *(struct force *)arg;

	packets(&x, EACH);
	return NULL;
}

/* Many CPUs at once: nothing is counted twice, nothing is lost. */
static void test_threads(void **state)
{
	struct force x = load("-A INPUT -m limit --limit 1/min --limit-burst 1000\n"
			      "-A INPUT -m quota --quota 28000\n"
			      "-A INPUT -m statistic --mode nth --every 12 --packet 5\n"
			      HASH("--hashlimit-upto 1/min --hashlimit-burst 1000 --hashlimit-name a")
			      HASH("--hashlimit-upto 16b/s --hashlimit-burst 16kb --hashlimit-name b")
			      HASH("--hashlimit-upto 1000/s --hashlimit-burst 1 --hashlimit-name c "
				   "--hashlimit-rate-match"), FAMILY_IPV4);
	pthread_t thread[THREADS];
	unsigned int i;

	(void)state;
	/* The first packet makes the entries: who comes while they are made may go for nothing. */
	packets(&x, 1);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, sender, &x), 0);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(counted(&x, 0), 1000);
	assert_int_equal(counted(&x, 1), 1000);
	assert_int_equal(counted(&x, 2), THREADS * EACH / 12);
	assert_int_equal(counted(&x, 3), 1000);
	assert_int_equal(counted(&x, 4), 1025);
	assert_int_equal(counted(&x, 5), 1001);
	free(x.h);
}

static void test_shared(void **state)
{
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;

	(void)state;
	assert_int_equal(parse(&rs, HASH("--hashlimit 1/s --hashlimit-name a")
			       HASH("--hashlimit 1/s --hashlimit-name a --hashlimit-rate-match"),
			       FAMILY_BIT(FAMILY_IPV4), &err), 0);
	assert_true(image_compile(&rs, &img, &err) < 0);
	assert_non_null(strstr(err.msg, "rate-match"));
	ruleset_free(&rs);
}

static void test_hz(void **state)
{
	static const uint32_t hz[] = { 100, 250, 300, 1000 };
	struct rates_moment a, b;
	size_t i;
	int s;

	(void)state;
	for (i = 0; i < NR(hz); i++) {
		for (s = 1; s < 100000; s += 17) {
			/* The first ticks come when the clock has run for a while. */
			a.jiffies = (1ULL << 32) - 300 * hz[i] + (uint64_t)(s - 1) * hz[i];
			a.monotonic = (uint64_t)s * 1000000000;
			if (s > 240 && s < 360)
				assert_int_equal(rates_hz(&a), 0);
			else
				assert_int_equal(rates_hz(&a), hz[i]);
		}
		b = (struct rates_moment){ a.jiffies + 5, a.monotonic + 5020000000 / hz[i] };
		assert_int_equal(rates_hz_between(&a, &b), hz[i]);
	}
	a = (struct rates_moment){ (1ULL << 32) + 700 * 512, 1000000000000 };
	assert_int_equal(rates_hz(&a), 500);
	a.jiffies = (1ULL << 32) + 700 * 700;
	assert_int_equal(rates_hz(&a), 0);
	/* What overflows with one HZ and not with another is left to the loading. */
	assert_false(rates_overflow(false, 36000000, 32));
	assert_true(limit_overflows(36000000, 32, 300));
	assert_false(limit_overflows(36000000, 32, 250));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_counters),
		cmocka_unit_test(test_time), cmocka_unit_test(test_hashlimit),
		cmocka_unit_test(test_full), cmocka_unit_test(test_carried),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_shared),
		cmocka_unit_test(test_threads), cmocka_unit_test(test_hz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

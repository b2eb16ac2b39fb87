/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "bpf/rates.h"
#include "compile/program.h"
#include "rules/ext/ext_list.h"

/* -m time: extensions/libxt_time.c (1.8.11), net/netfilter/xt_time.c. Always UTC. */

enum {
	DATE_START, DATE_STOP, TIME_START, TIME_STOP, CONTIGUOUS, MONTHDAYS, WEEKDAYS, LOCAL_TZ,
	UTC, KERNEL_TZ,
};

#define ALL_MONTHDAYS	0xfffffffeU	/* XT_TIME_ALL_MONTHDAYS: bits 1 to 31 */
#define ALL_WEEKDAYS	0xfeU		/* XT_TIME_ALL_WEEKDAYS: bits 1 (Monday) to 7 */
#define LAST_SECOND	86399U		/* XT_TIME_MAX_DAYTIME */

struct time_match {
	uint32_t date_start, date_stop;	/* seconds since 1970; both ends belong to it */
	uint32_t day_start, day_stop;	/* seconds since midnight, likewise */
	uint32_t monthdays;		/* bits; "--monthdays 0" sets bit 0, which no day has */
	uint8_t weekdays;
	bool contiguous;
};

static const struct ext_option options[] = {
	{ "datestart", DATE_START, 1, false, true }, { "datestop", DATE_STOP, 1, false, true },
	{ "timestart", TIME_START, 1, false, true }, { "timestop", TIME_STOP, 1, false, true },
	{ "contiguous", CONTIGUOUS, 0, false, true },
	{ "weekdays", WEEKDAYS, 1, true, true }, { "monthdays", MONTHDAYS, 1, true, true },
	{ "localtz", LOCAL_TZ, 0, false, true }, { "utc", UTC, 0, false, true },
	{ "kerneltz", KERNEL_TZ, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static const char *const week_days[] = { "", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

static void init(void *data, enum family f)
{
	struct time_match *t = data;

	(void)f;
	t->monthdays = ALL_MONTHDAYS;
	t->weekdays = ALL_WEEKDAYS;
	t->day_stop = LAST_SECOND;
	t->date_stop = INT32_MAX;
}

/*
 * Numbers as time_parse_date() and time_parse_minutes() read them, each up to its limit and
 * followed by its separator or, from number @least on, by the end. Returns how many, 0: wrong.
 */
static unsigned int read_numbers(const char *s, const char *after, const unsigned int *max,
				 unsigned int least, unsigned int *to)
{
	unsigned int i, n = (unsigned int)strlen(after) + 1;
	char *end;

	for (i = 0; i < n; i++, s = end + 1) {
		to[i] = (unsigned int)strtoul(s, &end, 10);
		if (to[i] > max[i])
			return 0;
		if (!*end)
			return i + 1 >= least ? i + 1 : 0;
		if (i + 1 == n || *end != after[i])
			return 0;
	}
	return 0;
}

/*
 * Days from 1970-01-01 to a date of the Gregorian calendar, as mktime() has it: months and days
 * may be outside of their year and month.
 */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	if (month < 1) {
		year--;
		month += 12;
	}
	/* Years begin in March here, so that a leap day is the last of its year. */
	if (month < 3)
		year--;
	month = (month + 9) % 12;
	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + day - 1 -
	       719468;
}

/* time_parse_date(): YYYY[-MM[-DD[Thh[:mm[:ss]]]]] */
static int parse_date(struct line_parser *lp, const char *arg, uint32_t *date)
{
	static const unsigned int max[] = { 2038, 12, 31, 23, 59, 59 };
	unsigned int v[] = { 0, 1, 1, 0, 0, 0 };
	int64_t seconds;

	if (!read_numbers(arg, "--T::", max, 1, v) || v[0] < 1970)
		return ext_error(lp, "bad date \"%.32s\" (YYYY[-MM[-DD[Thh[:mm[:ss]]]]], from 1970 to "
				 "2038)", arg);
	seconds = days_of(v[0], v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5];
	if (seconds < 0)
		return ext_error(lp, "the date \"%.32s\" is before 1970", arg);
	*date = (uint32_t)seconds;
	return 0;
}

static int parse_daytime(struct line_parser *lp, const char *arg, uint32_t *seconds)
{
	static const unsigned int max[] = { 23, 59, 59 };
	unsigned int v[] = { 0, 0, 0 };

	if (!read_numbers(arg, "::", max, 2, v))
		return ext_error(lp, "bad time of day \"%.32s\" (hh:mm[:ss], to 23:59:59)", arg);
	*seconds = v[0] * 3600 + v[1] * 60 + v[2];
	return 0;
}

/* my_strseg(): what is before the next comma, no more than @size - 1 characters of it. */
static const char *segment(const char *s, char *to, size_t size)
{
	size_t len = strcspn(s, ","), n = len < size ? len : size - 1;

	memcpy(to, s, n);
	to[n] = '\0';
	return s + len + (s[len] == ',');
}

static int parse_monthdays(struct line_parser *lp, const char *arg, uint32_t *mask)
{
	const char *s, *next;
	unsigned int n;
	char day[3], *end;

	*mask = 0;
	for (s = arg; *s; s = next) {
		next = segment(s, day, sizeof(day));
		n = (unsigned int)strtoul(day, &end, 0);
		if (*end || n > 31) {
			ext_point(lp, (size_t)(s - arg));
			return ext_error(lp, "\"%s\" is not a day of a month (1 to 31)", day);
		}
		*mask |= 1U << n;
	}
	return 0;
}

/* Bits of a day: a number, or a name by its first two letters. 0: none. */
static unsigned int weekday(const char *day)
{
	char *end;
	unsigned int n = (unsigned int)strtoul(day, &end, 0), i;

	if (!*end)
		return n ? 1U << (n & 31) : 0;
	for (i = 1; i <= 7; i++)
		if (!strncmp(day, week_days[i], 2))
			return 1U << i;
	return 0;
}

static int parse_weekdays(struct line_parser *lp, const char *arg, uint8_t *mask)
{
	const char *s, *next;
	unsigned int bits;
	char day[4];

	*mask = 0;
	for (s = arg; *s; s = next) {
		next = segment(s, day, sizeof(day));
		bits = weekday(day);
		if (!bits) {
			ext_point(lp, (size_t)(s - arg));
			return ext_error(lp, "\"%s\" is not a day of the week (Mon, Tue, Wed, Thu, "
					 "Fri, Sat, Sun, or 1 to 7)", day);
		}
		*mask = (uint8_t)(*mask | bits);
	}
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct time_match *t = data;
	int ret = 0;

	switch (opt->id) {
	case DATE_START:
		return parse_date(lp, arg, &t->date_start);
	case DATE_STOP:
		return parse_date(lp, arg, &t->date_stop);
	case TIME_START:
		return parse_daytime(lp, arg, &t->day_start);
	case TIME_STOP:
		return parse_daytime(lp, arg, &t->day_stop);
	case CONTIGUOUS:
		t->contiguous = true;
		break;
	case MONTHDAYS:
		ret = parse_monthdays(lp, arg, &t->monthdays);
		t->monthdays ^= invert ? ALL_MONTHDAYS : 0;
		break;
	case WEEKDAYS:
		ret = parse_weekdays(lp, arg, &t->weekdays);
		t->weekdays = (uint8_t)(t->weekdays ^ (invert ? ALL_WEEKDAYS : 0));
		break;
	case LOCAL_TZ:
	case KERNEL_TZ:
		/*
		 * sys_tz can be set at any time, often after the rules (hwclock, systemd), and a
		 * program cannot read it: kernels without KALLSYMS_ALL do not tell where it is.
		 */
		return ext_error(lp, "unsupported: --%s, the kernel's time zone cannot be read at "
				 "packet time", opt->name);
	}
	return ret;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct time_match *t = data;

	(void)rule;
	if (t->contiguous && t->day_start < t->day_stop)
		return ext_error(lp, "--contiguous needs a --timestop that is earlier than "
				 "--timestart");
	return 0;
}

static void print_daytime(struct buffer *out, const char *name, uint32_t s)
{
	buffer_printf(out, "%s%02u:%02u:%02u", name, s / 3600, s / 60 % 60, s % 60);
}

/* The inverse of days_of(), from 1970 on. */
static void date_of(uint32_t days, unsigned int *year, unsigned int *month, unsigned int *day)
{
	unsigned int y = 1970, m = 1;

	while (days >= days_of(y + 1, 1, 1))
		y++;
	while (m < 12 && days >= days_of(y, m + 1, 1))
		m++;
	*year = y;
	*month = m;
	*day = days + 1 - (uint32_t)days_of(y, m, 1);
}

/* time_print_date(): 1970-01-01T00:00:00 is not printed. */
static void print_date(struct buffer *out, const char *name, uint32_t date, char between)
{
	unsigned int year, month, day;

	if (!date)
		return;
	date_of(date / 86400, &year, &month, &day);
	buffer_printf(out, "%s %04u-%02u-%02u%c", name, year, month, day, between);
	print_daytime(out, "", date % 86400);
}

static void print_monthdays(struct buffer *out, uint32_t mask, bool ordinal)
{
	static const char *const ends[] = { "th", "st", "nd", "rd" };
	const char *comma = " ";
	unsigned int i;

	if (!(mask & ALL_MONTHDAYS))
		buffer_putc(out, ' ');
	for (i = 1; i <= 31; i++) {
		if (!(mask & 1U << i))
			continue;
		buffer_printf(out, "%s%u%s", comma, i, ordinal ? ends[i % 10 < 4 ? i % 10 : 0] : "");
		comma = ",";
	}
}

static void print_weekdays(struct buffer *out, unsigned int mask)
{
	const char *comma = " ";
	unsigned int i;

	if (!(mask & ALL_WEEKDAYS))
		buffer_putc(out, ' ');
	for (i = 1; i <= 7; i++) {
		if (!(mask & 1U << i))
			continue;
		buffer_printf(out, "%s%s", comma, week_days[i]);
		comma = ",";
	}
}

/* iptables-save prints nothing at all here, and then iptables-restore takes the next word. */
#define NO_DAYS	" \"\""

/* time_save(): --datestop also when it was not given. */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct time_match *t = data;

	(void)f;
	if (t->day_start || t->day_stop != LAST_SECOND) {
		print_daytime(out, " --timestart ", t->day_start);
		print_daytime(out, " --timestop ", t->day_stop);
	}
	if (t->monthdays != ALL_MONTHDAYS) {
		buffer_puts(out, " --monthdays");
		if (t->monthdays & ALL_MONTHDAYS)
			print_monthdays(out, t->monthdays, false);
		else
			buffer_puts(out, NO_DAYS);
	}
	if (t->weekdays != ALL_WEEKDAYS) {
		buffer_puts(out, " --weekdays");
		if (t->weekdays)
			print_weekdays(out, t->weekdays);
		else
			buffer_puts(out, NO_DAYS);
	}
	print_date(out, " --datestart", t->date_start, 'T');
	print_date(out, " --datestop", t->date_stop, 'T');
	if (t->contiguous)
		buffer_puts(out, " --contiguous");
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct time_match *t = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " TIME");
	if (t->day_start || t->day_stop != LAST_SECOND) {
		print_daytime(out, " from ", t->day_start);
		print_daytime(out, " to ", t->day_stop);
	}
	if (t->weekdays != ALL_WEEKDAYS) {
		buffer_puts(out, " on");
		print_weekdays(out, t->weekdays);
	}
	if (t->monthdays != ALL_MONTHDAYS) {
		buffer_puts(out, " on");
		print_monthdays(out, t->monthdays, true);
	}
	print_date(out, " starting from", t->date_start, ' ');
	if (t->date_stop != INT32_MAX) {
		buffer_puts(out, " until date");
		print_date(out, "", t->date_stop, ' ');
	}
	buffer_puts(out, " UTC");
	if (t->contiguous)
		buffer_puts(out, " contiguous");
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct time_match *t = data;
	const u64 words[TIME_WORDS] = {
		(u64)t->date_start << 32 | t->date_stop,
		(u64)t->day_start << 32 | t->day_stop,
		(u64)t->weekdays << 32 | t->monthdays,
	};

	(void)rule;
	(void)f;
	program_op(p, OP_TIME, 0, t->contiguous ? TIME_CONTIGUOUS : 0, words, TIME_WORDS);
	return 0;
}

const struct match_ext ext_time = {
	.name = "time", .families = FAMILIES_ALL, .size = sizeof(struct time_match),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
};

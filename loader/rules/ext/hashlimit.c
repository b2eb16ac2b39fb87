/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/rates.h"
#include "compile/program.h"
#include "compile/rates.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/rates.h"
#include "rules/ext/values.h"
#include "rules/names.h"

/* -m hashlimit: extensions/libxt_hashlimit.c (1.8.11), net/netfilter/xt_hashlimit.c, revision 3. */

enum {
	UPTO, ABOVE, MODE, SRCMASK, DSTMASK, NAME, BURST, SIZE, MAX, GC_INTERVAL, EXPIRE,
	RATE_MATCH, INTERVAL,
};

#define GIVEN(id)	(1U << (id))
#define BURST_DEFAULT	5U
#define BURST_MAX	1000000U
#define GC_DEFAULT	1000U
#define SIZE_MAX_	1048576U	/* HASHLIMIT_MAX_SIZE: the kernel takes no more */
#define NAME_LEN_MAX	254U
/* Seconds after which an entry expires where the rate is in bytes, without and with a burst. */
#define BYTE_EXPIRE	15U
#define BYTE_EXPIRE_BURST 60U

struct hashlimit {
	uint64_t avg;		/* packets: HASHLIMIT_SCALE / (1/s); bytes: cost of 16 */
	uint64_t burst;		/* packets; bytes: refills, 0 if not given */
	uint32_t size, max;	/* 0: default */
	uint32_t gc_interval, expire;	/* ms */
	uint32_t interval;	/* s */
	uint32_t unit;		/* seconds of the rate's unit */
	unsigned int given;	/* GIVEN() bits */
	uint8_t mode;		/* HASHLIMIT_* */
	uint8_t srcmask, dstmask;
	const char *name;	/* in the arena */
};

#define KEY_MODES (HASHLIMIT_SRC | HASHLIMIT_DST | HASHLIMIT_SPORT | HASHLIMIT_DPORT)

static const struct ext_option options[] = {
	{ "hashlimit-upto", UPTO, 1, true, true }, { "hashlimit-above", ABOVE, 1, true, true },
	{ "hashlimit", UPTO, 1, true, true },
	{ "hashlimit-srcmask", SRCMASK, 1, false, true },
	{ "hashlimit-dstmask", DSTMASK, 1, false, true },
	{ "hashlimit-burst", BURST, 1, false, true },
	{ "hashlimit-htable-size", SIZE, 1, false, true },
	{ "hashlimit-htable-max", MAX, 1, false, true },
	{ "hashlimit-htable-gcinterval", GC_INTERVAL, 1, false, true },
	{ "hashlimit-htable-expire", EXPIRE, 1, false, true },
	{ "hashlimit-mode", MODE, 1, false, true }, { "hashlimit-name", NAME, 1, false, true },
	{ "hashlimit-rate-match", RATE_MATCH, 0, false, true },
	{ "hashlimit-rate-interval", INTERVAL, 1, false, true },
	{ NULL, 0, 0, false, false },
};

/* In the order they are printed. */
static const struct { const char *name; uint8_t bit; } modes[] = {
	{ "srcip", HASHLIMIT_SRC }, { "srcport", HASHLIMIT_SPORT }, { "dstip", HASHLIMIT_DST },
	{ "dstport", HASHLIMIT_DPORT },
};

#define NR_MODES (sizeof(modes) / sizeof(modes[0]))

static uint8_t whole(enum family f)
{
	return f == FAMILY_IPV4 ? 32 : 128;
}

static void init(void *data, enum family f)
{
	struct hashlimit *h = data;

	h->burst = BURST_DEFAULT;
	h->gc_interval = GC_DEFAULT;
	h->srcmask = h->dstmask = whole(f);
}

static uint64_t factor(char unit)
{
	return unit == 'm' ? 1024 * 1024 : unit == 'k' ? 1024 : 1;
}

/* cost_to_bytes(): of the second that a cost stands for. */
static uint64_t cost_to_bytes(uint64_t cost)
{
	return (uint64_t)(UINT32_MAX / cost - 1) << HASHLIMIT_CHUNK_SHIFT;
}

/* bytes_to_cost(); 0: iptables would divide by zero. */
static uint64_t bytes_to_cost(uint64_t bytes)
{
	uint32_t chunks = (uint32_t)(bytes >> HASHLIMIT_CHUNK_SHIFT) + 1;

	return chunks ? UINT32_MAX / chunks : 0;
}

/*
 * parse_bytes(), parse_rate(): "b/s" anywhere makes it bytes, with the letter before it. iptables
 * prints "0b/s" for less than 16 bytes a second and does not take it; the text of an image has it.
 */
static int parse_rate(struct line_parser *lp, struct hashlimit *h, const struct ext_option *opt,
		      const char *arg)
{
	const char *unit = strstr(arg, "b/s");
	uint64_t bytes = unit && unit != arg ? (uint64_t)saturated(arg) : 0;

	if (bytes)
		bytes *= factor(unit[-1]);
	else if (!ext_canonical(lp) || strcmp(arg, "0b/s") != 0)
		return rate_parse(lp, opt, arg, HASHLIMIT_SCALE, &h->avg, &h->unit);
	h->avg = bytes_to_cost(bytes);
	h->unit = BYTE_EXPIRE;
	h->mode |= HASHLIMIT_BYTES;
	return h->avg ? 0 : ext_error(lp, "the rate \"%.32s\" is too high", arg);
}

static int parse_burst(struct line_parser *lp, struct hashlimit *h, const struct ext_option *opt,
		       const char *arg)
{
	const char *end = number_at(arg, 1, UINT64_MAX, &h->burst);

	if (!end || (!*end && h->burst > BURST_MAX))
		return ext_error(lp, "bad value \"%.32s\" for --%s (from 1 to %u, or bytes with a "
				 "unit as in 64kb)", arg, opt->name, BURST_MAX);
	h->burst *= factor(*end);
	return 0;
}

/* strtok(",|"): empty words are skipped. */
static int parse_mode(struct line_parser *lp, struct hashlimit *h, const char *arg)
{
	const char *s = arg;
	size_t len, i;

	for (;; s += len) {
		s += strspn(s, ",|");
		len = strcspn(s, ",|");
		if (!len)
			return 0;
		for (i = 0; i < NR_MODES; i++)
			if (strlen(modes[i].name) == len && !memcmp(modes[i].name, s, len))
				break;
		if (i == NR_MODES) {
			ext_point(lp, (size_t)(s - arg));
			return ext_error(lp, "bad mode \"%.*s\" (srcip, srcport, dstip, dstport)",
					 len > 32 ? 32 : (int)len, s);
		}
		h->mode |= modes[i].bit;
	}
}

/* xtopt_parse_plen(): a prefix length, or a mask written as an address. */
static int parse_mask(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		      uint8_t *len)
{
	enum family f = ext_family(lp);
	uint8_t mask[16] = { 0 };
	const char *end;
	unsigned int i = 0;
	uint64_t n;

	end = number_at(arg, 0, whole(f), &n);
	if (end && !*end) {
		*len = (uint8_t)n;
		return 0;
	}
	if (f == FAMILY_IPV4 ? inet_aton(arg, (void *)mask) : inet_pton(AF_INET6, arg, mask) == 1) {
		while (i < whole(f) && mask[i / 8] & 128 >> i % 8)
			i++;
		*len = (uint8_t)i;
		while (i < whole(f) && !(mask[i / 8] & 128 >> i % 8))
			i++;
		if (i == whole(f))
			return 0;
	}
	return ext_error(lp, "bad value \"%.48s\" for --%s (a prefix length up to %u, or a mask)",
			 arg, opt->name, whole(f));
}

/* xt_check_proc_name(): the kernel makes a file of that name below /proc/net. */
static int parse_name(struct line_parser *lp, struct hashlimit *h, const char *arg)
{
	h->name = arena_strndup(ext_arena(lp), arg, strnlen(arg, NAME_LEN_MAX));
	if (!h->name)
		return ext_error(lp, "out of memory");
	if (!*h->name || strchr(h->name, '/') || !strcmp(h->name, ".") || !strcmp(h->name, ".."))
		return ext_error(lp, "\"%.32s\" cannot be the name of a table: it is that of a file",
				 arg);
	return 0;
}

static int parse_number_option(struct line_parser *lp, struct hashlimit *h,
			       const struct ext_option *opt, const char *arg)
{
	/* 0 ms is let through by iptables and then refused by the kernel. */
	bool ms = opt->id == GC_INTERVAL || opt->id == EXPIRE;
	uint64_t n;
	int ret;

	ret = number_parse(lp, opt, arg, ms, UINT32_MAX, &n);
	if (ret)
		return ret;
	if (opt->id == GC_INTERVAL)
		h->gc_interval = (uint32_t)n;
	else if (opt->id == EXPIRE)
		h->expire = (uint32_t)n;
	else if (opt->id == SIZE)
		h->size = n > SIZE_MAX_ ? SIZE_MAX_ : (uint32_t)n;
	else
		h->max = n > SIZE_MAX_ ? SIZE_MAX_ : (uint32_t)n;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct hashlimit *h = data;

	h->given |= GIVEN(opt->id);
	switch (opt->id) {
	case UPTO:
	case ABOVE:
		if (invert != (opt->id == ABOVE))
			h->mode |= HASHLIMIT_INVERT;
		return parse_rate(lp, h, opt, arg);
	case MODE:
		return parse_mode(lp, h, arg);
	case SRCMASK:
		return parse_mask(lp, opt, arg, &h->srcmask);
	case DSTMASK:
		return parse_mask(lp, opt, arg, &h->dstmask);
	case NAME:
		return parse_name(lp, h, arg);
	case BURST:
		return parse_burst(lp, h, opt, arg);
	case RATE_MATCH:
		h->mode |= HASHLIMIT_RATE_MATCH;
		return 0;
	case INTERVAL:
		h->interval = (uint32_t)saturated(arg);
		if ((int32_t)h->interval > 0)
			return 0;
		return ext_error(lp, "bad interval \"%.32s\" (seconds, from 1)", arg);
	}
	return parse_number_option(lp, h, opt, arg);
}

/* The burst of a rate in bytes, as refills; in 32 bits as hashlimit_mt_check() has it. */
static int byte_burst(struct line_parser *lp, struct hashlimit *h)
{
	uint64_t second = cost_to_bytes(h->avg), refills;

	if (!(h->given & GIVEN(BURST))) {
		h->burst = 0;
		return 0;
	}
	if (!second || h->burst < second)
		return ext_error(lp, "--hashlimit-burst cannot be smaller than %" PRIu64 "b",
				 second ? second : 16);
	refills = (uint32_t)h->burst / second + (h->burst % second != 0);
	h->burst = (uint32_t)refills;
	if (!(h->given & GIVEN(EXPIRE)))
		h->expire = BYTE_EXPIRE_BURST * 1000;
	return 0;
}

/* The kernel's default on a machine with more than 1 GiB: 8192 buckets, and 8 times that. */
#define BUCKETS_DEFAULT	8192U

/* htable_create(): entries at the same time. */
static uint32_t entries(const struct hashlimit *h)
{
	uint32_t size = h->size ? h->size : BUCKETS_DEFAULT;

	if (!h->max)
		return 8 * size;
	return h->max > size ? h->max : size;
}

/* What the kernel refuses besides: hashlimit_mt_check_common(). */
static int kernel_check(struct line_parser *lp, const struct hashlimit *h)
{
	if (h->mode & HASHLIMIT_RATE_MATCH)
		return h->avg ? 0 : ext_error(lp, "the rate is too fast for --hashlimit-rate-match");
	/* A cost of 1 comes to nothing (user2credits_byte()), with every HZ. */
	if (h->mode & HASHLIMIT_BYTES)
		return h->avg > 1 ? 0 : ext_error(lp, "the rate is too high (less than 32 GiB/s)");
	if (!rates_overflow(true, h->avg, h->burst))
		return 0;
	return ext_error(lp, "--hashlimit-burst %" PRIu64 " is too large for this rate", h->burst);
}

/* hashlimit_mt_check() */
static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	struct hashlimit *h = data;
	int ret = 0;

	(void)rule;
	if (!(h->given & (GIVEN(UPTO) | GIVEN(ABOVE))))
		return ext_error(lp, "match \"hashlimit\" requires --hashlimit-upto or "
				 "--hashlimit-above");
	if (!(~h->given & (GIVEN(UPTO) | GIVEN(ABOVE))))
		return ext_error(lp, "--hashlimit-upto and --hashlimit-above exclude each other");
	if (!(h->given & GIVEN(NAME)))
		return ext_error(lp, "match \"hashlimit\" requires option --hashlimit-name");
	if (!(h->given & GIVEN(EXPIRE)))
		h->expire = h->unit * 1000;
	if (h->mode & HASHLIMIT_BYTES)
		ret = byte_burst(lp, h);
	else if (h->burst > BURST_MAX)
		ret = ext_error(lp, "--hashlimit-burst is too large (at most %u packets)", BURST_MAX);
	if (!ret && h->mode & HASHLIMIT_RATE_MATCH) {
		if (!(h->mode & HASHLIMIT_BYTES))
			h->avg /= h->unit;
		if (!h->interval)
			h->interval = h->mode & HASHLIMIT_BYTES ? 1 : h->unit;
	}
	if (!ret && entries(h) > HASHLIMIT_ENTRIES_MAX)
		ret = ext_error(lp, "unsupported: a table of %u entries, which is 8 times "
				"--hashlimit-htable-size without --hashlimit-htable-max (at most %u)",
				entries(h), HASHLIMIT_ENTRIES_MAX);
	return ret ? ret : kernel_check(lp, h);
}

static void print_mode(struct buffer *out, unsigned int mode, const char *name, char separator)
{
	char between = ' ';
	size_t i;

	if (!(mode & KEY_MODES))
		return;
	buffer_puts(out, name);
	for (i = 0; i < NR_MODES; i++) {
		if (!(mode & modes[i].bit))
			continue;
		buffer_putc(out, between);
		buffer_puts(out, modes[i].name);
		between = separator;
	}
}

/*
 * Units from the largest; the largest that @bytes has, and, where @cost is given, that keeps it, in
 * 32 bits as iptables looks.
 */
static void print_bytes(struct buffer *out, uint64_t bytes, uint64_t cost, const char *behind)
{
	static const char letters[] = "mk";
	unsigned int i, shift = 20;

	for (i = 0; i < 2; i++, shift -= 10)
		if (bytes >> shift &&
		    (!cost || bytes_to_cost(bytes & (UINT32_MAX << shift)) == cost))
			break;
	buffer_printf(out, "%" PRIu64 "%.1s%s", bytes >> shift, letters + i, behind);
}

/* print_bytes() of iptables. Returns the seconds after which entries expire by default. */
static uint32_t print_byte_rate(struct buffer *out, const struct hashlimit *h, const char *prefix)
{
	uint64_t bytes = cost_to_bytes(h->avg);

	buffer_putc(out, ' ');
	print_bytes(out, bytes, h->avg, "b/s");
	if (!h->burst)
		return BYTE_EXPIRE;
	buffer_printf(out, " %sburst ", prefix);
	print_bytes(out, bytes * h->burst, 0, "b");
	return BYTE_EXPIRE_BURST;
}

/* The rest, after the rate, in both ways of printing. */
static void print_table(struct buffer *out, const struct hashlimit *h, enum family f,
			uint32_t seconds, const char *prefix)
{
	const struct { const char *name; uint32_t value, usual; } numbers[] = {
		{ "htable-size", h->size, 0 }, { "htable-max", h->max, 0 },
		{ "htable-gcinterval", h->gc_interval, GC_DEFAULT },
		{ "htable-expire", h->expire, seconds * 1000 },
		{ "srcmask", h->srcmask, whole(f) }, { "dstmask", h->dstmask, whole(f) },
	};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value != numbers[i].usual)
			buffer_printf(out, " %s%s %u", prefix, numbers[i].name, numbers[i].value);
	if (!(h->mode & HASHLIMIT_RATE_MATCH))
		return;
	buffer_printf(out, " %srate-match", prefix);
	if (h->interval != 1)
		buffer_printf(out, " %srate-interval %u", prefix, h->interval);
}

/* hashlimit_mt_save() */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct hashlimit *h = data;
	uint32_t seconds;

	buffer_puts(out, h->mode & HASHLIMIT_INVERT ? " --hashlimit-above" : " --hashlimit-upto");
	if (h->mode & HASHLIMIT_BYTES) {
		seconds = print_byte_rate(out, h, "--hashlimit-");
	} else {
		seconds = rate_print(out, h->avg, HASHLIMIT_SCALE);
		buffer_printf(out, " --hashlimit-burst %" PRIu64, h->burst);
	}
	print_mode(out, h->mode, " --hashlimit-mode", ',');
	buffer_puts(out, " --hashlimit-name ");
	save_word(out, h->name);
	print_table(out, h, f, seconds, "--hashlimit-");
}

/* hashlimit_mt_print(): a rate in packets is that of --hashlimit-rate-interval, if given. */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct hashlimit *h = data;
	uint32_t seconds;

	(void)numeric;
	buffer_puts(out, h->mode & HASHLIMIT_INVERT ? " limit: above" : " limit: up to");
	if (h->mode & HASHLIMIT_BYTES) {
		seconds = print_byte_rate(out, h, "");
	} else {
		seconds = rate_print(out, h->avg * (h->interval ? h->interval : 1),
				     HASHLIMIT_SCALE);
		buffer_printf(out, " burst %" PRIu64, h->burst);
	}
	print_mode(out, h->mode, " mode", '-');
	print_table(out, h, f, seconds, "");
}

/* A name of a table has room for less: what is longer is cut, with a hash of all of it. */
static void short_name(char *to, size_t size, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;
	const char *s;

	if (strlen(name) < size) {
		strcpy(to, name);
		return;
	}
	for (s = name; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3;
	snprintf(to, size, "%.14s/%016" PRIx64, name, hash);
}

/*
 * The table is the first user's; others may differ in all but what is counted. For
 * --hashlimit-rate-match the kernel says so; bytes in a table of packets it takes, and counts
 * something that nobody can have meant.
 */
static int check_shared(struct program *p, u32 number, unsigned int mode)
{
	const struct image_named *n = (const void *)(p->named->data + number * sizeof(*n));
	unsigned int differs;

	if (p->failed)
		return 0;
	differs = (unsigned int)n->params[3] ^ mode;
	if (differs & HASHLIMIT_RATE_MATCH)
		p->why = "--hashlimit-rate-match: the rules of a table all have it or none has";
	else if (differs & HASHLIMIT_BYTES)
		p->why = "unsupported: rates in bytes and in packets in one table of match \"hashlimit\"";
	return p->why ? -EINVAL : 0;
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct hashlimit *h = data;
	const u64 params[HASHLIMIT_PARAMS] = {
		h->avg, h->burst << 32 | entries(h), (u64)h->expire << 32 | h->gc_interval,
		(u64)h->interval << 32 | (u64)h->dstmask << 16 | (u64)h->srcmask << 8 |
		(h->mode & ~HASHLIMIT_INVERT),
	};
	char name[sizeof(((struct image_named *)0)->name)];
	u32 number;

	(void)rule;
	short_name(name, sizeof(name), h->name);
	program_stateful(p);
	number = program_table(p, NAMED_HASHLIMIT, name, f, hashlimit_cells(entries(h)), params);
	program_op(p, OP_HASHLIMIT, h->mode & HASHLIMIT_INVERT ? OP_INVERT : 0, number, NULL, 0);
	return check_shared(p, number, h->mode);
}

const struct match_ext ext_hashlimit = {
	.name = "hashlimit", .families = FAMILIES_ALL, .size = sizeof(struct hashlimit),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
};

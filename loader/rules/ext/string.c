// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/names.h"

/* -m string: extensions/libxt_string.c (1.8.11) and net/netfilter/xt_string.c. */

enum { FROM, TO, ALGO, ICASE, STRING, HEX_STRING };

#define PATTERN_MAX	STRING_MAX	/* XT_STRING_MAX_PATTERN_SIZE */

struct string {
	uint16_t from, to;
	uint8_t pattern[PATTERN_MAX];
	uint8_t len;
	uint8_t which;		/* STRING or HEX_STRING, 0: not yet given */
	bool invert, icase;
	const char *algo;	/* "bm" or "kmp" */
};

static const struct ext_option options[] = {
	{ "from", FROM, 1, false, true }, { "to", TO, 1, false, true },
	{ "algo", ALGO, 1, false, true }, { "icase", ICASE, 0, false, true },
	{ "string", STRING, 1, true, true }, { "hex-string", HEX_STRING, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static void init(void *data, enum family f)
{
	struct string *s = data;

	(void)f;
	s->to = UINT16_MAX;
}

static int too_long(struct line_parser *lp)
{
	ext_point(lp, 0);
	return ext_error(lp, "the string is too long: %u bytes at most", PATTERN_MAX);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits and a blank, if there is one. Something must come behind: a bar ends the block. */
static int parse_hex_byte(struct line_parser *lp, const char *s, size_t *at, uint8_t *to)
{
	const char *p = s + *at;
	int high = hex_digit(p[0]), low = high < 0 ? -1 : hex_digit(p[1]);

	ext_point(lp, *at + (high >= 0));
	if (high >= 0 && (!p[1] || p[1] == '|'))
		return ext_error(lp, "odd number of hexadecimal digits");
	if (low < 0)
		return ext_error(lp, "a hexadecimal digit or | is expected");
	if (!p[2]) {
		ext_point(lp, *at + 2);
		return ext_error(lp, "| is expected at the end of the hexadecimal digits");
	}
	*to = (uint8_t)(high << 4 | low);
	*at += p[2] == ' ' ? 3 : 2;
	return 0;
}

/*
 * parse_hex_string(): text with hexadecimal digits between bars and a backslash before a character
 * to be taken as it is. What follows a closing bar is text, even another bar; and a bar that comes
 * behind PATTERN_MAX bytes is one too many.
 */
static int parse_hex(struct line_parser *lp, struct string *to, const char *s)
{
	bool hex = false;
	size_t i = 0;

	for (to->len = 0; s[i]; to->len++) {
		if (to->len == PATTERN_MAX)
			return too_long(lp);
		if (s[i] == '\\' && !hex) {
			ext_point(lp, i);
			if (!s[i + 1])
				return ext_error(lp, "nothing behind the backslash");
			to->pattern[to->len] = (uint8_t)s[i + 1];
			i += 2;
			continue;
		}
		if (s[i] == '|') {
			hex = !hex;
			while (hex && s[i + 1] == ' ')
				i++;
			if (!s[++i])
				break;
		}
		if (!hex)
			to->pattern[to->len] = (uint8_t)s[i++];
		else if (parse_hex_byte(lp, s, &i, &to->pattern[to->len]))
			return -1;
	}
	return 0;
}

static int parse_pattern(struct line_parser *lp, struct string *s, const struct ext_option *opt,
			 const char *arg)
{
	int ret;

	if (s->which)
		return ext_error(lp, "option --%s cannot be used together with --%s", opt->name,
				 options[s->which].name);
	s->which = opt->id;
	if (opt->id == HEX_STRING) {
		ret = parse_hex(lp, s, arg);
		if (ret)
			return ret;
	} else {
		if (strlen(arg) > PATTERN_MAX)
			return too_long(lp);
		s->len = (uint8_t)strlen(arg);
		memcpy(s->pattern, arg, s->len);
	}
	/* textsearch_prepare() */
	return s->len ? 0 : ext_error(lp, "the string is empty");
}

static int parse_algo(struct line_parser *lp, struct string *s, const char *arg)
{
	static const char *const algos[] = { "bm", "kmp" };

	for (size_t i = 0; i < sizeof(algos) / sizeof(algos[0]); i++)
		if (!strcmp(arg, algos[i]))
			s->algo = algos[i];
	if (!strcmp(arg, "fsm"))
		return ext_error(lp, "unsupported: a program for the kernel's finite state machine (--algo fsm) has no text form");
	return s->algo ? 0 : ext_error(lp, "unknown algorithm \"%.32s\", bm and kmp are possible",
				       arg);
}

static int parse_offset(struct line_parser *lp, const struct ext_option *opt, const char *arg,
			uint16_t *to)
{
	unsigned int value;

	if (!parse_number(arg, NULL, &value, 0, UINT16_MAX))
		return ext_error(lp, "bad value \"%.64s\" for --%s, 0 to %u are possible", arg,
				 opt->name, UINT16_MAX);
	*to = (uint16_t)value;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct string *s = data;

	switch (opt->id) {
	case FROM:
		return parse_offset(lp, opt, arg, &s->from);
	case TO:
		return parse_offset(lp, opt, arg, &s->to);
	case ALGO:
		return parse_algo(lp, s, arg);
	case ICASE:
		s->icase = true;
		return 0;
	}
	s->invert = invert;
	return parse_pattern(lp, s, opt, arg);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct string *s = data;

	(void)rule;
	if (!s->which)
		return ext_error(lp, "match \"string\" requires --string or --hex-string");
	if (!s->algo)
		return ext_error(lp, "match \"string\" requires --algo bm or --algo kmp");
	/* string_mt_check() */
	if (s->from > s->to)
		return ext_error(lp, "--from %u is behind --to %u", s->from, s->to);
	return 0;
}

/* is_hex_string(): anything that cannot be typed, or a backslash at the end. */
static bool printable(const struct string *s)
{
	for (unsigned int i = 0; i < s->len; i++)
		if (s->pattern[i] < ' ' || s->pattern[i] > '~')
			return false;
	return s->pattern[s->len - 1] != '\\';
}

static void print_pattern(struct buffer *out, const struct string *s)
{
	bool text = printable(s);

	buffer_puts(out, text ? " \"" : " \"|");
	for (unsigned int i = 0; i < s->len; i++) {
		if (!text) {
			buffer_printf(out, "%02x", s->pattern[i]);
			continue;
		}
		if (s->pattern[i] == '"' || s->pattern[i] == '\\')
			buffer_putc(out, '\\');
		buffer_putc(out, (char)s->pattern[i]);
	}
	buffer_puts(out, text ? "\"" : "|\"");
}

/* string_save() */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct string *s = data;

	(void)f;
	buffer_puts(out, s->invert ? " !" : "");
	buffer_puts(out, printable(s) ? " --string" : " --hex-string");
	print_pattern(out, s);
	buffer_printf(out, " --algo %s", s->algo);
	if (s->from)
		buffer_printf(out, " --from %u", s->from);
	if (s->to != UINT16_MAX)
		buffer_printf(out, " --to %u", s->to);
	if (s->icase)
		buffer_puts(out, " --icase");
}

/* string_print() */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct string *s = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " STRING match %s", s->invert ? "!" : "");
	print_pattern(out, s);
	buffer_printf(out, " ALGO name %s", s->algo);
	if (s->from)
		buffer_printf(out, " FROM %u", s->from);
	if (s->to != UINT16_MAX)
		buffer_printf(out, " TO %u", s->to);
	if (s->icase)
		buffer_puts(out, " ICASE");
}

/* The kernel's toupper() and tolower() know Latin-1 (lib/ctype.c). */
static unsigned int upper(unsigned int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7) ? c - 32 : c;
}

static unsigned int lower(unsigned int c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ? c + 32 : c;
}

/*
 * How far a byte of the text that does not fit moves the pattern: to where the pattern has it next.
 * bm_init() enters each letter and its lower case, so that 0xff, of which 0xdf is the upper case,
 * moves too far; "kmp" has no such table and finds it.
 */
static void bad_shifts(struct image_string *t, bool bm)
{
	unsigned int i, c;

	memset(t->bad, t->len, sizeof(t->bad));
	for (i = 0; i + 1 < t->len; i++) {
		t->bad[t->pattern[i]] = (uint8_t)(t->len - 1 - i);
		if (t->caseless)
			t->bad[lower(t->pattern[i])] = (uint8_t)(t->len - 1 - i);
		for (c = 0; c < 256 && t->caseless && !bm; c++)
			if (upper(c) == t->pattern[i])
				t->bad[c] = (uint8_t)(t->len - 1 - i);
	}
}

/*
 * Does the pattern, moved by @shift, agree with its last @matched bytes, and not have the same byte
 * before them, which did not fit?
 */
static bool agrees(const struct image_string *t, unsigned int matched, unsigned int shift)
{
	unsigned int i;

	for (i = t->len - matched; i < t->len; i++)
		if (i >= shift && t->pattern[i] != t->pattern[i - shift])
			return false;
	i = t->len - matched - 1;
	return i < shift || t->pattern[i] != t->pattern[i - shift];
}

/* How far the pattern moves when its last bytes fit and the one before them does not. */
static void good_shifts(struct image_string *t)
{
	unsigned int matched, shift;

	t->good[0] = 1;
	for (matched = 1; matched < t->len; matched++) {
		for (shift = 1; shift < t->len && !agrees(t, matched, shift);)
			shift++;
		t->good[matched] = (uint8_t)shift;
	}
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct string *s = data;
	uint64_t payload[sizeof(struct image_string) / 8] = { 0 };
	struct image_string t = { .len = s->len, .caseless = s->icase };
	bool bm = !strcmp(s->algo, "bm");
	unsigned int i;

	(void)rule;
	(void)f;
	for (i = 0; i < s->len; i++)
		t.pattern[i] = (uint8_t)(s->icase ? upper(s->pattern[i]) : s->pattern[i]);
	bad_shifts(&t, bm);
	good_shifts(&t);
	memcpy(payload, &t, sizeof(t));
	program_op(p, bm ? OP_STRING_BM : OP_STRING, s->invert ? OP_INVERT : 0,
		   (uint32_t)s->from << 16 | s->to, payload, sizeof(payload) / 8);
	return 0;
}

const struct match_ext ext_string = {
	.name = "string", .families = FAMILIES_ALL, .size = sizeof(struct string),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
};

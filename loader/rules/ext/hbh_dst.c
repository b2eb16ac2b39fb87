/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"
#include "rules/ext/values.h"

/*
 * -m hbh and -m dst, the headers of IPv6 that hold options: extensions/libip6t_hbh.c, libip6t_dst.c
 * (1.8.11), net/ipv6/netfilter/ip6t_hbh.c.
 */

enum { LENGTH, OPTIONS };

#define OPTIONS_MAX	TLV_MAX	/* IP6T_OPTS_OPTSNR */
#define ANY_LENGTH	255U	/* as iptables keeps it: 255 cannot be asked for */

struct header_options {
	uint32_t length;
	bool length_given, length_invert, given;
	unsigned char count;
	struct {
		uint8_t type, length;
	} option[OPTIONS_MAX];
};

static const struct ext_option options_hbh[] = {
	{ "hbh-len", LENGTH, 1, true, true }, { "hbh-opts", OPTIONS, 1, false, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option options_dst[] = {
	{ "dst-len", LENGTH, 1, true, true }, { "dst-opts", OPTIONS, 1, false, true },
	{ NULL, 0, 0, false, false },
};

/*
 * parse_opts_num(): @len characters that strtoul() reads, signs included; the lowest byte counts.
 */
static int parse_byte(struct line_parser *lp, const char *what, const char *s, size_t len,
		      uint8_t *byte)
{
	char text[64], *end;
	unsigned long long n;

	if (len < sizeof(text)) {
		memcpy(text, s, len);
		text[len] = '\0';
		errno = 0;
		n = strtoull(text, &end, 0);
		if (end != text && !*end && errno != ERANGE) {
			*byte = (uint8_t)n;
			return 0;
		}
	}
	return ext_error(lp, "bad %s \"%.*s\" (a number)", what, len > 32 ? 32 : (int)len, s);
}

/* One TYPE or TYPE:LENGTH, @len characters at @at of the argument. */
static int parse_option(struct line_parser *lp, struct header_options *h, const char *arg,
			size_t at, size_t len)
{
	const char *colon = memchr(arg + at, ':', len);
	size_t first = colon ? (size_t)(colon - arg) - at : len;
	uint8_t type = 0, length = ANY_LENGTH;

	ext_point(lp, at);
	if (h->count == OPTIONS_MAX || (colon && h->count == OPTIONS_MAX - 1))
		return ext_error(lp, "too many options: %u at most, the last one without a length",
				 OPTIONS_MAX);
	if (parse_byte(lp, "option type", arg + at, first, &type))
		return -1;
	if (colon) {
		if (!type)
			return ext_error(lp, "option 0 (Pad1) has no length");
		ext_point(lp, at + first + 1);
		if (parse_byte(lp, "option length", colon + 1, len - first - 1, &length))
			return -1;
	}
	h->option[h->count].type = type;
	h->option[h->count].length = length;
	h->count++;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct header_options *h = data;
	size_t at = 0, len;
	uint64_t n;

	if (opt->id == LENGTH) {
		if (number_parse(lp, opt, arg, 0, UINT32_MAX, &n))
			return -1;
		h->length = (uint32_t)n;
		h->length_given = true;
		h->length_invert = invert;
		return 0;
	}
	h->given = true;
	for (;;) {
		len = strcspn(arg + at, ",");
		if (parse_option(lp, h, arg, at, len))
			return -1;
		at += len;
		if (!arg[at])
			return 0;
		at++;
	}
}

static void print_options(struct buffer *out, const struct header_options *h)
{
	unsigned int i;

	for (i = 0; i < h->count; i++) {
		buffer_printf(out, "%c%u", i ? ',' : ' ', h->option[i].type);
		if (h->option[i].length != ANY_LENGTH)
			buffer_printf(out, ":%u", h->option[i].length);
	}
}

static void print_of(struct buffer *out, const struct header_options *h, const char *name)
{
	if (h->length_given)
		buffer_printf(out, "%s --%s-len %u", h->length_invert ? " !" : "", name, h->length);
	if (h->given)
		buffer_printf(out, " --%s-opts", name);
	print_options(out, h);
}

static void print_hbh(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	print_of(out, data, "hbh");
}

static void print_dst(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	print_of(out, data, "dst");
}

static void list_of(struct buffer *out, const struct header_options *h, const char *name)
{
	buffer_printf(out, " %s", name);
	if (h->length_given)
		buffer_printf(out, " length:%s%u", h->length_invert ? "!" : "", h->length);
	if (h->given)
		buffer_puts(out, " opts");
	print_options(out, h);
}

static void list_hbh(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	list_of(out, data, "hbh");
}

static void list_dst(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	list_of(out, data, "dst");
}

/* hbh_mt6() */
static int compile_of(struct program *p, const struct header_options *h, u32 arg)
{
	u64 payload[1 + OPTIONS_MAX / 4] = { number_pair(h->length, 0) };
	u16 options[OPTIONS_MAX] = { 0 };
	unsigned int i;

	for (i = 0; i < h->count; i++)
		options[i] = (u16)(h->option[i].type << 8 | h->option[i].length);
	memcpy(payload + 1, options, sizeof(options));
	arg |= (h->length_given ? HEADER_LENGTH : 0) |
	       (h->length_invert ? HEADER_NOT_LENGTH : 0) | (h->given ? TLV_GIVEN : 0);
	program_op(p, OP_TLV, 0, arg | (u32)h->count << 8, payload, 1 + OPTIONS_MAX / 4);
	return 0;
}

static int compile_hbh(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	(void)rule;
	(void)f;
	return compile_of(p, data, 0);
}

static int compile_dst(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	(void)rule;
	(void)f;
	return compile_of(p, data, TLV_DST);
}

const struct match_ext ext_hbh = {
	.name = "hbh", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct header_options),
	.options = options_hbh, .parse = parse, .print = print_hbh, .list = list_hbh,
	.compile = compile_hbh,
};

const struct match_ext ext_dst = {
	.name = "dst", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct header_options),
	.options = options_dst, .parse = parse, .print = print_dst, .list = list_dst,
	.compile = compile_dst,
};

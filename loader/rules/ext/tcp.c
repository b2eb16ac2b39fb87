/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/ports.h"
#include "rules/names.h"

/* -m tcp: extensions/libxt_tcp.c (1.8.11), net/netfilter/xt_tcpudp.c. */

enum { SOURCE, DESTINATION, SYN, FLAGS, OPTION };

struct tcp {
	struct port_range src, dst;
	uint8_t mask, compare;
	uint8_t option;		/* 0: none */
	bool flags_given, flags_invert, option_invert;
};

static const struct ext_option options[] = {
	{ "source-port", SOURCE, 1, true, true }, { "sport", SOURCE, 1, true, true },
	{ "destination-port", DESTINATION, 1, true, true }, { "dport", DESTINATION, 1, true, true },
	{ "syn", SYN, 0, true, true }, { "tcp-flags", FLAGS, 1, true, true },
	{ "tcp-option", OPTION, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* In the order they are printed. */
static const struct { const char *name; uint8_t bits; } flag_names[] = {
	{ "FIN", 0x01 }, { "SYN", 0x02 }, { "RST", 0x04 }, { "PSH", 0x08 }, { "ACK", 0x10 },
	{ "URG", 0x20 }, { "ALL", 0x3f }, { "NONE", 0 },
};

#define NR_FLAG_NAMES	(sizeof(flag_names) / sizeof(flag_names[0]))

static void init(void *data, enum family f)
{
	struct tcp *tcp = data;

	(void)f;
	tcp->src.hi = tcp->dst.hi = UINT16_MAX;
}

/* parse_tcp_flag(): names between commas, empty ones are skipped. */
static int parse_flags(struct line_parser *lp, const char *s, uint8_t *bits)
{
	size_t len, i;

	for (*bits = 0; *s; s += len) {
		s += strspn(s, ",");
		len = strcspn(s, ",");
		if (!len)
			break;
		for (i = 0; i < NR_FLAG_NAMES; i++)
			if (strlen(flag_names[i].name) == len &&
			    !strncasecmp(flag_names[i].name, s, len))
				break;
		if (i == NR_FLAG_NAMES)
			return ext_error(lp, "unknown TCP flag \"%.*s\"", len > 32 ? 32 : (int)len,
					 s);
		*bits |= flag_names[i].bits;
	}
	return 0;
}

static int parse_tcp_flags(struct line_parser *lp, struct tcp *tcp, const char *arg, bool invert)
{
	const char *compare;
	int ret;

	ret = parse_flags(lp, arg, &tcp->mask);
	compare = ret ? NULL : ext_next_word(lp);
	if (!ret && !compare)
		return ext_error(lp, "--tcp-flags requires two arguments: MASK COMPARE");
	if (!ret)
		ret = parse_flags(lp, compare, &tcp->compare);
	tcp->flags_invert = invert;
	return ret;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct tcp *tcp = data;
	unsigned int n;

	if (opt->id == SOURCE || opt->id == DESTINATION)
		return ports_parse(lp, opt->id == SOURCE ? &tcp->src : &tcp->dst, arg, "tcp",
				   invert);
	if (opt->id == OPTION) {
		if (!parse_number(arg, NULL, &n, 1, UINT8_MAX))
			return ext_error(lp, "bad TCP option \"%.32s\"", arg);
		tcp->option = (uint8_t)n;
		tcp->option_invert = invert;
		return 0;
	}
	if (tcp->flags_given)
		return ext_error(lp, "only one of --syn or --tcp-flags is allowed");
	tcp->flags_given = true;
	if (opt->id == FLAGS)
		return parse_tcp_flags(lp, tcp, arg, invert);
	tcp->mask = 0x17;	/* SYN,RST,ACK,FIN */
	tcp->compare = 0x02;	/* SYN */
	tcp->flags_invert = invert;
	return 0;
}

/* print_tcpf() */
static void print_flags(struct buffer *out, uint8_t bits)
{
	const char *comma = "";
	size_t i;

	if (!bits)
		buffer_puts(out, "NONE");
	for (i = 0; i < 6; i++) {
		if (!(bits & flag_names[i].bits))
			continue;
		buffer_printf(out, "%s%s", comma, flag_names[i].name);
		comma = ",";
	}
}

/* Also true of "--tcp-flags NONE SYN", which never matches; iptables does not print it. */
static bool has_flags(const struct tcp *tcp)
{
	return tcp->mask || tcp->compare || tcp->flags_invert;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct tcp *tcp = data;

	(void)f;
	ports_print(out, "sport", &tcp->src);
	ports_print(out, "dport", &tcp->dst);
	if (tcp->option)
		buffer_printf(out, "%s --tcp-option %u", tcp->option_invert ? " !" : "",
			      tcp->option);
	if (!has_flags(tcp))
		return;
	buffer_puts(out, tcp->flags_invert ? " ! --tcp-flags " : " --tcp-flags ");
	print_flags(out, tcp->mask);
	buffer_putc(out, ' ');
	print_flags(out, tcp->compare);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct tcp *tcp = data;

	(void)f;
	buffer_puts(out, " tcp");
	ports_list(out, "spt", &tcp->src, "tcp", numeric);
	ports_list(out, "dpt", &tcp->dst, "tcp", numeric);
	if (tcp->option)
		buffer_printf(out, " option=%s%u", tcp->option_invert ? "!" : "", tcp->option);
	if (!has_flags(tcp))
		return;
	buffer_printf(out, " flags:%s", tcp->flags_invert ? "!" : "");
	if (numeric) {
		buffer_printf(out, "0x%02X/0x%02X", tcp->mask, tcp->compare);
		return;
	}
	print_flags(out, tcp->mask);
	buffer_putc(out, '/');
	print_flags(out, tcp->compare);
}

/* tcp_mt(): ports, flags, then the option, which may hotdrop. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct tcp *tcp = data;

	(void)rule;
	(void)f;
	ports_compile(p, &tcp->src, &tcp->dst);
	if (has_flags(tcp))
		program_op(p, OP_TCP_FLAGS, tcp->flags_invert ? OP_INVERT : 0,
			   (u32)tcp->mask << 8 | tcp->compare, NULL, 0);
	if (tcp->option)
		program_op(p, OP_TCP_OPTION, tcp->option_invert ? OP_INVERT : 0, tcp->option, NULL,
			   0);
	return 0;
}

const struct match_ext ext_tcp = {
	.name = "tcp", .families = FAMILIES_ALL, .proto = 6, .size = sizeof(struct tcp),
	.options = options, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "compile/program.h"
#include "rules/address.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/hosts.h"
#include "rules/ext/values.h"
#include "rules/names.h"

/*
 * -m conntrack and its alias -m state: extensions/libxt_conntrack.c (1.8.11),
 * net/netfilter/xt_conntrack.c revision 3.
 */

/*
 * Options, in the order in which they are printed. Addresses and ports: original source, original
 * destination, reply source, reply destination.
 */
enum {
	STATE,
	PROTO,
	ADDRESS,
	PORT = ADDRESS + 4,
	STATUS = PORT + 4,
	EXPIRE,
	DIRECTION,
	NR_OPTIONS,
};

struct conntrack {
	uint16_t given, inverted;	/* bits by option */
	uint16_t state;			/* CT_* */
	uint8_t status;			/* CT_STATUS_*; 0: NONE */
	uint8_t proto;
	bool reply;			/* --ctdir */
	uint16_t port[4][2];
	struct address address[4];
	uint64_t expire[2];		/* seconds */
};

static const struct ext_option state_options[] = {
	{ "state", STATE, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option options[] = {
	[STATE] = { "ctstate", STATE, 1, true, true },
	[PROTO] = { "ctproto", PROTO, 1, true, true },
	[ADDRESS] = { "ctorigsrc", ADDRESS, 1, true, true },
	[ADDRESS + 1] = { "ctorigdst", ADDRESS + 1, 1, true, true },
	[ADDRESS + 2] = { "ctreplsrc", ADDRESS + 2, 1, true, true },
	[ADDRESS + 3] = { "ctrepldst", ADDRESS + 3, 1, true, true },
	[PORT] = { "ctorigsrcport", PORT, 1, true, true },
	[PORT + 1] = { "ctorigdstport", PORT + 1, 1, true, true },
	[PORT + 2] = { "ctreplsrcport", PORT + 2, 1, true, true },
	[PORT + 3] = { "ctrepldstport", PORT + 3, 1, true, true },
	[STATUS] = { "ctstatus", STATUS, 1, true, true },
	[EXPIRE] = { "ctexpire", EXPIRE, 1, true, true },
	[DIRECTION] = { "ctdir", DIRECTION, 1, false, true },
	[NR_OPTIONS] = { NULL, 0, 0, false, false },
};

struct bit_name {
	const char *name;
	uint16_t bit;
};

/* In the order they are tried and printed. "state" knows the first five. */
static const struct bit_name state_names[] = {
	{ "INVALID", CT_INVALID }, { "NEW", CT_NEW }, { "RELATED", CT_RELATED },
	{ "ESTABLISHED", CT_ESTABLISHED }, { "UNTRACKED", CT_UNTRACKED }, { "SNAT", CT_SNAT },
	{ "DNAT", CT_DNAT },
};

static const struct bit_name status_names[] = {
	{ "NONE", 0 }, { "EXPECTED", CT_STATUS_EXPECTED }, { "SEEN_REPLY", CT_STATUS_SEEN_REPLY },
	{ "ASSURED", CT_STATUS_ASSURED }, { "CONFIRMED", CT_STATUS_CONFIRMED },
};

#define NR_STATES	5U
#define NR_CTSTATES	7U
#define NR_STATUSES	5U

/* conntrack_ps_states(): names between commas, any case, and any beginning of a name. */
static int parse_names(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		       const struct bit_name *names, size_t nr, uint16_t *bits)
{
	const char *p = arg;
	size_t len, i;

	for (*bits = 0;; p += len + 1) {
		len = strcspn(p, ",");
		for (i = 0; len && i < nr; i++)
			if (!strncasecmp(names[i].name, p, len))
				break;
		if (!len || i == nr)
			return ext_error(lp, "bad %s \"%.64s\"", opt->name, arg);
		*bits |= names[i].bit;
		if (!p[len])
			return 0;
	}
}

/* xtables_parse_protocol(). In /etc/protocols a name may be written in capitals, but not mixed. */
static int parse_proto(struct line_parser *lp, struct conntrack *c, const char *arg)
{
	int proto = proto_parse(arg);
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && arg[i] && !islower((unsigned char)arg[i]); i++)
		name[i] = (char)tolower((unsigned char)arg[i]);
	name[i] = '\0';
	if (proto < 0 && !arg[i])
		proto = proto_parse(name);
	if (proto < 0)
		return ext_error(lp, "unknown protocol \"%.64s\"", arg);
	if (!proto)
		return ext_error(lp, "protocol 0 is that of no connection");
	c->proto = (uint8_t)proto;
	return 0;
}

static int parse_direction(struct line_parser *lp, struct conntrack *c, const char *arg)
{
	c->reply = !strcasecmp(arg, "REPLY");
	return c->reply || !strcasecmp(arg, "ORIGINAL") ? 0 :
	       ext_error(lp, "bad ctdir \"%.64s\" (ORIGINAL or REPLY)", arg);
}

static int state_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
		       bool invert, const char *arg)
{
	struct conntrack *c = data;

	c->given = 1U << STATE;
	c->inverted = invert ? 1U << STATE : 0;
	return parse_names(lp, opt, arg, state_names, NR_STATES, &c->state);
}

static int conntrack_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
			   bool invert, const char *arg)
{
	struct conntrack *c = data;
	unsigned int id = opt->id;
	uint16_t bits;
	int ret;

	c->given |= (uint16_t)(1U << id);
	if (invert)
		c->inverted |= (uint16_t)(1U << id);
	switch (id) {
	case STATE:
		return parse_names(lp, opt, arg, state_names, NR_CTSTATES, &c->state);
	case PROTO:
		return parse_proto(lp, c, arg);
	case STATUS:
		ret = parse_names(lp, opt, arg, status_names, NR_STATUSES, &bits);
		c->status = (uint8_t)bits;
		return ret;
	case EXPIRE:
		ret = range_parse(lp, opt, arg, UINT32_MAX, &c->expire[0], &c->expire[1]);
		return ret < 0 ? ret : 0;
	case DIRECTION:
		return parse_direction(lp, c, arg);
	}
	if (id < PORT)
		return hostmask_parse(lp, opt, arg, &c->address[id - ADDRESS]);
	return port_span_parse(lp, opt, arg, c->port[id - PORT]);
}

static int state_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct conntrack *c = data;

	(void)rule;
	return c->given ? 0 : ext_error(lp, "match \"state\" requires option --state");
}

static int conntrack_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct conntrack *c = data;

	(void)rule;
	return c->given ? 0 : ext_error(lp, "match \"conntrack\" requires at least one option");
}

/* print_state(), print_status(): a blank, and the names of the bits. */
static void print_names(struct buffer *out, const struct bit_name *names, size_t nr, uint16_t bits)
{
	const char *sep = " ";
	size_t i;

	for (i = 0; i < nr; i++) {
		if (bits ? !(bits & names[i].bit) : names[i].bit)
			continue;
		buffer_printf(out, "%s%s", sep, names[i].name);
		sep = ",";
	}
}

/* conntrack_dump_addr(): only a listing knows "anywhere", and the mask does not matter for it. */
static void print_address(struct buffer *out, const struct address *a, enum family f, bool numeric)
{
	buffer_putc(out, ' ');
	if (!numeric && address_is_zero(a->value, f))
		buffer_puts(out, "anywhere");
	else
		hostmask_print(out, a, f);
}

static void print_option(struct buffer *out, const struct conntrack *c, unsigned int id,
			 enum family f, bool numeric)
{
	switch (id) {
	case STATE:
		print_names(out, state_names, NR_CTSTATES, c->state);
		return;
	case PROTO:
		buffer_printf(out, " %u", c->proto);
		return;
	case STATUS:
		print_names(out, status_names, NR_STATUSES, c->status);
		return;
	case EXPIRE:
		buffer_putc(out, ' ');
		range_print(out, c->expire[0], c->expire[1]);
		return;
	case DIRECTION:
		buffer_puts(out, c->reply ? " REPLY" : " ORIGINAL");
		return;
	}
	if (id < PORT) {
		print_address(out, &c->address[id - ADDRESS], f, numeric);
		return;
	}
	buffer_putc(out, ' ');
	range_print(out, c->port[id - PORT][0], c->port[id - PORT][1]);
}

/* conntrack_dump(). @dashes: as iptables-save. */
static void dump(struct buffer *out, const struct conntrack *c, const struct ext_option *opts,
		 const char *dashes, enum family f, bool numeric)
{
	unsigned int id;

	for (id = 0; id < NR_OPTIONS; id++) {
		if (!(c->given & 1U << id))
			continue;
		buffer_printf(out, "%s %s%s", c->inverted & 1U << id ? " !" : "", dashes,
			      opts[id].name);
		print_option(out, c, id, f, numeric);
	}
}

static void state_print(struct buffer *out, const void *data, enum family f)
{
	dump(out, data, state_options, "--", f, true);
}

static void conntrack_print(struct buffer *out, const void *data, enum family f)
{
	dump(out, data, options, "--", f, true);
}

static void state_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	dump(out, data, state_options, "", f, numeric);
}

static void conntrack_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	dump(out, data, options, "", f, numeric);
}

static u32 word_of(const uint8_t *bytes)
{
	return (u32)bytes[0] << 24 | (u32)bytes[1] << 16 | (u32)bytes[2] << 8 | bytes[3];
}

static void compile_address(struct program *p, unsigned int flags, u32 arg,
			    const struct address *a)
{
	u64 payload[4];
	u32 words[8];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		words[i] = word_of(a->value + 4 * i);
		words[4 + i] = word_of(a->mask + 4 * i);
	}
	memcpy(payload, words, sizeof(payload));
	program_op(p, OP_CT_ADDRESS, flags, arg, payload, 4);
}

static void compile_range(struct program *p, unsigned int code, unsigned int flags, u32 arg,
			  u64 lo, u64 hi)
{
	const u64 payload = lo | hi << 32;

	program_op(p, code, flags, arg, &payload, 1);
}

/* @without: what holds for a packet that has no connection. */
static void compile_option(struct program *p, const struct conntrack *c, unsigned int id,
			   u32 without)
{
	unsigned int flags = c->inverted & 1U << id ? OP_INVERT : 0;

	switch (id) {
	case STATE:
		program_op(p, OP_CT_STATE, flags, c->state, NULL, 0);
		return;
	case PROTO:
		program_op(p, OP_CT_PROTO, flags, without | c->proto, NULL, 0);
		return;
	case STATUS:
		program_op(p, OP_CT_STATUS, flags, without | c->status, NULL, 0);
		return;
	case EXPIRE:
		compile_range(p, OP_CT_EXPIRE, flags, without, c->expire[0], c->expire[1]);
		return;
	case DIRECTION:
		program_op(p, OP_CT_DIRECTION, 0, without | c->reply, NULL, 0);
		return;
	}
	if (id < PORT)
		compile_address(p, flags, without | (id - ADDRESS), &c->address[id - ADDRESS]);
	else
		compile_range(p, OP_CT_PORT, flags, without | (id - PORT), c->port[id - PORT][0],
			      c->port[id - PORT][1]);
}

/*
 * conntrack_mt(): the state first. A packet without a connection matches if its state is asked for
 * and does, whatever else is asked; if it is not, it does not match.
 */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct conntrack *c = data;
	u32 without = c->given & 1U << STATE ? CT_WITHOUT : 0;
	unsigned int id;

	(void)rule;
	(void)f;
	for (id = 0; id < NR_OPTIONS; id++)
		if (c->given & 1U << id)
			compile_option(p, c, id, without);
	return 0;
}

const struct match_ext ext_state = {
	.name = "state", .families = FAMILIES_ALL, .size = sizeof(struct conntrack),
	.options = state_options, .parse = state_parse, .check = state_check, .print = state_print,
	.list = state_list, .compile = compile,
};

const struct match_ext ext_conntrack = {
	.name = "conntrack", .families = FAMILIES_ALL, .size = sizeof(struct conntrack),
	.options = options, .parse = conntrack_parse, .check = conntrack_check,
	.print = conntrack_print, .list = conntrack_list, .compile = compile,
};

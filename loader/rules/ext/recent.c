// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "bpf/recent.h"
#include "compile/program.h"
#include "rules/address.h"
#include "rules/ext/ext_list.h"
#include "rules/names.h"

/*
 * -m recent: extensions/libxt_recent.c (1.8.11), and what recent_mt_check() of
 * net/netfilter/xt_recent.c asks for besides.
 */

enum {
	SET, RCHECK, UPDATE, REMOVE,	/* exactly one of these */
	SECONDS, REAP, HITCOUNT, RTTL, NAME, RSOURCE, RDEST, MASK,
};

#define NR_ACTIONS	(REMOVE + 1)
#define NO_ACTION	0xffU
#define NAME_SIZE	200U	/* XT_RECENT_NAME_LEN */
#define HITCOUNT_MAX	65535U	/* XT_RECENT_MAX_NSTAMPS less one */

struct recent {
	uint32_t seconds, hitcount;
	uint8_t mask[16];	/* of the table, if this rule is the first to name it */
	const char *name;
	uint8_t action;		/* SET to REMOVE, NO_ACTION: not yet given */
	bool invert, reap, ttl, dest;
};

static const struct ext_option options[] = {
	{ "set", SET, 0, true, true }, { "rcheck", RCHECK, 0, true, true },
	{ "update", UPDATE, 0, true, true }, { "remove", REMOVE, 0, true, true },
	{ "seconds", SECONDS, 1, false, true }, { "reap", REAP, 0, false, true },
	{ "hitcount", HITCOUNT, 1, false, true }, { "rttl", RTTL, 0, false, true },
	{ "name", NAME, 1, false, true }, { "rsource", RSOURCE, 0, false, true },
	{ "rdest", RDEST, 0, false, true }, { "mask", MASK, 1, false, true },
	{ NULL, 0, 0, false, false },
};

static const char *const listed[NR_ACTIONS] = { "SET", "CHECK", "UPDATE", "REMOVE" };

static void init(void *data, enum family f)
{
	struct recent *r = data;

	(void)f;
	r->name = "DEFAULT";
	r->action = NO_ACTION;
	memset(r->mask, 0xff, sizeof(r->mask));
}

static int parse_action(struct line_parser *lp, struct recent *r, unsigned int action, bool invert)
{
	if (r->action != NO_ACTION)
		return ext_error(lp, "option --%s cannot be used together with --%s",
				 options[action].name, options[r->action].name);
	r->action = (uint8_t)action;
	r->invert = invert;
	return 0;
}

/* The name is a file of /proc/net/xt_recent: xt_check_proc_name(). Longer ones are cut. */
static int parse_name(struct line_parser *lp, struct recent *r, const char *arg)
{
	if (!*arg || !strcmp(arg, ".") || !strcmp(arg, "..") || strchr(arg, '/'))
		return ext_error(lp, "\"%.64s\" is no name for a table: it is a file name, without a slash",
				 arg);
	r->name = arena_strndup(ext_arena(lp), arg, strnlen(arg, NAME_SIZE - 1));
	return r->name ? 0 : ext_error(lp, "out of memory");
}

/* getaddrinfo() of an IPv4 literal is inet_aton(): "255.255" is 255.0.0.255. */
static int parse_mask(struct line_parser *lp, struct recent *r, const char *arg)
{
	bool good;

	ext_hint_address(lp, arg, strlen(arg));
	memset(r->mask, 0, sizeof(r->mask));
	if (ext_family(lp) == FAMILY_IPV4)
		good = inet_aton(arg, (struct in_addr *)(void *)r->mask);
	else
		good = inet_pton(AF_INET6, arg, r->mask) == 1;
	return good ? 0 : ext_error(lp, "invalid mask \"%.64s\": an %s address is expected", arg,
				    ext_family(lp) == FAMILY_IPV4 ? "IPv4" : "IPv6");
}

static int parse_uint(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		      uint32_t min, uint32_t max, uint32_t *to)
{
	if (parse_number(arg, NULL, to, min, max))
		return 0;
	return ext_error(lp, "bad value \"%.64s\" for --%s, %u to %u are possible", arg, opt->name,
			 min, max);
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct recent *r = data;

	switch (opt->id) {
	case SECONDS:
		return parse_uint(lp, opt, arg, 1, UINT32_MAX, &r->seconds);
	case HITCOUNT:
		return parse_uint(lp, opt, arg, 0, HITCOUNT_MAX, &r->hitcount);
	case NAME:
		return parse_name(lp, r, arg);
	case MASK:
		return parse_mask(lp, r, arg);
	case REAP:
		r->reap = true;
		return 0;
	case RTTL:
		r->ttl = true;
		return 0;
	case RSOURCE:
	case RDEST:
		r->dest = opt->id == RDEST;
		return 0;
	}
	return parse_action(lp, r, opt->id, invert);
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct recent *r = data;

	(void)rule;
	if (r->action == NO_ACTION)
		return ext_error(lp, "match \"recent\" requires --set, --rcheck, --update or --remove");
	if (r->reap && !r->seconds)
		return ext_error(lp, "option --reap also requires --seconds");
	if ((r->action == SET || r->action == REMOVE) && (r->seconds || r->hitcount || r->ttl))
		return ext_error(lp, "--seconds, --hitcount, --reap and --rttl need --rcheck or --update");
	return 0;
}

/* recent_save() */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct recent *r = data;

	buffer_printf(out, "%s --%s", r->invert ? " !" : "", options[r->action].name);
	if (r->seconds)
		buffer_printf(out, " --seconds %u", r->seconds);
	if (r->reap)
		buffer_puts(out, " --reap");
	if (r->hitcount)
		buffer_printf(out, " --hitcount %u", r->hitcount);
	if (r->ttl)
		buffer_puts(out, " --rttl");
	buffer_puts(out, " --name ");
	save_word(out, r->name);
	buffer_puts(out, " --mask ");
	address_print(out, r->mask, f);
	buffer_puts(out, r->dest ? " --rdest" : " --rsource");
}

/* recent_print() */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct recent *r = data;

	(void)numeric;
	buffer_printf(out, "%s recent: %s", r->invert ? " !" : "", listed[r->action]);
	if (r->seconds)
		buffer_printf(out, " seconds: %u", r->seconds);
	if (r->reap)
		buffer_puts(out, " reap");
	if (r->hitcount)
		buffer_printf(out, " hit_count: %u", r->hitcount);
	if (r->ttl)
		buffer_puts(out, " TTL-Match");
	buffer_printf(out, " name: %s side: %s mask: ", r->name, r->dest ? "dest" : "source");
	address_print(out, r->mask, f);
}

/* nstamps_max_mask + 1 of recent_mt_check(), for this rule alone. */
static uint32_t stamps(const struct recent *r)
{
	uint32_t n = 1;

	if (!r->hitcount)
		return RECENT_STAMPS;
	while (n < r->hitcount)
		n *= 2;
	return n;
}

/* The mask that counts is that of the first rule with this name; the most stamps, that of any. */
static uint32_t table(struct program *p, const struct recent *r)
{
	const uint32_t cells = RECENT_CELLS(stamps(r));
	uint64_t params[4] = { stamps(r) };
	uint32_t number;
	unsigned int i;

	for (i = 0; i < 16; i++)
		params[1 + i / 8] = params[1 + i / 8] << 8 | r->mask[i];
	number = program_table(p, NAMED_RECENT, r->name, 2, cells, params);
	program_table_grow(p, number, cells, params[0]);
	if (number > RECENT_TABLE)
		p->failed = -E2BIG;
	return number & RECENT_TABLE;
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	static const uint32_t actions[NR_ACTIONS] = { RECENT_SET, 0, RECENT_UPDATE, RECENT_REMOVE };
	const struct recent *r = data;
	const uint32_t limits[2] = { r->seconds, r->hitcount };
	uint32_t arg = actions[r->action];
	uint64_t payload;

	(void)rule;
	(void)f;
	if (r->action != RCHECK || r->reap)
		program_stateful(p);
	if (r->dest)
		arg |= RECENT_DEST;
	if (r->reap)
		arg |= RECENT_REAP;
	memcpy(&payload, limits, sizeof(payload));
	program_op(p, r->ttl ? OP_RECENT_TTL : OP_RECENT, r->invert ? OP_INVERT : 0,
		   arg | table(p, r), &payload, 1);
	return 0;
}

const struct match_ext ext_recent = {
	.name = "recent", .families = FAMILIES_ALL, .size = sizeof(struct recent),
	.options = options, .init = init, .parse = parse, .check = check, .print = print,
	.list = list, .compile = compile,
};

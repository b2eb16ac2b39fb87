/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/ports.h"

/* -m sctp: extensions/libxt_sctp.c (1.8.11), net/netfilter/xt_sctp.c. */

enum { SOURCE, DESTINATION, CHUNKS };

#define FLAGS_MAX	SCTP_FLAGS	/* XT_NUM_SCTP_FLAGS: chunk types with flags */

struct chunk_flags {
	uint8_t type, mask, value;
};

struct sctp {
	struct port_range src, dst;
	unsigned char seen;	/* bits by option */
	unsigned char which;	/* SCTP_* */
	bool invert;		/* of the chunks */
	bool every;		/* ALL: every type, also those without a name */
	uint32_t chunks;	/* bits by place in the table below */
	struct chunk_flags flags[FLAGS_MAX];
	unsigned int nr_flags;
};

static const struct ext_option options[] = {
	{ "source-port", SOURCE, 1, true, true }, { "sport", SOURCE, 1, true, true },
	{ "destination-port", DESTINATION, 1, true, true }, { "dport", DESTINATION, 1, true, true },
	{ "chunk-types", CHUNKS, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const char *const which_names[] = {
	[SCTP_ANY] = "any", [SCTP_ALL] = "all", [SCTP_ONLY] = "only",
};

/* The letters of its flags, the highest bit first; '-' is taken for the highest. */
#define NO_FLAGS	"--------"

static const struct { const char *name, *flags; uint8_t type; } chunks[] = {
	{ "DATA", "----IUBE", 0 }, { "INIT", NO_FLAGS, 1 }, { "INIT_ACK", NO_FLAGS, 2 },
	{ "SACK", NO_FLAGS, 3 }, { "HEARTBEAT", NO_FLAGS, 4 }, { "HEARTBEAT_ACK", NO_FLAGS, 5 },
	{ "ABORT", "-------T", 6 }, { "SHUTDOWN", NO_FLAGS, 7 }, { "SHUTDOWN_ACK", NO_FLAGS, 8 },
	{ "ERROR", NO_FLAGS, 9 }, { "COOKIE_ECHO", NO_FLAGS, 10 }, { "COOKIE_ACK", NO_FLAGS, 11 },
	{ "ECN_ECNE", NO_FLAGS, 12 }, { "ECN_CWR", NO_FLAGS, 13 },
	{ "SHUTDOWN_COMPLETE", "-------T", 14 }, { "I_DATA", "----IUBE", 64 },
	{ "RE_CONFIG", NO_FLAGS, 130 }, { "PAD", NO_FLAGS, 132 }, { "ASCONF", NO_FLAGS, 193 },
	{ "ASCONF_ACK", NO_FLAGS, 128 }, { "FORWARD_TSN", NO_FLAGS, 192 },
	{ "I_FORWARD_TSN", NO_FLAGS, 194 },
};

#define NR_CHUNKS	(sizeof(chunks) / sizeof(chunks[0]))

static void init(void *data, enum family f)
{
	struct sctp *sctp = data;

	(void)f;
	sctp->src.hi = sctp->dst.hi = UINT16_MAX;
}

/*
 * save_chunk_flag_info(). iptables notes the flags under the type's place in its table, which is
 * the type up to 14. Those of others (only I_DATA has any) count, and have no effect.
 */
static int add_flag(struct line_parser *lp, struct sctp *sctp, size_t place, unsigned int bit,
		    bool set)
{
	struct chunk_flags *f = sctp->flags;

	while (f < sctp->flags + sctp->nr_flags && f->type != place)
		f++;
	if (f == sctp->flags + FLAGS_MAX)
		return ext_error(lp, "more than %u chunk types with flags", FLAGS_MAX);
	if (f == sctp->flags + sctp->nr_flags)
		sctp->nr_flags++;
	f->type = (uint8_t)place;
	f->mask |= (uint8_t)(1 << bit);
	if (set)
		f->value |= (uint8_t)(1 << bit);
	return 0;
}

static int parse_flags(struct line_parser *lp, struct sctp *sctp, size_t place, const char *s,
		       size_t len)
{
	const char *letters = chunks[place].flags, *found;
	size_t i;

	for (i = 0; i < len; i++) {
		found = strchr(letters, toupper((unsigned char)s[i]));
		if (!found)
			return ext_error(lp, "chunk type %s has no flag \"%c\"", chunks[place].name,
					 s[i]);
		if (add_flag(lp, sctp, place, (unsigned int)(7 - (found - letters)),
			     isupper((unsigned char)s[i])))
			return -1;
	}
	return 0;
}

/* One TYPE or TYPE:FLAGS of @len characters. */
static int parse_chunk(struct line_parser *lp, struct sctp *sctp, const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);
	size_t first = colon ? (size_t)(colon - s) : len, i;

	for (i = 0; i < NR_CHUNKS; i++)
		if (strlen(chunks[i].name) == first && !strncasecmp(chunks[i].name, s, first))
			break;
	if (i == NR_CHUNKS)
		return ext_error(lp, "unknown chunk type \"%.*s\"", first > 32 ? 32 : (int)first,
				 s);
	sctp->chunks |= 1U << i;
	return colon ? parse_flags(lp, sctp, i, colon + 1, len - first - 1) : 0;
}

/* parse_sctp_chunks(): "any", "all" or "only", and a list in which empty places are skipped. */
static int parse_chunks(struct line_parser *lp, struct sctp *sctp, const char *which)
{
	const char *list;
	size_t at, len;

	for (sctp->which = SCTP_ANY; sctp->which <= SCTP_ONLY; sctp->which++)
		if (!strcasecmp(which, which_names[sctp->which]))
			break;
	if (sctp->which > SCTP_ONLY)
		return ext_error(lp, "\"%.32s\": \"any\", \"all\" or \"only\" was expected", which);
	list = ext_next_word(lp);
	if (!list)
		return ext_error(lp, "--chunk-types requires two arguments: any, all or only, and a list");
	sctp->every = !strcasecmp(list, "ALL");
	if (sctp->every || !strcasecmp(list, "NONE"))
		return 0;
	for (at = strspn(list, ","); list[at]; at += len + strspn(list + at + len, ",")) {
		len = strcspn(list + at, ",");
		if (parse_chunk(lp, sctp, list + at, len))
			return -1;
	}
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct sctp *sctp = data;

	sctp->seen |= (unsigned char)(1 << opt->id);
	if (opt->id != CHUNKS)
		return ports_parse(lp, opt->id == SOURCE ? &sctp->src : &sctp->dst, arg, "sctp",
				   invert);
	sctp->invert = invert;
	return parse_chunks(lp, sctp, arg);
}

/* print_chunk_flags() */
static void print_flags(struct buffer *out, const struct sctp *sctp, size_t place)
{
	const struct chunk_flags *f = sctp->flags;
	unsigned int bit;

	while (f < sctp->flags + sctp->nr_flags && f->type != place)
		f++;
	if (f == sctp->flags + sctp->nr_flags || chunks[place].type != place)
		return;
	buffer_putc(out, ':');
	for (bit = 8; bit-- > 0;)
		if (f->mask & 1U << bit)
			buffer_putc(out, (char)(f->value & 1U << bit ?
						chunks[place].flags[7 - bit] :
						tolower(chunks[place].flags[7 - bit])));
}

/* print_chunks(): in the order of their numbers. */
static void print_chunks(struct buffer *out, const struct sctp *sctp, bool numeric)
{
	char before = ' ';
	unsigned int type;
	size_t i;

	buffer_printf(out, " %s", which_names[sctp->which]);
	if (!sctp->chunks)
		buffer_puts(out, sctp->every ? " ALL" : " NONE");
	for (type = 0; type <= UINT8_MAX; type++) {
		for (i = 0; i < NR_CHUNKS && chunks[i].type != type;)
			i++;
		if (i == NR_CHUNKS || !(sctp->chunks & 1U << i))
			continue;
		buffer_putc(out, before);
		before = ',';
		if (numeric)
			buffer_printf(out, "0x%04X", type);
		else
			buffer_puts(out, chunks[i].name);
		print_flags(out, sctp, i);
	}
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct sctp *sctp = data;

	(void)f;
	if (sctp->seen & 1 << SOURCE)
		ports_print_all(out, "sport", &sctp->src);
	if (sctp->seen & 1 << DESTINATION)
		ports_print_all(out, "dport", &sctp->dst);
	if (!(sctp->seen & 1 << CHUNKS))
		return;
	buffer_puts(out, sctp->invert ? " ! --chunk-types" : " --chunk-types");
	print_chunks(out, sctp, false);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct sctp *sctp = data;

	(void)f;
	buffer_puts(out, " sctp");
	ports_list(out, "spt", &sctp->src, "sctp", numeric);
	ports_list(out, "dpt", &sctp->dst, "sctp", numeric);
	if (!(sctp->seen & 1 << CHUNKS))
		return;
	if (sctp->invert)
		buffer_puts(out, " !");
	print_chunks(out, sctp, numeric);
}

/*
 * sctp_mt(). "all ALL" never matches: the kernel's list has room for more types than a packet can
 * have. That is any of none.
 */
static void compile_chunks(struct program *p, const struct sctp *sctp)
{
	bool never = sctp->every && sctp->which == SCTP_ALL;
	struct sctp_chunks list = { 0 };
	u64 payload[sizeof(list) / sizeof(u64)];
	size_t i;

	for (i = 0; i < NR_CHUNKS; i++)
		if (sctp->chunks & 1U << i)
			list.types |= 1ULL << SCTP_BIT(chunks[i].type);
	for (i = 0; i < sctp->nr_flags; i++) {
		list.flags[i].used = 1;
		list.flags[i].type = sctp->flags[i].type;
		list.flags[i].mask = sctp->flags[i].mask;
		list.flags[i].value = sctp->flags[i].value;
	}
	memcpy(payload, &list, sizeof(list));
	program_op(p, OP_SCTP_CHUNKS, sctp->invert ? OP_INVERT : 0,
		   never ? SCTP_ANY : sctp->which | (sctp->every ? SCTP_EVERY : 0), payload,
		   sizeof(list) / sizeof(u64));
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct sctp *sctp = data;

	(void)rule;
	(void)f;
	ports_compile(p, &sctp->src, &sctp->dst);
	if (sctp->seen & 1 << CHUNKS)
		compile_chunks(p, sctp);
	return 0;
}

const struct match_ext ext_sctp = {
	.name = "sctp", .families = FAMILIES_ALL, .proto = 132, .size = sizeof(struct sctp),
	.options = options, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "compile/program.h"
#include "rules/address.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/*
 * -m srh, the segment routing header of IPv6: extensions/libip6t_srh.c (1.8.11),
 * net/ipv6/netfilter/ip6t_srh.c, revision 1. An option's id is the test it stands for.
 */

/* The tests of a field share its number: that of the last option holds. */
enum { NEXT, LENGTH, LEFT, LAST, TAG, NR_FIELDS };
enum { PREVIOUS, FOLLOWING, FINAL, NR_SIDS };

struct sid {
	struct address address;		/* host bits are kept, as iptables does */
	uint8_t prefix;
};

struct srh {
	uint16_t given, invert;		/* bits by id */
	uint16_t field[NR_FIELDS];
	struct sid sid[NR_SIDS];
};

static const struct ext_option options[] = {
	{ "srh-next-hdr", SRH_NEXT, 1, true, true },
	{ "srh-hdr-len-eq", SRH_LENGTH_IS, 1, true, true },
	{ "srh-hdr-len-gt", SRH_LENGTH_ABOVE, 1, true, true },
	{ "srh-hdr-len-lt", SRH_LENGTH_BELOW, 1, true, true },
	{ "srh-segs-left-eq", SRH_LEFT_IS, 1, true, true },
	{ "srh-segs-left-gt", SRH_LEFT_ABOVE, 1, true, true },
	{ "srh-segs-left-lt", SRH_LEFT_BELOW, 1, true, true },
	{ "srh-last-entry-eq", SRH_LAST_IS, 1, true, true },
	{ "srh-last-entry-gt", SRH_LAST_ABOVE, 1, true, true },
	{ "srh-last-entry-lt", SRH_LAST_BELOW, 1, true, true },
	{ "srh-tag", SRH_TAG, 1, true, true },
	{ "srh-psid", SRH_PREVIOUS, 1, true, true },
	{ "srh-nsid", SRH_FOLLOWING, 1, true, true },
	{ "srh-lsid", SRH_FINAL, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* The field each test is about. */
static const uint8_t fields[] = {
	[SRH_NEXT] = NEXT, [SRH_LENGTH_IS] = LENGTH, [SRH_LENGTH_ABOVE] = LENGTH,
	[SRH_LENGTH_BELOW] = LENGTH, [SRH_LEFT_IS] = LEFT, [SRH_LEFT_ABOVE] = LEFT,
	[SRH_LEFT_BELOW] = LEFT, [SRH_LAST_IS] = LAST, [SRH_LAST_ABOVE] = LAST,
	[SRH_LAST_BELOW] = LAST, [SRH_TAG] = TAG,
};

/* xtopt_parse_hostmask(): ADDRESS[/PREFIX] */
static int parse_sid(struct line_parser *lp, const struct ext_option *opt, struct sid *sid,
		     const char *arg)
{
	size_t len = strcspn(arg, "/");
	uint64_t prefix = 128;

	if (address_parse(&sid->address, arg, len, FAMILY_IPV6) != ADDRESS_OK)
		return ext_error(lp, "bad address \"%.64s\" for --%s (an IPv6 address)", arg,
				 opt->name);
	if (arg[len]) {
		ext_point(lp, len + 1);
		if (number_parse(lp, opt, arg + len + 1, 0, 128, &prefix))
			return -EINVAL;
	}
	sid->prefix = (uint8_t)prefix;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct srh *s = data;
	uint64_t value;

	s->given |= (uint16_t)(1U << opt->id);
	if (invert)
		s->invert |= (uint16_t)(1U << opt->id);
	if (opt->id >= SRH_PREVIOUS)
		return parse_sid(lp, opt, &s->sid[opt->id - SRH_PREVIOUS], arg);
	if (number_parse(lp, opt, arg, 0, opt->id == SRH_TAG ? UINT16_MAX : UINT8_MAX, &value))
		return -EINVAL;
	s->field[fields[opt->id]] = (uint16_t)value;
	return 0;
}

static void print_sid(struct buffer *out, const struct sid *sid)
{
	address_print(out, sid->address.value, FAMILY_IPV6);
	buffer_printf(out, "/%u", sid->prefix);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct srh *s = data;
	const struct ext_option *o;

	(void)f;
	for (o = options; o->name; o++) {
		if (!(s->given >> o->id & 1))
			continue;
		buffer_printf(out, "%s --%s ", s->invert >> o->id & 1 ? " !" : "", o->name);
		if (o->id >= SRH_PREVIOUS)
			print_sid(out, &s->sid[o->id - SRH_PREVIOUS]);
		else
			buffer_printf(out, "%u", s->field[fields[o->id]]);
	}
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct srh *s = data;
	const struct ext_option *o;
	const char *invert;

	(void)f;
	(void)numeric;
	buffer_puts(out, " srh");
	for (o = options; o->name; o++) {
		if (!(s->given >> o->id & 1))
			continue;
		invert = s->invert >> o->id & 1 ? "!" : "";
		buffer_printf(out, " %s", o->name + strlen("srh-"));
		if (o->id >= SRH_PREVIOUS) {
			buffer_printf(out, " %s ", invert);
			print_sid(out, &s->sid[o->id - SRH_PREVIOUS]);
		} else {
			buffer_printf(out, ":%s%u", invert, s->field[fields[o->id]]);
		}
	}
}

/* Address and mask as eight words in host order. */
static void sid_payload(const struct sid *sid, u64 payload[4])
{
	u32 words[8];
	unsigned int i, j;

	for (i = 0; i < 4; i++) {
		words[i] = 0;
		for (j = 0; j < 4; j++)
			words[i] = words[i] << 8 | sid->address.value[4 * i + j];
		words[4 + i] = sid->prefix >= 32 * (i + 1) ? UINT32_MAX :
			       sid->prefix <= 32 * i ? 0 :
			       UINT32_MAX << (32 * (i + 1) - sid->prefix);
	}
	memcpy(payload, words, sizeof(words));
}

/* First that there is such a header; the tests may be inverted, this may not. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct srh *s = data;
	const struct ext_option *o;
	u64 payload[4];
	unsigned int flags;

	(void)rule;
	(void)f;
	program_op(p, OP_SRH, 0, SRH_THERE, NULL, 0);
	for (o = options; o->name; o++) {
		if (!(s->given >> o->id & 1))
			continue;
		flags = s->invert >> o->id & 1 ? OP_INVERT : 0;
		if (o->id < SRH_PREVIOUS) {
			program_op(p, OP_SRH, flags, (u32)s->field[fields[o->id]] << 8 | o->id,
				   NULL, 0);
			continue;
		}
		program_op(p, OP_SRH, 0, SRH_HAS_PREVIOUS + o->id - SRH_PREVIOUS, NULL, 0);
		sid_payload(&s->sid[o->id - SRH_PREVIOUS], payload);
		program_op(p, OP_SRH, flags, o->id, payload, 4);
	}
	return 0;
}

const struct match_ext ext_srh = {
	.name = "srh", .families = FAMILY_BIT(FAMILY_IPV6), .size = sizeof(struct srh),
	.options = options, .parse = parse, .print = print, .list = list, .compile = compile,
};

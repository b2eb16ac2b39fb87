/* SPDX-License-Identifier: GPL-2.0-only */
#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"
#include "rules/ext/values.h"

/* -m ecn: extensions/libxt_ecn.c (1.8.11), net/netfilter/xt_ecn.c. */

enum { CWR, ECE, ECT };		/* option ids */

struct ecn {
	uint8_t given, invert;	/* bits by option id */
	uint8_t ect;
};

static const struct ext_option options[] = {
	{ "ecn-tcp-cwr", CWR, 0, true, true }, { "ecn-tcp-ece", ECE, 0, true, true },
	{ "ecn-ip-ect", ECT, 1, true, true },
	{ NULL, 0, 0, false, false },
};

#define ECT_MAX		3U
/* Of byte 13 of the TCP header. */
#define FLAG_ECE	0x40U
#define FLAG_CWR	0x80U

static bool has(const struct ecn *e, unsigned int id)
{
	return e->given >> id & 1;
}

static const char *sign(const struct ecn *e, unsigned int id, const char *inverted)
{
	return e->invert >> id & 1 ? inverted : "";
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct ecn *e = data;
	uint64_t value;

	e->given |= (uint8_t)(1U << opt->id);
	if (invert)
		e->invert |= (uint8_t)(1U << opt->id);
	if (opt->id != ECT)
		return 0;
	if (number_parse(lp, opt, arg, 0, ECT_MAX, &value))
		return -1;
	e->ect = (uint8_t)value;
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct ecn *e = data;

	if (!e->given)
		return ext_error(lp, "match \"ecn\" requires --ecn-tcp-cwr, --ecn-tcp-ece or "
				 "--ecn-ip-ect");
	if ((has(e, CWR) || has(e, ECE)) && (rule->proto != 6 || rule->flags & RULE_INV_PROTO))
		return ext_error(lp, "match \"ecn\" with --ecn-tcp-cwr or --ecn-tcp-ece needs -p tcp "
				 "(not inverted)");
	return 0;
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct ecn *e = data;

	(void)f;
	if (has(e, ECE))
		buffer_printf(out, "%s --ecn-tcp-ece", sign(e, ECE, " !"));
	if (has(e, CWR))
		buffer_printf(out, "%s --ecn-tcp-cwr", sign(e, CWR, " !"));
	if (has(e, ECT))
		buffer_printf(out, "%s --ecn-ip-ect %u", sign(e, ECT, " !"), e->ect);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct ecn *e = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, " ECN match");
	if (has(e, ECE))
		buffer_printf(out, " %sECE", sign(e, ECE, "!"));
	if (has(e, CWR))
		buffer_printf(out, " %sCWR", sign(e, CWR, "!"));
	if (has(e, ECT))
		buffer_printf(out, " %sECT=%u", sign(e, ECT, "!"), e->ect);
}

/* A TCP header that is cut off does not match, whatever is inverted: the bits are one op. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct ecn *e = data;
	u32 mask = has(e, ECE) * FLAG_ECE | has(e, CWR) * FLAG_CWR;
	u32 inverted = (e->invert >> ECE & 1U) * FLAG_ECE | (e->invert >> CWR & 1U) * FLAG_CWR;
	unsigned int shift = f == FAMILY_IPV4 ? 16 : 20;

	(void)rule;
	if (has(e, ECT))
		field_ip_word(p, 0, ECT_MAX << shift, (u32)e->ect << shift, (u32)e->ect << shift,
				e->invert >> ECT & 1);
	if (mask)
		program_op(p, OP_TCP_ECN, 0, mask << 8 | (mask & ~inverted), NULL, 0);
	return 0;
}

const struct match_ext ext_ecn = {
	.name = "ecn", .families = FAMILIES_ALL, .size = sizeof(struct ecn),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

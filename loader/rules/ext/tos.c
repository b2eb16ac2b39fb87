/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>
#include <strings.h>

#include "rules/ext/ext_list.h"
#include "rules/ext/fields.h"
#include "rules/ext/values.h"

/*
 * -m tos and -m dscp, the byte behind the version in IPv4 and the traffic class in IPv6:
 * extensions/libxt_tos.c, tos_values.c, libxt_dscp.c, dscp_helper.c, and xtopt_parse_tosmask()
 * (1.8.11); net/netfilter/xt_dscp.c.
 */

enum { TOS, DSCP, CLASS };

struct tos {
	uint8_t value, mask;	/* dscp: the value alone, not shifted */
	bool invert, given;
};

struct name {
	char name[21];
	uint8_t value;
};

static const struct ext_option tos_options[] = {
	{ "tos", TOS, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option dscp_options[] = {
	{ "dscp", DSCP, 1, true, true }, { "dscp-class", CLASS, 1, true, true },
	{ NULL, 0, 0, false, false },
};

/* They leave the two bits of ECN alone, so the mask is NAME_MASK. */
#define NAME_MASK	0x3fU

static const struct name tos_names[] = {
	{ "Minimize-Delay", 0x10 }, { "Maximize-Throughput", 0x08 },
	{ "Maximize-Reliability", 0x04 }, { "Minimize-Cost", 0x02 }, { "Normal-Service", 0x00 },
	{ "", 0 },
};

#define DSCP_MAX	63U

static const struct name classes[] = {
	{ "CS0", 0x00 }, { "CS1", 0x08 }, { "CS2", 0x10 }, { "CS3", 0x18 }, { "CS4", 0x20 },
	{ "CS5", 0x28 }, { "CS6", 0x30 }, { "CS7", 0x38 }, { "BE", 0x00 }, { "AF11", 0x0a },
	{ "AF12", 0x0c }, { "AF13", 0x0e }, { "AF21", 0x12 }, { "AF22", 0x14 }, { "AF23", 0x16 },
	{ "AF31", 0x1a }, { "AF32", 0x1c }, { "AF33", 0x1e }, { "AF41", 0x22 }, { "AF42", 0x24 },
	{ "AF43", 0x26 }, { "EF", 0x2e }, { "", 0 },
};

/* A name is a number no longer as soon as it is none up to 255; "8/x" is a bad number. */
static int tos_parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		     const char *arg)
{
	struct tos *t = data;
	const struct name *n;
	uint64_t value, mask = UINT8_MAX;
	const char *end = number_at(arg, 0, UINT8_MAX, &value);

	*t = (struct tos){ .mask = NAME_MASK, .invert = invert, .given = true };
	for (n = tos_names; !end && n->name[0]; n++) {
		if (strcasecmp(arg, n->name))
			continue;
		t->value = n->value;
		return 0;
	}
	if (end && *end == '/')
		end = number_at(end + 1, 0, UINT8_MAX, &mask);
	if (!end || *end)
		return ext_error(lp, "bad value \"%.32s\" for --%s (VALUE or VALUE/MASK, each from 0 "
				 "to 255, or a name: Minimize-Delay, Maximize-Throughput, "
				 "Maximize-Reliability, Minimize-Cost, Normal-Service)", arg,
				 opt->name);
	t->value = (uint8_t)value;
	t->mask = (uint8_t)mask;
	return 0;
}

static int tos_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct tos *t = data;

	(void)rule;
	return t->given ? 0 : ext_error(lp, "match \"tos\" requires option --tos");
}

static void tos_print(struct buffer *out, const void *data, enum family f)
{
	const struct tos *t = data;

	(void)f;
	buffer_printf(out, "%s --tos 0x%02x/0x%02x", t->invert ? " !" : "", t->value, t->mask);
}

static void tos_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct tos *t = data;
	const struct name *n = tos_names;

	(void)f;
	buffer_puts(out, t->invert ? " tos match!" : " tos match");
	if (!numeric && t->mask == NAME_MASK)
		while (n->name[0] && n->value != t->value)
			n++;
	else
		n = NULL;
	if (n && n->name[0])
		buffer_printf(out, " %s", n->name);
	else
		buffer_printf(out, "0x%02x/0x%02x", t->value, t->mask);
}

static void compile_bits(struct program *p, const struct tos *t, enum family f, unsigned int mask,
			 unsigned int value)
{
	if (f == FAMILY_IPV4)
		field_ip_word(p, 0, mask << 16, value << 16, value << 16, t->invert);
	else
		field_ip_word(p, 0, mask << 20, value << 20, value << 20, t->invert);
}

static int tos_compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct tos *t = data;

	(void)rule;
	compile_bits(p, t, f, t->mask, t->value);
	return 0;
}

/* class_to_dscp(): a class is known by its beginning, "EFFORT" is EF. */
static int parse_class(struct line_parser *lp, struct tos *t, const char *arg)
{
	const struct name *n;

	for (n = classes; n->name[0]; n++)
		if (!strncasecmp(arg, n->name, strlen(n->name)))
			break;
	if (!n->name[0])
		return ext_error(lp, "bad DSCP class \"%.32s\" (BE, EF, CS0 to CS7, AF11 to AF43)",
				 arg);
	t->value = n->value;
	return 0;
}

static int dscp_parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		      const char *arg)
{
	struct tos *t = data;
	uint64_t value = 0;

	if (t->given)
		return ext_error(lp, "--dscp and --dscp-class cannot be used together");
	t->given = true;
	t->invert = invert;
	if (opt->id == CLASS)
		return parse_class(lp, t, arg);
	if (number_parse(lp, opt, arg, 0, DSCP_MAX, &value))
		return -1;
	t->value = (uint8_t)value;
	return 0;
}

static int dscp_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct tos *t = data;

	(void)rule;
	return t->given ? 0 : ext_error(lp, "match \"dscp\" requires --dscp or --dscp-class");
}

static void dscp_print(struct buffer *out, const void *data, enum family f)
{
	const struct tos *t = data;

	(void)f;
	buffer_printf(out, "%s --dscp 0x%02x", t->invert ? " !" : "", t->value);
}

static void dscp_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct tos *t = data;

	(void)f;
	(void)numeric;
	buffer_printf(out, " DSCP match %s0x%02x", t->invert ? "!" : "", t->value);
}

static int dscp_compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct tos *t = data;

	(void)rule;
	compile_bits(p, t, f, DSCP_MAX << 2, (unsigned int)t->value << 2);
	return 0;
}

const struct match_ext ext_tos = {
	.name = "tos", .families = FAMILIES_ALL, .size = sizeof(struct tos),
	.options = tos_options, .parse = tos_parse, .check = tos_check, .print = tos_print,
	.list = tos_list, .compile = tos_compile,
};

const struct match_ext ext_dscp = {
	.name = "dscp", .families = FAMILIES_ALL, .size = sizeof(struct tos),
	.options = dscp_options, .parse = dscp_parse, .check = dscp_check, .print = dscp_print,
	.list = dscp_list, .compile = dscp_compile,
};

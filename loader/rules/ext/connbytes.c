/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"
#include "rules/ext/values.h"

/* -m connbytes: extensions/libxt_connbytes.c (1.8.11), net/netfilter/xt_connbytes.c. */

enum { BYTES, MODE, DIRECTION };

/* The bounds are as the kernel has them: from > to is the inverted range. */
struct connbytes {
	uint64_t from, to;
	uint8_t mode;		/* CT_BYTES_* */
	uint8_t direction;	/* CT_BYTES_ORIGINAL, _REPLY or both */
	uint8_t given;		/* bits by option */
};

static const struct ext_option options[] = {
	[BYTES] = { "connbytes", BYTES, 1, true, true },
	[MODE] = { "connbytes-mode", MODE, 1, false, true },
	[DIRECTION] = { "connbytes-dir", DIRECTION, 1, false, true },
	{ NULL, 0, 0, false, false },
};

static const char *const modes[] = {
	[CT_BYTES_PACKETS] = "packets", [CT_BYTES_BYTES] = "bytes", [CT_BYTES_AVERAGE] = "avgpkt",
};

static const char *const directions[] = {
	[CT_BYTES_ORIGINAL - 1] = "original", [CT_BYTES_REPLY - 1] = "reply",
	[(CT_BYTES_ORIGINAL | CT_BYTES_REPLY) - 1] = "both",
};

static int parse_name(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		      const char *const names[3], uint8_t *number)
{
	uint8_t i;

	for (i = 0; i < 3; i++) {
		if (strcmp(names[i], arg))
			continue;
		*number = i;
		return 0;
	}
	return ext_error(lp, "unknown --%s \"%.32s\" (%s, %s or %s)", opt->name, arg, names[0],
			 names[1], names[2]);
}

/* Without an end the range goes on for ever. */
static int parse_range(struct line_parser *lp, struct connbytes *c, const struct ext_option *opt,
		       bool invert, const char *arg)
{
	uint64_t lo, hi;
	int ret = range_parse(lp, opt, arg, UINT64_MAX, &lo, &hi);

	if (ret < 0)
		return ret;
	if (ret == 1)
		hi = UINT64_MAX;
	c->from = invert ? hi : lo;
	c->to = invert ? lo : hi;
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct connbytes *c = data;
	int ret;

	c->given |= (uint8_t)(1U << opt->id);
	if (opt->id == BYTES)
		return parse_range(lp, c, opt, invert, arg);
	if (opt->id == MODE)
		return parse_name(lp, opt, arg, modes, &c->mode);
	ret = parse_name(lp, opt, arg, directions, &c->direction);
	c->direction++;
	return ret;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct connbytes *c = data;
	unsigned int i;

	(void)rule;
	for (i = 0; options[i].name; i++)
		if (!(c->given & 1U << i))
			return ext_error(lp, "match \"connbytes\" requires option --%s",
					 options[i].name);
	return 0;
}

/*
 * print_from_to(). iptables prints 0:0 as "0", which would be another rule when read back: here the
 * end is printed.
 */
static void print_range(struct buffer *out, const struct connbytes *c, const char *option)
{
	uint64_t lo = c->from < c->to ? c->from : c->to, hi = c->from < c->to ? c->to : c->from;

	buffer_printf(out, "%s %s %" PRIu64, c->from > c->to ? " !" : "", option, lo);
	if (hi < UINT64_MAX)
		buffer_printf(out, ":%" PRIu64, hi);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	const struct connbytes *c = data;

	(void)f;
	print_range(out, c, "--connbytes");
	buffer_printf(out, " --connbytes-mode %s --connbytes-dir %s", modes[c->mode],
		      directions[c->direction - 1]);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct connbytes *c = data;

	(void)f;
	(void)numeric;
	print_range(out, c, "connbytes");
	buffer_printf(out, " connbytes mode %s connbytes direction %s", modes[c->mode],
		      directions[c->direction - 1]);
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct connbytes *c = data;
	const u64 range[2] = { c->from, c->to };

	(void)rule;
	(void)f;
	program_op(p, OP_CT_BYTES, 0, (u32)c->mode << 2 | c->direction, range, 2);
	return 0;
}

const struct match_ext ext_connbytes = {
	.name = "connbytes", .families = FAMILIES_ALL, .size = sizeof(struct connbytes),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.compile = compile,
};

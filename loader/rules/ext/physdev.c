/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "compile/program.h"
#include "rules/ext/ext_list.h"

/* -m physdev: extensions/libxt_physdev.c (1.8.11), net/netfilter/xt_physdev.c. */

enum { IN, OUT, IS_IN, IS_OUT, IS_BRIDGED, NR_OPTIONS };

struct physdev {
	char in[IFNAMSIZ], out[IFNAMSIZ];	/* with the '+' */
	unsigned char given, invert;		/* bits by option: PHYSDEV_* */
};

static const struct ext_option options[] = {
	{ "physdev-in", IN, 1, true, true }, { "physdev-out", OUT, 1, true, true },
	{ "physdev-is-in", IS_IN, 0, true, true }, { "physdev-is-out", IS_OUT, 0, true, true },
	{ "physdev-is-bridged", IS_BRIDGED, 0, true, true },
	{ NULL, 0, 0, false, false },
};

/* xtables_parse_interface(); an empty name, which iptables-save cannot write, is refused. */
static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct physdev *d = data;

	d->given |= (unsigned char)(1U << opt->id);
	if (invert)
		d->invert |= (unsigned char)(1U << opt->id);
	if (opt->id > OUT)
		return 0;
	if (!*arg)
		return ext_error(lp, "unsupported: an empty interface name, which iptables-save "
				 "prints as nothing");
	if (strlen(arg) >= IFNAMSIZ)
		return ext_error(lp, "interface name \"%.64s\" is too long (%u characters at most)",
				 arg, IFNAMSIZ - 1);
	strcpy(opt->id == IN ? d->in : d->out, arg);
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct physdev *d = data;

	(void)rule;
	return d->given ? 0 : ext_error(lp, "match \"physdev\" requires at least one option");
}

static void print(struct buffer *out, const void *data, enum family f)
{
	static const unsigned char order[] = { IS_IN, IN, IS_OUT, OUT, IS_BRIDGED };
	const struct physdev *d = data;
	unsigned int i, id;

	(void)f;
	for (i = 0; i < sizeof(order); i++) {
		id = order[i];
		if (!(d->given >> id & 1))
			continue;
		buffer_printf(out, "%s --%s", d->invert >> id & 1 ? " !" : "", options[id].name);
		if (id <= OUT)
			buffer_printf(out, " %s", id == IN ? d->in : d->out);
	}
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)numeric;
	buffer_puts(out, " PHYSDEV match");
	print(out, data, f);
}

/* The name as the kernel has it, and which of its bytes count. */
static void name_and_mask(u64 *to, const char *name)
{
	size_t len = strlen(name);
	unsigned char bytes[2][IFNAMSIZ] = { 0 };

	if (len && name[len - 1] == '+')
		len--;
	else if (len)
		len++;
	memcpy(bytes[0], name, strnlen(name, len));
	memset(bytes[1], 0xff, len);
	memcpy(to, bytes, sizeof(bytes));
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct physdev *d = data;
	u64 payload[PHYSDEV_WORDS];

	(void)rule;
	(void)f;
	name_and_mask(payload, d->in);
	name_and_mask(payload + PHYSDEV_WORDS / 2, d->out);
	program_op(p, OP_PHYSDEV, 0, (u32)d->invert << 8 | d->given, payload, PHYSDEV_WORDS);
	return 0;
}

/* physdev_mt_check(): what leaves is not known in OUTPUT, unless bridged packets are asked for. */
static unsigned int hooks(const void *data)
{
	const struct physdev *d = data;
	bool bridged = d->given & PHYSDEV_BRIDGED && !(d->invert & PHYSDEV_BRIDGED);

	if (d->given & (PHYSDEV_OUT | PHYSDEV_IS_OUT) && !bridged)
		return HOOKS_ALL & ~HOOK_BIT(HOOK_OUTPUT);
	return HOOKS_ALL;
}

const struct match_ext ext_physdev = {
	.name = "physdev", .families = FAMILIES_ALL, .size = sizeof(struct physdev),
	.options = options, .parse = parse, .check = check, .print = print, .list = list,
	.hooks = hooks, .compile = compile,
};

/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ext_list.h"
#include "rules/ext/number_range.h"

/* -m esp: extensions/libxt_esp.c (1.8.11), net/netfilter/xt_esp.c. */

static const struct ext_option options[] = {
	{ "espspi", 0, 1, true, true },
	{ NULL, 0, 0, false, false },
};

static void init(void *data, enum family f)
{
	struct number_range *spi = data;

	(void)f;
	spi->hi = UINT32_MAX;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	return number_range_parse(lp, data, opt, invert, arg);
}

static void print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	number_range_print(out, "espspi", data, UINT32_MAX);
}

static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	buffer_puts(out, " esp");
	number_range_list(out, " spi", data);
}

/* esp_mt(): the SPI is the first word. */
static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	(void)rule;
	(void)f;
	number_range_compile(p, data, 0);
	return 0;
}

const struct match_ext ext_esp = {
	.name = "esp", .families = FAMILIES_ALL, .proto = 50, .size = sizeof(struct number_range),
	.options = options, .init = init, .parse = parse, .print = print, .list = list,
	.compile = compile,
};

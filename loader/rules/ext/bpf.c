// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>

#include "compile/program.h"
#include "rules/ext/cbpf.h"
#include "rules/ext/ext_list.h"

/*
 * -m bpf: extensions/libxt_bpf.c (1.8.11) and net/netfilter/xt_bpf.c. What a program may be:
 * ../ext/cbpf.c.
 */

enum { BYTECODE, OBJECT_PINNED };

struct bpf {
	uint16_t len;		/* 0: not given */
	struct sock_filter insns[CBPF_MAX];
};

static const struct ext_option options[] = {
	{ "bytecode", BYTECODE, 1, false, true }, { "object-pinned", OBJECT_PINNED, 1, false, true },
	{ NULL, 0, 0, false, false },
};

/* A number as "%u" of scanf(): a sign is allowed, what does not fit is cut by the caller. */
static bool scan_number(const char **s, unsigned long *value)
{
	char *end;

	*value = strtoul(*s, &end, 10);
	if (end == *s)
		return false;
	*s = end;
	return true;
}

/* "CODE JT JF K"; what follows the fourth number is not looked at. */
static bool scan_insn(const char *s, struct sock_filter *to)
{
	unsigned long code, jt, jf, k;

	if (!scan_number(&s, &code) || !scan_number(&s, &jt) || !scan_number(&s, &jf) ||
	    !scan_number(&s, &k))
		return false;
	*to = (struct sock_filter){ .code = (uint16_t)code, .jt = (uint8_t)jt, .jf = (uint8_t)jf,
				    .k = (uint32_t)k };
	return true;
}

/* bpf_parse_string(): the number of instructions, then these, each behind a comma. */
static int parse_bytecode(struct line_parser *lp, struct bpf *b, const char *arg)
{
	const char *s = arg;
	unsigned long len;
	uint16_t i = 0;

	if (!scan_number(&s, &len) || *s != ',')
		return ext_error(lp, "the number of instructions and a comma are expected");
	b->len = (uint16_t)len;
	if (!b->len || b->len > CBPF_MAX)
		return ext_error(lp, "a program has 1 to %u instructions", CBPF_MAX);
	for (; s && *++s; s = strchr(s, ',')) {
		ext_point(lp, (size_t)(s - arg));
		if (i == b->len)
			return ext_error(lp, "more instructions than the %u announced", b->len);
		if (!scan_insn(s, &b->insns[i]))
			return ext_error(lp, "instruction %u: four numbers are expected (code jt jf k)",
					 i);
		i++;
	}
	if (i != b->len)
		return ext_error(lp, "%u instructions are announced, there are %u", b->len, i);
	return 0;
}

static int parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		 const char *arg)
{
	struct bpf *b = data;
	struct cbpf_problem problem = { 0 };
	int ret;

	(void)invert;
	if (opt->id == OBJECT_PINNED)
		return ext_error(lp, "unsupported: a pinned program is of type socket filter, which a netfilter program cannot call");
	ret = parse_bytecode(lp, b, arg);
	if (ret)
		return ret;
	ext_point(lp, 0);
	if (cbpf_check(b->insns, b->len, &problem))
		return ext_error(lp, "%sinstruction %u: %s",
				 problem.unsupported ? "unsupported: " : "", problem.at,
				 problem.text);
	return 0;
}

static int check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct bpf *b = data;

	(void)rule;
	return b->len ? 0 : ext_error(lp, "match \"bpf\" requires --bytecode");
}

static void print_insns(struct buffer *out, const struct bpf *b)
{
	for (unsigned int i = 0; i < b->len; i++)
		buffer_printf(out, "%s%u %u %u %u", i ? "," : "", b->insns[i].code,
			      b->insns[i].jt, b->insns[i].jf, b->insns[i].k);
}

/* bpf_save_code() */
static void print(struct buffer *out, const void *data, enum family f)
{
	const struct bpf *b = data;

	(void)f;
	buffer_printf(out, " --bytecode \"%u,", b->len);
	print_insns(out, b);
	buffer_putc(out, '"');
}

/* bpf_print_v1(): no blank before it, and a NUL at the end. */
static void list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct bpf *b = data;

	(void)f;
	(void)numeric;
	buffer_puts(out, "match bpf ");
	print_insns(out, b);
	buffer_putc(out, '\0');
}

static int compile(struct program *p, const void *data, const struct rule *rule, enum family f)
{
	const struct bpf *b = data;
	uint64_t payload[CBPF_MAX] = { 0 };
	struct image_cbpf insn;
	unsigned int i;

	(void)rule;
	(void)f;
	for (i = 0; i < b->len; i++) {
		insn = (struct image_cbpf){ b->insns[i].code, b->insns[i].jt, b->insns[i].jf,
					    b->insns[i].k };
		memcpy(&payload[i], &insn, sizeof(insn));
	}
	program_op(p, cbpf_asks_kernel(b->insns, b->len) ? OP_CBPF_KERNEL : OP_CBPF, 0, 0, payload,
		   b->len);
	return 0;
}

const struct match_ext ext_bpf = {
	.name = "bpf", .families = FAMILIES_ALL, .size = sizeof(struct bpf), .options = options,
	.parse = parse, .check = check, .print = print, .list = list, .compile = compile,
};

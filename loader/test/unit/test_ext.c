/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compile/program.h"
#include "rules/ext.h"
#include "rules/parse.h"

/* What the matches compile to: the box of the transport header, and the ops behind it. */

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

struct want_op {
	u8 code, flags;
	u32 arg;
};

struct ext_case {
	const char *rule;
	struct port_box box;	/* the first */
	u32 features;
	struct want_op ops[6];	/* ends with code OP_END */
};

#define ANY	0, 65535
#define ALL	{ ANY, ANY }
#define CT	IMAGE_F_CONNTRACK

static const struct ext_case cases[] = {
	{ "-m comment --comment x", ALL, 0, { { OP_END, 0, 0 } } },
	{ "-p tcp -m tcp", { ANY, ANY }, 0, { { OP_L4, 0, 0 } } },
	{ "-p tcp --sport 1:9 --dport 22", { 1, 9, 22, 22 }, 0, { { OP_L4, 0, 0 } } },
	{ "-p tcp ! --sport 1:9 --dport 22", { ANY, 22, 22 }, 0,
	  { { OP_L4, 0, 0 }, { OP_SPORT, OP_INVERT, 1 << 16 | 9 } } },
	{ "-p udp ! --dport :", { ANY, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_DPORT, OP_INVERT, 65535 } } },
	{ "-p tcp --syn ! --tcp-option 7", { ANY, ANY }, IMAGE_F_GROUP(OPS_TRANSPORT),
	  { { OP_L4, 0, 0 }, { OP_TCP_FLAGS, 0, 0x1702 }, { OP_TCP_OPTION, OP_INVERT, 7 } } },
	{ "-p tcp ! --tcp-flags NONE NONE", { ANY, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_TCP_FLAGS, OP_INVERT, 0 } } },
	{ "-p tcp --tcp-flags NONE SYN", { ANY, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_TCP_FLAGS, 0, 2 } } },
	{ "-p udp -m udp --sport 1 -m udp --dport 2 --sport 3:4", { 1, 1, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_L4, 0, 0 }, { OP_SPORT, 0, 3 << 16 | 4 },
	    { OP_DPORT, 0, 2 << 16 | 2 } } },
	{ "-p icmp --icmp-type any", { ANY, ANY }, 0, { { OP_L4, 0, 0 } } },
	{ "-p icmp ! --icmp-type any", { ANY, ANY }, 0, { { OP_L4, 0, 0 }, { OP_NEVER, 0, 0 } } },
	{ "-p icmp --icmp-type 8", { ANY, 8 << 8, 8 << 8 | 255 }, 0, { { OP_L4, 0, 0 } } },
	{ "-p icmp --icmp-type 3/1:4", { ANY, 0x301, 0x304 }, 0, { { OP_L4, 0, 0 } } },
	{ "-p icmp --icmp-type 3/4:1", { ANY, ANY }, 0, { { OP_L4, 0, 0 }, { OP_NEVER, 0, 0 } } },
	{ "-p icmp ! --icmp-type 3/4:1", { ANY, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_NEVER, OP_INVERT, 0 } } },
	{ "-p icmp ! --icmp-type 3/1", { ANY, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_ICMP, OP_INVERT, 3 << 16 | 1 << 8 | 1 } } },
	{ "-p icmp -m icmp --icmp-type 8 -m icmp --icmp-type 8/0", { ANY, 0x800, 0x800 }, 0,
	  { { OP_L4, 0, 0 }, { OP_L4, 0, 0 } } },
	{ "-p icmp -m icmp --icmp-type 8 -m icmp --icmp-type 9/0", { ANY, 0x800, 0x8ff }, 0,
	  { { OP_L4, 0, 0 }, { OP_L4, 0, 0 }, { OP_ICMP, 0, 9 << 16 } } },
	{ "-p tcp --dport 80: -m tcp --sport 7 ! --dport 99", { 7, 7, 80, 65535 }, 0,
	  { { OP_L4, 0, 0 }, { OP_L4, 0, 0 }, { OP_DPORT, OP_INVERT, 99 << 16 | 99 } } },
	{ "-p tcp --tcp-option 7 -m tcp --sport 7", ALL, IMAGE_F_GROUP(OPS_TRANSPORT),
	  { { OP_L4, 0, 0 }, { OP_TCP_OPTION, 0, 7 }, { OP_L4, 0, 0 },
	    { OP_SPORT, 0, 7 << 16 | 7 } } },
	{ "-m state ! --state NEW", ALL, CT, { { OP_CT_STATE, OP_INVERT, CT_NEW } } },
	{ "-m conntrack --ctstate INVALID,UNTRACKED,ESTABLISHED,RELATED", ALL, CT,
	  { { OP_CT_STATE, 0, CT_INVALID | CT_UNTRACKED | CT_ESTABLISHED | CT_RELATED } } },
	{ "-m conntrack --ctstate DNAT", ALL, CT | IMAGE_F_NAT_STATE,
	  { { OP_CT_STATE, 0, CT_DNAT } } },
};

/* IPv6 has no "any": 255 is a type like others. */
static const struct ext_case cases6[] = {
	{ "-p icmpv6 --icmpv6-type 255", { ANY, 0xff00, 0xffff }, 0, { { OP_L4, 0, 0 } } },
	{ "-p icmpv6 ! --icmpv6-type 1/3", { ANY, ANY }, 0,
	  { { OP_L4, 0, 0 }, { OP_ICMP, OP_INVERT, 1 << 16 | 3 << 8 | 3 } } },
};

static void check_ops(const struct program *p, const struct ext_case *c)
{
	struct image_op op;
	unsigned int i = 0, at;

	for (at = 0; at < p->len; at += op.size, i++) {
		memcpy(&op, &p->ops[at], sizeof(op));
		assert_true(i < NR(c->ops) && op.size > 0);
		assert_int_equal(op.code, c->ops[i].code);
		assert_int_equal(op.flags, c->ops[i].flags);
		assert_int_equal(op.arg, c->ops[i].arg);
	}
	assert_true(i == NR(c->ops) || c->ops[i].code == OP_END);
}

static void check_case(const struct ext_case *c, enum family f)
{
	static struct program p;
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	struct error err = { 0 };
	struct ruleset rs;
	const struct rule *rule;
	const struct match *m;
	char text[256];

	snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", c->rule);
	src.text = text;
	src.len = strlen(text);
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	rule = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false)->rules;
	program_start(&p, PROGRAM_BOXES);
	for (m = rule->matches; m; m = m->next)
		assert_int_equal(m->ext->compile(&p, m->data, rule, f), 0);
	assert_int_equal(p.failed, 0);
	assert_int_equal(p.features, c->features);
	assert_int_equal(p.nr_boxes, 1);
	assert_memory_equal(&p.boxes[0], &c->box, sizeof(c->box));
	check_ops(&p, c);
	ruleset_free(&rs);
}

static void test_compile(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++)
		check_case(&cases[i], FAMILY_IPV4);
	for (i = 0; i < NR(cases6); i++)
		check_case(&cases6[i], FAMILY_IPV6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

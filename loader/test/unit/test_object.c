// SPDX-License-Identifier: GPL-2.0-only
/* -m owner, addrtype, physdev, policy and cgroup: taken, refused, printed, listed; their ops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compile/ops.h"
#include "compile/program.h"
#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

/* @rule: CHAIN and what follows "-A CHAIN ". */
static int parse(struct ruleset *rs, const char *chain, const char *rule, enum family f,
		 struct error *err)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	char text[1024];
	int ret;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n-A %s %s\nCOMMIT\n", chain, rule);
	src.text = text;
	ruleset_init(rs);
	memset(err, 0, sizeof(*err));
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

static const struct rule *first(struct ruleset *rs, const char *chain, enum family f)
{
	return ruleset_chain(rs, f, TABLE_FILTER, chain, false)->rules;
}

#define STRICT "-m policy --dir in --pol ipsec --strict "
#define BOTH 3U
#define ONLY4 1U
#define ONLY6 2U

/* What iptables-save prints; NULL: the same. */
static const struct {
	const char *chain, *in, *out;
	unsigned int families;
} printed[] = {
	{ "OUTPUT", "-m owner --uid-owner root", "-m owner --uid-owner 0", BOTH },
	{ "OUTPUT", "-m owner --gid-owner 0-10 --suppl-groups", NULL, BOTH },
	{ "OUTPUT", "-m owner ! --gid-owner 5:0x10 ! --uid-owner +7",
	  "-m owner ! --uid-owner 7 ! --gid-owner 5-16", BOTH },
	{ "OUTPUT", "-m owner --uid-owner 4294967294 ! --socket-exists",
	  "-m owner ! --socket-exists --uid-owner 4294967294", BOTH },
	{ "OUTPUT", "-m owner --socket-exists", NULL, BOTH },
	{ "INPUT", "-m addrtype --src-type UNSPEC", NULL, BOTH },
	{ "INPUT", "-m addrtype --dst-type multi,unic ! --src-type un",
	  "-m addrtype ! --src-type UNSPEC --dst-type UNICAST,MULTICAST", BOTH },
	{ "INPUT", "-m addrtype --src-type LOCAL --dst-type LOCAL", NULL, BOTH },
	{ "OUTPUT", "-m addrtype --dst-type LOCAL --limit-iface-out", NULL, BOTH },
	{ "INPUT", "-m addrtype --src-type BROADCAST,XRESOLVE --limit-iface-in", NULL, ONLY4 },
	{ "INPUT", "-m physdev --physdev-is-in --physdev-in lo", NULL, BOTH },
	{ "FORWARD", "-m physdev --physdev-is-bridged ! --physdev-out eth+ --physdev-in +",
	  "-m physdev --physdev-in + ! --physdev-out eth+ --physdev-is-bridged", BOTH },
	{ "OUTPUT", "-m physdev --physdev-out lo --physdev-is-bridged", NULL, BOTH },
	{ "FORWARD", "-m physdev ! --physdev-is-out", NULL, BOTH },
	{ "INPUT", "-m policy --dir in", "-m policy --dir in --pol ipsec", BOTH },
	{ "INPUT", "-m policy --dir in --pol none", NULL, BOTH },
	{ "INPUT", "-m policy --pol none --reqid 7 --dir in", "-m policy --dir in --pol none",
	  BOTH },
	{ "INPUT", "-m policy --dir in --pol ipsec --proto ipcomp", NULL, BOTH },
	{ "INPUT", "-m policy --dir in --pol ipsec ! --proto 50",
	  "-m policy --dir in --pol ipsec "
	  "! --proto esp",
	  BOTH },
	{ "INPUT", STRICT "--reqid 1 --spi 0x1 --proto ipcomp", NULL, BOTH },
	{ "INPUT",
	  STRICT "--reqid 1 --spi 0x1 --proto esp --mode tunnel --tunnel-dst 10.0.0.1/8 "
		 "--tunnel-src 10.0.0.0/255.0.255.0 --next --reqid 2",
	  NULL, ONLY4 },
	{ "INPUT", "-m policy --dir in ! --mode transport --tunnel-src 10.1",
	  "-m policy --dir in --pol ipsec ! --mode transport --tunnel-src 10.0.0.1", ONLY4 },
	{ "INPUT",
	  STRICT "--mode tunnel --tunnel-dst 2001:db8::/32 --tunnel-src 2001:db8::/ffff:: "
		 "--next ! --reqid 2",
	  STRICT "--mode tunnel --tunnel-dst 2001:db8::/32 "
		 "--tunnel-src 2001:db8::/16 --next ! --reqid 2",
	  ONLY6 },
	{ "OUTPUT",
	  "-m policy --dir out --strict --reqid 1 --next --spi 0xffffffff --next --mode "
	  "transport --next --proto ah",
	  "-m policy --dir out --pol ipsec --strict --reqid 1 "
	  "--next --spi 0xffffffff --next --mode transport --next --proto ah",
	  BOTH },
	{ "INPUT", "-m cgroup ! --cgroup 0x10001", "-m cgroup ! --cgroup 65537", BOTH },
	{ "OUTPUT", "-m cgroup --cgroup 1", NULL, BOTH },
};

static void prints(void **state)
{
	struct buffer out;
	struct error err;
	struct ruleset rs;
	char want[512];
	const struct chain *c;
	unsigned int f;
	size_t i;

	(void)state;
	for (i = 0; i < NR(printed) * NR_FAMILIES; i++) {
		f = i % NR_FAMILIES;
		if (!(printed[i / 2].families & FAMILY_BIT(f)))
			continue;
		if (parse(&rs, printed[i / 2].chain, printed[i / 2].in, f, &err))
			fail_msg("%s: %s", printed[i / 2].in, err.msg);
		c = ruleset_chain(&rs, f, TABLE_FILTER, printed[i / 2].chain, false);
		out = (struct buffer){ 0 };
		rule_print(&out, c->rules, c, f);
		snprintf(want, sizeof(want), "-A %s %s", printed[i / 2].chain,
			 printed[i / 2].out ? printed[i / 2].out : printed[i / 2].in);
		assert_string_equal(out.data, want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

/* As iptables -L. */
static const struct {
	const char *chain, *rule;
	bool numeric;
	const char *want;
} listed[] = {
	{ "OUTPUT", "-m owner --uid-owner 0 ! --gid-owner 5-7 --suppl-groups ! --socket-exists",
	  false,
	  " ! owner socket exists owner UID match root ! owner GID match 5-7 incl. suppl. groups" },
	{ "OUTPUT", "-m owner ! --uid-owner 0", true, " ! owner UID match 0" },
	{ "INPUT", "-m addrtype ! --src-type LOCAL --dst-type UNICAST,LOCAL --limit-iface-in", true,
	  " ADDRTYPE match src-type !LOCAL dst-type UNICAST,LOCAL limit-in" },
	{ "FORWARD", "-m physdev --physdev-in a+ ! --physdev-out b --physdev-is-bridged", true,
	  " PHYSDEV match --physdev-in a+ ! --physdev-out b --physdev-is-bridged" },
	{ "INPUT", STRICT "--proto esp --next --proto ah --spi 5", true,
	  " policy match dir in pol ipsec strict [0] proto 50 [1] spi 0x5 proto 51" },
	{ "INPUT", "-m policy --dir in --reqid 7 ! --proto esp", false,
	  " policy match dir in pol ipsec reqid 7 ! proto esp" },
	{ "INPUT", "-m cgroup ! --cgroup 7", true, " cgroup ! 7" },
};

static void lists(void **state)
{
	const struct match *m;
	struct buffer out;
	struct error err;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(listed); i++) {
		if (parse(&rs, listed[i].chain, listed[i].rule, FAMILY_IPV4, &err))
			fail_msg("%s: %s", listed[i].rule, err.msg);
		m = first(&rs, listed[i].chain, FAMILY_IPV4)->matches;
		out = (struct buffer){ 0 };
		m->ext->list(&out, m->data, FAMILY_IPV4, listed[i].numeric);
		assert_string_equal(out.data, listed[i].want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

static const struct {
	const char *chain, *rule, *message;
	unsigned int families;
} refused[] = {
	{ "OUTPUT", "-m owner", "requires --uid-owner, --gid-owner or --socket-exists", BOTH },
	{ "OUTPUT", "-m owner --suppl-groups --gid-owner 0-10", "--gid-owner before it", BOTH },
	{ "OUTPUT", "-m owner --gid-owner 0-10 ! --suppl-groups", "cannot be inverted", BOTH },
	{ "OUTPUT", "-m owner --uid-owner 4294967295", "from 0 to 4294967294", BOTH },
	{ "OUTPUT", "-m owner --uid-owner -1", "from 0 to 4294967294", BOTH },
	{ "OUTPUT", "-m owner --uid-owner 9-", "range ID-ID", BOTH },
	{ "OUTPUT", "-m owner --uid-owner 9-8", "min > max", BOTH },
	{ "OUTPUT", "-m owner --uid-owner www-data", "unsupported user name", BOTH },
	{ "OUTPUT", "-m owner --uid-owner 1 --uid-owner 2", "only be used once", BOTH },
	{ "INPUT", "-m owner --uid-owner 1", "not legal in INPUT", BOTH },
	{ "FORWARD", "-m owner --socket-exists", "not legal in FORWARD", BOTH },
	{ "INPUT", "-m addrtype", "requires --src-type or --dst-type", BOTH },
	{ "INPUT", "-m addrtype --limit-iface-in", "requires --src-type", BOTH },
	{ "INPUT", "-m addrtype --src-type wrong", "bad address type \"wrong\"", BOTH },
	{ "INPUT", "-m addrtype --src-type UNICAST,", "bad address type", BOTH },
	{ "INPUT", "-m addrtype --src-type ,UNICAST", "bad address type", BOTH },
	{ "FORWARD", "-m addrtype --src-type UNICAST --limit-iface-in --limit-iface-out",
	  "cannot be used together", BOTH },
	{ "OUTPUT", "-m addrtype --src-type UNICAST --limit-iface-in", "not legal in OUTPUT",
	  BOTH },
	{ "INPUT", "-m addrtype --src-type UNICAST --limit-iface-out", "not legal in INPUT", BOTH },
	{ "INPUT", "-m addrtype --src-type UNICAST,BROADCAST", "no address type BROADCAST", ONLY6 },
	{ "INPUT", "-m addrtype --dst-type LOCAL,ANYCAST", "unsupported address type ANYCAST",
	  ONLY6 },
	{ "INPUT", "-m addrtype --src-type UNREACHABLE", "unsupported address type UNREACHABLE",
	  ONLY6 },
	{ "INPUT", "-m addrtype --src-type PROHIBIT", "no address type PROHIBIT", ONLY6 },
	{ "INPUT", "-m physdev", "at least one option", BOTH },
	{ "INPUT", "-m physdev --physdev-in \"\"", "unsupported: an empty interface name", BOTH },
	{ "INPUT", "-m physdev --physdev-in 1234567890123456", "too long", BOTH },
	{ "OUTPUT", "-m physdev --physdev-out lo", "not legal in OUTPUT", BOTH },
	{ "OUTPUT", "-m physdev --physdev-is-out ! --physdev-is-bridged", "not legal in OUTPUT",
	  BOTH },
	{ "INPUT", "-m policy --pol none", "requires --dir", BOTH },
	{ "INPUT", "-m policy --dir both", "invalid --dir \"both\" (in or out)", BOTH },
	{ "INPUT", "-m policy --dir out", "not legal in INPUT", BOTH },
	{ "OUTPUT", "-m policy --dir in", "not legal in OUTPUT", BOTH },
	{ "INPUT", "-m policy --dir in --strict", "policy element 0 needs", BOTH },
	{ "INPUT", STRICT "--reqid 1 --next", "policy element 1 needs", BOTH },
	{ "INPUT", "-m policy --dir in --reqid 1 --next --reqid 2", "--next needs --strict", BOTH },
	{ "INPUT", "-m policy --dir in --reqid 1 --reqid 2", "--reqid a second time", BOTH },
	{ "INPUT", "-m policy --dir in --pol none --strict --reqid 1", "--pol none cannot", BOTH },
	{ "INPUT", "-m policy --dir in --proto tcp", "ah, esp or ipcomp", BOTH },
	{ "INPUT", "-m policy --dir in --mode beet", "transport or tunnel", BOTH },
	{ "INPUT", "-m policy --dir in --tunnel-src 10.0.0.1", "need --mode tunnel", ONLY4 },
	{ "INPUT", "-m policy --dir in --mode tunnel --tunnel-src ::1", "no IPv4 address", ONLY4 },
	{ "INPUT", "-m policy --dir in --mode tunnel --tunnel-src ::1/129", "invalid mask", ONLY6 },
	{ "INPUT", STRICT "--spi 1 --next --spi 2 --next --spi 3 --next --spi 4 --next",
	  "too many policy elements", BOTH },
	{ "INPUT", "-m cgroup", "requires --cgroup or --path", BOTH },
	{ "INPUT", "-m cgroup --cgroup 1 --path /", "cannot be used together", BOTH },
	{ "INPUT", "-m cgroup ! --path /a/b", "unsupported option --path", BOTH },
	{ "FORWARD", "-m cgroup --cgroup 1", "not legal in FORWARD", BOTH },
	{ "INPUT", "-m cgroup --cgroup 4294967296", "from 0 to 4294967295", BOTH },
};

static void refuses(void **state)
{
	struct error err;
	struct ruleset rs;
	unsigned int f;
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused) * NR_FAMILIES; i++) {
		f = i % NR_FAMILIES;
		if (!(refused[i / 2].families & FAMILY_BIT(f)))
			continue;
		if (!parse(&rs, refused[i / 2].chain, refused[i / 2].rule, f, &err))
			fail_msg("taken: %s", refused[i / 2].rule);
		ruleset_free(&rs);
		if (!strstr(err.msg, refused[i / 2].message))
			fail_msg("%s: %s", refused[i / 2].rule, err.msg);
	}
}

/* The first op, and its payload's first word. */
static const struct {
	const char *chain, *rule;
	u8 code, flags, size;
	u32 arg;
	u64 word;
	enum family family;
} ops[] = {
	{ "OUTPUT", "-m owner ! --uid-owner 5-6 --gid-owner 7 --suppl-groups", OP_OWNER, 0, 3,
	  OWNER_UID << 8 | OWNER_UID | OWNER_GID | OWNER_GROUPS, 6ULL << 32 | 5 },
	{ "OUTPUT", "-m owner ! --socket-exists", OP_OWNER, 0, 3, OWNER_SOCKET << 8 | OWNER_SOCKET,
	  0 },
	{ "INPUT", "-m addrtype ! --dst-type LOCAL", OP_ADDRTYPE, OP_INVERT, 1, 1 << 2, 0 },
	{ "INPUT", "-m addrtype ! --dst-type LOCAL,UNICAST", OP_LOCAL6, OP_INVERT, 1, 6, 0,
	  FAMILY_IPV6 },
	{ "INPUT", "-m addrtype --src-type UNICAST", OP_ADDRTYPE, 0, 1, 2 | ADDRTYPE_SOURCE, 0,
	  FAMILY_IPV6 },
	{ "INPUT", "-m addrtype --src-type LOCAL --limit-iface-in", OP_LOCAL6, 0, 1,
	  4 | ADDRTYPE_SOURCE | ADDRTYPE_LIMIT_IN, 0, FAMILY_IPV6 },
	{ "INPUT", "-m addrtype --src-type UNSPEC,BROADCAST --limit-iface-in", OP_ADDRTYPE, 0, 1,
	  9 | ADDRTYPE_SOURCE | ADDRTYPE_LIMIT_IN, 0 },
	{ "INPUT", "-m physdev ! --physdev-in ab+", OP_PHYSDEV, 0, 9, PHYSDEV_IN << 8 | PHYSDEV_IN,
	  0x6261 },
	{ "INPUT", "-m policy --dir in --pol none", OP_POLICY, 0, 1, POLICY_NONE, 0 },
	{ "OUTPUT", "-m policy --dir out ! --mode tunnel --spi 7", OP_POLICY, 0, 11,
	  1 << 8 | POLICY_OUT,
	  1ULL << 40 | (u64)POLICY_MODE << POLICY_INVERT | POLICY_MODE | POLICY_SPI },
	{ "INPUT", "-m cgroup ! --cgroup 7", OP_SOCKET, 0, 1, 0, 0 },
};

static void compiles(void **state)
{
	static struct program p;
	const struct match *m;
	struct image_op op;
	struct error err;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(ops); i++) {
		assert_int_equal(parse(&rs, ops[i].chain, ops[i].rule, ops[i].family, &err), 0);
		m = first(&rs, ops[i].chain, ops[i].family)->matches;
		program_start(&p, PROGRAM_BOXES);
		assert_int_equal(m->ext->compile(&p, m->data, NULL, ops[i].family), 0);
		memcpy(&op, &p.ops[0], sizeof(op));
		assert_int_equal(op.code, ops[i].code);
		assert_int_equal(op.flags, ops[i].flags);
		assert_int_equal(op.size, ops[i].size);
		assert_int_equal(op.arg, ops[i].arg);
		if (op.size > 1)
			assert_true(p.ops[1] == ops[i].word);
		assert_true(op_good(&op, &p.ops[1]));
		assert_true(p.features & IMAGE_F_GROUP(OPS_OBJECT) && p.features & IMAGE_F_KERNEL);
		ruleset_free(&rs);
	}
}

/* What the validator keeps from the evaluator. */
static void hostile_ops(void **state)
{
	static const struct image_op bad[] = {
		{ OP_OWNER, 0, 3, 0, 0 },	    { OP_OWNER, 0, 3, 0, 16 },
		{ OP_OWNER, 0, 2, 0, 1 },	    { OP_OWNER, 0, 3, 0, 2 << 8 | 1 },
		{ OP_PHYSDEV, 0, 9, 0, 32 },	    { OP_PHYSDEV, 0, 8, 0, 1 },
		{ OP_POLICY, 0, 11, 0, 2 << 8 },    { OP_POLICY, 0, 51, 0, 5 << 8 },
		{ OP_POLICY, 0, 1, 0, 8 },	    { OP_ADDRTYPE, 0, 1, 0, 0 },
		{ OP_ADDRTYPE, 0, 1, 0, 1 << 12 },  { OP_ADDRTYPE, 0, 2, 0, 1 },
		{ OP_LOCAL6, 0, 1, 0, 0 },	    { OP_LOCAL6, 0, 1, 0, 1 << 12 },
		{ OP_OBJECT_LAST + 1, 0, 1, 0, 0 },
	};
	static const u64 payload[64];
	size_t i;

	(void)state;
	for (i = 0; i < NR(bad); i++)
		if (op_good(&bad[i], payload))
			fail_msg("op %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(lists), cmocka_unit_test(refuses),
		cmocka_unit_test(compiles), cmocka_unit_test(hostile_ops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

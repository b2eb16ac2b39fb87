/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/parse.h"

/* The printer: canonical text, and what iptables -L prints. */

#define V4	FAMILY_BIT(FAMILY_IPV4)
#define V6	FAMILY_BIT(FAMILY_IPV6)
#define NR(a)	(sizeof(a) / sizeof((a)[0]))

static void parse(struct ruleset *rs, const char *text, size_t len, unsigned int families)
{
	struct rules_source src = { .where = "test", .text = text, .len = len,
				    .families = families };
	struct error err = { 0 };
	int ret;

	ruleset_init(rs);
	ret = rules_parse(rs, &src, &err);
	if (!ret)
		ret = ruleset_finish(rs, &err);
	if (ret)
		print_error("%s\n%s\n", text, err.msg);
	assert_int_equal(ret, 0);
}

struct print_case {
	const char *in;
	const char *out;	/* NULL: the same */
};

/* What stands behind "-A INPUT " before and after. */
static const struct print_case cases4[] = {
	{ "-j ACCEPT", NULL },
	{ "-j DROP -p tcp -s 1.2.3.4 -i eth0", "-s 1.2.3.4/32 -i eth0 -p tcp -j DROP" },
	{ "-d 10.11.12.13/8 -j USER", "-d 10.0.0.0/8 -j USER" },
	{ "-s 10.1", "-s 10.1.0.0/32" },
	{ "-s 0/0 -d any/0", "" },
	{ "! -s 0.0.0.0/0", NULL },
	{ "-s 10.11.12.13/255.0.255.0", "-s 10.0.12.0/255.0.255.0" },
	{ "-s 10.0.0.0/255.255.0.0", "-s 10.0.0.0/16" },
	{ "-i +", "" },
	{ "! -i +", NULL },
	{ "! -i eth+ -j RETURN", NULL },
	{ "-i \"a b\"", NULL },
	{ "-p 6", "-p tcp" }, { "-p 58", "-p ipv6-icmp" }, { "-p 103", "-p pim" },
	{ "-p 255", NULL }, { "-p 135", "-p mobility-header" }, { "-p all", "" },
	{ "! -p udp", NULL }, { "! -f -p 17", "-p udp ! -f" },
	{ "-p tcp --dport ssh", "-p tcp -m tcp --dport 22" },
	{ "-p tcp --dport :1023", "-p tcp -m tcp --dport 0:1023" },
	{ "-p tcp --sport : --dport 4:4", "-p tcp -m tcp --dport 4" },
	{ "-p tcp -m tcp ! --sport :", "-p tcp -m tcp ! --sport 0:65535" },
	{ "-p tcp -m tcp --dport 1 -m tcp --sport 2", NULL },
	{ "-p tcp --syn", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN" },
	{ "-p tcp ! --tcp-flags ALL NONE",
	  "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE" },
	{ "-p tcp -m tcp --tcp-flags NONE SYN", NULL },
	{ "-p tcp --dport 1 --syn --tcp-option 2 --sport 3",
	  "-p tcp -m tcp --sport 3 --dport 1 --tcp-option 2 --tcp-flags FIN,SYN,RST,ACK SYN" },
	{ "-p udp ! --dport 53", "-p udp -m udp ! --dport 53" },
	{ "-p icmp --icmp-type ping", "-p icmp -m icmp --icmp-type 8" },
	{ "-p icmp --icmp-type host-unreachable", "-p icmp -m icmp --icmp-type 3/1" },
	{ "-p icmp --icmp-type 255", "-p icmp -m icmp --icmp-type any" },
	{ "-p icmp -m icmp ! --icmp-type 3/0:4", NULL },
	{ "-m state --state ESTABLISHED,new", "-m state --state NEW,ESTABLISHED" },
	{ "-m conntrack ! --ctstate DNAT,SNAT,UNTRACKED,ESTABLISHED,RELATED,NEW,INVALID",
	  "-m conntrack ! --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT" },
	{ "-m comment --comment \"plain\"", "-m comment --comment plain" },
	{ "-m comment --comment \"it's \\\"x\\\" \\\\\"",
	  "-m comment --comment \"it\\'s \\\"x\\\" \\\\\"" },
	{ "-m comment --comment \"\"", NULL },
	{ "-g USER", NULL },
	{ "-m comment --comment a -p udp -m state --state NEW -m udp --dport 9 -j ACCEPT",
	  "-p udp -m comment --comment a -m state --state NEW -m udp --dport 9 -j ACCEPT" },
};

static const struct print_case cases6[] = {
	{ "-s ::1", "-s ::1/128" },
	{ "-s 2001:DB8:0:0:1::1/64", "-s 2001:db8::/64" },
	{ "-s ::/0", "" },
	{ "! -d ::", "! -d ::/128" },
	{ "-s 2001:db8::1/ffff:ffff::ff", "-s 2001:db8::1/ffff:ffff::ff" },
	{ "-s ::ffff:1.2.3.4", "-s ::ffff:1.2.3.4/128" },
	{ "-s ::1.2.3.4", "-s ::1.2.3.4/128" },
	{ "-s 1:0:0:2:0:0:0:3", "-s 1:0:0:2::3/128" },
	{ "-s 1:2:3:4:5:6:7:8", "-s 1:2:3:4:5:6:7:8/128" },
	{ "-s 1:2:3:4:5:6:0:0", "-s 1:2:3:4:5:6::/128" },
	{ "-s 0:2:3:4:5:6:7:8", "-s 0:2:3:4:5:6:7:8/128" },
	{ "-p icmpv6 --icmpv6-type neighbor-sol", "-p ipv6-icmp -m icmp6 --icmpv6-type 135" },
	{ "-p 58 -m ipv6-icmp --icmpv6-type no-route", "-p ipv6-icmp -m icmp6 --icmpv6-type 1/0" },
	{ "-p icmp -j DROP", NULL },
};

static void print_one(const struct print_case *c, unsigned int families, enum family f)
{
	char text[1024], want[1024];
	struct buffer out = { 0 };
	struct ruleset rs;
	const struct chain *input;

	snprintf(text, sizeof(text), "*filter\n:USER - [0:0]\n-A INPUT %s\nCOMMIT\n", c->in);
	snprintf(want, sizeof(want), "-A INPUT%s%s", c->out && !*c->out ? "" : " ",
		 c->out ? c->out : c->in);
	parse(&rs, text, strlen(text), families);
	input = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
	rule_print(&out, input->rules, input, f);
	assert_int_equal(out.failed, 0);
	assert_string_equal(out.data, want);
	buffer_free(&out);
	ruleset_free(&rs);
}

/* What is there though iptables-save does not say so. */
static void test_complete(void **state)
{
	static const char text[] = "*filter\n-A INPUT -p all -i + -s 0/0 -j DROP\nCOMMIT\n";
	struct buffer out = { 0 };
	struct ruleset rs;
	const struct chain *c;

	(void)state;
	parse(&rs, text, sizeof(text) - 1, V6);
	c = rs.tables[FAMILY_IPV6][TABLE_FILTER].chains;
	rule_print_complete(&out, c->rules, c, FAMILY_IPV6);
	assert_string_equal(out.data, "-A INPUT -i + -p all -j DROP");
	out.len = 0;
	rule_print(&out, c->rules, c, FAMILY_IPV6);
	assert_string_equal(out.data, "-A INPUT -j DROP");
	buffer_free(&out);
	ruleset_free(&rs);
}

static void test_rules(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases4); i++)
		print_one(&cases4[i], V4, FAMILY_IPV4);
	for (i = 0; i < NR(cases6); i++)
		print_one(&cases6[i], V6, FAMILY_IPV6);
}

static const char table_text[] =
	"*filter\n"
	":INPUT DROP [123456:987654321]\n"
	":FORWARD ACCEPT [0:0]\n"
	":OUTPUT ACCEPT [99999:100000]\n"
	":USER - [0:0]\n"
	"[1:60] -A INPUT -i lo -j ACCEPT\n"
	"[99999999999:99999999999999999] -A INPUT -s 10.0.0.0/8 ! -i eth+ -p tcp -m tcp --dport 22 "
	"--tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j USER\n"
	"[0:0] -A INPUT ! -d 1.2.3.4/32 ! -p udp -f -g USER\n"
	"[5:6] -A USER -p icmp -m icmp --icmp-type 8 -m comment --comment \"a b\" -j RETURN\n"
	"[0:0] -A USER -p udp -m udp ! --sport 1:53\n"
	"COMMIT\n";

static void test_table(void **state)
{
	struct buffer out = { 0 };
	struct ruleset rs;

	(void)state;
	parse(&rs, table_text, strlen(table_text), V4);
	rules_print(&out, &rs, FAMILY_IPV4, TABLE_FILTER, PRINT_COUNTERS);
	assert_string_equal(out.data, table_text);
	out.len = 0;
	rules_print(&out, &rs, FAMILY_IPV4, TABLE_FILTER, PRINT_ZERO_POLICY);
	assert_non_null(strstr(out.data, ":INPUT DROP [0:0]\n"));
	assert_non_null(strstr(out.data, "\n-A INPUT -i lo -j ACCEPT\n"));
	out.len = 0;
	rules_print(&out, &rs, FAMILY_IPV4, TABLE_RAW, 0);
	assert_int_equal(out.len, 0);
	rules_print(&out, &rs, FAMILY_IPV6, TABLE_FILTER, 0);
	assert_int_equal(out.len, 0);
	buffer_free(&out);
	ruleset_free(&rs);
}

/* User chains by name, bytes compared; base chains in the order of the hooks. */
static void test_order(void **state)
{
	static const char text[] = "*filter\n:b - [0:0]\n:OUTPUT DROP [0:0]\n:a - [0:0]\n"
				   ":B - [0:0]\n:c - [0:0]\n:_ - [0:0]\n-N aa\n-X c\nCOMMIT\n";
	struct buffer out = { 0 };
	struct ruleset rs;

	(void)state;
	parse(&rs, text, strlen(text), V4);
	rules_print(&out, &rs, FAMILY_IPV4, TABLE_FILTER, 0);
	assert_string_equal(out.data, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
			    ":OUTPUT DROP [0:0]\n:B - [0:0]\n:_ - [0:0]\n:a - [0:0]\n:aa - [0:0]\n"
			    ":b - [0:0]\nCOMMIT\n");
	buffer_free(&out);
	ruleset_free(&rs);
}

#define HEAD	"target     prot opt source               destination         \n"
#define HEAD_V	" pkts bytes target     prot opt in     out     source               " \
		"destination         \n"

/* Compared with iptables-legacy 1.8.9 on the same file. */
static const char list_plain[] =
	"Chain INPUT (policy DROP)\n"
	HEAD
	"ACCEPT     all  --  anywhere             anywhere            \n"
	"USER       tcp  --  10.0.0.0/8           anywhere             tcp dpt:ssh "
	"flags:FIN,SYN,RST,ACK/SYN ctstate NEW\n"
	"USER      !udp  -f  anywhere            !1.2.3.4             [goto] \n"
	"\nChain FORWARD (policy ACCEPT)\n"
	HEAD
	"\nChain OUTPUT (policy ACCEPT)\n"
	HEAD
	"\nChain USER (2 references)\n"
	HEAD
	"RETURN     icmp --  anywhere             anywhere             icmp echo-request "
	"/* a b */\n"
	"           udp  --  anywhere             anywhere             udp spts:!1:domain\n";

static const char list_verbose[] =
	"Chain INPUT (policy DROP 123K packets, 988M bytes)\n"
	HEAD_V
	"    1    60 ACCEPT     0    --  lo     *       0.0.0.0/0            0.0.0.0/0           \n"
	" 100G 100000T USER       6    --  !eth+  *       10.0.0.0/8           "
	"0.0.0.0/0            tcp dpt:22 flags:0x17/0x02 ctstate NEW\n"
	"    0     0 USER      !17   -f  *      *       0.0.0.0/0           !1.2.3.4             "
	"[goto] \n";

static const char list_exact[] =
	"Chain USER (2 references)\n"
	"num      pkts      bytes target     prot opt in     out     source               "
	"destination         \n"
	"1           5        6 RETURN     icmp --  any    any     anywhere             "
	"anywhere             icmp echo-request /* a b */\n"
	"2           0        0            udp  --  any    any     anywhere             "
	"anywhere             udp spts:!1:domain\n";

static void test_list(void **state)
{
	struct buffer out = { 0 };
	struct ruleset rs;

	(void)state;
	parse(&rs, table_text, strlen(table_text), V4);
	assert_int_equal(rules_list(&out, &rs, FAMILY_IPV4, TABLE_FILTER, NULL, 0), 0);
	assert_string_equal(out.data, list_plain);
	out.len = 0;
	assert_int_equal(rules_list(&out, &rs, FAMILY_IPV4, TABLE_FILTER, "INPUT",
				    LIST_VERBOSE | LIST_NUMERIC), 0);
	assert_string_equal(out.data, list_verbose);
	out.len = 0;
	assert_int_equal(rules_list(&out, &rs, FAMILY_IPV4, TABLE_FILTER, "USER",
				    LIST_VERBOSE | LIST_EXACT | LIST_LINE_NUMBERS), 0);
	assert_string_equal(out.data, list_exact);
	assert_int_not_equal(rules_list(&out, &rs, FAMILY_IPV4, TABLE_FILTER, "NOPE", 0), 0);
	buffer_free(&out);
	ruleset_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules), cmocka_unit_test(test_table),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_order), cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

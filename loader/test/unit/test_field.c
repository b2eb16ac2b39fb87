// SPDX-License-Identifier: GPL-2.0-only
/*
 * Matches of what stands in the IP header and of what the kernel knows of a packet: what is taken,
 * refused and printed (as by iptables-legacy 1.8.9; reversed ranges as by 1.8.11).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compile/internal.h"
#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define V4	FAMILY_BIT(FAMILY_IPV4)
#define V6	FAMILY_BIT(FAMILY_IPV6)
#define BOTH	FAMILIES_ALL

static int parse_text(struct ruleset *rs, const char *text, enum family f, struct error *err)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f), .text = text };
	int ret;

	src.len = strlen(text);
	ruleset_init(rs);
	memset(err, 0, sizeof(*err));
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

static int parse(struct ruleset *rs, const char *rule, enum family f, struct error *err)
{
	char text[512];

	snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", rule);
	return parse_text(rs, text, f, err);
}

/* What iptables-save prints; NULL: the same. */
static const struct { unsigned int families; const char *in, *out; } printed[] = {
	{ BOTH, "-m mark --mark 1", "-m mark --mark 0x1" },
	{ BOTH, "-m mark ! --mark 0x10/0xf", NULL },
	{ BOTH, "-m mark --mark 010/017", "-m mark --mark 0x8/0xf" },
	{ BOTH, "-m mark --mark \" +5/0xffffffff\"", "-m mark --mark 0x5" },
	{ BOTH, "-m mark --mark 0/0", "-m mark --mark 0x0/0x0" },
	{ BOTH, "-m mark --mark 1 -m mark ! --mark 2", "-m mark --mark 0x1 -m mark ! --mark 0x2" },
	{ BOTH, "-m mac --mac-source AA:b:Cc:0d:0E:f", "-m mac --mac-source aa:0b:cc:0d:0e:0f" },
	{ BOTH, "-m mac ! --mac-source :::::", "-m mac ! --mac-source 00:00:00:00:00:00" },
	{ BOTH, "-m mac --mac-source -1:+2:-3:4:5:6", "-m mac --mac-source ff:02:fd:04:05:06" },
	{ V6, "-m eui64 -m eui64", NULL },
	{ BOTH, "-m pkttype --pkt-type UNIcast", "-m pkttype --pkt-type unicast" },
	{ BOTH, "-m pkttype ! --pkt-type host", "-m pkttype ! --pkt-type unicast" },
	{ BOTH, "-m pkttype --pkt-type bcast", "-m pkttype --pkt-type broadcast" },
	{ BOTH, "-m pkttype --pkt-type mcast", "-m pkttype --pkt-type multicast" },
	{ BOTH, "-m pkttype --pkt-type otherhost", NULL },
	{ V4, "-m ttl --ttl 5", "-m ttl --ttl-eq 5" },
	{ V4, "-m ttl ! --ttl 0x10", "-m ttl ! --ttl-eq 16" },
	{ V4, "-m ttl --ttl-lt 0", NULL },
	{ V4, "-m ttl --ttl-gt 255", NULL },
	{ V6, "-m hl ! --hl 5", "-m hl ! --hl-eq 5" },
	{ V6, "-m hl --hl-lt 255", NULL },
	{ V6, "-m hl --hl-gt 010", "-m hl --hl-gt 8" },
	{ BOTH, "-m length --length 5", NULL },
	{ BOTH, "-m length --length 5:", "-m length --length 5:65535" },
	{ BOTH, "-m length --length \"\"", "-m length --length 0" },
	{ BOTH, "-m length ! --length :0x10", "-m length ! --length 0:16" },
	{ BOTH, "-p tcp -m tcpmss --mss 7:7", "-p tcp -m tcpmss --mss 7" },
	{ BOTH, "-p tcp -m tcpmss ! --mss :", "-p tcp -m tcpmss ! --mss 0:65535" },
	{ BOTH, "-m tos --tos 8", "-m tos --tos 0x08/0xff" },
	{ BOTH, "-m tos ! --tos minimize-delay", "-m tos ! --tos 0x10/0x3f" },
	{ BOTH, "-m tos --tos Minimize-Cost", "-m tos --tos 0x02/0x3f" },
	{ BOTH, "-m tos --tos 0xff/017", "-m tos --tos 0xff/0x0f" },
	{ BOTH, "-m dscp --dscp 63", "-m dscp --dscp 0x3f" },
	{ BOTH, "-m dscp ! --dscp-class ef", "-m dscp ! --dscp 0x2e" },
	{ BOTH, "-m dscp --dscp-class AF13x", "-m dscp --dscp 0x0e" },
	{ BOTH, "-m dscp --dscp-class BEEF", "-m dscp --dscp 0x00" },
	{ BOTH, "-m ecn ! --ecn-ip-ect 3", NULL },
	{ BOTH, "-p tcp -m ecn ! --ecn-ip-ect 2 ! --ecn-tcp-cwr --ecn-tcp-ece",
	  "-p tcp -m ecn --ecn-tcp-ece ! --ecn-tcp-cwr ! --ecn-ip-ect 2" },
	{ BOTH, "-m ecn --ecn-tcp-cwr -p tcp", "-p tcp -m ecn --ecn-tcp-cwr" },
	{ V4, "-m iprange --src-range 1.2.3.4", "-m iprange --src-range 1.2.3.4-1.2.3.4" },
	{ V4, "-m iprange --dst-range 10-10.2 ! --src-range 1.2.3.4-1.2.3.3",
	  "-m iprange ! --src-range 1.2.3.4-1.2.3.3 --dst-range 10.0.0.0-10.2.0.0" },
	{ V6, "-m iprange --src-range ::1 ! --dst-range ::FFFF:1.2.3.4-fe80::",
	  "-m iprange --src-range ::1-::1 ! --dst-range ::ffff:1.2.3.4-fe80::" },
	{ BOTH, "-m cpu ! --cpu 4294967295", NULL },
	{ BOTH, "-m devgroup --src-group 0", "-m devgroup --src-group default" },
	{ BOTH, "-m devgroup --src-group 0/1", "-m devgroup --src-group 0x0/0x1" },
	{ BOTH, "-m devgroup ! --src-group 0x20/0x10", NULL },
	{ V4, "-m realm ! --realm cosmos", NULL },
	{ V4, "-m realm --realm 1/2", "-m realm --realm 0x1/0x2" },
	{ BOTH, "-m u32 --u32 0=1", "-m u32 --u32 \"0x0=0x1\"" },
	{ BOTH, "-m u32 ! --u32 \" 0 >> 22&0x3C @ 12 << 26 = 1,2 : 3 && 4 = 5:4 \"",
	  "-m u32 ! --u32 \"0x0>>0x16&0x3c@0xc<<0x1a=0x1,0x2:0x3&&0x4=0x5:0x4\"" },
};

static void prints_one(const char *in, const char *want, enum family f)
{
	struct buffer out = { 0 };
	const struct chain *c;
	struct error err;
	struct ruleset rs;

	if (parse(&rs, in, f, &err))
		fail_msg("%s: %s", in, err.msg);
	c = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
	rule_print(&out, c->rules, c, f);
	assert_memory_equal(out.data, "-A INPUT ", 9);
	assert_string_equal(out.data + 9, want);
	buffer_free(&out);
	ruleset_free(&rs);
}

static void prints(void **state)
{
	unsigned int f;
	size_t i;

	(void)state;
	for (i = 0; i < NR(printed); i++)
		for (f = 0; f < NR_FAMILIES; f++)
			if (printed[i].families & FAMILY_BIT(f))
				prints_one(printed[i].in, printed[i].out ? printed[i].out :
					   printed[i].in, (enum family)f);
}

/* What iptables -L prints of the match, with -n and without; NULL: the same. */
static const struct { enum family f; const char *rule, *numeric, *names; } listed[] = {
	{ FAMILY_IPV4, "-m mark ! --mark 0x10/0xff", " mark match ! 0x10/0xff", NULL },
	{ FAMILY_IPV4, "-m mark --mark 5", " mark match 0x5", NULL },
	{ FAMILY_IPV4, "-m mac --mac-source 1:2:3:4:5:6", " MAC 01:02:03:04:05:06", NULL },
	{ FAMILY_IPV4, "-m mac ! --mac-source 1:2:3:4:5:6", " MAC ! 01:02:03:04:05:06", NULL },
	{ FAMILY_IPV6, "-m eui64", "eui64 ", NULL },
	{ FAMILY_IPV4, "-m pkttype --pkt-type mcast", " PKTTYPE = multicast", NULL },
	{ FAMILY_IPV4, "-m pkttype ! --pkt-type host", " PKTTYPE != unicast", NULL },
	{ FAMILY_IPV4, "-m ttl --ttl-eq 5", " TTL match TTL == 5", NULL },
	{ FAMILY_IPV4, "-m ttl ! --ttl-eq 5", " TTL match TTL != 5", NULL },
	{ FAMILY_IPV4, "-m ttl --ttl-lt 5", " TTL match TTL < 5", NULL },
	{ FAMILY_IPV6, "-m hl --hl-gt 5", " HL match HL > 5", NULL },
	{ FAMILY_IPV6, "-m hl ! --hl-eq 5", " HL match HL != 5", NULL },
	{ FAMILY_IPV4, "-m length --length 5", " length 5", NULL },
	{ FAMILY_IPV4, "-m length ! --length 5:7", " length !5:7", NULL },
	{ FAMILY_IPV4, "-p tcp -m tcpmss ! --mss 5:7", " tcpmss match !5:7", NULL },
	{ FAMILY_IPV4, "-m tos --tos 0x10/0x3f", " tos match0x10/0x3f", " tos match Minimize-Delay" },
	{ FAMILY_IPV4, "-m tos ! --tos 0/0x3f", " tos match!0x00/0x3f", " tos match! Normal-Service" },
	{ FAMILY_IPV4, "-m tos --tos 0x10", " tos match0x10/0xff", NULL },
	{ FAMILY_IPV4, "-m tos --tos 0x11/0x3f", " tos match0x11/0x3f", NULL },
	{ FAMILY_IPV4, "-m dscp --dscp 10", " DSCP match 0x0a", NULL },
	{ FAMILY_IPV4, "-m dscp ! --dscp-class EF", " DSCP match !0x2e", NULL },
	{ FAMILY_IPV4, "-m ecn --ecn-ip-ect 2", " ECN match ECT=2", NULL },
	{ FAMILY_IPV4, "-p tcp -m ecn ! --ecn-tcp-cwr --ecn-tcp-ece ! --ecn-ip-ect 1",
	  " ECN match ECE !CWR !ECT=1", NULL },
	{ FAMILY_IPV4, "-m iprange --src-range 1.2.3.4 ! --dst-range 10-10.0.0.9",
	  " source IP range 1.2.3.4-1.2.3.4 destination IP range ! 10.0.0.0-10.0.0.9", NULL },
	{ FAMILY_IPV6, "-m iprange ! --src-range ::1-::ffff --dst-range ::7",
	  " source IP range ! ::1-::ffff destination IP range ::7-::7", NULL },
	{ FAMILY_IPV4, "-m cpu --cpu 1", " cpu 1", NULL },
	{ FAMILY_IPV4, "-m cpu ! --cpu 1", " cpu ! 1", NULL },
	{ FAMILY_IPV4, "-m devgroup --src-group 0", " src-group 0x0", " src-group default" },
	{ FAMILY_IPV4, "-m devgroup ! --src-group 0/255", " ! src-group 0x0/0xff", NULL },
	{ FAMILY_IPV4, "-m realm ! --realm 0", " ! realm 0x0", " ! realm cosmos" },
	{ FAMILY_IPV4, "-m realm --realm 7/15", " realm 0x7/0xf", NULL },
	{ FAMILY_IPV4, "-m u32 ! --u32 0>>1=2:3,4&&5@6=7",
	  " u32 ! \"0x0>>0x1=0x2:0x3,0x4&&0x5@0x6=0x7\"", NULL },
	{ FAMILY_IPV4, "-m u32 --u32 0<<1&2=3", " u32 \"0x0<<0x1&0x2=0x3\"", NULL },
};

static void lists(void **state)
{
	const struct match *m;
	struct buffer out;
	struct error err;
	struct ruleset rs;
	const char *want;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * NR(listed); i++) {
		want = i % 2 && listed[i / 2].names ? listed[i / 2].names : listed[i / 2].numeric;
		assert_int_equal(parse(&rs, listed[i / 2].rule, listed[i / 2].f, &err), 0);
		m = ruleset_chain(&rs, listed[i / 2].f, TABLE_FILTER, "INPUT",
				  false)->rules->matches;
		out = (struct buffer){ 0 };
		m->ext->list(&out, m->data, listed[i / 2].f, !(i % 2));
		assert_string_equal(out.data, want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

/* Columns count from "-A INPUT ". */
static const struct {
	enum family f;
	const char *rule;
	unsigned int column;
	const char *message;
} refused[] = {
	{ FAMILY_IPV4, "-m mark", 13, "requires option --mark" },
	{ FAMILY_IPV4, "-m mark --mark", 24, "requires an argument" },
	{ FAMILY_IPV4, "-m mark --mark 5/", 27, "VALUE/MASK" },
	{ FAMILY_IPV4, "-m mark --mark 5/x", 27, "VALUE/MASK" },
	{ FAMILY_IPV4, "-m mark --mark 5/6x", 25, "VALUE/MASK" },
	{ FAMILY_IPV4, "-m mark --mark -5", 25, "from 0 to 0xffffffff" },
	{ FAMILY_IPV4, "-m mark --mark 4294967296", 25, "from 0 to 0xffffffff" },
	{ FAMILY_IPV4, "-m mark --mark 1 --mark 2", 27, "only be used once" },
	{ FAMILY_IPV4, "-m mac", 13, "requires option --mac-source" },
	{ FAMILY_IPV4, "-m mac --mac-source 1:2:3:4:5", 38, "six bytes" },
	{ FAMILY_IPV4, "-m mac --mac-source 1:2:3:4:5:6:7", 40, "six bytes" },
	{ FAMILY_IPV4, "-m mac --mac-source 1:002:3:4:5:6", 32, "six bytes" },
	{ FAMILY_IPV4, "-m mac --mac-source 1:2:g:4:5:6", 34, "six bytes" },
	{ FAMILY_IPV4, "-m eui64", 13, "does not exist in IPv4" },
	{ FAMILY_IPV4, "-m pkttype --pkt-type outgoing", 32, "multicast or otherhost" },
	{ FAMILY_IPV4, "-m ttl", 13, "requires --ttl-eq" },
	{ FAMILY_IPV6, "-m hl", 13, "requires --hl-eq" },
	{ FAMILY_IPV4, "-m ttl --ttl-gt 256", 26, "from 0 to 255" },
	{ FAMILY_IPV4, "-m ttl ! --ttl-lt 5", 19, "cannot be inverted" },
	{ FAMILY_IPV4, "-m ttl --ttl-lt 5 --ttl-gt 7", 37, "only one of --ttl-eq" },
	{ FAMILY_IPV6, "-m ttl --ttl-lt 5", 13, "does not exist in IPv6" },
	{ FAMILY_IPV4, "-m length --length 6:5", 31, "from 6 to 65535" },
	{ FAMILY_IPV4, "-m length --length 1:65536", 31, "from 1 to 65535" },
	{ FAMILY_IPV4, "-m length --length 65536", 29, "from 0 to 65535" },
	{ FAMILY_IPV4, "-m length --length ::", 30, "end of range" },
	{ FAMILY_IPV4, "-m length", 13, "requires option --length" },
	{ FAMILY_IPV4, "-m tcpmss --mss 5", 13, "needs -p tcp" },
	{ FAMILY_IPV4, "! -p tcp -m tcpmss --mss 5", 22, "not inverted" },
	{ FAMILY_IPV4, "-p tcp --mss 5", 17, "unknown option" },
	{ FAMILY_IPV4, "-m tos --tos 8/256", 23, "Maximize-Throughput" },
	{ FAMILY_IPV4, "-m tos --tos minimize-c", 23, "or a name" },
	{ FAMILY_IPV4, "-m dscp --dscp 64", 25, "from 0 to 63" },
	{ FAMILY_IPV4, "-m dscp --dscp-class AF1", 31, "bad DSCP class" },
	{ FAMILY_IPV4, "-m dscp --dscp 1 --dscp-class EF", 40, "cannot be used together" },
	{ FAMILY_IPV4, "-m dscp", 13, "requires --dscp" },
	{ FAMILY_IPV4, "-m ecn", 13, "requires --ecn-tcp-cwr" },
	{ FAMILY_IPV4, "-m ecn --ecn-ip-ect 4", 30, "from 0 to 3" },
	{ FAMILY_IPV4, "-p udp -m ecn --ecn-tcp-ece", 20, "needs -p tcp" },
	{ FAMILY_IPV4, "-m iprange", 13, "requires --src-range" },
	{ FAMILY_IPV4, "-m iprange --src-range 1.2.3.4/24", 33, "no masks" },
	{ FAMILY_IPV4, "-m iprange --src-range 1.2.3.4-x", 41, "bad address \"x\"" },
	{ FAMILY_IPV6, "-m iprange --src-range ::5-1.2.3.4", 37, "other family" },
	{ FAMILY_IPV4, "-m cpu --cpu 4294967296", 23, "from 0 to 4294967295" },
	{ FAMILY_IPV4, "-m devgroup", 13, "requires --src-group" },
	{ FAMILY_IPV4, "-m devgroup --src-group uplink", 34, "other names are unsupported" },
	{ FAMILY_IPV4, "-m devgroup --dst-group 1", 13, "is not legal in INPUT" },
	{ FAMILY_IPV4, "-m realm --realm default", 27, "or \"cosmos\"" },
	{ FAMILY_IPV6, "-m realm --realm 1", 13, "does not exist in IPv6" },
	{ FAMILY_IPV4, "-m u32", 13, "requires option --u32" },
	{ FAMILY_IPV4, "-m u32 --u32 \"\"", 23, "a number" },
	{ FAMILY_IPV4, "-m u32 --u32 0", 24, "\"=\" and a value" },
	{ FAMILY_IPV4, "-m u32 --u32 0=", 25, "a number" },
	{ FAMILY_IPV4, "-m u32 --u32 0=1&&", 28, "a number" },
	{ FAMILY_IPV4, "-m u32 --u32 0=1&2", 26, "or \"&&\"" },
	{ FAMILY_IPV4, "-m u32 --u32 0<1=2", 24, "an operator" },
	{ FAMILY_IPV4, "-m u32 --u32 0<<32=2", 28, "shifts" },
	{ FAMILY_IPV4, "-m u32 --u32 0@1&2&3&4&5&6&7&8&9&10=2", 43, "too many operators" },
	{ FAMILY_IPV4, "-m u32 --u32 0=1,2,3,4,5,6,7,8,9,10,11", 46, "too many values" },
	{ FAMILY_IPV4, "-p udplite --dport 5", 21, "unknown option" },
	{ FAMILY_IPV4, "-m udplite", 13, "unknown match" },
};

static void refuses(void **state)
{
	struct error err;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		assert_int_not_equal(parse(&rs, refused[i].rule, refused[i].f, &err), 0);
		ruleset_free(&rs);
		if (err.column != refused[i].column || !strstr(err.msg, refused[i].message))
			fail_msg("%s: %u: %s", refused[i].rule, err.column, err.msg);
		assert_int_equal(err.line, 2);
	}
}

/* Where mac is not legal, and the line that is named; 0: the rule is not reached from there. */
#define MAC	" -m mac --mac-source 1:2:3:4:5:6\n"
static const struct { const char *rules; unsigned int line, families; } reached[] = {
	{ "-A OUTPUT" MAC, 2, BOTH },
	{ "-A INPUT" MAC "-A FORWARD" MAC, 0, BOTH },
	{ ":U -\n-A U" MAC, 0, BOTH },
	{ ":U -\n-A INPUT -j U\n-A U" MAC, 0, BOTH },
	{ ":U -\n-A INPUT -j U\n-A OUTPUT -j U\n-A U" MAC, 5, BOTH },
	{ ":U -\n-A OUTPUT -g U\n-A U" MAC, 4, BOTH },
	{ ":U -\n-A OUTPUT -j U\n-A U -j RETURN\n-A U" MAC, 0, BOTH },
	{ ":U -\n:V -\n-A V -j DROP\n-A OUTPUT -j V\n-A OUTPUT -j U\n-A U" MAC, 7, BOTH },
	{ ":U -\n:V -\n-A U -j V\n-A V -j V2\n:V2 -\n-A V2" MAC "-A OUTPUT -j U\n", 7, BOTH },
	{ "-A OUTPUT -j ACCEPT\n-A OUTPUT" MAC, 0, BOTH },
	{ "-A OUTPUT\n-A OUTPUT" MAC, 3, BOTH },
	{ "-A OUTPUT -p all -j ACCEPT\n-A OUTPUT" MAC, 0, V4 },
	{ "-A OUTPUT -p all -j ACCEPT\n-A OUTPUT" MAC, 3, V6 },
	{ "-A OUTPUT -o + -j ACCEPT\n-A OUTPUT" MAC, 3, BOTH },
	{ "-A OUTPUT -s 0.0.0.0/0 -j ACCEPT\n-A OUTPUT" MAC, 0, V4 },
	{ "-A OUTPUT ! -s 0.0.0.0/0 -j ACCEPT\n-A OUTPUT" MAC, 3, V4 },
	{ "-A OUTPUT -d ::/0 -j ACCEPT\n-A OUTPUT" MAC, 0, V6 },
	{ "-A OUTPUT -m comment --comment x -j ACCEPT\n-A OUTPUT" MAC, 3, BOTH },
	{ "-A OUTPUT -m devgroup --dst-group 1\n-A FORWARD -m devgroup --dst-group 1 --src-group 1\n",
	  0, BOTH },
	{ "-A OUTPUT -m devgroup --dst-group 1 --src-group 1\n", 2, BOTH },
	{ "COMMIT\n*raw\n-A PREROUTING" MAC, 0, BOTH },
	{ "COMMIT\n*raw\n-A OUTPUT" MAC, 4, BOTH },
	{ "COMMIT\n*raw\n-A PREROUTING -m realm --realm 1\n", 4, V4 },
	{ "COMMIT\n*raw\n-A OUTPUT -m realm --realm 1\n", 0, V4 },
	{ "COMMIT\n*raw\n-A PREROUTING -m eui64\n", 0, V6 },
};

static void hooks(void **state)
{
	struct error err;
	struct ruleset rs;
	char text[512];
	size_t i;
	unsigned int f;
	int ret;

	(void)state;
	for (i = 0; i < NR_FAMILIES * NR(reached); i++) {
		f = i % NR_FAMILIES;
		if (!(reached[i / 2].families & FAMILY_BIT(f)))
			continue;
		snprintf(text, sizeof(text), "*filter\n%sCOMMIT\n", reached[i / 2].rules);
		ret = parse_text(&rs, text, (enum family)f, &err);
		ruleset_free(&rs);
		if (!ret != !reached[i / 2].line || (ret && err.line != reached[i / 2].line))
			fail_msg("%s: line %u: %s", text, err.line, err.msg);
		if (ret)
			assert_non_null(strstr(err.msg, "is not legal in"));
	}
}

/* In a text for both families an address decides. */
static void families(void **state)
{
	static const char text[] = "*filter\n-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.2\n"
		"-A INPUT -m iprange --dst-range ::1\n-A INPUT -m hl --hl-eq 1\n"
		"-A INPUT -m ttl --ttl 1\n-A INPUT -m mark --mark 1\nCOMMIT\n";
	struct rules_source src = { .where = "test", .families = FAMILIES_ALL, .text = text,
				    .len = sizeof(text) - 1 };
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(ruleset_count(&rs, V4), 3);
	assert_int_equal(ruleset_count(&rs, V6), 3);
	ruleset_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(lists), cmocka_unit_test(refuses),
		cmocka_unit_test(hooks), cmocka_unit_test(families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

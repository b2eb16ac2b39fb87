/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/ext.h"
#include "rules/parse.h"

/* The parser: what is taken, what is refused, and where the caret is. */

#define TABLE_START	"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n" \
			":OUTPUT ACCEPT [0:0]\n:USER - [0:0]\n:OTHER - [0:0]\n"
#define V4	FAMILY_BIT(FAMILY_IPV4)
#define V6	FAMILY_BIT(FAMILY_IPV6)
#define NR(a)	(sizeof(a) / sizeof((a)[0]))

struct result {
	struct ruleset rs;
	struct error err;
	int ret;
};

static void parse_len(struct result *r, const char *text, size_t len, unsigned int families,
		      unsigned int tables)
{
	struct rules_source src = {
		.where = "test", .text = text, .len = len, .families = families, .tables = tables,
	};

	memset(r, 0, sizeof(*r));
	ruleset_init(&r->rs);
	r->ret = rules_parse(&r->rs, &src, &r->err);
	if (!r->ret)
		r->ret = ruleset_finish(&r->rs, &r->err);
	if (r->ret && !strstr(r->err.msg, "memory"))
		assert_string_equal(r->err.where, "test");
}

static void parse(struct result *r, const char *text, unsigned int families, unsigned int tables)
{
	parse_len(r, text, strlen(text), families, tables);
}

/* One line inside a table. */
static void parse_rule(struct result *r, const char *line, unsigned int families)
{
	static char text[70000];

	snprintf(text, sizeof(text), "%s%s\nCOMMIT\n", TABLE_START, line);
	parse(r, text, families, 0);
}

static struct chain *chain_of(struct result *r, enum family f, const char *name)
{
	struct chain *c = ruleset_chain(&r->rs, f, TABLE_FILTER, name, false);

	assert_non_null(c);
	return c;
}

/* Lines that IPv4 takes. */
static void test_accepted(void **state)
{
	static const char *const lines[] = {
		"-A INPUT", "-A INPUT -j ACCEPT", "  -A INPUT -j DROP", "-A INPUT -j RETURN",
		"-A INPUT -jACCEPT", "--append INPUT --jump=ACCEPT", "-A INPUT -g USER",
		"-A INPUT -ptcp --dport=22", "-A INPUT -p tcp --dpor 22", "-A INPUT -p TCP --syn",
		"-A INPUT --so 1.2.3.4", "-A INPUT -p tcp --so 22", "-j ACCEPT -A INPUT",
		"-A INPUT -s 10.1", "-A INPUT -s 10/8", "-A INPUT -s 010.0x10.1.1",
		"-A INPUT -s 1.2.3.4/255.0.255.0", "-A INPUT -s any/0", "-A INPUT ! -s 0.0.0.0/0",
		"-A INPUT -i eth+", "-A INPUT -i +", "-A INPUT ! -i +", "-A INPUT -p 255",
		"-A INPUT -p pim", "-A INPUT -p 0", "-A INPUT -p all", "-A INPUT -f",
		"-A INPUT ! -f",
		"-A INPUT -m tcp --dport 1 -p tcp", "-A INPUT -p 6 -m tcp -m tcp --dport 1",
		"-A INPUT -p tcp --dport ssh", "-A INPUT -p udp --dport domain:",
		"-A INPUT -p icmp --icmp-type ping", "-A INPUT -p icmp --icmp-type 3/0:4",
		"-A INPUT -p icmp -m icmp --icmp-type any", "-A INPUT -m state --state NEW,est",
		"-A INPUT -m conntrack ! --ctstate INVALID,SNAT", "-A INPUT -j CONTINUE",
		"-A INPUT -p tcp --tcp-flags ALL NONE", "-A INPUT -p tcp --tcp-flags syn,ack SYN",
		"-A INPUT -p tcp --tcp-option 7", "-A INPUT -m comment --comment \"a \\\"b\\\"\"",
		"-A INPUT -m comment --comment -j", "-A INPUT -c 1 2", "-A INPUT -c 1,2",
		"[3:4] -A INPUT", "-I INPUT", "-I INPUT 1", "-4 -A INPUT", "-6 nonsense",
		"-P INPUT DROP", "-N NEW", "-F", "-F INPUT", "-X", "-X USER", "-Z", "-v -A INPUT",
		"-A INPUT -j ACCEPT --", "-A USER -o eth0", "-A FORWARD -i a -o b",
		"-A INPUT -p icmpv6 -j DROP", "# comment", "", "-A USER -j OTHER",
	};
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < NR(lines); i++) {
		parse_rule(&r, lines[i], V4);
		if (r.ret)
			print_error("%s: %s\n", lines[i], r.err.msg);
		assert_int_equal(r.ret, 0);
		ruleset_free(&r.rs);
	}
}

struct refusal {
	const char *line;
	unsigned int column;
	const char *message;	/* a part of it */
};

static const struct refusal refusals[] = {
	{ "-A INPUT -j MARK", 13, "unsupported target \"MARK\": it alters packets" },
	{ "-A INPUT -m nfacct --nfacct-name x", 13, "unsupported match \"nfacct\"" },
	{ "-A INPUT -m foo", 13, "unknown match \"foo\"" },
	{ "-A INPUT -m icmp6", 13, "does not exist in IPv4" },
	{ "-A INPUT -j NOPE", 13, "no chain or target \"NOPE\"" },
	{ "-A INPUT -g ACCEPT", 13, "not a chain" },
	{ "-A USER -j INPUT", 12, "built-in chain" },
	{ "-A NOPE -j ACCEPT", 4, "does not exist" },
	{ "-A INPUT -s ! 1.2.3.4", 13, "in front of the option" },
	{ "-A INPUT ! ! -s 1.2.3.4", 12, "consecutive" },
	{ "-A INPUT -s 1.2.3.4 !", 22, "behind !" },
	{ "! -A INPUT", 3, "unexpected !" },
	{ "-A INPUT ! -j DROP", 12, "unexpected !" },
	{ "-A INPUT ! -m tcp", 12, "unexpected !" },
	{ "-A INPUT ! -p all", 15, "never match" },
	{ "-A INPUT ! -p 0", 15, "never match" },
	{ "-A INPUT -p nope", 13, "unknown protocol" },
	{ "-A INPUT -p 256", 13, "unknown protocol" },
	{ "-A INPUT ! -s 1.2.3.4,2.3.4.5", 15, "several addresses" },
	{ "-A INPUT -s 1.2.3.4,2.3.4.x", 21, "not an address" },
	{ "-A INPUT -s example.com", 13, "host names" },
	{ "-A INPUT -s 1.2.3.4/33", 13, "invalid mask" },
	{ "-A INPUT -s fe80::1", 13, "not an IPv4 address" },
	{ "-A INPUT -s 1.2.3.4 -s 1.2.3.4", 21, "multiple --source" },
	{ "-A INPUT -j DROP -g USER", 18, "multiple --goto" },
	{ "-A INPUT -j USER -j USER", 18, "multiple --jump" },
	{ "-A INPUT -I INPUT", 10, "another command" },
	{ "-A INPUT -i abcdefghijklmnop", 13, "too long" },
	{ "-A INPUT -i \"\"", 13, "empty interface" },
	{ "-A OUTPUT -i eth0", 4, "-i cannot be used in OUTPUT" },
	{ "-A INPUT -o eth0", 4, "-o cannot be used in INPUT" },
	{ "-A INPUT -p tcp --dport", 24, "requires an argument" },
	{ "-A INPUT --dport 22", 10, "unknown option" },
	{ "-A INPUT -p tcp --foo", 17, "unknown option" },
	{ "-A INPUT -p tcp --s 1", 17, "unknown option" },
	{ "-A INPUT -p tcp --syn=1", 17, "unknown option" },
	{ "-A INPUT -p sctp --nonsense 1", 18, "unknown option" },
	{ "-A INPUT -m tcp --dport 1", 13, "needs -p tcp" },
	{ "-A INPUT ! -p tcp -m tcp", 22, "needs -p tcp" },
	{ "-A INPUT -p udp -m tcp", 20, "needs -p tcp" },
	{ "-A INPUT -p tcp --dport 4:3", 25, "min > max" },
	{ "-A INPUT -p udp --dport 4:3", 25, "min > max" },
	{ "-A INPUT -p tcp --dport 65536", 25, "invalid port" },
	{ "-A INPUT -p tcp --dport nosuch", 25, "invalid port" },
	{ "-A INPUT -p udp --dport 0x16", 25, "invalid port" },
	{ "-A INPUT -p udp --dport 1:2:3", 25, "too many components" },
	{ "-A INPUT -p tcp --dport 1 --dport 2", 27, "only be used once" },
	{ "-A INPUT -p tcp --syn --tcp-flags ALL SYN", 35, "only one of" },
	{ "-A INPUT -p tcp --tcp-flags ALL", 29, "two arguments" },
	{ "-A INPUT -p tcp --tcp-flags ALL,X SYN", 29, "unknown TCP flag \"X\"" },
	{ "-A INPUT -p tcp --tcp-option 0", 30, "bad TCP option" },
	{ "-A INPUT -p icmp -m icmp", 21, "requires its option" },
	{ "-A INPUT -p icmp --icmp-type network-un", 30, "ambiguous" },
	{ "-A INPUT -p icmp --icmp-type 256", 30, "unknown ICMP type" },
	{ "-A INPUT -p icmp --icmp-type 1:2", 30, "range" },
	{ "-A INPUT -m state", 13, "requires option --state" },
	{ "-A INPUT -m state --state NEW,", 27, "bad state" },
	{ "-A INPUT -m state --state SNAT", 27, "bad state" },
	{ "-A INPUT -m conntrack", 13, "at least one option" },
	{ "-A INPUT -m comment", 13, "requires option --comment" },
	{ "-A INPUT -m comment ! --comment x", 23, "inverted" },
	{ "-A INPUT -m comment --comment \"x", 31, "not closed" },
	{ "-A INPUT -m comment --comment 'two words'", 36, "bad argument" },
	{ "-A INPUT -j ACCEPT # no", 20, "bad argument" },
	{ "-A INPUT -c 1", 13, "packet and a byte" },
	{ "-A INPUT -c 3,", 13, "two decimal numbers" },
	{ "[1:2 -A INPUT", 1, "bad counters" },
	{ "[x:2] -A INPUT", 1, "bad counters" },
	{ "-I INPUT 2", 4, "too big" },
	{ "-I INPUT 0", 10, "invalid rule number" },
	{ "-D INPUT 1", 4, "no rule 1" },
	{ "-D INPUT -j ACCEPT", 4, "no such rule" },
	{ "-R INPUT", 9, "requires a rule number" },
	{ "-E USER NEW", 1, "unsupported" },
	{ "-L", 1, "unsupported" },
	{ "-t nat -A INPUT", 1, "cannot be used" },
	{ "-w", 1, "cannot be used" },
	{ "-n -A INPUT", 1, "cannot be used" },
	{ "-N USER", 4, "exists already" },
	{ "-N ACCEPT", 4, "name of a target" },
	{ "-N -x", 4, "may not start" },
	{ "-N abcdefghijklmnopqrstuvwxyz123", 4, "too long" },
	{ "-N NEW -s 1.2.3.4", 1, "does not go with" },
	{ "-P USER DROP", 4, "not built in" },
	{ "-P INPUT REJECT", 10, "expected ACCEPT or DROP" },
	{ "-X INPUT", 4, "built in" },
	{ "-A INPUT -- x", 13, "behind --" },
	{ "   ", 1, "no command" },
	{ "foo", 1, "bad argument" },
	{ ":USER - [0:0]", 2, "declared twice" },
	{ ":INPUT RETURN [0:0]", 8, "expected ACCEPT or DROP" },
	{ ":INPUT DROP [0:0", 13, "policy counters" },
	{ ":INPUT", 7, "expected a policy" },
	{ ":", 2, "name of a chain" },
	{ "*raw", 1, "expected COMMIT" },
	{ "COMMIT ", 1, "bad argument" },
};

static void test_refused(void **state)
{
	struct result r;
	char shown[256];
	size_t i;

	(void)state;
	for (i = 0; i < NR(refusals); i++) {
		parse_rule(&r, refusals[i].line, V4);
		snprintf(shown, sizeof(shown), "%s", refusals[i].line);
		if (!r.ret || !strstr(r.err.msg, refusals[i].message) ||
		    r.err.column != refusals[i].column)
			print_error("%s: column %u: %s\n", shown, r.err.column, r.err.msg);
		assert_int_not_equal(r.ret, 0);
		assert_non_null(strstr(r.err.msg, refusals[i].message));
		assert_int_equal(r.err.column, refusals[i].column);
		assert_int_equal(r.err.line, 7);
		assert_string_equal(r.err.excerpt, refusals[i].line);
		assert_int_equal(r.err.caret, refusals[i].column - 1);
		ruleset_free(&r.rs);
	}
}

struct whole_text {
	const char *text;
	unsigned int tables;
	unsigned int line;	/* of the error; 0: taken */
	const char *message;
};

static const struct whole_text texts[] = {
	{ "", 0, 1, "no table" },
	{ "# only a comment\n", 0, 2, "no table" },
	{ "-A INPUT\n*filter\nCOMMIT\n", 0, 1, "expected *TABLE" },
	{ "*filter\n", 0, 2, "expected COMMIT" },
	{ "*filter\nCOMMIT", 0, 0, NULL },
	{ "*filter\r\n-A INPUT -j ACCEPT\r\nCOMMIT\r\n", 0, 0, NULL },
	{ "*filter\nCOMMIT\n-A INPUT\n", 0, 3, "expected *TABLE" },
	{ "*filter\nCOMMIT\nCOMMIT\n", 0, 3, "expected *TABLE" },
	{ "*\n", 0, 1, "name of a table" },
	{ "*bogus\nCOMMIT\n", 0, 1, "unknown table" },
	{ "*nat\n:PREROUTING ACCEPT [1:2]\n:D - [0:0]\nCOMMIT\n*filter\nCOMMIT\n", 0, 0, NULL },
	{ "*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n", 0, 2, "use -T filter" },
	{ "*mangle\n:INPUT DROP [0:0]\nCOMMIT\n", 0, 2, "table mangle is not supported" },
	{ "*nat\n-A X \"\nCOMMIT\n*filter\nCOMMIT\n", TABLE_BIT(TABLE_FILTER), 0, NULL },
	{ "*raw\nrubbish\nCOMMIT\n*filter\nCOMMIT\n", TABLE_BIT(TABLE_FILTER), 0, NULL },
	{ "*raw\n-A PREROUTING -s 1.2.3.4 -j DROP\nCOMMIT\n", 0, 0, NULL },
	{ "*raw\n-A INPUT\nCOMMIT\n", 0, 2, "does not exist" },
	{ "*filter\n-A INPUT -j A\n:A - [0:0]\nCOMMIT\n", 0, 0, NULL },
	{ "*filter\n-A INPUT -j A\n-F INPUT\nCOMMIT\n", 0, 0, NULL },
	{ "*filter\n:LOG - [0:0]\n-A INPUT -j LOG\nCOMMIT\n", 0, 0, NULL },
	{ "*filter\n:A -\n-A A -j A\nCOMMIT\n", 0, 0, NULL },
	{ "*filter\n:A -\n:B -\n-A A -j B\n-A B -g A\n-A INPUT -j A\nCOMMIT\n", 0, 5, "loop" },
	{ "*filter\n:A -\n-A INPUT -j A\n-A A -j A\nCOMMIT\n", 0, 4, "loop" },
	{ "*filter\n:A -\n-A A\n-X A\nCOMMIT\n", 0, 4, "not empty" },
	{ "*filter\n:A -\n-A INPUT -j A\n-X A\nCOMMIT\n", 0, 4, "referred" },
};

static void test_texts(void **state)
{
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < NR(texts); i++) {
		parse(&r, texts[i].text, V4, texts[i].tables);
		if (!r.ret != !texts[i].line || r.err.line != texts[i].line)
			print_error("%s: line %u: %s\n", texts[i].text, r.err.line, r.err.msg);
		assert_int_equal(!r.ret, !texts[i].line);
		assert_int_equal(r.err.line, texts[i].line);
		if (texts[i].message)
			assert_non_null(strstr(r.err.msg, texts[i].message));
		ruleset_free(&r.rs);
	}
}

/* Addresses are expanded in the order of the lists, sources outside. */
static void test_expansion(void **state)
{
	static const uint8_t want[4][2] = { { 1, 3 }, { 1, 4 }, { 2, 3 }, { 2, 4 } };
	struct result r;
	struct rule *rule;
	int i;

	(void)state;
	parse_rule(&r, "[5:6] -A INPUT -s 0.0.0.1,0.0.0.2 -d 0.0.0.3,0.0.0.4 -j DROP", V4);
	assert_int_equal(r.ret, 0);
	rule = chain_of(&r, FAMILY_IPV4, "INPUT")->rules;
	for (i = 0; i < 4; i++, rule = rule->next) {
		assert_non_null(rule);
		assert_int_equal(rule->src.value[3], want[i][0]);
		assert_int_equal(rule->dst.value[3], want[i][1]);
		assert_int_equal(rule->packets, 5);
		assert_int_equal(rule->bytes, 6);
	}
	assert_null(rule);
	ruleset_free(&r.rs);
	/* -I puts each in front of the one before: reversed. */
	parse_rule(&r, "-I INPUT -s 0.0.0.1,0.0.0.2", V4);
	assert_int_equal(r.ret, 0);
	rule = chain_of(&r, FAMILY_IPV4, "INPUT")->rules;
	assert_int_equal(rule->src.value[3], 2);
	assert_int_equal(rule->next->src.value[3], 1);
	assert_int_equal(ruleset_count(&r.rs, V4), 2);
	ruleset_free(&r.rs);
}

struct family_case {
	const char *line;
	unsigned int rules4, rules6;
};

/* A text for both families: which lines go where. */
static void test_families(void **state)
{
	static const struct family_case cases[] = {
		{ "-A INPUT -j ACCEPT", 1, 1 },
		{ "-4 -A INPUT -j ACCEPT", 1, 0 },
		{ "-6 -A INPUT -j ACCEPT", 0, 1 },
		{ "-A INPUT --ipv6 -j ACCEPT", 0, 1 },
		{ "-A INPUT -s 1.2.3.4", 1, 0 },
		{ "-A INPUT -d fe80::/10", 0, 1 },
		{ "-A INPUT --source=fe80::1,fe80::2", 0, 2 },
		{ "-A INPUT -p icmp", 1, 0 },
		{ "-A INPUT -p 58", 0, 1 },
		{ "-A INPUT -p icmp --icmp-type ping", 1, 0 },
		{ "-A INPUT -p icmpv6 --icmpv6-type ping", 0, 1 },
		{ "-A INPUT -m icmp6 -p 58 --icmpv6-type 1", 0, 1 },
		{ "-6 -A INPUT -p icmp", 0, 1 },
		{ "-A INPUT -d fe80::1 -p 1", 0, 1 },
		{ "-A INPUT ! -p icmp -s 1.2.3.4", 1, 0 },
		{ "-4 -A INPUT ! -p icmp", 1, 0 },
		{ "-A INPUT ! -p tcp", 1, 1 },
		{ "-A INPUT -p tcp --dport 22 -m comment --comment \"-s 1.2.3.4\"", 1, 1 },
	};
	struct result r;
	size_t i;

	(void)state;
	for (i = 0; i < NR(cases); i++) {
		parse_rule(&r, cases[i].line, FAMILIES_ALL);
		if (r.ret)
			print_error("%s: %s\n", cases[i].line, r.err.msg);
		assert_int_equal(r.ret, 0);
		assert_int_equal(ruleset_count(&r.rs, V4), cases[i].rules4);
		assert_int_equal(ruleset_count(&r.rs, V6), cases[i].rules6);
		assert_int_equal(r.rs.families, FAMILIES_ALL);
		ruleset_free(&r.rs);
	}
	parse_rule(&r, "-A INPUT -f", FAMILIES_ALL);
	assert_int_not_equal(r.ret, 0);
	ruleset_free(&r.rs);
	/* What would "not ICMP" be in the other family? */
	parse_rule(&r, "-A INPUT ! -p icmp -j ACCEPT", FAMILIES_ALL);
	assert_non_null(strstr(r.err.msg, "write -4 or -6"));
	ruleset_free(&r.rs);
}

/* -I, -R, -D by number and -F, against a plain array. */
static void test_numbers(void **state)
{
	static const struct { char op; unsigned int number; } steps[] = {
		{ 'I', 1 }, { 'I', 2 }, { 'I', 1 }, { 'I', 3 }, { 'I', 2 }, { 'A', 0 }, { 'I', 6 },
		{ 'I', 8 }, { 'D', 3 }, { 'I', 4 }, { 'D', 1 }, { 'R', 2 }, { 'I', 5 }, { 'D', 5 },
		{ 'D', 7 }, { 'R', 6 }, { 'A', 0 }, { 'I', 7 }, { 'D', 1 }, { 'I', 3 },
		{ 'F', 0 }, { 'A', 0 }, { 'A', 0 }, { 'A', 0 }, { 'I', 3 }, { 'I', 4 }, { 'D', 5 },
		{ 'A', 0 }, { 'I', 2 }, { 'R', 6 }, { 'A', 0 },
	};
	unsigned int want[64], n = 0, i, at;
	struct buffer b = { 0 };
	struct result r;
	struct rule *rule;

	(void)state;
	buffer_puts(&b, "*filter\n");
	for (i = 0; i < NR(steps); i++) {
		at = steps[i].op == 'A' ? n : steps[i].number - 1;
		if (steps[i].op == 'F') {
			buffer_puts(&b, "-F INPUT\n");
			n = 0;
			continue;
		}
		if (steps[i].op == 'A')
			buffer_printf(&b, "[%u:0] -A INPUT\n", i);
		else if (steps[i].op == 'D')
			buffer_printf(&b, "-D INPUT %u\n", at + 1);
		else
			buffer_printf(&b, "[%u:0] -%c INPUT %u\n", i, steps[i].op, at + 1);
		if (steps[i].op == 'D' || steps[i].op == 'R')
			memmove(want + at, want + at + 1, (--n - at) * sizeof(*want));
		if (steps[i].op == 'D')
			continue;
		memmove(want + at + 1, want + at, (n++ - at) * sizeof(*want));
		want[at] = i;
	}
	buffer_puts(&b, "COMMIT\n");
	parse_len(&r, b.data, b.len, V4, 0);
	assert_string_equal(r.err.msg, "");
	for (i = 0, rule = chain_of(&r, FAMILY_IPV4, "INPUT")->rules; rule; rule = rule->next)
		assert_int_equal(rule->packets, want[i++]);
	assert_int_equal(i, n);
	assert_int_equal(chain_of(&r, FAMILY_IPV4, "INPUT")->nr_rules, n);
	ruleset_free(&r.rs);
	buffer_free(&b);
}

/* Sources are joined: chains go on unless they are declared again, the last policy holds. */
static void test_joined(void **state)
{
	static const char one[] = "*filter\n:INPUT DROP [1:1]\n:A - [0:0]\n-A A -j DROP\nCOMMIT\n";
	static const char two[] = "*filter\n:INPUT ACCEPT [2:2]\n:A - [0:0]\n-A A -j ACCEPT\n"
				  "-A INPUT -j A\nCOMMIT\n";
	static const char words[] = "-P OUTPUT DROP\n-N B\n4:\n";
	struct rules_source src = { .where = "one", .text = one, .len = sizeof(one) - 1,
				    .families = V4 };
	struct error err = { 0 };
	struct ruleset rs;
	struct chain *c;

	(void)state;
	ruleset_init(&rs);
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	src.text = two;
	src.len = sizeof(two) - 1;
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	src.text = words;
	src.len = strlen("-P OUTPUT DROP\n-N B\n");
	src.inline_rules = true;
	assert_int_equal(rules_parse(&rs, &src, &err), 0);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	c = ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "A", false);
	assert_int_equal(c->nr_rules, 1);
	assert_int_equal(c->refs, 1);
	assert_int_equal(c->rules->target, TARGET_ACCEPT);
	c = ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "INPUT", false);
	assert_int_equal(c->policy, TARGET_ACCEPT);
	assert_int_equal(c->packets, 2);
	c = ruleset_chain(&rs, FAMILY_IPV4, TABLE_FILTER, "OUTPUT", false);
	assert_int_equal(c->policy, TARGET_DROP);
	assert_int_equal(rs.families, V4);
	ruleset_free(&rs);
}

/* Bytes that are no text, and lines without end: refused at once. */
static void test_hostile(void **state)
{
	const size_t size = 1UL << 24;
	char *big = malloc(size);
	struct result r;

	(void)state;
	assert_non_null(big);
	parse_len(&r, "*filter\n-A INPUT\0\nCOMMIT\n", 25, V4, 0);
	assert_int_not_equal(r.ret, 0);
	assert_int_equal(r.err.line, 2);
	assert_int_equal(r.err.column, 9);
	ruleset_free(&r.rs);
	memset(big, 'x', size);
	memcpy(big, "*filter\n-A INPUT ", 17);
	parse_len(&r, big, size, V4, 0);
	assert_int_not_equal(r.ret, 0);
	assert_non_null(strstr(r.err.msg, "line too long"));
	assert_true(r.err.caret < strlen(r.err.excerpt));
	ruleset_free(&r.rs);
	memset(big, '[', size);
	parse_len(&r, big, size, V4, 0);
	assert_int_not_equal(r.ret, 0);
	ruleset_free(&r.rs);
	free(big);
}

static void test_limits(void **state)
{
	static char line[9000];
	struct result r;
	size_t i;

	(void)state;
	strcpy(line, "-A INPUT");
	for (i = 0; i < 249; i++)
		strcat(line, " -v");
	parse_rule(&r, line, V4);
	assert_int_equal(r.ret, 0);
	ruleset_free(&r.rs);
	strcat(line, " -v");
	parse_rule(&r, line, V4);
	assert_non_null(strstr(r.err.msg, "too many arguments"));
	ruleset_free(&r.rs);
	/* Taken by iptables, but its canonical text would have more than 251 words. */
	strcpy(line, "-A INPUT -p tcp");
	for (i = 0; i < 80; i++)
		strcat(line, " -m tcp --syn");
	parse_rule(&r, line, V4);
	assert_non_null(strstr(r.err.msg, "rule too long"));
	ruleset_free(&r.rs);
	strcpy(line, "-A INPUT -m comment --comment ");
	i = strlen(line);
	memset(line + i, 'c', 1023);
	line[i + 1023] = '\0';
	parse_rule(&r, line, V4);
	assert_int_equal(r.ret, 0);
	ruleset_free(&r.rs);
	strcat(line, "c");
	parse_rule(&r, line, V4);
	assert_non_null(strstr(r.err.msg, "argument too long"));
	ruleset_free(&r.rs);
}

/* A long path of jumps: loop detection must not use C's stack. */
static void test_depth(void **state)
{
	const int depth = 50000;
	struct buffer b = { 0 };
	struct result r;
	int i;

	(void)state;
	buffer_puts(&b, "*filter\n");
	for (i = 0; i <= depth; i++)
		buffer_printf(&b, ":c%d - [0:0]\n", i);
	buffer_puts(&b, "-A INPUT -j c0\n");
	for (i = 0; i < depth; i++)
		buffer_printf(&b, "-A c%d -j c%d\n", i, i + 1);
	buffer_puts(&b, "COMMIT\n");
	parse_len(&r, b.data, b.len, V4, 0);
	assert_int_equal(r.ret, 0);
	ruleset_free(&r.rs);
	b.len -= strlen("COMMIT\n");
	buffer_printf(&b, "-A c%d -j c9\nCOMMIT\n", depth);
	parse_len(&r, b.data, b.len, V4, 0);
	assert_int_not_equal(r.ret, 0);
	assert_int_equal(r.err.line, 2 * depth + 4);
	ruleset_free(&r.rs);
	buffer_free(&b);
}

static void test_message(void **state)
{
	char text[512];
	struct result r;

	(void)state;
	parse_rule(&r, "-A\tINPUT -m foo", V4);
	error_format(&r.err, text, sizeof(text));
	assert_string_equal(text, "test:7:13: error: unknown match \"foo\"\n"
			    "    -A INPUT -m foo\n"
			    "                ^\n");
	ruleset_free(&r.rs);
	parse_rule(&r, "-A INPUT -s \033[31m", V4);
	error_format(&r.err, text, sizeof(text));
	assert_null(strchr(text, '\033'));
	ruleset_free(&r.rs);
}

static void test_file(void **state)
{
	struct error err = { 0 };
	char *text;
	size_t len;

	(void)state;
	assert_int_not_equal(rules_read_file("", 10, &text, &len, &err), 0);
	memset(&err, 0, sizeof(err));
	assert_int_not_equal(rules_read_file("/", 10, &text, &len, &err), 0);
	assert_non_null(strstr(err.msg, "directory"));
	memset(&err, 0, sizeof(err));
	assert_int_not_equal(rules_read_file("/dev/null", 10, &text, &len, &err), 0);
	assert_non_null(strstr(err.msg, "regular"));
	memset(&err, 0, sizeof(err));
	assert_int_not_equal(rules_read_file("/proc/self/exe", 10, &text, &len, &err), 0);
	assert_non_null(strstr(err.msg, "too large"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_expansion),
		cmocka_unit_test(test_families), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_depth), cmocka_unit_test(test_message),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

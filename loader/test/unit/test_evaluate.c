// SPDX-License-Identifier: GPL-2.0-only
/*
 * The evaluator in user space: verdicts and counters of the walk, and of packets that cannot be
 * read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile/evaluate.h"
#include "compile/layout.h"
#include "rules/parse.h"

#define DROPPED(reason)	(2U + (reason))

static const struct packet_context input4 = { FAMILY_IPV4, TABLE_FILTER, HOOK_INPUT,
					      "eth0",	   NULL,	 CT_NEW };
static const struct packet_context input6 = { FAMILY_IPV6, TABLE_FILTER, HOOK_INPUT,
					      "eth0",	   NULL,	 CT_NEW };

/* TCP, 192.0.2.1:4096 to 10.0.0.1:22, SYN, with options MSS and NOP NOP NOP EOL. */
static const uint8_t tcp4[48] = {
	0x45, 0,    0,	  48, 0,    1, 0, 0,  64, 6, 0, 0,    192, 0, 2, 1,
	10,   0,    0,	  1,  0x10, 0, 0, 22, 0,  0, 0, 1,    0,   0, 0, 0,
	0x70, 0x02, 0x10, 0,  0,    0, 0, 0,  2,  4, 5, 0xb4, 1,   1, 1, 0,
};

/* ICMPv6 echo request, 2001:db8::1 to fd00::1. */
static const uint8_t echo6[48] = {
	0x60, 0, 0, 0, 0, 8, 58, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 128, 0, 0, 0, 0, 1, 0, 1,
};

/* An image in force: with room for counters. */
struct set {
	void *space;
	size_t size;
};

static struct set load(const char *rules, enum family f)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	struct set s = { 0 };
	char text[4096];

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n%sCOMMIT\n", rules);
	src.text = text;
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, &img, &err))
		fail_msg("%s: %s", rules, err.msg);
	ruleset_free(&rs);
	assert_int_equal(image_validate(img.data, img.size, &err), 0);
	s.size = IMAGE_CAPACITY_0;
	s.space = calloc(1, s.size);
	assert_non_null(s.space);
	memcpy(s.space, img.data, img.size);
	assert_int_equal(image_layout(s.space, s.size, 1), 0);
	image_free(&img);
	return s;
}

static uint64_t packets(const struct set *s, unsigned int number)
{
	const struct image_header *h = s->space;
	const struct image_counter *c = (const void *)((const char *)s->space + h->counters);

	assert_true(number < h->nr_counters);
	return c[number].packets;
}

/*
 * Rules, then the verdict and the packets of each rule, then of each policy, in one string of
 * digits.
 */
static void expect(const char *rules, const struct packet_context *ctx, const void *packet,
		   size_t len, unsigned int verdict, const char *counts)
{
	struct set s = load(rules, ctx->family);
	unsigned int i;

	assert_int_equal(image_evaluate(s.space, s.size, ctx, packet, len), verdict);
	for (i = 0; counts[i]; i++) {
		if (packets(&s, i) != (uint64_t)(counts[i] - '0'))
			fail_msg("%s: counter %u is %u, not %c", rules, i,
				 (unsigned int)packets(&s, i), counts[i]);
	}
	free(s.space);
}

static void tcp(const char *rules, unsigned int verdict, const char *counts)
{
	expect(rules, &input4, tcp4, sizeof(tcp4), verdict, counts);
}

static void policies(void **state)
{
	(void)state;
	tcp(":INPUT ACCEPT\n", EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n", EVALUATE_DROP, "1");
	tcp(":INPUT DROP\n-A INPUT\n", EVALUATE_DROP, "11");
	tcp(":INPUT DROP\n-A INPUT -j RETURN\n-A INPUT -j ACCEPT\n", EVALUATE_DROP, "101");
}

/* ipt_do_table(): jump comes back behind the rule, goto to where its chain was jumped from. */
static void walks(void **state)
{
	(void)state;
	tcp(":INPUT DROP\n:a -\n-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a\n", EVALUATE_ACCEPT, "111");
	tcp(":INPUT DROP\n:a -\n-A INPUT -g a\n-A INPUT -j ACCEPT\n-A a\n", EVALUATE_DROP, "101");
	tcp(":INPUT DROP\n:a -\n:b -\n-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -g b\n-A a -j DROP\n-A b\n",
	    EVALUATE_ACCEPT, "11101");
	tcp(":INPUT DROP\n:a -\n-A INPUT -j a\n-A INPUT -j ACCEPT\n-A a -j RETURN\n-A a -j DROP\n",
	    EVALUATE_ACCEPT, "1110");
}

static void matches(void **state)
{
	(void)state;
	tcp(":INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n", EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n-A INPUT -p tcp --dport 23: -j ACCEPT\n", EVALUATE_DROP, "0");
	tcp(":INPUT DROP\n-A INPUT -s 192.0.2.0/24 ! -d 10.0.0.2 -i eth+ -j ACCEPT\n",
	    EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n-A INPUT -i eth -j ACCEPT\n", EVALUATE_DROP, "0");
	tcp(":INPUT DROP\n-A INPUT -p tcp --syn -j ACCEPT\n", EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n-A INPUT -p tcp --tcp-option 2 -j ACCEPT\n", EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n-A INPUT -p tcp ! --tcp-option 3 -j ACCEPT\n", EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n-A INPUT -m conntrack --ctstate NEW -j ACCEPT\n", EVALUATE_ACCEPT, "1");
	tcp(":INPUT DROP\n-A INPUT -m state --state ESTABLISHED,INVALID -j ACCEPT\n", EVALUATE_DROP,
	    "0");
	expect(":INPUT DROP\n-A INPUT -p icmpv6 --icmpv6-type echo-request -j ACCEPT\n", &input6,
	       echo6, sizeof(echo6), EVALUATE_ACCEPT, "1");
}

/* xt_tcpudp.c: a header that is cut off drops where a match needs it, and counts nothing. */
static void short_headers(void **state)
{
	static const char *const rules =
		":INPUT ACCEPT\n-A INPUT\n-A INPUT -p tcp -m tcp\n-A INPUT\n";
	size_t len;

	(void)state;
	for (len = 20; len < 40; len++)
		expect(rules, &input4, tcp4, len, DROPPED(DROP_HOTDROP), "1000");
	expect(rules, &input4, tcp4, 40, EVALUATE_ACCEPT, "1111");
	for (len = 0; len < 20; len++)
		expect(rules, &input4, tcp4, len, DROPPED(DROP_UNREADABLE), "0000");
	tcp(":INPUT ACCEPT\n-A INPUT -p udp -m udp\n", EVALUATE_ACCEPT, "01");
}

/* Options that cannot be read drop before the matches behind them see a port. */
static void bad_options(void **state)
{
	uint8_t odd[sizeof(tcp4)];

	(void)state;
	memcpy(odd, tcp4, sizeof(odd));
	odd[32] = 0xe0;
	expect(":INPUT ACCEPT\n-A INPUT -p tcp --tcp-option 8 -m multiport --dports 1\n", &input4, odd,
	       sizeof(odd), DROPPED(DROP_HOTDROP), "00");
	expect(":INPUT ACCEPT\n-A INPUT -p tcp --tcp-option 8 -m tcp --dport 1\n", &input4, odd,
	       sizeof(odd), DROPPED(DROP_HOTDROP), "00");
	expect(":INPUT ACCEPT\n-A INPUT -p tcp -m multiport --dports 1 -m tcp --tcp-option 8\n",
	       &input4, odd, sizeof(odd), EVALUATE_ACCEPT, "01");
}

/* A later fragment has no ports: no rule that asks for one matches, not even an inverted one. */
static void fragments(void **state)
{
	static const char *const rules =
		":INPUT ACCEPT\n-A INPUT -f\n-A INPUT ! -f\n-A INPUT -p tcp ! --dport 1\n-A INPUT -p tcp\n";
	uint8_t part[sizeof(tcp4)];

	(void)state;
	memcpy(part, tcp4, sizeof(part));
	part[7] = 9;
	expect(rules, &input4, part, sizeof(part), EVALUATE_ACCEPT, "10011");
	part[7] = 1;	/* over the flags of a TCP header */
	expect(rules, &input4, part, sizeof(part), DROPPED(DROP_HOTDROP), "1000");
	expect(rules, &input4, tcp4, sizeof(tcp4), EVALUATE_ACCEPT, "01111");
}

/*
 * xt_multiport.c needs the four bytes of the ports and no more, of five protocols; in a list that
 * is in boxes, in one that is not, and beside -m tcp, which needs them all.
 */
static void multiport(void **state)
{
	static const uint8_t protos[] = { 6, 17, 33, 132, 136 };
	static const char *const lists[] = { "--dports 9,22", "--dports 1,3,5,9,22",
					     "! --dports 9,23", "--ports 4096,9",
					     "--ports 1,3,22" };
	uint8_t part[sizeof(tcp4)];
	char rules[256];
	size_t len, i, j;

	(void)state;
	memcpy(part, tcp4, sizeof(part));
	for (i = 0; i < sizeof(protos) * 5; i++) {
		part[9] = protos[i / 5];
		snprintf(rules, sizeof(rules), ":INPUT DROP\n-A INPUT\n"
			 "-A INPUT -p %u -m multiport --dports 21,23\n"
			 "-A INPUT -p %u -m multiport %s -j ACCEPT\n", part[9], part[9],
			 lists[i % 5]);
		for (len = 20; len < 24; len++)
			expect(rules, &input4, part, len, DROPPED(DROP_HOTDROP), "1000");
		for (; len <= sizeof(part); len += 4)
			expect(rules, &input4, part, len, EVALUATE_ACCEPT, "1010");
		part[7] = 1;	/* a later fragment */
		for (j = 20; j < 28; j++)
			expect(rules, &input4, part, j, EVALUATE_DROP, "1001");
		part[7] = 0;
	}
	part[9] = 6;
	expect(":INPUT DROP\n-A INPUT -p tcp -m multiport --dports 22 -m tcp\n", &input4, part, 24,
	       DROPPED(DROP_HOTDROP), "00");
	expect(":INPUT DROP\n-A INPUT -p tcp -m multiport --dports 23 -m tcp --dport 23\n", &input4,
	       part, 24, EVALUATE_DROP, "01");
	expect(":INPUT DROP\n-A INPUT -p tcp -m tcp --dport 23 -m multiport --dports 23\n", &input4,
	       part, 24, DROPPED(DROP_HOTDROP), "00");
	expect(":INPUT DROP\n-A INPUT -p tcp -m state --state INVALID -m multiport --dports 22\n",
	       &input4, part, 20, EVALUATE_DROP, "01");
	expect(":INPUT DROP\n-A INPUT -p tcp -m multiport --dports 22 -m state --state INVALID\n",
	       &input4, part, 20, DROPPED(DROP_HOTDROP), "00");
	expect(":INPUT DROP\n-A INPUT -p tcp -m multiport --dports 22 -m state --state NEW\n",
	       &input4, part, 24, EVALUATE_DROP, "11");
}

/* ipv6_find_hdr(): unreadable headers drop where a rule has -p, and only there. */
static void headers6(void **state)
{
	uint8_t odd[sizeof(echo6)];

	(void)state;
	memcpy(odd, echo6, sizeof(odd));
	odd[6] = 60;
	odd[40] = 58;
	odd[41] = 0;
	expect(":INPUT ACCEPT\n-A INPUT -p 58\n", &input6, odd, sizeof(odd), EVALUATE_ACCEPT, "11");
	odd[41] = 1;	/* longer than the packet */
	expect(":INPUT ACCEPT\n-A INPUT\n-A INPUT -p tcp\n", &input6, odd, sizeof(odd),
	       DROPPED(DROP_HOTDROP), "100");
	expect(":INPUT ACCEPT\n-A INPUT\n", &input6, odd, sizeof(odd), EVALUATE_ACCEPT, "11");
	expect(":INPUT ACCEPT\n-A INPUT\n", &input6, echo6, 39, DROPPED(DROP_UNREADABLE), "00");
	/* without rules nobody asks */
	expect(":INPUT ACCEPT\n", &input6, echo6, 39, EVALUATE_ACCEPT, "1");
}

static void other_hooks(void **state)
{
	struct packet_context ctx = input4;

	(void)state;
	ctx.hook = HOOK_FORWARD;
	ctx.out = "wg0";
	expect(":FORWARD DROP\n-A FORWARD -i eth0 -o wg+ -j ACCEPT\n", &ctx, tcp4, sizeof(tcp4),
	       EVALUATE_ACCEPT, "1");
	ctx.table = TABLE_RAW;
	ctx.hook = HOOK_PREROUTING;	/* no such table in the rules */
	expect(":INPUT DROP\n", &ctx, tcp4, sizeof(tcp4), EVALUATE_ACCEPT, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),    cmocka_unit_test(walks),
		cmocka_unit_test(matches),     cmocka_unit_test(short_headers),
		cmocka_unit_test(fragments),   cmocka_unit_test(headers6),
		cmocka_unit_test(other_hooks), cmocka_unit_test(multiport),
		cmocka_unit_test(bad_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

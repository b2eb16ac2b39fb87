// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ops of the matches of test_field.c: what they say of a packet, here and there without what
 * they ask for, and what the validator says of damaged ones. As net/netfilter/xt_*.c.
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
#include "compile/ops.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define HOTDROP	(2U + DROP_HOTDROP)
#define BAD	(2U + DROP_BAD_IMAGE)

/* TCP, 192.0.2.1 to 10.0.0.1, type of service 0xb9, TTL 64, SYN and ECE, MSS 1460 behind a NOP. */
static const uint8_t tcp4[48] = {
	0x45, 0xb9, 0, 48, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 10, 0, 0, 1,
	0x10, 0, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0x70, 0x42, 0x10, 0, 0, 0, 0, 0,
	1, 2, 4, 5, 0xb4, 1, 0, 0,
};

/* UDP, fd00::211:22ff:fe33:4455 to 2001:db8::1, traffic class 0x2a, hop limit 7. */
static const uint8_t udp6[48] = {
	0x62, 0xa0, 0, 0, 0, 8, 17, 7,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55,
	0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 53, 0, 53, 0, 8, 0, 0,
};

static const uint8_t mac[14] = { 1, 2, 3, 4, 5, 6, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x86, 0xdd };

static struct packet_context context(enum family f)
{
	return (struct packet_context){
		.family = f, .table = TABLE_FILTER, .hook = HOOK_FORWARD, .in = "eth0", .out = "eth1",
		.ct = CT_NEW, .ethernet = true, .mac = mac,
		.meta = { [META_MARK] = 0x1234, [META_CPU] = 3, [META_IN_GROUP] = 0x11,
			  [META_OUT_GROUP] = 2, [META_REALM] = 0x50007 },
	};
}

/* An image in force with this one rule, which accepts; the policy drops. To be freed. */
static void *load(const char *rule, enum family f)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	char text[512];
	void *space;

	src.len = (size_t)snprintf(text, sizeof(text),
				   "*filter\n:FORWARD DROP\n-A FORWARD %s -j ACCEPT\nCOMMIT\n", rule);
	src.text = text;
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, &img, &err) || image_validate(img.data, img.size, &err))
		fail_msg("%s: %s", rule, err.msg);
	ruleset_free(&rs);
	space = calloc(1, IMAGE_CAPACITY_0);
	assert_non_null(space);
	memcpy(space, img.data, img.size);
	image_free(&img);
	assert_int_equal(image_layout(space, IMAGE_CAPACITY_0, 1), 0);
	return space;
}

static unsigned int judge(const char *rule, const struct packet_context *ctx, const void *packet,
			  size_t len)
{
	void *space = load(rule, ctx->family);
	unsigned int verdict = image_evaluate(space, IMAGE_CAPACITY_0, ctx, packet, len);

	free(space);
	return verdict;
}

/* Rules that match tcp4 ('4') or udp6 ('6'), and others ('n', 'N') that do not. */
static const struct { char how; const char *rule; } plain[] = {
	{ '4', "-m mark --mark 0x1234" }, { '4', "-m mark --mark 0x34/0xff" },
	{ 'n', "-m mark ! --mark 0x1234" }, { 'n', "-m mark --mark 0x134/0xff" },
	{ '4', "-m mark ! --mark 0x134/0xff" }, { '6', "-m mark --mark 0/0" },
	{ '4', "-m cpu --cpu 3" }, { 'N', "-m cpu ! --cpu 3" },
	{ '4', "-m devgroup --src-group 0x11 --dst-group 2" },
	{ 'n', "-m devgroup --src-group 0x11 ! --dst-group 2" },
	{ '4', "-m devgroup --src-group 0xf1/0x1f ! --dst-group 1" },
	{ '4', "-m realm --realm 0x50007" }, { '4', "-m realm --realm 7/0xffff" },
	{ 'n', "-m realm --realm 0x10007/0xffff" }, { '4', "-m realm ! --realm 6/0xffff" },
	{ '4', "-m pkttype --pkt-type unicast" }, { 'n', "-m pkttype ! --pkt-type unicast" },
	{ '4', "-m ttl --ttl-eq 64" }, { 'n', "-m ttl ! --ttl-eq 64" },
	{ '4', "-m ttl --ttl-lt 65" }, { 'n', "-m ttl --ttl-lt 64" }, { 'n', "-m ttl --ttl-lt 0" },
	{ '4', "-m ttl --ttl-gt 63" }, { 'n', "-m ttl --ttl-gt 64" }, { 'n', "-m ttl --ttl-gt 255" },
	{ '6', "-m hl --hl-eq 7" }, { 'N', "-m hl ! --hl-eq 7" }, { '6', "-m hl --hl-lt 8" },
	{ 'N', "-m hl --hl-lt 7" }, { '6', "-m hl --hl-gt 6" }, { 'N', "-m hl --hl-gt 7" },
	{ '4', "-m length --length 48" }, { 'n', "-m length ! --length 40:48" },
	{ 'n', "-m length --length 49:" }, { '6', "-m length --length :48" },
	{ '4', "-m tos --tos 0xb9" }, { '4', "-m tos --tos 0x38/0x3c" },
	{ 'n', "-m tos --tos 0xb9/0x0f" }, { 'n', "-m tos ! --tos 0xb9" },
	{ '6', "-m tos --tos 0x2a" }, { 'N', "-m tos ! --tos 0x0a/0x0f" },
	{ '4', "-m dscp --dscp-class EF" }, { 'n', "-m dscp ! --dscp 46" },
	{ '6', "-m dscp --dscp 10" }, { 'N', "-m dscp --dscp 11" },
	{ '4', "-m ecn --ecn-ip-ect 1" }, { 'n', "-m ecn ! --ecn-ip-ect 1" },
	{ '6', "-m ecn --ecn-ip-ect 2" }, { '4', "-p tcp -m ecn --ecn-tcp-ece" },
	{ 'n', "-p tcp -m ecn ! --ecn-tcp-ece" }, { '4', "-p tcp -m ecn ! --ecn-tcp-cwr" },
	{ '4', "-p tcp -m ecn ! --ecn-tcp-cwr --ecn-tcp-ece --ecn-ip-ect 1" },
	{ 'n', "-p tcp -m ecn --ecn-tcp-cwr --ecn-tcp-ece" },
	{ '4', "-m iprange --src-range 192.0.1.255-192.0.2.1 --dst-range 10.0.0.1" },
	{ 'n', "-m iprange --src-range 192.0.2.2-192.0.2.9" },
	{ 'n', "-m iprange ! --dst-range 10.0.0.0-10.0.0.1" },
	{ '4', "-m iprange ! --dst-range 10.0.0.2-10.0.0.1" },
	{ '6', "-m iprange --src-range fd00::-fd00::2ff:ffff:ffff:ffff" },
	{ 'N', "-m iprange --src-range fd00:0:0:1::-fd00:0:0:2::" },
	{ '6', "-m iprange --dst-range 2001:db8::1 --src-range fd00::-fd01::" },
	{ 'N', "-m iprange ! --dst-range 2001:db7:ffff::-2001:db8::1" },
	{ '4', "-m mac --mac-source 00:11:22:33:44:55" },
	{ 'n', "-m mac ! --mac-source 00:11:22:33:44:55" },
	{ 'n', "-m mac --mac-source 00:11:22:33:44:54" }, { '6', "-m mac ! --mac-source ::::: " },
	{ '6', "-m eui64" },
	{ '4', "-p tcp -m tcpmss --mss 1460" }, { 'n', "-p tcp -m tcpmss ! --mss 1400:1500" },
	{ 'n', "-p tcp -m tcpmss --mss :1459" },
	{ '4', "-m u32 --u32 0>>28=4" }, { '6', "-m u32 --u32 0>>28=4,6" },
	{ '4', "-m u32 --u32 0>>22&0x3C@0>>16=4096&&0>>22&0x3C@0&0xffff=22:23" },
	{ 'n', "-m u32 ! --u32 0>>28=4&&6&0xff=6" }, { '4', "-m u32 ! --u32 0>>28=4&&6&0xff=7" },
	{ '4', "-m u32 --u32 44=0xb4010000" }, { 'n', "-m u32 --u32 45=0:0xffffffff" },
	{ '4', "-m u32 ! --u32 45=0:0xffffffff" }, { 'n', "-m u32 --u32 0xffffffff=0:0xffffffff" },
	{ '4', "-m u32 --u32 0>>22&0x3C@12>>28@17=0xb4010000" },
	{ 'n', "-m u32 --u32 0&0xf@0@0>>28=0:15" },
	{ 'n', "-m u32 --u32 12@0=0:0xffffffff" }, { 'n', "-m u32 --u32 12@12@0=0:0xffffffff" },
	{ '4', "-m u32 --u32 8<<8>>24=6" }, { 'n', "-m u32 --u32 8<<8>>24=7:5" },
};

static void matches(void **state)
{
	struct packet_context ctx;
	unsigned int verdict;
	enum family f;
	size_t i;
	char how;

	(void)state;
	for (i = 0; i < NR(plain); i++) {
		how = plain[i].how;
		f = how == '4' || how == 'n' ? FAMILY_IPV4 : FAMILY_IPV6;
		ctx = context(f);
		verdict = judge(plain[i].rule, &ctx, f == FAMILY_IPV4 ? tcp4 : udp6, 48);
		if (verdict != (how == '4' || how == '6' ? EVALUATE_ACCEPT : EVALUATE_DROP))
			fail_msg("%s: %u", plain[i].rule, verdict);
	}
}

/* skb_ip_totlen(): what is behind the packet does not count, and a length of 0 is that of all. */
static void lengths(void **state)
{
	struct packet_context ctx = context(FAMILY_IPV4);
	uint8_t p[60] = { 0 };

	(void)state;
	memcpy(p, tcp4, sizeof(tcp4));
	assert_int_equal(judge("-m length --length 48", &ctx, p, 60), EVALUATE_ACCEPT);
	p[3] = 0;
	assert_int_equal(judge("-m length --length 60", &ctx, p, 60), EVALUATE_ACCEPT);
	ctx = context(FAMILY_IPV6);
	memcpy(p, udp6, sizeof(udp6));
	assert_int_equal(judge("-m length --length 60", &ctx, p, 60), EVALUATE_ACCEPT);
}

/* xt_pkttype.c: what was looped back has the type of its address. */
static void looped_back(void **state)
{
	struct packet_context ctx = context(FAMILY_IPV4);
	uint8_t p[48];

	(void)state;
	ctx.meta[META_PKTTYPE] = 5;	/* PACKET_LOOPBACK */
	memcpy(p, tcp4, sizeof(p));
	assert_int_equal(judge("-m pkttype --pkt-type broadcast", &ctx, p, 48), EVALUATE_ACCEPT);
	p[16] = 239;
	assert_int_equal(judge("-m pkttype --pkt-type multicast", &ctx, p, 48), EVALUATE_ACCEPT);
	p[16] = 240;
	assert_int_equal(judge("-m pkttype --pkt-type broadcast", &ctx, p, 48), EVALUATE_ACCEPT);
	ctx.family = FAMILY_IPV6;
	assert_int_equal(judge("-m pkttype --pkt-type multicast", &ctx, udp6, 48), EVALUATE_ACCEPT);
}

/* xt_mac.c: no match without a MAC header, inverted or not; ip6t_eui64.c drops. */
static void no_mac_header(void **state)
{
	static const char *const rules[] = { "-m mac --mac-source 0:11:22:33:44:55",
					     "-m mac ! --mac-source 1:1:1:1:1:1" };
	struct packet_context ctx = context(FAMILY_IPV6);
	uint8_t other[14];
	size_t i;

	(void)state;
	for (i = 0; i < NR(rules); i++) {
		ctx = context(FAMILY_IPV6);
		assert_int_equal(judge(rules[i], &ctx, udp6, 48), EVALUATE_ACCEPT);
		ctx.mac = NULL;
		assert_int_equal(judge(rules[i], &ctx, udp6, 48), EVALUATE_DROP);
		ctx.ethernet = false;
		assert_int_equal(judge(rules[i], &ctx, udp6, 48), EVALUATE_DROP);
	}
	ctx.mac = mac;
	assert_int_equal(judge("-m eui64", &ctx, udp6, 48), EVALUATE_DROP);
	ctx.ethernet = true;
	ctx.mac = NULL;
	assert_int_equal(judge("-m eui64", &ctx, udp6, 48), HOTDROP);
	for (i = 6; i < 14; i++) {
		memcpy(other, mac, sizeof(other));
		other[i] ^= 1;
		ctx.mac = other;
		assert_int_equal(judge("-m eui64", &ctx, udp6, 48), EVALUATE_DROP);
	}
}

/* Headers that are cut off: xt_ecn.c does not match, xt_tcpmss.c drops. */
static void short_headers(void **state)
{
	struct packet_context ctx = context(FAMILY_IPV4);
	uint8_t p[48];
	size_t len;

	(void)state;
	for (len = 20; len < 48; len++) {
		assert_int_equal(judge("-p tcp -m ecn ! --ecn-tcp-cwr", &ctx, tcp4, len),
				 len < 40 ? EVALUATE_DROP : EVALUATE_ACCEPT);
		assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, tcp4, len), HOTDROP);
		assert_int_equal(judge("-p tcp -m tcpmss ! --mss 1460", &ctx, tcp4, len), HOTDROP);
	}
	memcpy(p, tcp4, sizeof(p));
	p[32] = 0x40;	/* a header of 16 bytes */
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 48), HOTDROP);
	p[32] = 0x50;	/* no options */
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 40), EVALUATE_DROP);
	assert_int_equal(judge("-p tcp -m tcpmss ! --mss 1460", &ctx, p, 40), EVALUATE_ACCEPT);
	/* it drops before what is written behind it is asked, also what is in boxes */
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460 -m tcp --dport 9", &ctx, tcp4, 44), HOTDROP);
	assert_int_equal(judge("-p tcp -m tcp --dport 9 -m tcpmss --mss 1460", &ctx, tcp4, 44),
			 EVALUATE_DROP);
}

/*
 * Both read a TCP header in a later fragment, too; in IPv6 where the IPv6 header is (thoff 0), so
 * that the flags are a byte of the source address.
 */
static void fragments(void **state)
{
	struct packet_context ctx = context(FAMILY_IPV4);
	uint8_t p[72];

	(void)state;
	memcpy(p, tcp4, 48);
	p[7] = 9;
	assert_int_equal(judge("-p tcp -m ecn --ecn-tcp-ece", &ctx, p, 48), EVALUATE_ACCEPT);
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 48), EVALUATE_ACCEPT);
	p[7] = 1;
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 48), EVALUATE_ACCEPT);
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 47), HOTDROP);

	ctx = context(FAMILY_IPV6);
	memcpy(p, udp6, 40);
	memset(p + 40, 0, sizeof(p) - 40);
	p[6] = 44;
	p[40] = 6;
	p[43] = 8;
	assert_int_equal(judge("-p tcp -m ecn --ecn-tcp-ece", &ctx, p, 72), EVALUATE_DROP);
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 72), HOTDROP);
	p[13] = 0x40;
	p[12] = 0x60;	/* and the options are the next four bytes of the address */
	assert_int_equal(judge("-p tcp -m ecn --ecn-tcp-ece", &ctx, p, 72), EVALUATE_ACCEPT);
	memcpy(p + 20, "\2\4\5\xb4", 4);
	assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 72), EVALUATE_ACCEPT);
}

/* tcpmss_mt(): how it walks options. */
static void option_walks(void **state)
{
	static const struct {
		uint8_t options[8];
		bool found;
	} walks[] = {
		{ { 2, 4, 5, 0xb4, 1, 1, 1, 1 }, true }, { { 3, 3, 7, 2, 4, 5, 0xb4, 0 }, true },
		{ { 3, 0, 2, 4, 5, 0xb4, 0, 0 }, true }, { { 0, 2, 4, 5, 0xb4, 0, 0, 0 }, true },
		{ { 2, 3, 0, 2, 4, 5, 0xb4, 0 }, true }, { { 1, 1, 1, 1, 2, 4, 5, 0xb4 }, true },
		{ { 1, 1, 1, 1, 1, 2, 4, 5 }, false }, { { 3, 7, 2, 4, 5, 0xb4, 0, 0 }, false },
		{ { 2, 5, 5, 0xb4, 0, 0, 0, 2 }, false },
		{ { 3, 255, 2, 4, 5, 0xb4, 0, 0 }, false },
	};
	struct packet_context ctx = context(FAMILY_IPV4);
	uint8_t p[48];
	size_t i;

	(void)state;
	memcpy(p, tcp4, sizeof(p));
	for (i = 0; i < NR(walks); i++) {
		memcpy(p + 40, walks[i].options, 8);
		assert_int_equal(judge("-p tcp -m tcpmss --mss 1460", &ctx, p, 48),
				 walks[i].found ? EVALUATE_ACCEPT : EVALUATE_DROP);
	}
}

/* The validator, by op_good(): one op with its payload. */
static bool good(u32 code, u32 arg, const u64 *payload, unsigned int words)
{
	struct image_op op = { .code = (u8)code, .size = (u8)(words + 1), .arg = arg };

	return op_good(&op, payload);
}

static u64 word(u32 number, u32 op, u32 ranges)
{
	return number | (u64)(op | ranges << 8) << 32;
}

static void validator(void **state)
{
	const u64 zero[8] = { 0 };
	u64 u32_ok[] = { word(1, U32_LOAD, 0), word(2, U32_AND, 2), ~0ULL, ~0ULL,
			 word(9, U32_LOAD, 1), 5 };
	size_t i;

	(void)state;
	assert_true(good(OP_IP_WORD, 36, zero, 2) && good(OP_META, META_REALM, zero, 2));
	assert_false(good(OP_IP_WORD, 40, zero, 2) || good(OP_IP_WORD, 2, zero, 2) ||
		     good(OP_IP_WORD, 0, zero, 1) || good(OP_IP_WORD, 0, zero, 3) ||
		     good(OP_META, META_COUNT, zero, 2));
	assert_true(good(OP_RANGE4, 1, zero, 1) && good(OP_RANGE6, 0, zero, 4) &&
		    good(OP_MAC, 1, zero, 1) && good(OP_EUI64, 0, zero, 0));
	assert_false(good(OP_RANGE4, 2, zero, 1) || good(OP_RANGE6, 0, zero, 3) ||
		     good(OP_MAC, 2, zero, 1) || good(OP_EUI64, 0, zero, 1));
	for (i = 1; i <= NR(u32_ok); i++)
		assert_int_equal(good(OP_U32, 0, u32_ok, (unsigned int)i), i == 4 || i == 6);
	for (i = 0; i < NR(u32_ok); i++) {
		u32_ok[i] ^= (u64)U32_LAST << 32;
		assert_int_equal(good(OP_U32, 0, u32_ok, NR(u32_ok)), i == 2 || i == 3 || i == 5);
		u32_ok[i] ^= (u64)U32_LAST << 32;
		u32_ok[i] ^= 1ULL << 48;
		assert_int_equal(good(OP_U32, 0, u32_ok, NR(u32_ok)), i == 2 || i == 3 || i == 5);
		u32_ok[i] ^= 1ULL << 48;
	}
}

/* Whatever stands in the program: the evaluator gives an answer and reads nothing outside. */
static void hostile(void **state)
{
	static const char *const rules[] = {
		"-m ttl --ttl-eq 64", "-m mark --mark 1", "-m iprange --src-range 1.1.1.1",
		"-m mac --mac-source 1:2:3:4:5:6", "-p tcp -m tcpmss --mss 1460",
		"-m u32 --u32 0>>22&0x3C@0>>16=4096&&0>>22&0x3C@0&0xffff=22:23",
	};
	struct packet_context ctx = context(FAMILY_IPV4);
	const struct image_header *h;
	unsigned int seed = 1;
	uint8_t *space, was;
	size_t i, at;
	u32 n;

	(void)state;
	for (i = 0; i < NR(rules); i++) {
		space = load(rules[i], FAMILY_IPV4);
		h = (const void *)space;
		for (n = 0; n < 20000; n++) {
			seed = seed * 1103515245 + 12345;
			at = h->programs.offset + (seed >> 8) % h->programs.count;
			was = space[at];
			space[at] = (uint8_t)(seed >> 20);
			assert_true(image_evaluate(space, IMAGE_CAPACITY_0, &ctx, tcp4,
						   20 + n % 29) <= BAD);
			space[at] = was;
		}
		free(space);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches), cmocka_unit_test(lengths), cmocka_unit_test(looped_back),
		cmocka_unit_test(no_mac_header), cmocka_unit_test(short_headers),
		cmocka_unit_test(fragments), cmocka_unit_test(option_walks),
		cmocka_unit_test(validator), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ops of other headers: what matches, what does not, and what is dropped because it cannot be
 * read; as net/netfilter/xt_esp.c, xt_sctp.c, xt_dccp.c, net/ipv4/netfilter/ipt_ah.c and
 * net/ipv6/netfilter/ip6t_*.c say.
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
#include "compile/internal.h"
#include "compile/layout.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define V4	FAMILY_IPV4
#define V6	FAMILY_IPV6

/* What becomes of the packet at the rule. */
enum outcome {
	NO,
	YES,
	DROP,			/* hotdrop */
	COUNTED,		/* hotdrop with "!": the rule is counted */
};

static uint64_t packets(const void *space, unsigned int number)
{
	const struct image_header *h = space;
	const struct image_counter *c = (const void *)((const char *)space + h->counters);

	assert_true(number < h->nr_counters);
	return c[number].packets;
}

static void *load(const char *rule, enum family f)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	void *space = calloc(1, IMAGE_CAPACITY_0);
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	char text[1024];

	src.len = (size_t)snprintf(text, sizeof(text),
				   "*filter\n:INPUT ACCEPT\n-A INPUT %s\n-A INPUT\nCOMMIT\n", rule);
	src.text = text;
	assert_non_null(space);
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, &img, &err) || image_validate(img.data, img.size, &err))
		fail_msg("%s: %s", rule, err.msg);
	ruleset_free(&rs);
	memcpy(space, img.data, img.size);
	assert_int_equal(image_layout(space, IMAGE_CAPACITY_0, 1), 0);
	image_free(&img);
	return space;
}

/* The packet: an IP header without options, and the bytes that @hex says; blanks do not count. */
static size_t packet_made(uint8_t packet[2048], enum family f, uint8_t proto, bool fragment,
			  const char *hex)
{
	size_t len = f == V4 ? 20 : 40;
	unsigned int byte;

	memset(packet, 0, len);
	packet[0] = f == V4 ? 0x45 : 0x60;
	packet[f == V4 ? 9 : 6] = proto;
	packet[7] = f == V4 ? fragment : 0;
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		packet[len++] = (uint8_t)byte;
		hex++;
	}
	return len;
}

static void judge(const char *rule, enum family f, const uint8_t *packet, size_t len,
		  enum outcome want)
{
	static const unsigned int verdicts[] = { EVALUATE_ACCEPT, EVALUATE_ACCEPT, 2 + DROP_HOTDROP,
						 EVALUATE_DROP };
	const struct packet_context ctx = { .family = f, .hook = HOOK_INPUT };
	void *space = load(rule, f);
	unsigned int verdict = image_evaluate(space, IMAGE_CAPACITY_0, &ctx, packet, len);

	if (verdict != verdicts[want] || packets(space, 0) != (want & 1) ||
	    packets(space, 1) != (want < DROP))
		fail_msg("%s: %zu bytes: verdict %u, counters %u %u", rule, len, verdict,
			 (unsigned int)packets(space, 0), (unsigned int)packets(space, 1));
	free(space);
}

struct header_case {
	const char *rule;
	uint8_t proto;
	const char *hex;
	enum outcome want;
};

#define ESP	"-p esp -m esp "
#define SPI	"00010000 00000001"
#define AH4	"-p ah -m ah "
#define AH	"06010000 00010000 00000001"
#define SCTP	"-p sctp -m sctp "
#define PORTS	"0007 0050 00000000 00000000 "
#define DATA	"00030007 01020300"
#define INIT	"01000004 "
#define DCCP	"-p dccp -m dccp "

/* The same in both families. */
static const struct header_case transports[] = {
	{ ESP "--espspi 65536", 50, SPI, YES }, { ESP "--espspi 65537:", 50, SPI, NO },
	{ ESP "! --espspi :65535", 50, SPI, YES }, { ESP "! --espspi :", 50, SPI, NO },
	{ ESP, 50, "00010000 000000", DROP }, { ESP "! --espspi 1", 50, "0001", DROP },
	{ ESP, 47, SPI, NO },
	{ SCTP "--sport 7 --dport 80:", 132, PORTS, YES }, { SCTP "! --dport 80", 132, PORTS, NO },
	{ SCTP "--dport 81", 132, "0007 0050 00000000 000000", DROP },
	{ SCTP "--chunk-types any DATA", 132, PORTS, DROP },
	{ SCTP "! --chunk-types any DATA", 132, PORTS, COUNTED },
	{ SCTP "! --chunk-types any DATA --dport 81", 132, PORTS, NO },
	{ SCTP "! --chunk-types any DATA -m comment --comment x -m sctp --dport 81", 132, PORTS,
	  DROP },
	{ SCTP "--chunk-types any DATA", 132, PORTS DATA, YES },
	{ SCTP "--chunk-types any SACK,INIT", 132, PORTS INIT DATA, YES },
	{ SCTP "--chunk-types any SACK", 132, PORTS INIT DATA, NO },
	{ SCTP "! --chunk-types any SACK", 132, PORTS INIT DATA, YES },
	{ SCTP "--chunk-types any NONE", 132, PORTS INIT DATA, NO },
	{ SCTP "--chunk-types any ALL", 132, PORTS "ff000004", YES },
	{ SCTP "--chunk-types any DATA:BE", 132, PORTS DATA, YES },
	{ SCTP "--chunk-types any DATA:Bu,INIT:-", 132, PORTS DATA, YES },
	{ SCTP "--chunk-types any DATA:bE", 132, PORTS DATA, NO },
	{ SCTP "--chunk-types any DATA:UBE", 132, PORTS DATA, NO },
	{ SCTP "--chunk-types any I_DATA:UBE", 132, PORTS "40000004", YES },
	{ SCTP "--chunk-types all INIT,DATA", 132, PORTS DATA INIT, YES },
	{ SCTP "--chunk-types all INIT,DATA,ASCONF", 132, PORTS DATA INIT, NO },
	{ SCTP "--chunk-types all INIT,DATA:b", 132, PORTS DATA INIT, NO },
	{ SCTP "--chunk-types all INIT,DATA:b", 132, PORTS DATA INIT "00010004", YES },
	{ SCTP "--chunk-types all NONE", 132, PORTS DATA, YES },
	{ SCTP "--chunk-types all ALL", 132, PORTS DATA, NO },
	{ SCTP "! --chunk-types all ALL", 132, PORTS DATA, YES },
	{ SCTP "--chunk-types only INIT,DATA,PAD", 132, PORTS DATA INIT, YES },
	{ SCTP "--chunk-types only DATA", 132, PORTS DATA INIT, NO },
	{ SCTP "--chunk-types only DATA:b", 132, PORTS DATA, NO },
	{ SCTP "--chunk-types only NONE", 132, PORTS DATA, NO },
	{ SCTP "--chunk-types only ALL", 132, PORTS DATA "1f000001 20000004", YES },
	/* a length of 0, and a chunk cut off; but not behind what decides */
	{ SCTP "--chunk-types only DATA,INIT", 132, PORTS DATA "01000000", DROP },
	{ SCTP "--chunk-types all NONE", 132, PORTS DATA "010000", DROP },
	{ SCTP "--chunk-types any DATA", 132, PORTS DATA "01000000", YES },
	{ SCTP "--chunk-types only INIT", 132, PORTS DATA "01000000", NO },
	{ SCTP "! --chunk-types only INIT", 132, PORTS DATA "01000000", YES },
	{ SCTP "! --chunk-types all DATA", 132, PORTS DATA "01000000", COUNTED },
	{ SCTP "--chunk-types all DATA", 132, PORTS "0000ffff", YES },
	{ DCCP "--dport 80 ! --sport 8", 33, "0007 0050 03000000 04000000", YES },
	{ DCCP "--dport 80", 33, "0007 0050 03000000 040000", DROP },
	{ DCCP "--dccp-types DATA", 33, "0007 0050 03000000 04000000", YES },
	{ DCCP "--dccp-types DATA", 33, "0007 0050 03000000 e5000000", YES },
	{ DCCP "! --dccp-types ACK,DATA", 33, "0007 0050 03000000 04000000", NO },
	{ DCCP "--dccp-types INVALID", 33, "0007 0050 03000000 1e000000", YES },
	{ DCCP "--dccp-types INVALID", 33, "0007 0050 03000000 12000000", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 03000000 04000000", NO },
	{ DCCP "! --dccp-option 5", 33, "0007 0050 03000000 04000000", YES },
	{ DCCP "--dccp-option 5", 33, "0007 0050 02000000 04000000", DROP },
	{ DCCP "! --dccp-option 5", 33, "0007 0050 02000000 04000000", COUNTED },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 04000000 010500", DROP },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 04000000 01050000", YES },
	{ DCCP "--dccp-option 9", 33, "0007 0050 04000000 04000000 20030905", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 04000000 20030905", YES },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 04000000 20000505", YES },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 04000000 20ff0505", NO },
	{ DCCP "--dccp-option 32", 33, "0007 0050 04000000 04000000 00000020", YES },
	/* the types' own parts, and the longer sequence number: 4, 12, 8, 12 and 4 bytes */
	{ DCCP "--dccp-option 5", 33, "0007 0050 05000000 00000000 05050505 05000000", YES },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 00000000 05050505", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 06000000 02000000 050505050505050505050505", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 05000000 02000000 0505050505050505", DROP },
	{ DCCP "--dccp-option 5", 33, "0007 0050 05000000 06000000 0505050505050505", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 06000000 0e000000 050505050505050505050505", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 04000000 05000000 05050505", NO },
	{ DCCP "--dccp-option 5", 33, "0007 0050 03000000 05000000 05050505", DROP },
};

static const struct header_case transports4[] = {
	{ AH4 "--ahspi 65536", 51, AH, YES }, { AH4 "! --ahspi 65536", 51, AH, NO },
	{ AH4, 51, "06010000 00010000 000000", DROP }, { "-p tcp", 51, AH, NO },
};

/* Extension headers; 17 is the protocol behind them unless it matters. */
#define HBH	"00010000 00000000 "		/* of 16 bytes, next is what follows */
#define UDP	"00070035 00080000"
#define RT0	"11040001 00000000 fd000000000000000000000000000001 fd000000000000000000000000000002 "
#define RT	"-m rt --rt-type 0 "
#define A	"fd00::1"
#define B	"fd00::2"

static const struct header_case extensions[] = {
	{ "-m rt", 17, UDP, NO }, { "-m rt", 43, RT0 UDP, YES },
	{ RT "--rt-segsleft 1 --rt-len 40", 43, RT0, YES }, { RT "--rt-segsleft 2:", 43, RT0, NO },
	{ "-m rt ! --rt-type 0", 43, RT0, NO }, { "-m rt --rt-type 256", 43, RT0, NO },
	{ "-m rt ! --rt-len 40", 43, RT0, NO }, { RT "--rt-0-res", 43, RT0, YES },
	{ RT "--rt-0-res", 43, "11000001 00000001" UDP, NO },
	{ RT "--rt-0-addrs " A "," B, 43, RT0, YES }, { RT "--rt-0-addrs " A, 43, RT0, NO },
	{ RT "--rt-0-addrs " B "," A, 43, RT0, NO },
	{ RT "--rt-0-addrs " A "," B "," B, 43, RT0, NO },
	{ RT "--rt-0-addrs " B " --rt-0-not-strict", 43, RT0, YES },
	{ RT "--rt-0-addrs " A "," B " --rt-0-not-strict", 43, RT0, YES },
	{ RT "--rt-0-addrs " B "," A " --rt-0-not-strict", 43, RT0, NO },
	{ RT "--rt-0-addrs " A " --rt-0-not-strict", 43, "11010001 00000000 0000000000000000", NO },
	{ "-m rt", 43, "1105", DROP }, { "-m rt", 43, "11000001 000000", DROP },
	{ "-m rt", 43, "11010001 00000000" UDP, YES }, { "-m rt", 43, "11020001 00000000" UDP, DROP },
	/* behind others; the first one counts */
	{ RT, 60, "2b000000 00000000" RT0, YES }, { RT, 51, "2b010000 00000000 00000000" RT0, YES },
	{ RT, 43, "2b000200 00000000" RT0, NO }, { RT, 60, "2b010000 00000000", DROP },
	{ RT, 60, "2b", DROP }, { RT, 59, RT0, NO }, { RT, 50, RT0, NO },
	/* fragments: the first one is passed, behind a later one there is nothing to be found */
	{ RT, 44, "2b000001 00000001" RT0, YES }, { RT, 44, "2b000009 00000001" RT0, NO },
	{ RT, 44, "2b0000", DROP }, { RT, 43, "2c040001" RT0, YES },

	{ "-m frag --fragid 5 --fragfirst --fragmore --fragres", 44, "11000001 00000005", YES },
	{ "-m frag ! --fragid 5", 44, "11000001 00000005", NO },
	{ "-m frag --fraglast", 44, "11000001 00000005", NO },
	{ "-m frag --fragmore", 44, "11000008 00000005", NO },
	{ "-m frag --fragfirst", 44, "11000008 00000005", NO },
	{ "-m frag --fraglast --fraglen 99", 44, "11000008 00000005", YES },
	{ "-m frag --fragres", 44, "11010000 00000005", NO },
	{ "-m frag --fragres", 44, "11000004 00000005", NO },
	{ "-m frag", 44, "11000008 000000", DROP }, { "-m frag", 17, UDP, NO },
	/* what drops is not passed over because of ports that follow in the rule */
	{ "-m frag --fragid 7 -p udp -m udp --dport 53", 44, "11000008 0000", DROP },
	{ "-m frag -p udp -m multiport --dports 53", 44, "11000008 0000", DROP },
	{ "-m frag -p udp -m udp --dport 53", 44, "11000000 00000001" UDP, YES },
	{ "-m frag -p udp -m udp --dport 53", 44, "11000008 00000001" UDP, NO },

	{ "-m ah --ahspi 65536 --ahlen 12 --ahres", 51, "11010000 00010000 00000000", YES },
	{ "-m ah ! --ahlen 12", 51, "11010000 00010000 00000000", NO },
	{ "-m ah ! --ahlen 0", 51, "11010000 00010000 00000000", YES },
	{ "-m ah --ahres", 51, "11010001 00010000 00000000", NO },
	{ "-m ah --ahlen 8", 51, "11000000 00010000 00000000", YES },
	{ "-m ah", 51, "11000000 00010000 000000", DROP },
	{ "-m ah", 51, "11020000 00010000 00000000", DROP },
	{ "-p ah -m ah", 51, "11010000 00010000 00000000" UDP, NO },

	{ "-m hbh --hbh-len 16 --hbh-opts 5:2,1", 0, "11010502 00000108 0000000000000000", YES },
	{ "-m hbh --hbh-opts 5:3", 0, "11010502 00000108 0000000000000000", NO },
	{ "-m hbh --hbh-opts 5,2", 0, "11010502 00000108 0000000000000000", NO },
	{ "-m hbh ! --hbh-len 16", 0, "11010502 00000108 0000000000000000", NO },
	{ "-m hbh --hbh-opts 0,0,0,0,0,0", 0, "11000000 00000000" UDP, YES },
	{ "-m hbh --hbh-opts 0,0,0,0,0,0,0", 0, "11000000 00000000" UDP, NO },
	/* the last option may be longer than the header, another one may not */
	{ "-m hbh --hbh-opts 5:200", 0, "110005c8 00000000" UDP, YES },
	{ "-m hbh --hbh-opts 5:200,0", 0, "110005c8 00000000" UDP, NO },
	{ "-m hbh --hbh-opts 1:3,5", 0, "11000103 00000005" UDP, NO },
	{ "-m hbh", 60, "11000502 00000000" UDP, NO }, { "-m dst", 60, "11000502 00000000" UDP, YES },
	{ "-m dst", 0, "3c000000 00000000 11020000 00000000", DROP },
	{ "-m dst --dst-opts 5", 0, "3c000000 00000000 11000502 00000000", YES },
	{ "-m hbh", 0, "11", DROP },

	{ "-m ipv6header --header hop,prot", 0, "11000000 00000000" UDP, YES },
	{ "-m ipv6header --header hop", 0, "11000000 00000000" UDP, NO },
	{ "-m ipv6header ! --header hop", 0, "11000000 00000000" UDP, YES },
	{ "-m ipv6header --soft --header hop", 0, "11000000 00000000" UDP, YES },
	{ "-m ipv6header --soft ! --header hop,esp", 0, "11000000 00000000" UDP, NO },
	{ "-m ipv6header --soft ! --header dst,esp", 0, "11000000 00000000" UDP, YES },
	{ "-m ipv6header --header prot", 17, UDP, YES },
	{ "-m ipv6header --header none", 59, "", YES },
	{ "-m ipv6header --header esp", 50, "0000", YES }, { "-m ipv6header --header esp", 50, "00", NO },
	{ "-m ipv6header ! --header esp", 50, "00", NO },
	{ "-m ipv6header --header dst,auth,esp", 60,
	  "33000000 00000000 32010000 00000000 00000000 0000", YES },
	/* it goes on behind a later fragment, and to the end of a header that is too long */
	{ "-m ipv6header --header frag,route,prot", 44, "2b000008 00000000 11000000 00000000", YES },
	{ "-m ipv6header --header route,prot", 43, "11050000 00000000", YES },
	{ "-m ipv6header --header route", 43, "3b050000 00000000", YES },
	{ "-m ipv6header --header route", 43, "3c000000 00000000", NO },

	{ "-p mh -m mh --mh-type 5", 135, "3b010500 0000", YES },
	{ "-p mh -m mh --mh-type 6:", 135, "3b010500 0000", NO },
	{ "-p mh -m mh ! --mh-type bu", 135, "3b010500 0000", NO },
	{ "-p mh -m mh ! --mh-type 4", 60, "87000000 00000000 3b010500 0000", YES },
	{ "-p mh -m mh", 135, "11010500 0000", DROP }, { "-p mh -m mh", 135, "3b010500 00", DROP },
	{ "-p mh -m mh ! --mh-type 1", 135, "11010500 0000", DROP },
	{ "-p mh -m mh ! --mh-type 1", 44, "87000008 00000001 3b010500 0000", NO },
};

static void judge_all(const struct header_case *c, size_t n, enum family f)
{
	uint8_t packet[2048];
	size_t i, len;

	for (i = 0; i < n; i++) {
		len = packet_made(packet, f, c[i].proto, false, c[i].hex);
		judge(c[i].rule, f, packet, len, c[i].want);
	}
}

static void transport_headers(void **state)
{
	(void)state;
	judge_all(transports, NR(transports), V4);
	judge_all(transports, NR(transports), V6);
	judge_all(transports4, NR(transports4), V4);
}

static void extension_headers(void **state)
{
	(void)state;
	judge_all(extensions, NR(extensions), V6);
}

/* Later fragments match none of the transport headers, also with "!", and are not dropped. */
static void later_fragments(void **state)
{
	static const char *const rules[] = {
		ESP, ESP "! --espspi 1", SCTP "! --dport 1", SCTP "! --chunk-types any INIT",
		DCCP "! --dccp-types ACK", DCCP "! --dccp-option 9", AH4 "! --ahspi 1",
	};
	static const uint8_t protos[] = { 50, 50, 132, 132, 33, 33, 51 };
	uint8_t packet[2048];
	size_t i, len;

	(void)state;
	for (i = 0; i < NR(rules); i++) {
		len = packet_made(packet, V4, protos[i], true, "0007");
		judge(rules[i], V4, packet, len, NO);
	}
}

/* As many as fit: the walks are loops of the helper, and end where the packet does. */
static void many_headers(void **state)
{
	uint8_t packet[2048];
	size_t len, i;

	(void)state;
	/* 200 headers of 8 bytes, and what is looked for behind them */
	len = packet_made(packet, V6, 60, false, "");
	for (i = 0; i < 200; i++, len += 8) {
		memset(packet + len, 0, 8);
		packet[len] = i < 199 ? 60 : 43;
	}
	memcpy(packet + len, "\x11\0\0\x01\0\0\0\0", 8);
	judge("-m rt --rt-segsleft 1", V6, packet, len + 8, YES);
	judge("-m rt --rt-segsleft 1", V6, packet, len + 7, DROP);
	judge("-m frag", V6, packet, len + 8, NO);
	judge("-m ipv6header --header dst,route,prot", V6, packet, len + 8, YES);
	/* 100 chunks */
	len = packet_made(packet, V4, 132, false, PORTS);
	for (i = 0; i < 100; i++, len += 4)
		memcpy(packet + len, i < 99 ? "\0\0\0\4" : "\1\0\0\4", 4);
	judge(SCTP "--chunk-types all INIT,DATA", V4, packet, len, YES);
	judge(SCTP "--chunk-types only DATA", V4, packet, len, NO);
	judge(SCTP "--chunk-types only DATA,INIT", V4, packet, len - 1, DROP);
}

static int validate_with(struct image *img, const struct image_op *op)
{
	struct error err = { 0 };

	memcpy((char *)img->data + img->header->programs.offset, op, sizeof(*op));
	img->header->checksum = image_checksum(img->header, img->size);
	return image_validate(img->data, img->size, &err);
}

/* The first op of a rule, with other arguments, and one word longer. */
static void broken(const char *rule, const u32 *args, size_t n)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(V6) };
	struct error err = { 0 };
	struct image_op op, good;
	struct ruleset rs;
	struct image img;
	char text[256];
	size_t i;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", rule);
	src.text = text;
	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, &img, &err))
		fail_msg("%s: %s", rule, err.msg);
	ruleset_free(&rs);
	memcpy(&good, (char *)img.data + img.header->programs.offset, sizeof(good));
	for (i = 0; i < n; i++) {
		op = good;
		op.arg = args[i];
		assert_int_equal(validate_with(&img, &op), -22);
	}
	op = good;
	op.size++;
	assert_int_equal(validate_with(&img, &op), -22);
	assert_int_equal(validate_with(&img, &good), 0);
	image_free(&img);
}

/* The validator: how many addresses and options there are is what the payload holds. */
static void broken_ops(void **state)
{
	static const u32 rt[] = { 0, 1 << 8, 3 << 8, 0xffffff00 };
	static const u32 tlv[] = { 17 << 8, 0xffffff00 };

	(void)state;
	broken("-m rt --rt-type 0 --rt-0-addrs ::1,::2", rt, NR(rt));
	broken("-m dst --dst-opts 1,2", tlv, NR(tlv));
	broken("-m frag", NULL, 0);
	broken("-m ah", NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transport_headers), cmocka_unit_test(extension_headers),
		cmocka_unit_test(later_fragments), cmocka_unit_test(many_headers),
		cmocka_unit_test(broken_ops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

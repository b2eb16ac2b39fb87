// SPDX-License-Identifier: GPL-2.0-only
/* conntrack, connmark, connbytes, helper, connlimit: parsed, printed, evaluated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compile/compile.h"
#include "compile/evaluate.h"
#include "compile/layout.h"
#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define CT	"-m conntrack "
#define BYTES	"-m connbytes --connbytes "
#define PACKETS	" --connbytes-mode packets --connbytes-dir both"
#define LIMIT	"-m connlimit "

enum { V4 = 1, V6, BOTH };

static int parse(struct ruleset *rs, const char *rule, unsigned int families, struct error *err)
{
	struct rules_source src = { .where = "test", .families = families };
	char text[512];
	int ret;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", rule);
	src.text = text;
	ruleset_init(rs);
	memset(err, 0, sizeof(*err));
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

static struct rule *first_rule(struct ruleset *rs, enum family f)
{
	struct chain *c = ruleset_chain(rs, f, TABLE_FILTER, "INPUT", false);

	return c ? c->rules : NULL;
}

/* What iptables-save prints; NULL: the same. */
static const struct { unsigned int families; const char *in, *out; } printed[] = {
	{ BOTH, CT "--ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT", NULL },
	{ BOTH, CT "! --ctstate D,s,u,n", CT "! --ctstate NEW,UNTRACKED,SNAT,DNAT" },
	{ BOTH, "-m state ! --state i,NEW", "-m state ! --state INVALID,NEW" },
	{ BOTH, CT "--ctproto tcp", CT "--ctproto 6" },
	{ BOTH, CT "! --ctproto UDP", CT "! --ctproto 17" },
	{ BOTH, CT "--ctproto 0xff", CT "--ctproto 255" },
	{ V4, CT "--ctorigsrc 1.2.3.4", NULL },
	{ V4, CT "! --ctorigdst 1.2.3.4/24", NULL },
	{ V4, CT "--ctreplsrc 10.1/255.255.0.0", CT "--ctreplsrc 10.0.0.1/16" },
	{ V4, CT "! --ctrepldst 1.2.3.4/255.0.255.0", NULL },
	{ V4, CT "--ctorigsrc 1.2.3.4/33", CT "--ctorigsrc 1.2.3.4/0.0.0.33" },
	{ V4, CT "--ctorigsrc 0/0", CT "--ctorigsrc 0.0.0.0/0" },
	{ V4, CT "--ctorigsrc 0x7f.1/32", CT "--ctorigsrc 127.0.0.1" },
	{ V6, CT "--ctorigsrc 2001:db8::1", NULL },
	{ V6, CT "! --ctorigdst 2001:db8::1/40", NULL },
	{ V6, CT "--ctreplsrc ::/0", NULL },
	{ V6, CT "--ctrepldst 1::2/ffff::ffff", NULL },
	{ V6, CT "--ctrepldst 1::2/ffff::", CT "--ctrepldst 1::2/16" },
	{ BOTH, CT "--ctorigsrcport :", CT "--ctorigsrcport 0:65535" },
	{ BOTH, CT "! --ctorigdstport :4", CT "! --ctorigdstport 0:4" },
	{ BOTH, CT "--ctreplsrcport 4:4", CT "--ctreplsrcport 4" },
	{ BOTH, CT "--ctrepldstport 010:ssh", CT "--ctrepldstport 10:22" },
	{ BOTH, CT "--ctrepldstport \"\"", CT "--ctrepldstport 0" },
	{ BOTH, CT "--ctorigsrcport 65537:domain", CT "--ctorigsrcport 1:53" },
	{ BOTH, CT "--ctstatus n", CT "--ctstatus NONE" },
	{ BOTH, CT "! --ctstatus none,a,C,s,Expected",
	  CT "! --ctstatus EXPECTED,SEEN_REPLY,ASSURED,CONFIRMED" },
	{ BOTH, CT "--ctexpire :", CT "--ctexpire 0:4294967295" },
	{ BOTH, CT "! --ctexpire 5:", CT "! --ctexpire 5:4294967295" },
	{ BOTH, CT "--ctexpire 3:3", CT "--ctexpire 3" },
	{ BOTH, CT "--ctdir rEply", CT "--ctdir REPLY" },
	{ V4, CT "--ctdir ORIGINAL ! --ctexpire 3:4 --ctstatus NONE --ctrepldstport 2 "
	  "! --ctorigdstport 5:6 --ctrepldst 0.0.0.0/0 ! --ctorigsrc 1.2.3.4 --ctproto 6 --ctstate NEW",
	  CT "--ctstate NEW --ctproto 6 ! --ctorigsrc 1.2.3.4 --ctrepldst 0.0.0.0/0 "
	  "! --ctorigdstport 5:6 --ctrepldstport 2 --ctstatus NONE ! --ctexpire 3:4 --ctdir ORIGINAL" },
	{ BOTH, "-m connmark --mark 5", "-m connmark --mark 0x5" },
	{ BOTH, "-m connmark ! --mark 0x5/15", "-m connmark ! --mark 0x5/0xf" },
	{ BOTH, "-m connmark --mark 0/0xffffffff", "-m connmark --mark 0x0" },
	{ BOTH, BYTES ":" PACKETS, BYTES "0" PACKETS },
	{ BOTH, BYTES ":1000" PACKETS, BYTES "0:1000" PACKETS },
	{ BOTH, BYTES "1000:" PACKETS, BYTES "1000" PACKETS },
	{ BOTH, BYTES "0:0" PACKETS, NULL },
	{ BOTH, "-m connbytes ! --connbytes 5" PACKETS, NULL },
	{ BOTH, "-m connbytes ! --connbytes 5:5" PACKETS, BYTES "5:5" PACKETS },
	{ BOTH, "-m connbytes ! --connbytes 0:5" PACKETS, NULL },
	{ BOTH, BYTES "1:18446744073709551615 --connbytes-dir reply --connbytes-mode avgpkt",
	  BYTES "1 --connbytes-mode avgpkt --connbytes-dir reply" },
	{ BOTH, BYTES "7:9 --connbytes-mode bytes --connbytes-dir original", NULL },
	{ BOTH, LIMIT "--connlimit-upto 0 --connlimit-daddr --connlimit-mask 0",
	  LIMIT "--connlimit-upto 0 --connlimit-mask 0 --connlimit-daddr" },
	{ V4, LIMIT "--connlimit-above 4294967295",
	  LIMIT "--connlimit-above 4294967295 --connlimit-mask 32 --connlimit-saddr" },
	{ V6, LIMIT "! --connlimit-upto 3",
	  LIMIT "--connlimit-above 3 --connlimit-mask 128 --connlimit-saddr" },
	{ V4, LIMIT "! --connlimit-above 3 --connlimit-mask 255.255.0.0",
	  LIMIT "--connlimit-upto 3 --connlimit-mask 16 --connlimit-saddr" },
	{ V4, LIMIT "--connlimit-upto 3 --connlimit-mask 255.0.255.0 --connlimit-saddr",
	  LIMIT "--connlimit-upto 3 --connlimit-mask 255.0.255.0 --connlimit-saddr" },
	{ BOTH, "-m helper --helper ftp", NULL },
	{ BOTH, "-m helper ! --helper ftp-2121", NULL },
	{ BOTH, "-m helper --helper \"\"", NULL },
	{ BOTH, "-m helper --helper \"a b\\\"c\"", NULL },
	{ BOTH, "-m helper --helper 12345678901234567890123456789012345",
	  "-m helper --helper 12345678901234567890123456789" },
};

static void check_printed(const char *in, const char *want, enum family f)
{
	struct buffer out = { 0 };
	struct error err;
	struct ruleset rs;
	char line[512];

	if (parse(&rs, in, FAMILY_BIT(f), &err))
		fail_msg("%s: %s", in, err.msg);
	rule_print(&out, first_rule(&rs, f), ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false), f);
	snprintf(line, sizeof(line), "-A INPUT %s", want);
	assert_string_equal(out.data, line);
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
				check_printed(printed[i].in,
					      printed[i].out ? printed[i].out : printed[i].in, f);
}

/* As iptables -L. */
static const struct { const char *rule; bool numeric; const char *want; } listed[] = {
	{ CT "! --ctstate NEW,DNAT", false, " ! ctstate NEW,DNAT" },
	{ "-m state --state NEW", true, " state NEW" },
	{ CT "--ctorigsrc 10.1.2.3/8 ! --ctorigdst 0.0.0.0", false,
	  " ctorigsrc 10.1.2.3/8 ! ctorigdst anywhere" },
	{ CT "--ctorigsrc 0.1.2.3/0 --ctorigdst 0.0.0.0/0", true,
	  " ctorigsrc 0.1.2.3/0 ctorigdst 0.0.0.0/0" },
	{ CT "! --ctexpire 5:6 --ctdir REPLY --ctreplsrcport 22 ! --ctstatus NONE", false,
	  " ctreplsrcport 22 ! ctstatus NONE ! ctexpire 5:6 ctdir REPLY" },
	{ "-m connmark --mark 3", false, " connmark match  0x3" },
	{ "-m connmark ! --mark 5/15", true, " connmark match ! 0x5/0xf" },
	{ "-m connbytes ! --connbytes 3:5 --connbytes-mode bytes --connbytes-dir reply", true,
	  " ! connbytes 3:5 connbytes mode bytes connbytes direction reply" },
	{ LIMIT "--connlimit-above 5", false, " #conn src/32 > 5" },
	{ LIMIT "--connlimit-upto 5 --connlimit-mask 24 --connlimit-daddr", true,
	  " #conn dst/24 <= 5" },
	{ "-m helper ! --helper ftp", true, " helper match ! \"ftp\"" },
	{ "-m helper --helper \"a b\\\"c\"", true, " helper match \"a b\"c\"" },
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
		assert_int_equal(parse(&rs, listed[i].rule, V4, &err), 0);
		m = first_rule(&rs, FAMILY_IPV4)->matches;
		out = (struct buffer){ 0 };
		m->ext->list(&out, m->data, FAMILY_IPV4, listed[i].numeric);
		assert_string_equal(out.data, listed[i].want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

static const struct { unsigned int family; const char *rule, *message; } refused[] = {
	{ V4, CT, "requires at least one option" },
	{ V4, "-m state", "requires option --state" },
	{ V4, "-m state --state SNAT", "bad state" },
	{ V4, CT "--ctstate NEW,", "bad ctstate" },
	{ V4, CT "--ctstate ,NEW", "bad ctstate" },
	{ V4, CT "--ctstate wrong", "bad ctstate" },
	{ V4, CT "--ctstate NEW --ctstate NEW", "only be used once" },
	{ V4, CT "--ctproto 0", "protocol 0" },
	{ V4, CT "! --ctproto all", "protocol 0" },
	{ V4, CT "--ctproto 256", "unknown protocol" },
	{ V4, CT "--ctproto Tcp", "unknown protocol" },
	{ V4, CT "--ctorigsrc localhost", "is not an IPv4 address" },
	{ V4, CT "--ctorigsrc ::1", "is not an IPv4 address" },
	{ V4, CT "--ctorigsrc \"\"", "is not an IPv4 address" },
	{ V4, CT "--ctorigsrc \" 1.2.3.4\"", "is not an IPv4 address" },
	{ V4, CT "--ctorigsrc 1.2.3.4/", "bad mask" },
	{ V4, CT "--ctorigsrc 1.2.3.4/16/24", "bad mask" },
	{ V6, CT "--ctorigsrc 1.2.3.4", "is not an IPv6 address" },
	{ V6, CT "--ctorigsrc 1::/129", "bad mask" },
	{ V4, CT "--ctorigsrcport 1:2:3", "bad port" },
	{ V4, CT "--ctorigsrcport 0x10", "bad port" },
	{ V4, CT "--ctorigsrcport -1", "bad port" },
	{ V4, CT "--ctorigsrcport 18446744073709551616", "bad port" },
	{ V4, CT "--ctorigsrcport 5:4", "invalid port range" },
	{ V4, CT "--ctstatus x", "bad ctstatus" },
	{ V4, CT "--ctexpire 42949672956", "bad value" },
	{ V4, CT "--ctexpire -1", "bad value" },
	{ V4, CT "--ctexpire 4:3", "bad end of range" },
	{ V4, CT "--ctexpire 5::", "bad end of range" },
	{ V4, CT "--ctdir orig", "bad ctdir" },
	{ V4, CT "! --ctdir ORIGINAL", "cannot be inverted" },
	{ V4, "-m connmark", "requires option --mark" },
	{ V4, "-m connmark --mark 4294967296", "bad value" },
	{ V4, "-m connmark --mark 1/", "bad value" },
	{ V4, "-m connmark --mark 1 --mark 1", "only be used once" },
	{ V4, BYTES "0:1000", "requires option --connbytes-mode" },
	{ V4, BYTES "0 --connbytes-mode bytes", "requires option --connbytes-dir" },
	{ V4, "-m connbytes --connbytes-dir both", "requires option --connbytes" },
	{ V4, BYTES "5:3" PACKETS, "bad end of range" },
	{ V4, BYTES "0:18446744073709551616" PACKETS, "bad end of range" },
	{ V4, BYTES "-1:0" PACKETS, "bad value" },
	{ V4, BYTES "5 --connbytes-mode Bytes", "packets, bytes or avgpkt" },
	{ V4, BYTES "5 --connbytes-dir any", "original, reply or both" },
	{ V4, "-m helper", "requires option --helper" },
	{ V4, "-m helper --helper a --helper b", "only be used once" },
	{ V4, LIMIT, "requires --connlimit-upto or" },
	{ V4, LIMIT "--connlimit-saddr", "requires --connlimit-upto or" },
	{ V4, LIMIT "--connlimit-upto 5 --connlimit-above 6", "cannot be used together" },
	{ V4, LIMIT "--connlimit-upto 5 --connlimit-upto 6", "only be used once" },
	{ V4, LIMIT "--connlimit-upto 5 --connlimit-saddr --connlimit-daddr",
	  "cannot be used together" },
	{ V4, LIMIT "--connlimit-upto 4294967296", "bad value" },
	{ V4, LIMIT "--connlimit-above -1", "bad value" },
	{ V4, LIMIT "--connlimit-above 1 --connlimit-mask x", "bad mask" },
	{ V6, LIMIT "--connlimit-above 1 --connlimit-mask 129", "bad mask" },
	{ V4, LIMIT "--connlimit-above 1 ! --connlimit-mask 1", "cannot be inverted" },
	{ V4, LIMIT "--connlimit-above 1 ! --connlimit-saddr", "cannot be inverted" },
};

static void refuses(void **state)
{
	struct error err;
	struct ruleset rs;
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		if (!parse(&rs, refused[i].rule, refused[i].family, &err))
			fail_msg("%s: taken", refused[i].rule);
		ruleset_free(&rs);
		if (!strstr(err.msg, refused[i].message) || err.line != 2 || !err.column)
			fail_msg("%s: %u: %s", refused[i].rule, err.column, err.msg);
	}
}

/* In a text for both families an address decides. */
static void families(void **state)
{
	struct error err;
	struct ruleset rs;

	(void)state;
	assert_int_equal(parse(&rs, CT "--ctorigsrc 1.2.3.4", BOTH, &err), 0);
	assert_non_null(first_rule(&rs, FAMILY_IPV4));
	assert_null(first_rule(&rs, FAMILY_IPV6));
	ruleset_free(&rs);
	assert_int_equal(parse(&rs, CT "--ctrepldst ::1", BOTH, &err), 0);
	assert_null(first_rule(&rs, FAMILY_IPV4));
	assert_non_null(first_rule(&rs, FAMILY_IPV6));
	ruleset_free(&rs);
}

/* A connection in our own memory, and what the kernel's would lead to. */
struct tuple {
	uint32_t src[4];
	uint16_t sport, pad;
	uint32_t dst[4];
	uint16_t dport;
	uint8_t proto, pad2;
};

struct extension {
	uint8_t offset[8];
	void *helper;
	struct { uint64_t packets, bytes; } counter[2];
};

struct connection {
	uint64_t status;
	uint32_t timeout, mark;
	struct connection *master;
	struct extension *ext;
	struct tuple tuple[2];
};

struct helper {
	char pad[16], name[16];
};

#define TUPLE(i, member)	offsetof(struct connection, tuple[i].member)

static const struct ct_layout layout = {
	.status = offsetof(struct connection, status),
	.timeout = offsetof(struct connection, timeout),
	.mark = offsetof(struct connection, mark),
	.master = offsetof(struct connection, master),
	.ext = offsetof(struct connection, ext),
	.address = { TUPLE(0, src), TUPLE(0, dst), TUPLE(1, src), TUPLE(1, dst) },
	.port = { TUPLE(0, sport), TUPLE(0, dport), TUPLE(1, sport), TUPLE(1, dport) },
	.proto = TUPLE(0, proto),
	.acct_packets = 0, .acct_bytes = 8, .acct_size = 16,
	.acct_id = 3, .help_id = 0,
	.help_helper = 0,
	.helper_name = offsetof(struct helper, name),
};

#define NET16(x)	((uint16_t)((x) << 8 | (x) >> 8))

static struct helper ftp = { .name = "ftp" };
static struct extension master_ext = {
	.offset = { offsetof(struct extension, helper) }, .helper = &ftp,
};
static struct extension counts = {
	.offset = { 0, 0, 0, offsetof(struct extension, counter) },
	.counter = { { 10, 1000 }, { 3, 600 } },
};
static struct connection ftp_control = { .ext = &master_ext };

/* 192.0.2.1:4096 to 10.0.0.1:22 by TCP; what answers it is 10.9.9.9:2222. */
static struct connection ssh = {
	.status = CT_STATUS_SEEN_REPLY | CT_STATUS_CONFIRMED | 1 << 12,
	.timeout = 1000 + 250 * 60, .mark = 0x1234, .master = &ftp_control, .ext = &counts,
	.tuple = { { .sport = NET16(4096), .dport = NET16(22), .proto = 6 },
		   { .sport = NET16(2222), .dport = NET16(4096), .proto = 6 } },
};

/* IP_CT_ESTABLISHED, IP_CT_ESTABLISHED_REPLY, none at all, IP_CT_UNTRACKED */
enum { ORIGINAL = 0, REPLY = 3, INVALID = 8, UNTRACKED };

static const uint8_t packet4[40] = {
	0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 10, 0, 0, 1, 0x10, 0, 0, 22,
	0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16, 0,
};
static const uint8_t packet6[48] = {
	0x60, 0, 0, 0, 0, 8, 59, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
};

static bool matched(const char *rule, enum family f, struct connection *ct, unsigned int info)
{
	static const unsigned int states[] = {
		[ORIGINAL] = CT_ESTABLISHED, [REPLY] = CT_ESTABLISHED,
		[INVALID] = CT_INVALID, [UNTRACKED] = CT_UNTRACKED,
	};
	struct packet_context ctx = {
		.family = f, .table = TABLE_FILTER, .hook = HOOK_INPUT, .ct = states[info],
		.layout = &layout, .jiffies = 1000,
		.nfct = info < INVALID ? (uintptr_t)ct | info : 0,
	};
	struct error err;
	struct ruleset rs;
	struct image img;
	unsigned int verdict;
	char text[512];
	void *space = calloc(1, IMAGE_CAPACITY_0);

	assert_non_null(space);
	snprintf(text, sizeof(text), "%s -j DROP", rule);
	if (parse(&rs, text, FAMILY_BIT(f), &err) || image_compile(&rs, &img, &err) ||
	    image_validate(img.data, img.size, &err))
		fail_msg("%s: %s", rule, err.msg);
	assert_int_equal(img.header->features & (IMAGE_F_CONNTRACK | IMAGE_F_GROUP(OPS_CT)),
			 IMAGE_F_CONNTRACK | IMAGE_F_GROUP(OPS_CT));
	ruleset_free(&rs);
	memcpy(space, img.data, img.size);
	image_free(&img);
	assert_int_equal(image_layout(space, IMAGE_CAPACITY_0, 1), 0);
	((struct image_header *)space)->hz = 250;
	verdict = image_evaluate(space, IMAGE_CAPACITY_0, &ctx, f ? packet6 : packet4,
				 f ? sizeof(packet6) : sizeof(packet4));
	free(space);
	assert_true(verdict <= EVALUATE_ACCEPT);
	return verdict == EVALUATE_DROP;
}

/* Of packets in both directions, INVALID and UNTRACKED: which match (1). */
static const struct { const char *rule, *want; } evaluated[] = {
	{ CT "--ctproto 6", "1100" }, { CT "! --ctproto 6", "0000" }, { CT "! --ctproto 17", "1100" },
	{ CT "--ctorigsrc 192.0.2.1", "1100" }, { CT "--ctorigsrc 192.0.2.2", "0000" },
	{ CT "--ctorigsrc 192.0.2.2/31", "0000" }, { CT "--ctorigsrc 192.0.3.2/255.255.0.0", "1100" },
	{ CT "! --ctorigdst 10.0.0.0/8", "0000" }, { CT "! --ctorigdst 10.0.0.2", "1100" },
	{ CT "--ctreplsrc 10.9.9.9", "1100" }, { CT "--ctrepldst 192.0.2.1", "1100" },
	{ CT "--ctrepldst 10.0.0.1", "0000" }, { CT "--ctrepldst 1.2.3.4/0", "1100" },
	{ CT "--ctorigsrcport 4096", "1100" }, { CT "--ctorigdstport 22:23", "1100" },
	{ CT "! --ctreplsrcport 2222", "0000" }, { CT "--ctrepldstport :4095", "0000" },
	{ CT "! --ctrepldstport 4097:", "1100" },
	{ CT "--ctstatus NONE", "0000" }, { CT "! --ctstatus NONE", "1100" },
	{ CT "--ctstatus ASSURED", "0000" }, { CT "--ctstatus ASSURED,CONFIRMED", "1100" },
	{ CT "! --ctstatus SEEN_REPLY", "0000" }, { CT "! --ctstatus EXPECTED", "1100" },
	{ CT "--ctexpire 60", "1100" }, { CT "--ctexpire 59", "0000" }, { CT "--ctexpire 0:59", "0000" },
	{ CT "! --ctexpire 61:", "1100" },
	{ CT "--ctdir ORIGINAL", "1000" }, { CT "--ctdir REPLY", "0100" },
	{ CT "--ctdir REPLY --ctproto 6 --ctorigdstport 22", "0100" },
	{ CT "--ctstate ESTABLISHED --ctdir REPLY", "0100" },
	{ CT "--ctstate NEW --ctproto 6", "0000" },
	/* Without a connection the state alone decides. */
	{ CT "--ctstate INVALID,ESTABLISHED --ctdir REPLY", "0110" },
	{ CT "--ctstate INVALID,ESTABLISHED ! --ctproto 6", "0010" },
	{ CT "! --ctstate NEW --ctproto 17 --ctexpire 1 --ctstatus NONE ! --ctorigsrc 0/0", "0011" },
	{ CT "--ctstate UNTRACKED ! --ctorigsrcport 1:65535", "0001" },
	{ "-m connmark --mark 0x1234", "1100" }, { "-m connmark ! --mark 0x1234", "0000" },
	{ "-m connmark --mark 0x34/0xff", "1100" }, { "-m connmark --mark 0x134/0xff", "0000" },
	{ "-m connmark ! --mark 0x134/0xff", "1100" }, { "-m connmark ! --mark 0", "1100" },
	{ BYTES "13:13" PACKETS, "1100" }, { BYTES "14" PACKETS, "0000" },
	{ "-m connbytes ! --connbytes 14" PACKETS, "1100" },
	{ "-m connbytes ! --connbytes 13:15" PACKETS, "0000" },
	{ BYTES "10:10 --connbytes-mode packets --connbytes-dir original", "1100" },
	{ BYTES "3:3 --connbytes-mode packets --connbytes-dir reply", "1100" },
	{ BYTES "1600:1600 --connbytes-mode bytes --connbytes-dir both", "1100" },
	{ BYTES "600:600 --connbytes-mode bytes --connbytes-dir reply", "1100" },
	{ BYTES "1001 --connbytes-mode bytes --connbytes-dir original", "0000" },
	{ BYTES "123:123 --connbytes-mode avgpkt --connbytes-dir both", "1100" },
	{ BYTES "100:100 --connbytes-mode avgpkt --connbytes-dir original", "1100" },
	{ BYTES "200:200 --connbytes-mode avgpkt --connbytes-dir reply", "1100" },
	{ "-m helper --helper ftp", "1100" }, { "-m helper --helper ftp-2121", "1100" },
	{ "-m helper --helper ft", "0000" }, { "-m helper --helper irc", "0000" },
	{ "-m helper --helper \"\"", "1100" }, { "-m helper ! --helper ftp", "0011" },
	{ "-m helper ! --helper \"\"", "0011" }, { "-m helper ! --helper sip", "1111" },
};

static void set_address(uint32_t to[4], const uint8_t *bytes, size_t len)
{
	memset(to, 0, 16);
	memcpy(to, bytes, len);
}

static void evaluates(void **state)
{
	static const unsigned int infos[] = { ORIGINAL, REPLY, INVALID, UNTRACKED };
	size_t i, j;

	(void)state;
	set_address(ssh.tuple[0].src, packet4 + 12, 4);
	set_address(ssh.tuple[0].dst, packet4 + 16, 4);
	set_address(ssh.tuple[1].src, (const uint8_t *)"\x0a\x09\x09\x09", 4);
	set_address(ssh.tuple[1].dst, packet4 + 12, 4);
	for (i = 0; i < NR(evaluated); i++)
		for (j = 0; j < NR(infos); j++)
			if (matched(evaluated[i].rule, FAMILY_IPV4, &ssh, infos[j]) !=
			    (evaluated[i].want[j] == '1'))
				fail_msg("%s: packet %zu", evaluated[i].rule, j);
}

static void evaluates_ipv6(void **state)
{
	struct connection ct = { .status = CT_STATUS_CONFIRMED, .timeout = 999 };

	(void)state;
	set_address(ct.tuple[0].src, packet6 + 8, 16);
	set_address(ct.tuple[0].dst, packet6 + 24, 16);
	assert_true(matched(CT "--ctorigsrc 2001:db8::1", FAMILY_IPV6, &ct, ORIGINAL));
	assert_true(matched(CT "--ctorigsrc 2001:db8::2/127 ! --ctorigdst fd00::2", FAMILY_IPV6, &ct,
			    REPLY) == false);
	assert_true(matched(CT "--ctorigsrc 2001:db8::/64 ! --ctorigdst fd00::2", FAMILY_IPV6, &ct,
			    REPLY));
	assert_false(matched(CT "--ctorigsrc 2001:db8::1:1", FAMILY_IPV6, &ct, ORIGINAL));
	/* Run out. */
	assert_true(matched(CT "--ctexpire 0", FAMILY_IPV6, &ct, ORIGINAL));
	/* Neither accounting nor a master, nor a master with a helper. */
	assert_false(matched(BYTES "0" PACKETS, FAMILY_IPV6, &ct, ORIGINAL));
	assert_false(matched("-m connbytes ! --connbytes 5" PACKETS, FAMILY_IPV6, &ct, ORIGINAL));
	assert_true(matched("-m helper ! --helper ftp", FAMILY_IPV6, &ct, ORIGINAL));
	ct.master = &ssh;
	assert_false(matched("-m helper --helper \"\"", FAMILY_IPV6, &ct, ORIGINAL));
	ct.ext = &master_ext;
	assert_false(matched(BYTES "0" PACKETS, FAMILY_IPV6, &ct, ORIGINAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(lists), cmocka_unit_test(refuses),
		cmocka_unit_test(families), cmocka_unit_test(evaluates),
		cmocka_unit_test(evaluates_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

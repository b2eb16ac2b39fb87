/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * -m esp, ah, sctp, dccp, frag, rt, hbh, dst, ipv6header, mh: what is taken, refused and printed,
 * as iptables 1.8.11 does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rules/ext.h"
#include "rules/parse.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define V4	FAMILY_BIT(FAMILY_IPV4)
#define V6	FAMILY_BIT(FAMILY_IPV6)
#define BOTH	(V4 | V6)

static int parse(struct ruleset *rs, const char *rule, enum family f, struct error *err)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(f) };
	char text[1024];
	int ret;

	src.len = (size_t)snprintf(text, sizeof(text), "*filter\n-A INPUT %s\nCOMMIT\n", rule);
	src.text = text;
	ruleset_init(rs);
	memset(err, 0, sizeof(*err));
	ret = rules_parse(rs, &src, err);
	return ret ? ret : ruleset_finish(rs, err);
}

#define ESP	"-p esp -m esp"
#define SCTP	"-p sctp -m sctp"
#define DCCP	"-p dccp -m dccp"
#define MH	"-p mobility-header -m mh"
#define A16	"1::,2::,3::,4::,5::,6::,7::,8::,9::,a::,b::,c::,d::,e::,f::,10::"
#define O15	"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"

/* What iptables-save prints; NULL: the same. */
static const struct { unsigned int families; const char *in, *out; } printed[] = {
	{ BOTH, ESP, NULL },
	{ BOTH, "-p esp --espspi 0x10", ESP " --espspi 16" },
	{ BOTH, ESP " --espspi :32", ESP " --espspi 0:32" },
	{ BOTH, ESP " ! --espspi 7:7", ESP " ! --espspi 7" },
	{ BOTH, ESP " --espspi :", ESP },
	{ BOTH, ESP " ! --espspi :", ESP " ! --espspi 0:4294967295" },
	{ BOTH, ESP " --espspi \"\"", ESP " --espspi 0" },
	{ V4, "-p 51 --ahspi 5:", "-p ah -m ah --ahspi 5:4294967295" },
	{ V6, "-p ah --ahspi 5", "-p ah -m ah --ahspi 5" },
	{ V6, "-m ah --ahres ! --ahlen 0 --ahspi 1:2", "-m ah --ahspi 1:2 ! --ahlen 0 --ahres" },
	{ V6, "-m ah --ahlen 0", "-m ah" },
	{ BOTH, SCTP " --sport : ! --dport 80:", SCTP " --sport 0:65535 ! --dport 80:65535" },
	{ BOTH, "-p sctp --dport 0x50", SCTP " --dport 80" },
	{ BOTH, SCTP " --chunk-types ANY NONE", SCTP " --chunk-types any NONE" },
	{ BOTH, SCTP " ! --chunk-types only all", SCTP " ! --chunk-types only ALL" },
	{ BOTH, SCTP " --chunk-types any \"\"", SCTP " --chunk-types any NONE" },
	{ BOTH, SCTP " --chunk-types all i_forward_tsn,ASCONF,,ASCONF_ACK,DATA",
	  SCTP " --chunk-types all DATA,ASCONF_ACK,ASCONF,I_FORWARD_TSN" },
	{ BOTH, SCTP " --chunk-types any DATA:eB,ABORT:T,DATA:-u",
	  SCTP " --chunk-types any DATA:-uBe,ABORT:T" },
	{ BOTH, SCTP " --chunk-types any I_DATA:UBE,DATA:b,DATA:B",
	  SCTP " --chunk-types any DATA:B,I_DATA" },
	{ BOTH, DCCP " --sport : ! --dport domain", DCCP " --sport 0:65535 ! --dport 53" },
	{ BOTH, DCCP " ! --dccp-types sync,INVALID,,DATA --dccp-option 255",
	  DCCP " ! --dccp-types DATA,SYNC,INVALID --dccp-option 255" },
	{ BOTH, DCCP " ! --dccp-option 1 --dport 7", DCCP " --dport 7 ! --dccp-option 1" },
	{ V6, "-m frag --fraglast --fragres --fragid :", "-m frag --fragres --fraglast" },
	{ V6, "-m frag --fragmore --fragfirst ! --fraglen 0 ! --fragid 9:10",
	  "-m frag ! --fragid 9:10 ! --fraglen 0 --fragfirst --fragmore" },
	{ V6, "-m rt", NULL },
	{ V6, "-m rt ! --rt-type 2 --rt-segsleft :3 ! --rt-len 42",
	  "-m rt ! --rt-type 2 --rt-segsleft 0:3 ! --rt-len 42" },
	{ V6, "-m rt --rt-type 0 --rt-0-addrs ::1,FE80:0::2 --rt-0-not-strict --rt-0-res",
	  "-m rt --rt-type 0 --rt-0-res --rt-0-addrs ::1,fe80::2 --rt-0-not-strict" },
	{ V6, "-m rt --rt-type 0 --rt-0-addrs " A16, NULL },
	{ V6, "-m hbh", NULL },
	{ V6, "-m hbh ! --hbh-len 8 --hbh-opts " O15 ",16", NULL },
	{ V6, "-m dst --dst-opts 0x105:-1,-2:257,0,3:255",
	  "-m dst --dst-opts 5,254:1,0,3" },
	{ V6, "-m dst --dst-len 42 --dst-opts 149:92,12:12", NULL },
	{ V6, "-m ipv6header --soft ! --header 255,auth,,IP,59",
	  "-m ipv6header ! --header hop-by-hop,ah,ipv6-nonxt,protocol --soft" },
	{ V6, "-m ipv6header --header dst,route,frag,esp",
	  "-m ipv6header --header ipv6-opts,ipv6-route,ipv6-frag,esp" },
	{ V6, MH " --mh-type 0:255", MH },
	{ V6, "-p mh ! --mh-type :", MH " ! --mh-type 0:255" },
	{ V6, MH " --mh-type hot:BINDING-E", MH " --mh-type 3:7" },
	{ V6, MH " --mh-type h", MH " --mh-type 1" },
	{ V6, MH " --mh-type \"\"", MH " --mh-type 0" },
};

static void print_one(const char *in, const char *out, enum family f)
{
	struct buffer text = { 0 };
	struct error err;
	struct ruleset rs;
	char want[512];
	const struct chain *c;

	if (parse(&rs, in, f, &err))
		fail_msg("%s: %s", in, err.msg);
	c = ruleset_chain(&rs, f, TABLE_FILTER, "INPUT", false);
	rule_print(&text, c->rules, c, f);
	snprintf(want, sizeof(want), "-A INPUT %s", out ? out : in);
	assert_string_equal(text.data, want);
	buffer_free(&text);
	ruleset_free(&rs);
}

/* What is printed is read as the same again. */
static void prints(void **state)
{
	unsigned int f;
	size_t i;

	(void)state;
	for (i = 0; i < NR(printed); i++) {
		for (f = 0; f < NR_FAMILIES; f++) {
			if (!(printed[i].families & FAMILY_BIT(f)))
				continue;
			print_one(printed[i].in, printed[i].out, f);
			if (printed[i].out)
				print_one(printed[i].out, NULL, f);
		}
	}
}

/* What iptables -L and -L -n print. */
static const struct { enum family f; const char *rule, *numeric, *names; } listed[] = {
	{ FAMILY_IPV4, ESP " ! --espspi 1:2", " esp spis:!1:2", NULL },
	{ FAMILY_IPV4, "-p ah -m ah", " ah ", NULL },
	{ FAMILY_IPV6, "-m ah --ahspi 5 ! --ahlen 20 --ahres", " ah spi:5length:!20 reserved",
	  NULL },
	{ FAMILY_IPV4, SCTP " --sport : ! --dport 80:81 ! --chunk-types any DATA:Be,ASCONF",
	  " sctp dpts:!80:81 ! any 0x0000:Be,0x00C1", " sctp dpts:!80:81 ! any DATA:Be,ASCONF" },
	{ FAMILY_IPV4, DCCP " --sport 7 ! --dccp-types ACK,INVALID ! --dccp-option 3",
	  " dccp spt:7 ! 3,10,11,12,13,14,15 option=!3",
	  " dccp spt:7 ! ACK,INVALID option=!3" },
	{ FAMILY_IPV6, "-m frag --fragid 7 ! --fraglen 8 --fragres --fragfirst --fragmore",
	  " frag id:7 length:!8 reserved first more", NULL },
	{ FAMILY_IPV6, "-m frag --fraglast", " frag  last", NULL },
	{ FAMILY_IPV6, "-m rt ! --rt-type 4294967295 --rt-segsleft 1:2 ! --rt-len 8",
	  " rt type:!-1 segslefts:1:2 length:!8", NULL },
	{ FAMILY_IPV6, "-m rt --rt-type 0 --rt-0-res --rt-0-addrs ::1,::2 --rt-0-not-strict",
	  " rt type:0 reserved 0-addrs ::1,::2 0-not-strict", NULL },
	{ FAMILY_IPV6, "-m hbh ! --hbh-len 8 --hbh-opts 1,2:3", " hbh length:!8 opts 1,2:3", NULL },
	{ FAMILY_IPV6, "-m dst --dst-opts 0", " dst opts 0", NULL },
	{ FAMILY_IPV6, "-m ipv6header ! --header dst,none --soft",
	  " ipv6header flags:!0x42 soft", " ipv6header flags:!ipv6-opts,ipv6-nonxt soft" },
	{ FAMILY_IPV6, MH " ! --mh-type 3:9", " mh !3:9", " mh !home-test:9" },
	{ FAMILY_IPV6, MH, " mh", NULL },
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
		assert_int_equal(parse(&rs, listed[i / 2].rule, listed[i / 2].f, &err), 0);
		m = ruleset_chain(&rs, listed[i / 2].f, TABLE_FILTER, "INPUT", false)->rules->matches;
		out = (struct buffer){ 0 };
		m->ext->list(&out, m->data, listed[i / 2].f, i & 1);
		want = i & 1 || !listed[i / 2].names ? listed[i / 2].numeric : listed[i / 2].names;
		assert_string_equal(out.data, want);
		buffer_free(&out);
		ruleset_free(&rs);
	}
}

/* Columns count from "-A INPUT ". */
static const struct {
	unsigned int families;
	const char *rule;
	unsigned int column;
	const char *message;
} refused[] = {
	{ BOTH, "-m esp --espspi 1", 13, "needs -p esp" },
	{ BOTH, "! -p esp -m esp", 22, "not inverted" },
	{ BOTH, ESP " --espspi 4:3", 35, "from 4 to 4294967295" },
	{ BOTH, ESP " --espspi 1:2:3", 35, "bad end of range" },
	{ BOTH, ESP " --espspi -1", 33, "bad value" },
	{ BOTH, ESP " --espspi 4294967296", 33, "bad value" },
	{ BOTH, ESP " --espspi 1 --espspi 2", 35, "only be used once" },
	{ V4, "-m ah", 13, "needs -p ah" },
	{ V4, "-p ah -m ah --ahlen 3", 22, "unknown option" },
	{ V6, "-m ah ! --ahres", 18, "cannot be inverted" },
	{ V6, "-m ah --ahlen 20x", 24, "bad value" },
	{ BOTH, "-m sctp --sport 1", 13, "needs -p sctp" },
	{ BOTH, SCTP " --sport 2:1", 34, "min > max" },
	{ BOTH, SCTP " --dport 65536", 34, "invalid port" },
	{ BOTH, SCTP " --chunk-types some DATA", 40, "\"any\", \"all\" or \"only\"" },
	{ BOTH, SCTP " --chunk-types any", 40, "two arguments" },
	{ BOTH, SCTP " --chunk-types any ! DATA", 40, "two arguments" },
	{ BOTH, SCTP " --chunk-types any DATA,ALL", 44, "unknown chunk type \"ALL\"" },
	{ BOTH, SCTP " --chunk-types any INIT:B", 44, "INIT has no flag \"B\"" },
	{ BOTH, SCTP " --chunk-types any DATA:B,ABORT:T,INIT:-,SACK:-,I_DATA:E", 44,
	  "more than 4 chunk types with flags" },
	{ BOTH, DCCP " --dccp-types DATA,DUTA", 44, "unknown DCCP type \"DUTA\"" },
	{ BOTH, DCCP " --dccp-option 0", 40, "from 1 to 255" },
	{ BOTH, DCCP " --sport 0x5", 34, "invalid port" },
	{ BOTH, DCCP " --sport 4:3", 34, "min > max" },
	{ V6, "-m frag --fragmore --fraglast", 13, "--fragmore cannot be used together" },
	{ V6, "-m frag --fragid 4:3", 29, "from 4" },
	{ V6, "-m rt --rt-0-res", 16, "--rt-type 0 is required before --rt-0-res" },
	{ V6, "-m rt --rt-0-res --rt-type 0", 16, "required before" },
	{ V6, "-m rt --rt-type 2 --rt-0-addrs ::", 41, "--rt-type 0 is required" },
	{ V6, "-m rt ! --rt-type 0 --rt-0-res", 30, "--rt-type 0 is required" },
	{ V6, "-m rt --rt-type 0 --rt-0-not-strict", 28, "--rt-0-addrs is required" },
	{ V6, "-m rt --rt-type 0 --rt-0-addrs ::1,x", 45, "bad address \"x\"" },
	{ V6, "-m rt --rt-type 0 --rt-0-addrs ::1/128", 41, "without mask" },
	{ V6, "-m rt --rt-type 0 --rt-0-addrs " A16 ",11::", 106, "16 at most" },
	{ V6, "-m hbh --hbh-opts 1,2:", 32, "bad option length \"\"" },
	{ V6, "-m hbh --hbh-opts 1,,2", 30, "bad option type \"\"" },
	{ V6, "-m hbh --hbh-opts 256:1", 28, "Pad1" },
	{ V6, "-m hbh --hbh-opts " O15 ",16:1", 64, "16 at most" },
	{ V6, "-m hbh --hbh-opts " O15 ",16,17", 67, "16 at most" },
	{ V6, "-m dst --dst-opts 18446744073709551616", 28, "bad option type" },
	{ V6, "-m dst ! --dst-opts 1", 19, "cannot be inverted" },
	{ V6, "-m ipv6header --soft", 13, "requires --header" },
	{ V6, "-m ipv6header --header ,", 33, "needs the name" },
	{ V6, "-m ipv6header --header esp,all", 37, "unknown header \"all\"" },
	{ V6, "-m ipv6header --header 060", 33, "unknown header" },
	{ V6, "-m mh --mh-type 1", 13, "needs -p mobility-header" },
	{ V6, MH " --mh-type 4:3", 45, "min > max" },
	{ V6, MH " --mh-type 256", 45, "0 to 255, or a name" },
	{ V4, "-m frag", 13, "" }, { V4, "-m rt", 13, "" }, { V4, "-m hbh", 13, "" },
	{ V4, "-m dst", 13, "" }, { V4, "-m ipv6header --header esp", 13, "" },
	{ V4, MH, 32, "" },
};

static void refuses(void **state)
{
	struct error err;
	struct ruleset rs;
	unsigned int f;
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		for (f = 0; f < NR_FAMILIES; f++) {
			if (!(refused[i].families & FAMILY_BIT(f)))
				continue;
			assert_int_not_equal(parse(&rs, refused[i].rule, f, &err), 0);
			ruleset_free(&rs);
			if (err.column != refused[i].column || !strstr(err.msg, refused[i].message))
				fail_msg("%s: %u: %s", refused[i].rule, err.column, err.msg);
			assert_int_equal(err.line, 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(lists), cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

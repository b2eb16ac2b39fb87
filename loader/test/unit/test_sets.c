/* SPDX-License-Identifier: GPL-2.0-only */
/* Static sets: rules/sets*.c, ext/set.c, compile/sets.c, check_sets.c, bpf/ops_set.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "images.h"
#include "rules/sets.h"

#define NR(a)	(sizeof(a) / sizeof(a[0]))

/* Sets and rules, either may be NULL; the sets come last, as a rule may name what comes later. */
static int read_all(struct ruleset *rs, const char *sets, const char *rules, unsigned int families,
		    struct error *err)
{
	struct rules_source src = { .where = "rules", .text = rules, .families = families };
	struct sets_source more = { .where = "a.ipset", .text = sets };
	int ret = 0;

	*err = (struct error){ 0 };
	ruleset_init(rs);
	if (rules) {
		src.len = strlen(rules);
		ret = rules_parse(rs, &src, err);
	}
	if (!ret && sets) {
		more.len = strlen(sets);
		ret = sets_parse(rs, &more, err);
	}
	return ret ? ret : ruleset_finish(rs, err);
}

static const struct { const char *text, *printed; } printed[] = {
	{ "create a hash:ip family inet hashsize 1024 maxelem 9 bucketsize 12 initval 0xf1073a9e\r\n"
	  "add a 10.0.0.7\n\n# a comment\nadd a 10.0.0.1-10.0.0.3\nadd a 10.0.0.4/32\n",
	  "create a hash:ip family inet maxelem 9\nadd a 10.0.0.1-10.0.0.4\nadd a 10.0.0.7\n" },
	{ "create a hash:ip\nadd a 10.0.0.6-10.0.0.3\nadd a 10.0.0.5/31 -exist\n",
	  "create a hash:ip family inet maxelem 65536\nadd a 10.0.0.3-10.0.0.6\n" },
	{ "create a hash:ip netmask 24\nadd a 10.0.0.6-10.0.3.3\n",
	  "create a hash:ip family inet maxelem 65536 netmask 24\nadd a 10.0.0.0-10.0.3.255\n" },
	{ "create a hash:ip -6 netmask 64\nadd a fe80::7/128\n",
	  "create a hash:ip family inet6 maxelem 65536 netmask 64\nadd a fe80::\n" },
	{ "create a hash:net comment\nadd a 10.1.0.0-10.1.2.255 comment \"x y\"\nadd a 10.1.1.1 nomatch\n"
	  "add a 0.0.0.0/1\n",
	  "create a hash:net family inet maxelem 65536\nadd a 0.0.0.0/1\nadd a 10.1.0.0/23\n"
	  "add a 10.1.1.1 nomatch\nadd a 10.1.2.0/24\n" },
	{ "create a hash:net\nadd a 10.0.0.1/8\nadd a 10.0.0.0/8 nomatch -exist\n",
	  "create a hash:net family inet maxelem 65536\nadd a 10.0.0.0/8 nomatch\n" },
	{ "create a hash:ip,port\nadd a 1.2.3.4,80-81\nadd a 1.2.3.4,UDP:53\nadd a 1.2.3.4,icmp:ping\n"
	  "add a 1.2.3.4-1.2.3.6,47:0\nadd a 1.2.3.4,icmp:3/1\nadd a 1.2.3.4,domain\n",
	  "create a hash:ip,port family inet maxelem 65536\nadd a 1.2.3.4,icmp:3/1\n"
	  "add a 1.2.3.4,icmp:8/0\nadd a 1.2.3.4,tcp:53\nadd a 1.2.3.4,tcp:80\nadd a 1.2.3.4,tcp:81\n"
	  "add a 1.2.3.4,udp:53\nadd a 1.2.3.4-1.2.3.6,gre:0\n" },
	{ "create a hash:net,port family inet6\nadd a fe80::1/64,5-4\nadd a fe80::9,icmpv6:135/0 nomatch\n",
	  "create a hash:net,port family inet6 maxelem 65536\nadd a fe80::/64,tcp:4\n"
	  "add a fe80::/64,tcp:5\nadd a fe80::9,ipv6-icmp:135/0 nomatch\n" },
	{ "create a bitmap:port range 10-100\nadd a 20-22\nadd a 23\nadd a udp:90\n",
	  "create a bitmap:port range 10-100\nadd a 20-23\nadd a 90\n" },
	{ "create l list:set size 4\ncreate a iphash\ncreate b nethash\nadd l b\nadd l a before b\n",
	  "create a hash:ip family inet maxelem 65536\ncreate b hash:net family inet maxelem 65536\n"
	  "create l list:set\nadd l b\nadd l a\n" },
	{ "create a hash:ip timeout 0 counters skbinfo\n"
	  "add a 1.1.1.1 timeout 0 packets 5 bytes 7 skbmark 0x1/0xff skbprio 1:10 skbqueue 7\n",
	  "create a hash:ip family inet maxelem 65536 counters\nadd a 1.1.1.1\n" },
	{ "create a hash:ip timeout 5\nadd a 1.1.1.1 timeout 0\n",
	  "create a hash:ip family inet maxelem 65536\nadd a 1.1.1.1\n" },
	{ "create a hash:ip\nadd a 1.1.1.1\nflush a\nadd a 1.1.1.1\ncreate b hash:ip\ndestroy b\n"
	  "create b hash:net\n-exist create a hash:ip\ndestroy -exist c\nCOMMIT\n",
	  "create a hash:ip family inet maxelem 65536\nadd a 1.1.1.1\n"
	  "create b hash:net family inet maxelem 65536\n" },
	{ "create \"a b\" hash:ip maxelem 0x10\nadd \"a b\" 255.255.255.255\nadd \"a b\" 0.0.0.1\n",
	  "create \"a b\" hash:ip family inet maxelem 16\nadd \"a b\" 0.0.0.1\nadd \"a b\" 255.255.255.255\n" },
};

static void print_sets(const struct ruleset *rs, struct buffer *out)
{
	ipsets_print(out, rs, 0, NULL, NULL);
	assert_int_equal(out->failed, 0);
}

/* What is printed says the same again. */
static void prints(void **state)
{
	struct buffer out = { 0 }, again = { 0 };
	struct ruleset rs;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < NR(printed); i++) {
		out.len = again.len = 0;
		if (read_all(&rs, printed[i].text, NULL, 0, &err))
			fail_msg("%s: %u:%u %s", printed[i].text, err.line, err.column, err.msg);
		print_sets(&rs, &out);
		ruleset_free(&rs);
		assert_string_equal(out.data, printed[i].printed);
		assert_int_equal(read_all(&rs, out.data, NULL, 0, &err), 0);
		print_sets(&rs, &again);
		ruleset_free(&rs);
		assert_string_equal(again.data, printed[i].printed);
	}
	buffer_free(&out);
	buffer_free(&again);
}

#define A	"create a hash:ip\n"
#define N	"create n hash:net\n"
#define P	"create p hash:ip,port\n"

static const struct {
	const char *text;
	unsigned int line, column;
	const char *message;
} refused[] = {
	{ "foo\n", 1, 1, "expected create, add, flush or destroy" },
	{ "create\n", 1, 7, "expected the name of a set" },
	{ "create a\n", 1, 9, "expected the type" },
	{ "create a hash:mac\n", 1, 10, "unsupported set type \"hash:mac\"" },
	{ "create a bitmap:ip range 1.1.1.0/24\n", 1, 10, "unsupported set type \"bitmap:ip\"" },
	{ "create a hash:foo\n", 1, 10, "unknown set type" },
	{ "create a hash:ip foo 7\n", 1, 18, "unknown option" },
	{ "create a hash:ip range 1-7\n", 1, 18, "unknown option" },
	{ "create a hash:ip maxelem\n", 1, 25, "maxelem needs a value" },
	{ "create a hash:ip maxelem 08\n", 1, 26, "expected a number" },
	{ "create a hash:ip maxelem 7 maxelem 7\n", 1, 28, "given twice" },
	{ "create a hash:ip family any\n", 1, 25, "expected inet or inet6" },
	{ "create a hash:ip netmask 33\n", 1, 28, "at most 32 bits" },
	{ "create a hash:ip bitmask 255.0.0.255\n", 1, 26, "unsupported: bitmask" },
	{ "create a bitmap:port\n", 1, 21, "expected range" },
	{ "create abcdefghijklmnopqrstuvwxyz123456 hash:ip\n", 1, 8, "at most 31 characters" },
	{ A A, 2, 8, "exists already" },
	{ A "create -exist a hash:net\n", 2, 15, "exists already" },
	{ "add a 1.1.1.1\n", 1, 5, "set \"a\" does not exist" },
	{ A "add a\n", 2, 6, "expected what to add" },
	{ A "add a 1.1.1.1\nadd a 2.2.2.2\nadd a 1.1.1.1\n", 4, 1, "has an element of this line already" },
	{ A "add a 1.1.1.1 -exist\nadd a 1.1.1.0/30\n", 3, 1, "has an element of this line already" },
	{ N "add n 1.0.0.0/8\nadd n 1.1.1.1/8 nomatch\n", 3, 1, "has an element of this line already" },
	{ A "add a 0.0.0.0\n", 2, 7, "0.0.0.0 cannot be in a set" },
	{ A "add a 1.1.1\n", 2, 7, "expected an IPv4 address" },
	{ A "add a fe80::1\n", 2, 7, "expected an IPv4 address" },
	{ A "add a example.org\n", 2, 7, "names are not looked up" },
	{ A "add a 1.1.1.1-1.1.1\n", 2, 15, "expected an IPv4 address" },
	{ A "add a 1.1.1.1/33\n", 2, 15, "prefix length from 1 to 32" },
	{ A "add a 1.1.1.1,80\n", 2, 14, "has no ports" },
	{ A "add a 1.1.1.1 nomatch\n", 2, 15, "unknown option of an entry" },
	{ A "add a 1.1.1.1 timeout 0\n", 2, 15, "was not created with timeout" },
	{ A "add a 1.1.1.1 comment x\n", 2, 15, "was not created with comment" },
	{ A "add a 1.1.1.1 \"\n", 2, 16, "expected a closing \"" },
	{ "create a hash:ip timeout 9\nadd a 1.1.1.1\n", 2, 7, "this entry expires" },
	{ "create a hash:ip timeout 0\nadd a 1.1.1.1 timeout 9\n", 2, 23, "an entry that expires" },
	{ "create a hash:ip maxelem 4\nadd a 10.0.0.0/30\nadd a 1.1.1.1\n", 3, 7, "maxelem allows 4" },
	{ "create a hash:ip maxelem 2\nadd a 1.1.1.1-1.1.1.2 -exist\nadd a 1.1.1.2-1.1.1.3 -exist\n",
	  1, 1, "has 3 elements, maxelem allows 2" },
	{ N "add n 0.0.0.0/0\n", 2, 15, "prefix length from 1 to 32" },
	{ N "add n 0.0.0.0-255.255.255.255\n", 2, 7, "all there is" },
	{ "create n hash:ip family inet6\nadd n fe80::/64\n", 2, 7, "single IPv6 addresses" },
	{ "create n hash:net family inet6\nadd n fe80::-fe81::\n", 2, 13, "ranges of IPv6 addresses" },
	{ P "add p 1.1.1.1\n", 2, 14, "expected a comma" },
	{ P "add p 1.1.1.1,foo:1\n", 2, 15, "expected a protocol" },
	{ P "add p 1.1.1.1,nosuch\n", 2, 15, "expected a port of tcp" },
	{ P "add p 1.1.1.1,65536\n", 2, 15, "expected a port of tcp" },
	{ P "add p 1.1.1.1,gre:7\n", 2, 19, "has no ports" },
	{ P "add p 1.1.1.1,icmp:any\n", 2, 20, "expected an ICMP type" },
	{ P "add p 1.1.1.1,icmpv6:1/1\n", 2, 15, "does not go with IPv4" },
	{ P "add p 1.1.1.1,0:7\n", 2, 15, "expected a protocol" },
	{ "create b bitmap:port range 5-9\nadd b 10\n", 2, 7, "outside the range" },
	{ "create b bitmap:port range 5-9\nadd b sctp:7\n", 2, 7, "expected tcp or udp" },
	{ "create l list:set\ncreate m list:set\nadd l m\n", 3, 7, "cannot be in a list:set" },
	{ "create l list:set\nadd l a\n", 2, 7, "set \"a\" does not exist" },
	{ A "create l list:set\nadd l a\nadd l a\n", 4, 7, "in the list already" },
	{ A "create l list:set\nadd l a\ndestroy a\n", 4, 9, "is in a list" },
	{ "flush a\n", 1, 7, "does not exist" },
	{ "destroy a\n", 1, 9, "does not exist" },
};

static void refuses(void **state)
{
	struct ruleset rs;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < NR(refused); i++) {
		assert_int_equal(read_all(&rs, refused[i].text, NULL, 0, &err), -EINVAL);
		ruleset_free(&rs);
		if (err.line != refused[i].line || err.column != refused[i].column ||
		    !strstr(err.msg, refused[i].message) || strcmp(err.where, "a.ipset"))
			fail_msg("%s: %u:%u: %s", refused[i].text, err.line, err.column, err.msg);
	}
}

#define SETS	"create a hash:ip\ncreate i6 hash:net family inet6\ncreate c hash:ip counters\n" \
		"create l list:set\nadd l a\nadd l i6\ncreate b bitmap:port range 1-9\n"

/* A rule in IPv4, as saved and listed; or refused with a message at a column. */
static const struct { const char *rule, *saved, *listed; unsigned int column; } rules[] = {
	{ "--match-set a src", "--match-set a src", "match-set a src", 0 },
	{ "! --match-set l srcx,dst", "! --match-set l src,dst", "! match-set l src,dst", 0 },
	{ "--set b dst,src,dst,src,dst,src", "--match-set b dst,src,dst,src,dst,src",
	  "match-set b dst,src,dst,src,dst,src", 0 },
	{ "--match-set a src --update-counters ! --update-subcounters ! --update-counters --return-nomatch",
	  "--match-set a src --return-nomatch ! --update-counters ! --update-subcounters",
	  "match-set a src return-nomatch ! update-counters ! update-subcounters", 0 },
	{ "--match-set a src ! --packets-eq 0x10 --bytes-lt 18446744073709551615",
	  "--match-set a src ! --packets-eq 16 --bytes-lt 18446744073709551615",
	  "match-set a src ! packets-eq 16 bytes-lt 18446744073709551615", 0 },
	{ "--match-set a src,dst,src,dst,src,dst,src", NULL, "at most 6 directions", 31 },
	{ "--match-set a foo", NULL, "expected src or dst", 31 },
	{ "--match-set a src,", NULL, "expected src or dst", 31 },
	{ "--match-set a", NULL, "requires the name of a set and src or dst", 29 },
	{ "--match-set a ! src", NULL, "requires the name of a set and src or dst", 29 },
	{ "--match-set a src --match-set b src", NULL, "once in a match", 47 },
	{ "--match-set abcdefghijklmnopqrstuvwxyz123456 src", NULL, "at most 31 characters", 29 },
	{ "--match-set nope src", NULL, "set \"nope\" does not exist", 29 },
	{ "--match-set i6 src", NULL, "set \"i6\" is for IPv6, and this rule is for IPv4", 29 },
	{ "--match-set c src --packets-gt 0", NULL, "unsupported: set \"c\" has counters", 29 },
	{ "--match-set a src --packets-gt 1 --packets-lt 1", NULL, "only one of", 63 },
	{ "--match-set a src --packets-gt -1", NULL, "expected a number", 48 },
	{ "--match-set a src ! --packets-gt 1", NULL, "cannot be inverted", 37 },
	{ "--return-nomatch", NULL, "requires option --match-set", 13 },
};

static void rule_options(void **state)
{
	struct buffer out = { 0 };
	char text[256], line[256];
	struct ruleset rs;
	struct error err;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < NR(rules); i++) {
		snprintf(text, sizeof(text), "*filter\n-A INPUT -m set %s\nCOMMIT\n", rules[i].rule);
		ret = read_all(&rs, SETS, text, FAMILY_BIT(FAMILY_IPV4), &err);
		if (ret && !rules[i].saved) {
			if (err.line != 2 || err.column != rules[i].column ||
			    !strstr(err.msg, rules[i].listed))
				fail_msg("%s: %u: %s", rules[i].rule, err.column, err.msg);
			ruleset_free(&rs);
			continue;
		}
		if (ret || !rules[i].saved)
			fail_msg("%s: %s", rules[i].rule, err.msg);
		out.len = 0;
		rules_print(&out, &rs, FAMILY_IPV4, TABLE_FILTER, 0);
		snprintf(line, sizeof(line), "-A INPUT -m set %s\n", rules[i].saved);
		assert_non_null(strstr(out.data, line));
		out.len = 0;
		rules_list(&out, &rs, FAMILY_IPV4, TABLE_FILTER, "INPUT", LIST_NUMERIC);
		snprintf(line, sizeof(line), " %s\n", rules[i].listed);
		assert_non_null(strstr(out.data, line));
		ruleset_free(&rs);
	}
	buffer_free(&out);
}

/* A text for both families: the set does not decide, as it may come later. */
static void both_families(void **state)
{
	struct ruleset rs;
	struct error err;

	(void)state;
	assert_int_equal(read_all(&rs, SETS, "*filter\n-A INPUT -m set --match-set b src\n"
				  "-4 -A INPUT -m set --match-set a src\nCOMMIT\n", FAMILIES_ALL, &err), 0);
	assert_int_equal(ruleset_count(&rs, FAMILIES_ALL), 3);
	ruleset_free(&rs);
	assert_int_equal(read_all(&rs, SETS, "*filter\n-A INPUT -m set --match-set a src\nCOMMIT\n",
				  FAMILIES_ALL, &err), -EINVAL);
	assert_string_equal(err.msg, "set \"a\" is for IPv4, and this rule is for IPv6");
	ruleset_free(&rs);
}

static struct image compiled(const char *sets, const char *text, enum family f)
{
	struct error err;
	struct ruleset rs;
	struct image img;

	if (read_all(&rs, sets, text, FAMILY_BIT(f), &err) || image_compile(&rs, &img, &err) ||
	    image_validate(img.data, img.size, &err))
		fail_msg("%s", err.msg);
	ruleset_free(&rs);
	return img;
}

/* The text of an image has all sets, also those no rule names; its digest is theirs, too. */
static void in_the_image(void **state)
{
	static const char rule[] = "*filter\n-A INPUT -m set --match-set a src\nCOMMIT\n";
	struct image img = compiled(A "add a 1.1.1.1\n" N, rule, FAMILY_IPV4);
	struct image other = compiled(A "add a 1.1.1.2\n" N, rule, FAMILY_IPV4);
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	assert_int_equal(img.header->sets.count, 1);
	assert_memory_not_equal(img.header->digest, other.header->digest, 32);
	assert_int_equal(image_ruleset(img.header, &rs, false, &err), 0);
	print_sets(&rs, &out);
	assert_string_equal(out.data, "create a hash:ip family inet maxelem 65536\nadd a 1.1.1.1\n"
				      "create n hash:net family inet maxelem 65536\n");
	out.len = 0;
	ipsets_print(&out, &rs, FAMILY_BIT(FAMILY_IPV4), NULL, NULL);
	assert_null(strstr(out.data, "hash:net"));
	ruleset_free(&rs);
	buffer_free(&out);
	image_free(&img);
	image_free(&other);
}

/* Sets of a rule set in force: new ones of the same name come before them. */
static void gives_way(void **state)
{
	struct sets_source old = { .where = "old", .gives_way = true,
				   .text = A "add a 9.9.9.9\ncreate b hash:net\nadd b 9.0.0.0/8\n" };
	struct sets_source new = { .where = "new", .text = A "add a 1.1.1.1\n" };
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct ruleset rs;

	(void)state;
	old.len = strlen(old.text);
	new.len = strlen(new.text);
	ruleset_init(&rs);
	assert_int_equal(sets_parse(&rs, &new, &err), 0);
	assert_int_equal(sets_parse(&rs, &old, &err), 0);
	assert_int_equal(ruleset_finish(&rs, &err), 0);
	print_sets(&rs, &out);
	assert_string_equal(out.data, "create a hash:ip family inet maxelem 65536\nadd a 1.1.1.1\n"
				      "create b hash:net family inet maxelem 65536\nadd b 9.0.0.0/8\n");
	ruleset_free(&rs);
	buffer_free(&out);
}

/* An entry of a random set: for a loop over all of them, the oracle. */
struct entry {
	uint32_t first, last, port;
	bool nomatch;
};

static uint32_t seed = 20261121;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed ^ seed >> 15) * below >> 32);
}

/* Few addresses, at both ends of what there is too, so that prefixes lie in each other. */
static uint32_t some_address(void)
{
	static const uint32_t bases[] = { 0, 0x0a000000, 0x0a0000f0, 0xfffffff0, 0x7ffffff8 };

	return bases[any(5)] + any(any(2) ? 16 : 200) + (any(8) ? 0 : any(1U << 24));
}

/* IPv6 puts the 32 bits at the end of the address: prefixes are 96 longer. */
static void random_set(struct buffer *text, struct entry *e, unsigned int n, bool ports,
		       enum family f)
{
	char address[INET6_ADDRSTRLEN];
	uint32_t words[4] = { htonl(0xfd000000), 0, 0, 0 }, prefix, i;

	buffer_printf(text, "create s hash:net%s family %s\n", ports ? ",port" : "",
		      f == FAMILY_IPV6 ? "inet6" : "inet");
	for (i = 0; i < n; i++) {
		prefix = any(4) ? 24 + any(9) : 1 + any(32);
		e[i].first = some_address() & UINT32_MAX << (32 - prefix);
		e[i].last = e[i].first | (uint32_t)(((uint64_t)1 << (32 - prefix)) - 1);
		e[i].nomatch = !any(3);
		e[i].port = any(3) ? 53 : 52 + any(3);
		words[f == FAMILY_IPV6 ? 3 : 0] = htonl(e[i].first);
		inet_ntop(f == FAMILY_IPV6 ? AF_INET6 : AF_INET, words, address, sizeof(address));
		buffer_printf(text, "add -exist s %s/%u", address, prefix + (f == FAMILY_IPV6 ? 96 : 0));
		if (ports)
			buffer_printf(text, ",udp:%u", e[i].port);
		buffer_puts(text, e[i].nomatch ? " nomatch\n" : "\n");
	}
}

/* The narrowest; of the same, the last. 0 out, 1 in, 2 excepted. */
static unsigned int model(const struct entry *e, unsigned int n, uint32_t ip, uint32_t port)
{
	const struct entry *best = NULL;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (e[i].first > ip || e[i].last < ip || e[i].port != port)
			continue;
		if (!best || e[i].last - e[i].first <= best->last - best->first)
			best = &e[i];
	}
	return !best ? 0 : best->nomatch ? 2 : 1;
}

/* The verdict for UDP from @ip to port @port; ACCEPT: in the set. */
static unsigned int ask(struct image *space, enum family f, enum hook hook, uint32_t ip,
			unsigned int port)
{
	struct packet_context c = { .family = f, .table = TABLE_FILTER, .hook = hook };
	uint8_t packet[60] = { 0 };
	size_t at = f == FAMILY_IPV6 ? 40 : 20;

	memcpy(packet, f == FAMILY_IPV6 ? packets6[0] : packets4[0], at + 8);
	if (f == FAMILY_IPV6) {
		memset(packet + 8, 0, 16);
		packet[8] = 0xfd;
	}
	ip = htonl(ip);
	memcpy(packet + (f == FAMILY_IPV6 ? 20 : 12), &ip, 4);
	packet[at + 2] = (uint8_t)(port >> 8);
	packet[at + 3] = (uint8_t)port;
	return image_evaluate(space->data, space->mapped, &c, packet, at + 8);
}

/* The image where it can run. */
static struct image loaded(const struct image *img)
{
	struct image space = { .mapped = IMAGE_CAPACITY_1 };

	space.data = calloc(1, space.mapped);
	assert_non_null(space.data);
	memcpy(space.data, img->data, img->size);
	space.header = space.data;
	assert_int_equal(image_layout(space.header, space.mapped, 1), 0);
	return space;
}

#define ENTRIES	600U

static void random_sets_of(enum family f, bool ports, unsigned int n)
{
	static const char text[] =
		"*filter\n:INPUT DROP\n:FORWARD DROP\n-A INPUT -m set --match-set s src,dst -j ACCEPT\n"
		"-A FORWARD -m set --match-set s src,dst --return-nomatch -j ACCEPT\nCOMMIT\n";
	static struct entry e[ENTRIES];
	struct buffer sets = { 0 };
	struct image img, space;
	unsigned int i, port, expected;
	uint32_t ip;

	random_set(&sets, e, n, ports, f);
	img = compiled(sets.data, text, f);
	space = loaded(&img);
	for (i = 0; i < 4000; i++) {
		ip = some_address();
		if (n && any(2))
			ip = (any(2) ? e[any(n)].first : e[any(n)].last) + any(3) - 1;
		port = 52 + any(3);
		if (!ports)
			for (expected = 0; expected < n; expected++)
				e[expected].port = port;
		expected = model(e, n, ip, port);
		if (ask(&space, f, HOOK_INPUT, ip, port) != (expected == 1) ||
		    ask(&space, f, HOOK_FORWARD, ip, port) != (expected == 2))
			fail_msg("%s%u entries: %08x:%u ought to be %u", sets.len < 2000 ? sets.data : "",
				 n, ip, port, expected);
	}
	free(space.data);
	image_free(&img);
	buffer_free(&sets);
}

static void random_sets(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 2, 3, 7, 15, 31, 60, 200, ENTRIES };
	size_t i;
	int f;

	(void)state;
	for (i = 0; i < NR(sizes); i++) {
		for (f = 0; f < NR_FAMILIES; f++) {
			random_sets_of((enum family)f, false, sizes[i]);
			random_sets_of((enum family)f, true, sizes[i]);
		}
	}
}

typedef void (*damage)(struct image_set *s, void *nodes);

static int checked(struct image *img, const void *good, damage change)
{
	struct image_set *s = (void *)((char *)img->data + img->header->sets.offset);
	struct error err = { 0 };
	int ret;

	change(s, (char *)s + s->at);
	img->header->checksum = image_checksum(img->header, img->size);
	ret = image_validate(img->data, img->size, &err);
	memcpy(img->data, good, img->size);
	return ret;
}

#define CHANGE(name, what)	static void name(struct image_set *s, void *nodes) \
	{ struct image_set_node *n = nodes; (void)n; (void)s; what; }
CHANGE(nothing, )
CHANGE(far_away, s->at = 0x10000000)
CHANGE(odd, s->at += 4)
CHANGE(in_records, s->at = 0)
CHANGE(many_nodes, s->nodes = 0x1000000)
CHANGE(no_nodes, s->nodes = 0)
CHANGE(more_borders, s->borders += 100)
CHANGE(has_nothing, s->has = 0)
CHANGE(has_unknown, s->has |= 8)
CHANGE(has_port, s->has |= SET_HAS_PORT)
CHANGE(no_words, s->words = 0)
CHANGE(three_words, s->words = 3)
CHANGE(many_words, s->words = 31)
CHANGE(wrong_value, n->values |= 3)
CHANGE(descending, n->word[0] = 0xffffffff)
CHANGE(descending_below, n[1].word[29] = n->word[0] + 1)

static void hostile(void **state)
{
	static const damage bad[] = {
		far_away, odd, in_records, many_nodes, no_nodes, more_borders, has_nothing,
		has_unknown, has_port, no_words, three_words, many_words, wrong_value, descending,
		descending_below,
	};
	struct buffer sets = { 0 };
	struct image img;
	unsigned int i;
	void *good;

	(void)state;
	buffer_puts(&sets, A);
	for (i = 1; i < 100; i++)
		buffer_printf(&sets, "add a 10.0.0.%u\n", 2 * i);
	img = compiled(sets.data, "*filter\n-A INPUT -m set --match-set a src\nCOMMIT\n", FAMILY_IPV4);
	good = malloc(img.size);
	assert_non_null(good);
	memcpy(good, img.data, img.size);
	assert_int_equal(checked(&img, good, nothing), 0);
	for (i = 0; i < NR(bad); i++) {
		if (checked(&img, good, bad[i]) != -EINVAL)
			fail_msg("change %u: taken for good", i);
	}
	img.header->sets.count = 0;	/* the rule's is not there */
	img.header->checksum = image_checksum(img.header, img.size);
	assert_int_equal(image_validate(img.data, img.size, &(struct error){ 0 }), -EINVAL);
	free(good);
	image_free(&img);
	buffer_free(&sets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(refuses), cmocka_unit_test(rule_options),
		cmocka_unit_test(both_families), cmocka_unit_test(in_the_image),
		cmocka_unit_test(gives_way), cmocka_unit_test(random_sets),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
/* -m string and -m bpf: what is taken, refused, printed and listed; what they find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "extension.h"


#define STRING	"-m string --algo bm "

/* What iptables-save prints; NULL: the same. Both families. */
static const struct { const char *in, *out; } printed[] = {
	{ "-m string --algo bm --string \"foo bar\"", "-m string --string \"foo bar\" --algo bm" },
	{ "-m string ! --string \"a\\\"b\\\\c\" --algo kmp", NULL },
	{ "-m string --string \"a\\\\\" --algo kmp", "-m string --hex-string \"|615c|\" --algo kmp" },
	{ "-m string --string a --algo bm --from 0x10 --to 65535 --icase",
	  "-m string --string \"a\" --algo bm --from 16 --icase" },
	{ "-m string --string \"a\" --algo bm --from 16 --to 16", NULL },
	{ STRING "--hex-string \"|61|\"", "-m string --string \"a\" --algo bm" },
	{ STRING "! --hex-string \"|0a 0A 41|b| 00 |\"",
	  "-m string ! --hex-string \"|0a0a416200|\" --algo bm" },
	{ STRING "--hex-string \"|61||62|\"", "-m string --string \"a|62\" --algo bm" },
	{ STRING "--hex-string \"a|\"", "-m string --string \"a\" --algo bm" },
	{ STRING "--hex-string \"a\\\\|b\"", "-m string --string \"a|b\" --algo bm" },
	{ STRING "--hex-string \"|7e|\\\\\\\\c\"", "-m string --string \"~\\\\c\" --algo bm" },
	{ STRING "--string \xc3\xa9", "-m string --hex-string \"|c3a9|\" --algo bm" },
	{ "-m bpf --bytecode \"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0\"", NULL },
	{ "-m bpf --bytecode \" +2,48 256 257 0 x, 6 0 0 -1,\"",
	  "-m bpf --bytecode \"2,48 0 1 0,6 0 0 4294967295\"" },
	{ "-m bpf --bytecode \"65537,6 0 0 4294967296\"", "-m bpf --bytecode \"1,6 0 0 0\"" },
	{ "-m bpf --bytecode \"3,2 0 0 15,96 0 0 15,22 0 0 0\"", NULL },
	{ "-m bpf --bytecode \"2,48 0 0 4294963204,22 0 0 0\"", NULL },
};

static void prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(printed) * NR_FAMILIES; i++)
		assert_printed(printed[i / 2].in, (enum family)(i % 2), printed[i / 2].out);
}

/* 128 bytes are the most; digits between bars may be one less, as the last bar comes too late. */
static void long_strings(void **state)
{
	static const char digits[] = "6161616161616161616161616161616161616161616161616161616161616161";
	char in[512], want[512];

	(void)state;
	snprintf(in, sizeof(in), STRING "--string %0128d", 1);
	snprintf(want, sizeof(want), "-m string --string \"%0128d\" --algo bm", 1);
	assert_printed(in, FAMILY_IPV4, want);
	snprintf(in, sizeof(in), STRING "--string %0129d", 1);
	assert_refused(in, FAMILY_IPV4, 30, "128 bytes at most");
	snprintf(in, sizeof(in), STRING "--hex-string \"|%s%s%s%.62s|\"", digits, digits, digits, digits);
	snprintf(want, sizeof(want), "-m string --string \"%s\" --algo bm",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_printed(in, FAMILY_IPV4, want);
	snprintf(in, sizeof(in), STRING "--hex-string \"|%s%s%s%s|\"", digits, digits, digits, digits);
	assert_refused(in, FAMILY_IPV4, 34, "128 bytes at most");
}

static void lists(void **state)
{
	static const struct { const char *rule, *want; } listed[] = {
		{ STRING "--string ab", " STRING match  \"ab\" ALGO name bm" },
		{ STRING "! --string \"a\\\"\" --from 5 --to 9 --icase",
		  " STRING match ! \"a\\\"\" ALGO name bm FROM 5 TO 9 ICASE" },
		{ STRING "--hex-string \"|0a|\"", " STRING match  \"|0a|\" ALGO name bm" },
	};
	static const char bpf[] = "match bpf 48 0 0 9,6 0 0 1";

	(void)state;
	for (size_t i = 0; i < NR(listed); i++)
		assert_listed(listed[i].rule, FAMILY_IPV4, listed[i].want, strlen(listed[i].want));
	/* with its NUL */
	assert_listed("-m bpf --bytecode \"2,48 0 0 9,6 0 0 1\"", FAMILY_IPV6, bpf, sizeof(bpf));
}

static const struct { const char *rule; unsigned int column; const char *message; } refused[] = {
	{ "-m string --string a", 4, "requires --algo" },
	{ STRING, 4, "requires --string or --hex-string" },
	{ "-m string --algo BM --string a", 18, "unknown algorithm \"BM\"" },
	{ "-m string --algo fsm --string a", 18, "unsupported" },
	{ STRING "--string \"\"", 30, "empty" },
	{ STRING "--hex-string \"|\"", 34, "empty" },
	{ STRING "--string a --hex-string b", 45, "cannot be used together with --string" },
	{ STRING "--string a --string b", 32, "only be used once" },
	{ STRING "--string a ! --icase", 34, "cannot be inverted" },
	{ STRING "--string a --from 65536", 39, "0 to 65535" },
	{ STRING "--string a --from 10 --to 9", 4, "--from 10 is behind --to 9" },
	{ STRING "--hex-string |616|", 38, "odd number" },
	{ STRING "--hex-string |61", 37, "| is expected at the end" },
	{ STRING "--hex-string |6g|", 36, "a hexadecimal digit" },
	{ STRING "--hex-string ||", 35, "a hexadecimal digit" },
	{ STRING "--hex-string \"|61  62|\"", 38, "a hexadecimal digit" },
	{ "-m bpf", 4, "requires --bytecode" },
	{ "-m bpf --object-pinned /sys/fs/bpf/x", 24, "unsupported: a pinned program" },
	{ "-m bpf ! --bytecode \"1,6 0 0 1\"", 10, "cannot be inverted" },
	{ "-m bpf --bytecode \"1,6 0 0 1\" --bytecode \"1,6 0 0 1\"", 31, "only be used once" },
	{ "-m bpf --bytecode \"1 ,6 0 0 1\"", 19, "the number of instructions and a comma" },
	{ "-m bpf --bytecode \"0,\"", 19, "1 to 64" },
	{ "-m bpf --bytecode \"65,6 0 0 1\"", 19, "1 to 64" },
	{ "-m bpf --bytecode \"1,6 0 0\"", 21, "four numbers" },
	{ "-m bpf --bytecode \"2,6 0 0 1\"", 21, "2 instructions are announced, there are 1" },
	{ "-m bpf --bytecode \"1,6 0 0 1,6 0 0 1\"", 29, "more instructions than the 1" },
	{ "-m bpf --bytecode \"2,22 0 0 0,0 0 0 0\"", 19, "instruction 1: the last one" },
	{ "-m bpf --bytecode \"2,14 0 0 0,22 0 0 0\"", 19, "instruction 0: unknown code" },
	{ "-m bpf --bytecode \"2,60 0 0 0,278 0 0 0\"", 19, "instruction 1: unknown code" },
	{ "-m bpf --bytecode \"2,5 0 0 1,22 0 0 0\"", 19, "jumps out" },
	{ "-m bpf --bytecode \"2,21 1 0 0,22 0 0 0\"", 19, "jumps out" },
	{ "-m bpf --bytecode \"2,52 0 0 0,22 0 0 0\"", 19, "division by zero" },
	{ "-m bpf --bytecode \"2,100 0 0 32,22 0 0 0\"", 19, "more than 31 bits" },
	{ "-m bpf --bytecode \"2,96 0 0 0,22 0 0 0\"", 19, "before it was written" },
	{ "-m bpf --bytecode \"4,21 0 1 1,2 0 0 3,96 0 0 3,22 0 0 0\"", 19,
	  "instruction 2: scratch memory" },
	{ "-m bpf --bytecode \"3,2 0 0 16,96 0 0 16,22 0 0 0\"", 19, "no such word" },
	{ "-m bpf --bytecode \"2,48 0 0 4294963201,22 0 0 0\"", 19, "unknown ancillary" },
	{ "-m bpf --bytecode \"2,48 0 0 4294963264,22 0 0 0\"", 19, "unknown ancillary" },
	{ "-m bpf --bytecode \"2,48 0 0 4294963252,22 0 0 0\"", 19, "unsupported: instruction 0" },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(refused); i++)
		assert_refused(refused[i].rule, FAMILY_IPV4, refused[i].column, refused[i].message);
}

/* A UDP packet with @text behind its 28 bytes of headers; @linear as struct packet_context's. */
static bool found(const char *match, const void *text, size_t len, uint32_t linear)
{
	const struct packet_context ctx = { .family = FAMILY_IPV4, .table = TABLE_FILTER,
					    .hook = HOOK_INPUT, .in = "eth0", .linear = linear };
	uint8_t bytes[2048] = { 0x45, 0, 0,  0, 0, 1, 0,    0, 64, 17, 0, 0, 192, 0,
				2,    1, 10, 0, 0, 1, 0x10, 0, 0,  53, 0, 0, 0,	  0 };
	struct image_header *h;
	char rule[1024];
	unsigned int verdict;

	assert_true(len <= sizeof(bytes) - 28);
	memcpy(bytes + 28, text, len);
	bytes[2] = (uint8_t)((28 + len) >> 8);
	bytes[3] = (uint8_t)(28 + len);
	snprintf(rule, sizeof(rule), "-A INPUT %s -j DROP\n", match);
	h = rules_in_force(rule, FAMILY_BIT(FAMILY_IPV4));
	verdict = image_evaluate(h, IMAGE_CAPACITY_0, &ctx, bytes, 28 + len);
	assert_true(verdict <= EVALUATE_ACCEPT);
	free(h);
	return verdict == EVALUATE_DROP;
}

static const struct { const char *match, *text; bool found; } searches[] = {
	{ "--string abc", "xxabc", true }, { "--string abc", "xxabd", false },
	{ "--string abc", "xxab", false }, { "! --string abc", "xxab", true },
	{ "--string aab", "aaaaab", true }, { "--string abab", "abaabab", true },
	{ "--string abc --from 30", "xxabc", true }, { "--string abc --from 31", "xxabc", false },
	{ "--string abc --to 33", "xxabc", true }, { "--string abc --to 32", "xxabc", false },
	{ "--string abc --from 30 --to 33", "xxabcabc", true },
	{ "--string abc --from 30 --to 30", "xxabc", false },
	{ "--string abc --from 31 --to 35", "xxabcabc", false },
	{ "--string abc --from 31 --to 36", "xxabcabc", true },
	{ "--string abc --from 65535", "xxabc", false },
	{ "--string abc --icase", "xAbCx", true }, { "--string ABC --icase", "xaBcx", true },
	{ "--string abc", "xAbCx", false }, { "--string a[ --icase", "A{", false },
	{ "--hex-string |e9| --icase", "\xc9", true }, { "--hex-string |f7| --icase", "\xd7", false },
	{ "--hex-string |450000|", "", true },		/* from the IP header on */
};

static void finds(void **state)
{
	char match[256];

	(void)state;
	for (size_t i = 0; i < NR(searches) * 2; i++) {
		snprintf(match, sizeof(match), "-m string --algo %s %s", i % 2 ? "bm" : "kmp",
			 searches[i / 2].match);
		if (found(match, searches[i / 2].text, strlen(searches[i / 2].text), 0) !=
		    searches[i / 2].found)
			fail_msg("%s in '%s'", match, searches[i / 2].text);
	}
}

/* Every pattern over two letters of up to five in every text of seven. */
static void finds_all(void **state)
{
	char text[8] = "", pattern[8], match[64];
	unsigned int t, len, p, i;

	(void)state;
	for (t = 0; t < 128; t += 3) {
		for (i = 0; i < 7; i++)
			text[i] = t >> i & 1 ? 'b' : 'a';
		for (p = 1; p < 64; p++) {
			len = 31U - (unsigned int)__builtin_clz(p);
			for (i = 0; i < len; i++)
				pattern[i] = p >> i & 1 ? 'b' : 'a';
			pattern[len] = '\0';
			if (!len)
				continue;
			snprintf(match, sizeof(match), "-m string --algo kmp --string %s", pattern);
			if (found(match, text, 7, 0) != !!strstr(text, pattern))
				fail_msg("%s in %s", pattern, text);
		}
	}
}

/* "bm" does not look across the blocks of a packet that is not linear, "kmp" does. */
static void blocks(void **state)
{
	(void)state;
	assert_true(found("-m string --algo kmp --string abc", "xxabc", 5, 31));
	assert_false(found("-m string --algo bm --string abc", "xxabc", 5, 31));
	assert_true(found("-m string --algo bm --string abc", "xxabcabc", 8, 31));
	assert_true(found("-m string --algo bm --string abc", "xxabc", 5, 33));
	assert_true(found("-m string --algo bm --string abc", "xxabc", 5, 30));
}

/* The kernel's table of bad characters lacks 0xff, whose upper case is 0xdf: a match is skipped. */
static void latin1(void **state)
{
	static const char text[] = "x\xff" "ab";

	(void)state;
	assert_true(found("-m string --icase --algo kmp --hex-string |ff6162|", text, 4, 0));
	assert_true(found("-m string --icase --algo bm --hex-string |ff6162|", text + 1, 3, 0));
	assert_false(found("-m string --icase --algo bm --hex-string |ff6162|", text, 4, 0));
}

/* Text is "\x01\x02\x03\x04\xff"; the packet has 33 bytes. */
static const struct { const char *program; bool matches; } programs[] = {
	{ "1,6 0 0 1", true }, { "1,6 0 0 0", false }, { "1,22 0 0 0", false },
	{ "4,48 0 0 9,21 0 1 17,6 0 0 1,6 0 0 0", true },
	{ "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0", false },
	{ "4,32 0 0 28,21 0 1 16909060,6 0 0 1,6 0 0 0", true },	/* ld [28] */
	{ "4,32 0 0 29,21 0 1 33752319,6 0 0 1,6 0 0 0", true },	/* to the last byte */
	{ "2,32 0 0 30,6 0 0 1", false }, { "2,40 0 0 32,6 0 0 1", false },
	{ "4,48 0 0 32,21 0 1 255,6 0 0 1,6 0 0 0", true }, { "2,48 0 0 33,6 0 0 1", false },
	{ "4,40 0 0 31,21 0 1 1279,6 0 0 1,6 0 0 0", true },
	{ "5,177 0 0 0,80 0 0 8,21 0 1 1,6 0 0 1,6 0 0 0", true },	/* ldx 4*([0]&15); ldb [x+8] */
	{ "4,128 0 0 0,21 0 1 33,6 0 0 1,6 0 0 0", true },		/* ld len */
	{ "4,48 0 0 4293918729,21 0 1 17,6 0 0 1,6 0 0 0", true },	/* SKF_NET_OFF + 9 */
	{ "2,48 0 0 2147483648,6 0 0 1", false },
	{ "5,0 0 0 7,52 0 0 2,21 0 1 3,6 0 0 1,6 0 0 0", true },	/* 7 / 2 */
	{ "5,0 0 0 7,148 0 0 4,21 0 1 3,6 0 0 1,6 0 0 0", true },	/* 7 % 4 */
	{ "3,0 0 0 7,60 0 0 0,6 0 0 1", false },			/* 7 / X, which is 0 */
	{ "5,0 0 0 1,132 0 0 0,21 0 1 4294967295,6 0 0 1,6 0 0 0", true },
	{ "6,0 0 0 1,1 0 0 33,108 0 0 0,21 0 1 2,6 0 0 1,6 0 0 0", true },	/* shift by 33 & 31 */
	{ "8,0 0 0 9,2 0 0 15,0 0 0 1,97 0 0 15,135 0 0 0,21 0 1 9,22 0 0 0,6 0 0 0", true },
	{ "6,0 0 0 12,1 0 0 10,32 0 0 4294963240,21 0 1 6,6 0 0 1,6 0 0 0", true },	/* A ^= X */
	{ "5,0 0 0 2147483648,37 0 1 2147483647,6 0 0 1,6 0 0 0,6 0 0 0", true },
	{ "4,5 0 0 1,6 0 0 0,6 0 0 1,6 0 0 0", true },
	{ "4,69 0 1 1,6 0 0 1,6 0 0 1,6 0 0 0", true },
};

static void runs(void **state)
{
	char match[256];

	(void)state;
	for (size_t i = 0; i < NR(programs); i++) {
		snprintf(match, sizeof(match), "-m bpf --bytecode \"%s\"", programs[i].program);
		if (found(match, "\1\2\3\4\377", 5, 0) != programs[i].matches)
			fail_msg("%s", match);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints), cmocka_unit_test(long_strings), cmocka_unit_test(lists),
		cmocka_unit_test(refuses), cmocka_unit_test(finds), cmocka_unit_test(finds_all),
		cmocka_unit_test(blocks), cmocka_unit_test(latin1), cmocka_unit_test(runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer/nflog_internal.h"

#define REAL (1234567890ULL * NSEC_PER_SEC + 987654321ULL)

static u8 room[sizeof(struct answer_record) + 0x10000];
static u8 message[PCAPNG_PACKET_MAX];

/* An IPv4 packet at INPUT of an Ethernet device, with all that a record can have. */
static struct answer_record *full_record(void)
{
	struct answer_record *r = (struct answer_record *)room;

	*r = (struct answer_record){
		.rule = { .kind = ANSWER_NFLOG, .group = 0x1234, .prefix = "in: " },
		.hook = 1, .protocol = 0x0800, .mark = 0x01020304, .uid = 1000, .gid = 100,
		.flags = RECORD_MAC | RECORD_OWNER | RECORD_BRIDGED, .mac_len = 14,
		.in = { "br0", 7, 1 }, .phys_in = { "eth0", 3, 1 }, .len = 6, .captured = 6,
	};
	memcpy(r->mac, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14);
	memcpy(r->data, "\x45\0\0\x06xy", 6);
	return r;
}

static void test_message(void **state)
{
	static const u8 expected[] = {
		172, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,	/* nlmsghdr */
		2, 0, 0x12, 0x34,					/* nfgenmsg */
		8, 0, 1, 0, 8, 0, 1, 0,					/* PACKET_HDR */
		9, 0, 10, 0, 'i', 'n', ':', ' ', 0, 0, 0, 0,		/* PREFIX */
		8, 0, 4, 0, 0, 0, 0, 7,					/* IFINDEX_INDEV */
		8, 0, 6, 0, 0, 0, 0, 3,					/* IFINDEX_PHYSINDEV */
		8, 0, 2, 0, 1, 2, 3, 4,					/* MARK */
		16, 0, 8, 0, 0, 6, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0,	/* HWADDR */
		6, 0, 15, 0, 0, 1, 0, 0,				/* HWTYPE */
		6, 0, 17, 0, 0, 14, 0, 0,				/* HWLEN */
		18, 0, 16, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0, 0,	/* HWHEADER */
		20, 0, 3, 0, 0, 0, 0, 0, 0x49, 0x96, 0x02, 0xd2,	/* TIMESTAMP */
		0, 0, 0, 0, 0, 0x0f, 0x12, 0x06,
		8, 0, 11, 0, 0, 0, 3, 0xe8,				/* UID */
		8, 0, 14, 0, 0, 0, 0, 100,				/* GID */
		8, 0, 13, 0, 0, 0, 0, 9,				/* SEQ_GLOBAL */
		10, 0, 9, 0, 0x45, 0, 0, 6, 'x', 'y', 0, 0,		/* PAYLOAD */
	};
	struct nflog_how how = { .real = REAL, .copy = 100, .numbered = true, .number = 9 };

	(void)state;
	assert_int_equal(nflog_encode(full_record(), &how, message), sizeof(expected));
	assert_memory_equal(message, expected, sizeof(expected));
}

/* An IPv6 packet at OUTPUT: no MAC header, no time, an empty prefix. */
static void test_least(void **state)
{
	static const u8 expected[] = {
		52, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0,
		8, 0, 1, 0, 0x86, 0xdd, 3, 0, 5, 0, 10, 0, 0, 0, 0, 0,
		8, 0, 5, 0, 0, 0, 0, 1, 7, 0, 9, 0, 'a', 'b', 'c', 0,
	};
	struct nflog_how how = { .real = REAL, .copy = NFLOG_COPY_MAX };
	struct answer_record *r = (struct answer_record *)room;

	(void)state;
	*r = (struct answer_record){
		.rule = { .kind = ANSWER_NFLOG }, .family = 1, .hook = 3, .protocol = 0x86dd,
		.out = { "lo", 1, 772 }, .len = 3, .captured = 3,
	};
	memcpy(r->data, "abc", 3);
	assert_int_equal(nflog_encode(r, &how, message), sizeof(expected));
	assert_memory_equal(message, expected, sizeof(expected));
}

static void test_done(void **state)
{
	static const u8 expected[NFLOG_DONE] = { 20, 0, 0, 0, 3, [18] = 0x12, 0x34 };

	(void)state;
	assert_int_equal(nflog_done(0x1234, message), NFLOG_DONE);
	assert_memory_equal(message, expected, NFLOG_DONE);
}

/* What each of three limits leaves of a packet of 65536 bytes. */
static void test_sizes(void **state)
{
	static const struct { u32 captured, copy, size; bool limited; u32 left; } cases[] = {
		{ 65536, NFLOG_COPY_MAX, 0, false, 65531 },
		{ 65536, UINT32_MAX, 0, false, 65531 },
		{ 65536, UINT32_MAX, UINT32_MAX, true, 65531 },
		{ 65536, 100, 0, false, 100 },
		{ 65536, 100, 20, true, 20 },
		{ 65536, 10, 20, true, 10 },
		{ 65536, 100, 0, true, 0 },
		{ 65536, 0, 0, false, 0 },
		{ 40, 100, 60, true, 40 },
		{ 0, 100, 60, true, 0 },
	};
	struct answer_record *r = full_record();

	(void)state;
	memset(r->rule.prefix, 'x', ANSWER_PREFIX);	/* never read beyond its end */
	r->mac_len = 255;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nflog_how how = { .copy = cases[i].copy };
		size_t len;

		r->len = r->captured = cases[i].captured;
		r->rule.size = cases[i].size;
		r->rule.flags = cases[i].limited ? ANSWER_NFLOG_SIZE : 0;
		assert_int_equal(nflog_payload(r, how.copy), cases[i].left);
		len = nflog_encode(r, &how, message);
		assert_in_range(len, cases[i].left, cases[i].left + 512);
		assert_int_equal(len % 4, 0);
		assert_in_range(pcapng_packet(r, REAL, message), len, PCAPNG_PACKET_MAX);
	}
}

/* The devices of tunnels have no address, and their header is empty; what goes out has none. */
static void test_link(void **state)
{
	struct nflog_how how = { .copy = 0 };
	struct answer_record *r = full_record();
	size_t all = nflog_encode(r, &how, message);

	(void)state;
	r->in.type = 772;
	assert_int_equal(nflog_encode(r, &how, message), all);
	r->in.type = 65534;
	assert_int_equal(nflog_encode(r, &how, message), all - 16);
	r->mac_len = 0;
	assert_int_equal(nflog_encode(r, &how, message), all - 16 - 16);
	r->out = r->in;
	r->phys_out = r->phys_in;
	r->hook = 2;
	assert_int_equal(nflog_encode(r, &how, message), all - 16);
	r->in.index = 0;
	assert_int_equal(nflog_encode(r, &how, message), all - 52);
}

static u32 word(size_t offset)
{
	u32 value;

	memcpy(&value, message + offset, sizeof(value));
	return value;
}

/* Blocks fill what was returned, and each says its length twice. */
static size_t block(size_t at, u32 type)
{
	u32 len = word(at + 4);

	assert_int_equal(word(at), type);
	assert_int_equal(len % 4, 0);
	assert_int_equal(word(at + len - 4), len);
	return at + len;
}

static void test_blocks(void **state)
{
	size_t len = pcapng_section(message), second;

	(void)state;
	assert_in_range(len, 1, PCAPNG_SECTION_MAX);
	assert_int_equal(word(8), 0x1a2b3c4d);
	second = block(0, 0x0a0d0d0a);
	assert_int_equal(word(second + 8), 239);
	assert_int_equal(block(second, 1), len);

	len = pcapng_packet(full_record(), REAL, message);
	assert_int_equal(block(0, 6), len);
	assert_int_equal(((u64)word(12) << 32) + word(16), REAL);
	assert_int_equal(word(20), 148);
	assert_int_equal(word(24), 148);
	assert_memory_equal(message + 28, "\2\0\x12\x34\x08\0\1\0", 8);
	assert_memory_equal(message + 28 + 148, "\2\0\4\0\5\0\0\0\1\0\x22\0", 12);
	assert_memory_equal(message + 28 + 148 + 12, "in br0 out - physin eth0 physout -", 34);
}

static void test_listener(void **state)
{
	static const char text[] = "    5   5019     0 2 65531    100  1\n"
				   "    6 4294963199     2 1     0      7  2\n"
				   "junk\n7\n\n"
				   "    8    123     0 2 4294967295 99999999999  1\n"
				   "    9    -3      0 2 0 0 1\n"
				   "   10   55     0 2 96      0  1";
	struct nflog_listener l = nflog_listener_find(text, 5);

	(void)state;
	assert_int_equal(l.port, 5019);
	assert_int_equal(l.copy, 65531);
	assert_int_equal(l.timeout, 100);
	l = nflog_listener_find(text, 6);
	assert_int_equal(l.port, 4294963199);
	assert_int_equal(l.copy, 0);
	assert_int_equal(l.timeout, 7);
	l = nflog_listener_find(text, 8);
	assert_int_equal(l.copy, 65531);
	assert_int_equal(l.timeout, UINT32_MAX);
	assert_int_equal(nflog_listener_find(text, 10).copy, 96);
	assert_int_equal(nflog_listener_find(text, 7).port, 0);
	assert_int_equal(nflog_listener_find(text, 9).port, 0);
	assert_int_equal(nflog_listener_find(text, 65535).port, 0);
	assert_int_equal(nflog_listener_find("", 0).port, 0);
	assert_int_equal(nflog_listener_find("\n\n", 0).port, 0);
}

static void test_spec(void **state)
{
	static const struct { const char *text, *path; enum nflog_kind kind; u64 size; } good[] = {
		{ "netlink", NULL, NFLOG_NETLINK, 0 },
		{ "pcapng:/a", "/a", NFLOG_PCAPNG, 64 << 20 },
		{ "pcapng:1M:/run/a:b", "/run/a:b", NFLOG_PCAPNG, 1 << 20 },
		{ "pcapng:1048576:/a", "/a", NFLOG_PCAPNG, 1 << 20 },
		{ "pcapng:1024G:/a", "/a", NFLOG_PCAPNG, 1ULL << 40 },
		{ "pcapng:2048K:/a", "/a", NFLOG_PCAPNG, 2 << 20 },
		{ "unix:/run/nflog/socket", "/run/nflog/socket", NFLOG_UNIX, 0 },
	};
	static const char *const bad[] = {
		"", "netlink:", "Netlink", "pcapng", "pcapng:", "pcapng:a", "pcapng:1M", "udp:/x",
		"pcapng:1M:a", "pcapng:1023K:/a", "pcapng:1025G:/a", "pcapng:1M /a", "pcapng:/",
		"pcapng:99999999999999999999999:/a", "pcapng:M:/a", "pcapng:1MM:/a", "pcapng:/a/",
		"pcapng:-1:/a", "pcapng:1T:/a", "unix:", "unix:a", "unix:/", "unix:/.", "unix:/a/..",
		"unix:@x", "pcapng:999999999999999G:/a", "pcapng:1",
	};
	struct nflog_spec spec;
	char longest[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(nflog_spec_parse(good[i].text, &spec, NULL), 0);
		assert_int_equal(spec.kind, good[i].kind);
		assert_int_equal(spec.size, good[i].size);
		if (good[i].path)
			assert_string_equal(spec.path, good[i].path);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		if (nflog_spec_parse(bad[i], &spec, &err) != -22)
			fail_msg("%s is taken", bad[i]);
		assert_string_not_equal(err.msg, "");
		assert_string_not_equal(err.hint, "");
	}
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "unix:/", 6);
	longest[6 + 108] = 0;
	assert_int_equal(nflog_spec_parse(longest, &spec, NULL), -22);
	longest[6 + 107] = 0;
	assert_int_equal(nflog_spec_parse(longest, &spec, NULL), 0);
	memset(longest, '/', sizeof(longest));
	memcpy(longest, "pcapng:", 7);
	strcpy(longest + sizeof(longest) - 2, "x");
	assert_int_equal(nflog_spec_parse(longest, &spec, NULL), -22);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message), cmocka_unit_test(test_least),
		cmocka_unit_test(test_done), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_link), cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_listener), cmocka_unit_test(test_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

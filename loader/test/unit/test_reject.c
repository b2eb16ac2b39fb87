// SPDX-License-Identifier: GPL-2.0-only
#include "rejects.h"

static void expect(const char *hex)
{
	u8 want[1500];
	u32 n = test_unhex(hex, want, sizeof(want));

	assert_int_equal(build(), REJECT_SEND);
	assert_false(reply.source_wanted);
	assert_int_equal(reply.len, n);
	assert_memory_equal(reply.data, want, n);
}

static void test_reset4(void **state)
{
	(void)state;
	tcp4(SYN4);
	expect("45000028 00004000 40066ec7 0a010001 c0000207 "
	       "00500fa0 00000000 12345679 50140000 6b2a0000");
	assert_true(reply.reset);
	assert_int_equal(reply.limits, 0);
	assert_memory_equal(reply_destination(&reply), t.r.data + 12, 4);
	/* ACK: at the number it acknowledges. */
	tcp4(SYN4)->data[33] = 0x12;
	expect("45000028 00004000 40066ec7 0a010001 c0000207 "
	       "00500fa0 9abcdef0 00000000 50040000 5a3a0000");
	/* Data that was not captured counts. */
	tcp4(SYN4)->len += 10;
	expect("45000028 00004000 40066ec7 0a010001 c0000207 "
	       "00500fa0 00000000 12345683 50140000 6b200000");
	/* A header that claims more than there is. */
	tcp4(SYN4)->data[32] = 0xf0;
	expect("45000028 00004000 40066ec7 0a010001 c0000207 "
	       "00500fa0 00000000 12345651 50140000 6b520000");
	settings.ttl = 9;
	tcp4(SYN4)->route_flags = 0;
	t.r.hook = HOOK_FORWARD;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.data[8], 9);
	sums_ok();
}

static void test_no_reset4(void **state)
{
	u32 i;

	(void)state;
	tcp4(SYN4)->data[33] = 0x04;
	none();
	tcp4(SYN4)->data[7] = 1;
	none();
	tcp4(SYN4)->data[6] = 0x20;
	assert_int_equal(build(), REJECT_SEND);
	tcp4(SYN4)->data[9] = 17;
	none();
	tcp4(SYN4)->flags |= RECORD_BAD_CHECKSUM;
	none();
	tcp4(SYN4)->flags = 0;
	none();
	tcp4(SYN4)->route_flags = 0x90000000;
	none();
	tcp4(SYN4)->route_flags = 0xa0000000;
	none();
	tcp4(SYN4)->data[12] = 0;
	none();
	tcp4(SYN4)->data[12] = 224;
	none();
	tcp4(SYN4)->data[12] = 239;
	none();
	memset(tcp4(SYN4)->data + 12, 255, 4);
	none();
	tcp4(SYN4)->data[12] = 240;
	assert_int_equal(build(), REJECT_SEND);
	tcp4(SYN4)->data[0] = 0x46;
	none();
	tcp4(SYN4)->data[0] = 0x44;
	none();
	tcp4(SYN4)->data[0] = 0x55;
	none();
	for (i = 0; i < 40; i++) {
		tcp4(SYN4)->captured = i;
		none();
	}
}

static void test_error4(void **state)
{
	static const u8 codes[] = { 0, 1, 2, 3, 0, 9, 10, 0, 13 };
	unsigned int type;

	(void)state;
	for (type = 0; type < sizeof(codes); type++) {
		if (type == 4 || type == REJECT4_TCP_RESET)
			continue;
		udp4(UDP4)->rule.type = (u8)type;
		assert_int_equal(build(), REJECT_SEND);
		assert_int_equal(reply.len, 56);
		assert_int_equal(reply.data[20], 3);
		assert_int_equal(reply.data[21], codes[type]);
		assert_memory_equal(reply.data + 28, t.r.data, 28);
		assert_memory_equal(reply.data + 12, t.r.data + 16, 4);
		sums_ok();
	}
	assert_int_equal(reply.limits, REPLY_LIMIT_ALL | REPLY_LIMIT_HOST);
	udp4(SYN4)->rule.type = REJECT4_NET_UNREACHABLE;
	t.r.route_flags = 0;
	t.r.hook = HOOK_FORWARD;
	assert_int_equal(build(), REJECT_SEND);
	reply_set_source(&reply, "\x0a\x01\x00\x01");
	assert_memory_equal(reply.data, "\x45\xc0\x00\x44\x00\x00\x00\x00\x40\x01\xad\xf0", 12);
	udp4(UDP4)->data[1] = 0xff;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.data[1], 0xde);
	assert_int_equal(reply.data[6], 0);
}

/* 576 bytes in all, and no more than there was. */
static void test_quote(void **state)
{
	struct answer_record *r;
	u32 n;

	(void)state;
	for (n = 28; n < 1500; n++) {
		r = udp4(UDP4);
		r->captured = r->len = n;
		r->data[n - 1] = 0x77;
		assert_int_equal(build(), REJECT_SEND);
		assert_int_equal(reply.len, n < 548 ? n + 28 : 576);
		sums_ok();
		r = udp6(UDP6);
		r->captured = r->len = n + 20;
		assert_int_equal(build(), REJECT_SEND);
		assert_int_equal(reply.len, n + 20 < 1232 ? n + 68 : 1280);
		assert_int_equal(reply.data[4] << 8 | reply.data[5], reply.len - 40);
		sums_ok();
	}
	udp4(UDP4)->len = 60000;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.len, 56);
}

static void test_no_error4(void **state)
{
	/* icmp_pointers[].error; 0 is an error, types above 18 are taken for one. */
	static const char errors[] = "0111111101111000000";
	unsigned int i;

	(void)state;
	for (i = 1; i < 7; i++) {
		udp4(UDP4)->pkt_type = (u8)i;
		none();
	}
	for (i = 0; i < 256; i++) {
		udp4(UDP4)->data[9] = 1;
		t.r.data[20] = (u8)i;
		assert_int_equal(build(),
				 i > 18 || errors[i] == '1' ? REJECT_NOT_DUE : REJECT_SEND);
	}
	t.r.data[20] = 8;
	t.r.captured = t.r.len = 20;
	none();
	udp4(UDP4)->data[6] = 0x1f;
	none();
	udp4(UDP4)->flags |= RECORD_BAD_CHECKSUM;
	none();
	udp4(UDP4)->flags = 0;
	none();
	udp4(UDP4)->route_flags |= 0x20000000;
	none();
	/* An IP header alone will do for others. */
	udp4(UDP4)->len = 20;
	t.r.captured = 20;
	assert_int_equal(build(), REJECT_SEND);
}

/* The kernel's own ICMP leaves while its socket is locked. */
static void test_locked4(void **state)
{
	(void)state;
	udp4(UDP4)->data[9] = 1;
	t.r.data[20] = 0;
	t.r.hook = HOOK_OUTPUT;
	none();
	t.r.flags |= RECORD_OWNER;
	assert_int_equal(build(), REJECT_SEND);
	t.r.flags &= (u8)~RECORD_OWNER;
	t.r.hook = HOOK_INPUT;
	assert_int_equal(build(), REJECT_SEND);
}

static void test_source4(void **state)
{
	(void)state;
	udp4(UDP4)->hook = HOOK_FORWARD;
	t.r.route_flags = 0;
	assert_int_equal(build(), REJECT_SEND);
	assert_memory_equal(reply.data + 12, "\0\0\0\0", 4);
	assert_false(reply.source_wanted);
	settings.inbound_ifaddr = true;
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.source_wanted);
	assert_int_equal(reply.source_device, 3);
	reply_set_source(&reply, "\x0a\x02\x00\x01");
	assert_false(reply.source_wanted);
	assert_memory_equal(reply.data + 12, "\x0a\x02\x00\x01", 4);
	sums_ok();
	reply_set_source(&reply, "\0\0\0\0");
	assert_memory_equal(reply.data + 12, "\xc0\0\0\x08", 4);
	sums_ok();
	t.r.hook = HOOK_OUTPUT;
	assert_int_equal(build(), REJECT_SEND);
	assert_false(reply.source_wanted);
}

static void test_mark(void **state)
{
	(void)state;
	udp4(UDP4)->mark = 7;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.mark, 0);
	settings.reflect_mark[RECORD_IPV4] = true;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.mark, 7);
	udp6(UDP6)->mark = 8;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.mark, 0);
	settings.reflect_mark[RECORD_IPV6] = true;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.mark, 8);
}

static void test_limits(void **state)
{
	(void)state;
	udp4(UDP4)->hook = HOOK_OUTPUT;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.limits, REPLY_LIMIT_ALL);
	udp6(UDP6)->hook = HOOK_OUTPUT;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.limits, 0);
	udp4(UDP4)->in.type = 772;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.limits, 0);
	udp6(UDP6)->in.type = 772;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.limits, 0);
	udp6(UDP6);
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.limits, REPLY_LIMIT_ALL | REPLY_LIMIT_HOST);
}

/* Options of the packet behind its header of 20 bytes, and what is returned. */
static const struct {
	const char *sent, *returned;
} options[] = {
	{ "01010101", "" },
	{ "94040000", "" },
	{ "070b0800 00000000 000000", "070b0c00 0000000a 01000100" },
	{ "070f0c0a 010001 00000000 00000000 00 00000000", "070f100a 010001 00000000 0a010001 00" },
	{ "07070b 0a010001 00", "07070b0a 01000100" },
	{ "440c0900 00000001 00000000", "440c0d00 00000001 00000000" },
	{ "440c0d00 00000001 00000002", "440c0d00 00000001 00000002" },
	{ "44140d01 0a010001 00000001 00000000 00000000",
	  "44141501 0a010001 00000001 0a010001 00000000" },
	{ "440c0503 c0000263 00000000", "440c0503 c0000263 00000000" },
	{ "01890b0c c0000232 c0000233", "890b04c0 000232c0 00020700" },
	{ "01830b0c c0000207 c0000233", "830704c0 00020700" },
	{ "01830708 c0000233", "830704c0 00020700" },
	{ "01830704 c0000233", "" },
	{ "86080000 00010000", "86080000 00010000" },
	{ "07040400", "" },
	/* Broken: the kernel takes a forged packet as one without options. */
	{ "07030000", "" },
	{ "07ff0400", "" },
	{ "44050400 00000000", "" },
	{ "07070400 00000001 07070400 00000000", "" },
};

static void test_options(void **state)
{
	u8 want[40];
	u32 n, m;
	size_t i;

	(void)state;
	settings.wall_offset = -5000000000LL;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		udp4(UDP4)->time = 5000000000ULL;
		n = test_unhex(options[i].sent, t.r.data + 20, 40);
		n = (n + 3) / 4 * 4;
		t.r.data[0] = (u8)(0x45 + n / 4);
		t.r.captured = t.r.len = 100;
		m = test_unhex(options[i].returned, want, 40);
		/* One that needs more room than it has. */
		if (!strcmp(options[i].sent, "07040400")) {
			none();
			continue;
		}
		assert_int_equal(build(), REJECT_SEND);
		assert_int_equal(reply.header_len, 20 + m);
		assert_int_equal(reply.data[0], 0x45 + m / 4);
		assert_memory_equal(reply.data + 20, want, m);
		assert_int_equal(reply.len, 28 + m + 100);
		sums_ok();
	}
}

static void test_option_time(void **state)
{
	(void)state;
	udp4(UDP4)->time = 1234567890ULL;
	test_unhex("440c0900 00000001 00000000", t.r.data + 20, 40);
	t.r.data[0] = 0x48;
	t.r.captured = t.r.len = 60;
	/* One ms before midnight, and then 1,234. */
	settings.wall_offset = 86400000000000LL * 20000 - 1000000;
	assert_int_equal(build(), REJECT_SEND);
	assert_memory_equal(reply.data + 28, "\0\0\x04\xd1", 4);
	settings.wall_offset = -1334567890LL;
	assert_int_equal(build(), REJECT_SEND);
	assert_memory_equal(reply.data + 28, "\x05\x26\x5b\x9c", 4);
}

/* A recorded route wants the source, which is to be found out. */
static void test_option_source(void **state)
{
	(void)state;
	udp4(UDP4)->hook = HOOK_FORWARD;
	t.r.route_flags = 0;
	test_unhex("44140d01 0a010001 00000001 00000000 00000000", t.r.data + 20, 40);
	test_unhex("070b0800 00000000 00000000", t.r.data + 40, 20);
	t.r.data[0] = 0x4d;
	t.r.captured = t.r.len = 60;
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.source_wanted);
	assert_int_equal(reply.source_device, 0);
	assert_int_equal(reply.nr_address, 2);
	reply_set_source(&reply, "\x0a\x09\x08\x07");
	assert_memory_equal(reply.data + 12, "\x0a\x09\x08\x07", 4);
	/* The route comes first. */
	assert_memory_equal(reply.data + 20, "\x07\x0b\x0c\0\0\0\0\x0a\x09\x08\x07\x44\x14\x15\x01",
			    15);
	assert_memory_equal(reply.data + 43, "\x0a\x09\x08\x07", 4);
	sums_ok();
}

static bool bad(u8 family, const char *hex, bool reset)
{
	u8 packet[200];
	u32 n = test_unhex(hex, packet, sizeof(packet));

	return checksum_bad(family, packet, n, reset);
}

static void test_checksum_bad(void **state)
{
	(void)state;
	assert_false(bad(0, SYN4, true));
	assert_false(bad(0, SYN4, false));
	assert_true(bad(
		0, "45000028 42420000 40066c85 c0000207 0a010001 " SYN_PORTS "50022001 d18f0000",
		true));
	/* The IP header is part of it. */
	assert_true(bad(
		0, "45000028 42430000 40066c85 c0000207 0a010001 " SYN_PORTS "50022000 d18f0000",
		true));
	/* UDP without a checksum, and others that have none of this kind. */
	assert_false(bad(0, UDP4, false));
	assert_true(bad(0, "45000018 00010000 40110000 c0000207 0a010001 0fa00035", false));
	assert_false(bad(0, "45000018 00010000 402f0000 c0000207 0a010001 0fa00035", false));
	assert_true(bad(0, "45000018 00010000 40fd0000 c0000207 0a010001 0fa00035", false));
	assert_true(bad(0, "45000014", false));
	assert_false(bad(1, UDP6, false));
	assert_true(bad(1, SYN6, true));
	assert_false(
		bad(1, "60000000 00140640 " SENDER6 HERE6 SYN_PORTS "50022000 72d60000", true));
	assert_true(bad(1, "60000000 00003b40 " SENDER6 HERE6, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reset4, reset_settings),
		cmocka_unit_test_setup(test_no_reset4, reset_settings),
		cmocka_unit_test_setup(test_error4, reset_settings),
		cmocka_unit_test_setup(test_quote, reset_settings),
		cmocka_unit_test_setup(test_no_error4, reset_settings),
		cmocka_unit_test_setup(test_locked4, reset_settings),
		cmocka_unit_test_setup(test_source4, reset_settings),
		cmocka_unit_test_setup(test_mark, reset_settings),
		cmocka_unit_test_setup(test_limits, reset_settings),
		cmocka_unit_test_setup(test_options, reset_settings),
		cmocka_unit_test_setup(test_option_time, reset_settings),
		cmocka_unit_test_setup(test_option_source, reset_settings),
		cmocka_unit_test_setup(test_checksum_bad, reset_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

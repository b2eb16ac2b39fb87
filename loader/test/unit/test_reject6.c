// SPDX-License-Identifier: GPL-2.0-only
#include "rejects.h"

static void test_reset6(void **state)
{
	(void)state;
	tcp6(SYN6);
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.reset);
	assert_int_equal(reply.len, 60);
	assert_memory_equal(reply.data, "\x60\0\0\0\0\x14\x06\x40", 8);
	assert_memory_equal(reply.data + 8, t.r.data + 24, 16);
	assert_memory_equal(reply.data + 24, t.r.data + 8, 16);
	assert_memory_equal(reply.data + 40, "\x00\x50\x0f\xa0\0\0\0\0\x12\x34\x56\x79\x50\x14\0\0",
			    16);
	sums_ok();
	reply_set_hop_limit(&reply, 3);
	assert_int_equal(reply.data[7], 3);
	sums_ok();
	t.r.data[53] = 0x11;
	t.r.len += 3;
	assert_int_equal(build(), REJECT_SEND);
	assert_memory_equal(reply.data + 44, "\x9a\xbc\xde\xf0\0\0\0\0\x50\x04\0\0", 12);
	sums_ok();
}

static void test_no_reset6(void **state)
{
	u32 i;

	(void)state;
	tcp6(SYN6)->data[53] = 4;
	none();
	tcp6(SYN6)->data[6] = 17;
	none();
	tcp6(SYN6)->data[8] = 0xff;
	none();
	tcp6(SYN6)->data[24] = 0xff;
	none();
	memset(tcp6(SYN6)->data + 8, 0, 16);
	none();
	t.r.data[23] = 1;
	assert_int_equal(build(), REJECT_SEND);
	/* A mapped IPv4 address is none that one can answer to. */
	t.r.data[18] = t.r.data[19] = 0xff;
	none();
	t.r.data[17] = 1;
	assert_int_equal(build(), REJECT_SEND);
	tcp6(SYN6)->flags |= RECORD_BAD_CHECKSUM;
	none();
	tcp6(SYN6)->data[0] = 0x40;
	none();
	for (i = 0; i < 60; i++) {
		tcp6(SYN6)->captured = i;
		none();
		t.r.len = i;
		none();
	}
	/* How the packet came does not matter. */
	tcp6(SYN6)->pkt_type = 1;
	assert_int_equal(build(), REJECT_SEND);
}

static void test_error6(void **state)
{
	static const int codes[] = { 0, 1, -1, 3, 4, -1, -1, 5, 6 };
	unsigned int type;

	(void)state;
	for (type = 0; type < 9; type++) {
		if (codes[type] < 0)
			continue;
		udp6(UDP6)->rule.type = (u8)type;
		assert_int_equal(build(), REJECT_SEND);
		assert_memory_equal(reply.data, "\x60\0\0\0\0\x38\x3a\x40", 8);
		assert_int_equal(reply.data[40], 1);
		assert_int_equal(reply.data[41], codes[type]);
		assert_memory_equal(reply.data + 44, "\0\0\0\0", 4);
		assert_memory_equal(reply.data + 48, t.r.data, 48);
		sums_ok();
	}
}

static void test_no_error6(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		udp6(UDP6)->data[6] = 58;
		t.r.data[40] = (u8)i;
		assert_int_equal(build(), i < 128 ? REJECT_NOT_DUE : REJECT_SEND);
	}
	udp6(UDP6)->pkt_type = 1;
	none();
	udp6(UDP6)->data[24] = 0xff;
	none();
	udp6(UDP6)->data[8] = 0xff;
	none();
	memset(udp6(UDP6)->data + 8, 0, 16);
	none();
	udp6(UDP6)->flags |= RECORD_BAD_CHECKSUM;
	none();
	/* Nothing behind the header. */
	udp6(UDP6)->len = 40;
	t.r.captured = 40;
	none();
	udp6(UDP6)->data[6] = 59;
	none();
	t.r.flags |= RECORD_PARTIAL;
	assert_int_equal(build(), REJECT_SEND);
}

/* Extension headers: next header and bytes; what comes of a TCP segment and an echo behind them. */
static const struct {
	u8 first;
	const char *headers;
	bool answered;
} chains[] = {
	{ 0, "3c000104 00000000 2b000104 00000000 NN00fd00 00000000", true },
	{ 60, "NN010000 00000000 00000000 00000000", true },
	{ 51, "NN010000 00000000 00000000", true },
	{ 44, "NN000000 00000001", true },
	{ 44, "NN000001 00000001", true },
	{ 44, "NN000006 00000001", true },
	{ 44, "NN000008 00000001", false },
	{ 60, "NN1f0000 00000000", false },
	{ 60, "3b000000 00000000", false },
};

static void chain(size_t i, const char *next, const char *transport)
{
	char hex[400] = "60000000 00140040 " SENDER6 HERE6, *at;

	strcat(strcat(hex, chains[i].headers), transport);
	at = strstr(hex, "NN");
	if (at)
		memcpy(at, next, 2);
	udp6(hex)->data[6] = chains[i].first;
}

static void test_chains(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		chain(i, "06", SYN_PORTS "50022000 00000000");
		assert_int_equal(build() == REJECT_SEND, chains[i].answered);
		t.r.rule.type = REJECT6_TCP_RESET;
		assert_int_equal(build() == REJECT_SEND, chains[i].answered);
		if (chains[i].answered)
			assert_memory_equal(reply.data + 48, "\x12\x34\x56\x79", 4);
		chain(i, "3a", "80000000 00000000");
		assert_int_equal(build() == REJECT_SEND, chains[i].answered);
		chain(i, "3a", "01000000 00000000");
		none();
		/* Captured no further than the chain: what follows is not known. */
		t.r.captured = 41;
		t.r.flags |= RECORD_PARTIAL;
		none();
	}
}

static void test_source6(void **state)
{
	static const u8 address[16] = "\xfd\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x05";

	(void)state;
	udp6(UDP6)->hook = HOOK_FORWARD;
	t.r.route_flags = 0;
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.source_wanted);
	assert_int_equal(reply.source_device, 3);
	reply_set_source(&reply, address);
	assert_memory_equal(reply.data + 8, address, 16);
	assert_false(reply.source_wanted);
	sums_ok();
	/* Anycast addresses are this host's, too. */
	t.r.route_flags = 0x00100000;
	assert_int_equal(build(), REJECT_SEND);
	assert_memory_equal(reply.data + 8, t.r.data + 24, 16);
	t.r.flags = 0;
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.source_wanted);
	udp6(UDP6)->hook = HOOK_OUTPUT;
	t.r.route_flags = 0;
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.source_wanted);
	assert_int_equal(reply.source_device, 0);
}

/* The kernel's own ICMPv6 leaves while its socket is locked; neighbour discovery has another. */
static void test_locked6(void **state)
{
	(void)state;
	udp6(UDP6)->data[6] = 58;
	t.r.data[40] = 129;
	t.r.hook = HOOK_OUTPUT;
	none();
	t.r.flags |= RECORD_OWNER;
	assert_int_equal(build(), REJECT_SEND);
	t.r.flags &= (u8)~RECORD_OWNER;
	t.r.data[40] = 136;
	assert_int_equal(build(), REJECT_SEND);
	t.r.data[40] = 129;
	t.r.hook = HOOK_INPUT;
	assert_int_equal(build(), REJECT_SEND);
}

static void test_scope(void **state)
{
	(void)state;
	udp6(UDP6);
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.oif_scope, 0);
	memcpy(t.r.data + 8, "\xfe\x80", 2);
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.oif_scope, 3);
	t.r.rule.type = REJECT6_TCP_RESET;
	tcp6(SYN6);
	memcpy(t.r.data + 8, "\xfe\xbf", 2);
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.oif_scope, 3);
	t.r.in.type = 772;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.oif_scope, 0);
	/* A link-local address of this host is none of the loopback device's. */
	udp6(UDP6)->in.type = 772;
	memcpy(t.r.data + 24, "\xfe\x80", 2);
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.source_wanted);
}

static void test_hop_limit(void **state)
{
	(void)state;
	strcpy(settings.device[0].name, "eth0");
	strcpy(settings.device[1].name, "lo");
	settings.device[0].hop_limit = 9;
	settings.device[1].hop_limit = 7;
	settings.nr_devices = 2;
	udp6(UDP6);
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.data[7], 9);
	strcpy(t.r.in.name, "eth1");
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.data[7], 64);
	t.r.hook = HOOK_OUTPUT;
	assert_int_equal(build(), REJECT_SEND);
	assert_int_equal(reply.data[7], 7);
}

/* The same for a flow, another for another flow and key; none for a RST. */
static void test_flow_label(void **state)
{
	u32 label[3];

	(void)state;
	settings.flow_labels = true;
	udp6(UDP6);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(build(), REJECT_SEND);
		label[i] = (u32)(reply.data[1] << 16 | reply.data[2] << 8 | reply.data[3]);
		assert_int_equal(reply.data[0], 0x60);
		assert_true(label[i] && label[i] < 1 << 20);
		settings.key += i == 1;
	}
	assert_int_equal(label[0], label[1]);
	assert_int_not_equal(label[0], label[2]);
	settings.flow_label_ranges = true;
	assert_int_equal(build(), REJECT_SEND);
	assert_true(reply.data[1] & 8);
	tcp6(SYN6);
	assert_int_equal(build(), REJECT_SEND);
	assert_memory_equal(reply.data, "\x60\0\0\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reset6, reset_settings),
		cmocka_unit_test_setup(test_no_reset6, reset_settings),
		cmocka_unit_test_setup(test_error6, reset_settings),
		cmocka_unit_test_setup(test_no_error6, reset_settings),
		cmocka_unit_test_setup(test_chains, reset_settings),
		cmocka_unit_test_setup(test_source6, reset_settings),
		cmocka_unit_test_setup(test_locked6, reset_settings),
		cmocka_unit_test_setup(test_scope, reset_settings),
		cmocka_unit_test_setup(test_hop_limit, reset_settings),
		cmocka_unit_test_setup(test_flow_label, reset_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

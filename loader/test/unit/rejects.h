/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_REJECTS_H
#define TEST_REJECTS_H

#include "answers.h"

#include "answer/checksum.h"
#include "answer/reject.h"

/*
 * Replies of REJECT. Whole packets that are expected are what Linux 6.18 sent for the same;
 * loader/test/answers/replies compares many more with the running kernel's.
 */
#define SYN4 "45000028 42420000 40066c85 c0000207 0a010001 " SYN_PORTS "50022000 d18f0000"
#define SYN_PORTS "0fa00050 12345678 9abcdef0 "
#define UDP4 "4500001c 00010000 40110000 c0000207 0a010001 0fa00035 00080000"
#define SENDER6 "20010db8 00000000 00000000 00000007 "
#define HERE6 "fd010000 00000000 00000000 00000001 "
#define SYN6 "60000000 00140640 " SENDER6 HERE6 SYN_PORTS "50022000 00000000"
#define UDP6 "60000000 00081140 " SENDER6 HERE6 "0fa00035 00080000"

static struct test_record t;
static struct reply reply;
static struct reject_settings settings;

static inline int reset_settings(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	settings.ttl = settings.hop_limit = 64;
	settings.key = 1;
	return 0;
}

static inline enum reject_result build(void)
{
	enum reject_result result;

	memset(&reply, 0xa5, sizeof(reply));
	assert_int_equal(record_check(&t.r, sizeof(t)), 0);
	result = reject_build(&t.r, &settings, &reply);
	if (result == REJECT_SEND) {
		assert_in_range(reply.len, 40, 1280);
		assert_int_equal(reply.family, t.r.family);
	}
	return result;
}

static inline void none(void)
{
	assert_int_equal(build(), REJECT_NOT_DUE);
}

static inline struct answer_record *tcp4(const char *packet)
{
	return test_reject(&t, RECORD_IPV4, REJECT4_TCP_RESET, HOOK_INPUT, packet);
}

static inline struct answer_record *udp4(const char *packet)
{
	return test_reject(&t, RECORD_IPV4, REJECT4_PORT_UNREACHABLE, HOOK_INPUT, packet);
}

static inline struct answer_record *tcp6(const char *packet)
{
	return test_reject(&t, RECORD_IPV6, REJECT6_TCP_RESET, HOOK_INPUT, packet);
}

static inline struct answer_record *udp6(const char *packet)
{
	return test_reject(&t, RECORD_IPV6, REJECT6_PORT_UNREACHABLE, HOOK_INPUT, packet);
}

static inline void sums_ok(void)
{
	bool six = reply.family == RECORD_IPV6;
	size_t from = six ? 40 : reply.header_len;
	u64 pseudo = checksum_pseudo(reply.family, reply.data + (six ? 8 : 12), reply.protocol,
				     (u32)(reply.len - from));

	if (!six) {
		assert_int_equal(checksum_end(checksum_add(0, reply.data, from)), 0);
		pseudo = reply.reset ? pseudo : 0;
	}
	assert_int_equal(checksum_end(checksum_add(pseudo, reply.data + from, reply.len - from)),
			 0);
}

#endif

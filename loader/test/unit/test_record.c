// SPDX-License-Identifier: GPL-2.0-only
#include "answers.h"

#include <errno.h>

#define UDP4 "4500001c 00010000 40110000 c0000207 0a010001 0fa00035 00080000"

static struct test_record t;

static struct answer_record *good(u8 kind)
{
	struct answer_record *r =
		test_reject(&t, RECORD_IPV4, REJECT4_PORT_UNREACHABLE, HOOK_INPUT, UDP4);

	r->rule.kind = kind;
	return r;
}

static int check(const struct answer_record *r)
{
	return record_check(r, sizeof(t));
}

static void test_accepts(void **state)
{
	u8 kind;

	(void)state;
	for (kind = ANSWER_REJECT; kind < ANSWER_KINDS; kind++)
		assert_int_equal(check(good(kind)), 0);
	good(ANSWER_LOG)->table = 1;
	t.r.hook = HOOK_PREROUTING;
	assert_int_equal(check(&t.r), 0);
}

static void test_sizes(void **state)
{
	struct answer_record *r = good(ANSWER_LOG);
	size_t least = offsetof(struct answer_record, data) + r->captured, size;

	(void)state;
	for (size = 0; size < least + 40; size++)
		assert_int_equal(record_check(r, size), size < least ? -EINVAL : 0);
	assert_int_equal(record_check(r, sizeof(*r) - 1), -EINVAL);
	r->captured = r->len + 1;
	assert_int_equal(check(r), -EINVAL);
	r->len = r->captured = ~0U;
	assert_int_equal(check(r), -EINVAL);
	r->captured = 0;
	assert_int_equal(check(r), 0);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(check(good(0)), -EINVAL);
	assert_int_equal(check(good(ANSWER_KINDS)), -EINVAL);
	good(ANSWER_LOG)->family = 2;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->table = 2;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->hook = HOOK_PREROUTING;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->hook = HOOK_POSTROUTING;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->hook = 200;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->rule.level = 8;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->rule.flags = 16;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->flags = 128;
	assert_int_equal(check(&t.r), -EINVAL);
	good(ANSWER_LOG)->ct_info = 9;
	assert_int_equal(check(&t.r), -EINVAL);
	/* REJECT is of the table filter only. */
	good(ANSWER_REJECT)->table = 1;
	t.r.hook = HOOK_OUTPUT;
	assert_int_equal(check(&t.r), -EINVAL);
}

static void test_types(void **state)
{
	/* What iptables can ask for. */
	static const u32 types[] = { 0x1ef, 0x1db };
	struct answer_record *r = good(ANSWER_REJECT);
	unsigned int type;

	(void)state;
	for (r->family = 0; r->family < 2; r->family++) {
		for (type = 0; type < 256; type++) {
			r->rule.type = (u8)type;
			assert_int_equal(check(r),
					 type < 32 && types[r->family] >> type & 1 ? 0 : -EINVAL);
		}
	}
}

static void test_strings(void **state)
{
	struct answer_record *r = good(ANSWER_NFLOG);
	char *const names[] = { r->in.name, r->out.name, r->phys_in.name, r->phys_out.name };
	size_t i;

	(void)state;
	memset(r->rule.prefix, 'x', sizeof(r->rule.prefix) - 1);
	assert_int_equal(check(r), 0);
	r->rule.prefix[ANSWER_PREFIX - 1] = 'x';
	assert_int_equal(check(r), -EINVAL);
	r->rule.prefix[0] = '\0';
	for (i = 0; i < 4; i++) {
		assert_int_equal(check(r), 0);
		memset(names[i], 'x', 16);
		assert_int_equal(check(r), -EINVAL);
		names[i][15] = '\0';
	}
}

static void test_mac(void **state)
{
	struct answer_record *r = good(ANSWER_LOG);

	(void)state;
	r->mac_len = 14;
	assert_int_equal(check(r), -EINVAL);
	r->flags |= RECORD_MAC;
	assert_int_equal(check(r), 0);
	r->mac_len = ANSWER_MAC;
	assert_int_equal(check(r), 0);
	r->mac_len++;
	assert_int_equal(check(r), -EINVAL);
}

static void test_at(void **state)
{
	struct answer_record *r = good(ANSWER_LOG);

	(void)state;
	assert_ptr_equal(record_at(r, 0, 28), r->data);
	assert_ptr_equal(record_at(r, 27, 1), r->data + 27);
	assert_non_null(record_at(r, 28, 0));
	assert_null(record_at(r, 28, 1));
	assert_null(record_at(r, 29, 0));
	assert_null(record_at(r, (size_t)-1, 2));
	assert_null(record_at(r, 2, (size_t)-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_types),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_mac),
		cmocka_unit_test(test_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

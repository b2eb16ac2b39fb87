/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "answer/record.h"
#include "rules/ruleset.h"

/* A record as the evaluator would write it, with its packet from hexadecimal digits. */
struct test_record {
	union {
		struct answer_record r;
		u8 space[RECORD_SIZE_1];
	};
};

static inline u32 test_unhex(const char *s, u8 *to, size_t size)
{
	unsigned int byte;
	u32 n = 0;

	for (; *s; s++) {
		if (*s == ' ')
			continue;
		assert_int_equal(sscanf(s, "%2x", &byte), 1);
		assert_true(n < size);
		to[n++] = (u8)byte;
		s++;
	}
	return n;
}

static inline struct answer_record *test_reject(struct test_record *t, u8 family, u8 type, u8 hook,
						const char *packet)
{
	struct answer_record *r = &t->r;

	memset(t, 0, sizeof(*t));
	r->rule.kind = ANSWER_REJECT;
	r->rule.type = type;
	r->family = family;
	r->hook = hook;
	r->flags = RECORD_ROUTE;
	r->route_flags = hook == HOOK_INPUT ? 0x80000000U : 0;
	if (hook != HOOK_OUTPUT) {
		strcpy(r->in.name, "eth0");
		r->in.index = 3;
		r->in.type = 1;
	}
	r->captured = test_unhex(packet, r->data, sizeof(t->space) - sizeof(*r));
	r->len = r->captured;
	return r;
}

#endif

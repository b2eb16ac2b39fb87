// SPDX-License-Identifier: GPL-2.0-only
/* REJECT, LOG and NFLOG: the section of answers (bpf/answer.h), compiled and validated. */
#include <errno.h>
#include <string.h>

#include "compile/check.h"
#include "rules/target.h"

/* Rules that say the same share one: many a chain ends with the same REJECT. */
uint32_t answer_act(struct builder *b, const struct target *t)
{
	struct image_answer answer;
	uint32_t offset = 0;

	memset(&answer, 0, sizeof(answer));
	t->ext->compile(&answer, t->data);
	b->features |= IMAGE_F_GROUP(OPS_ANSWER);
	if (store_add(&b->answer_store, &b->answers, &answer, sizeof(answer), &offset))
		b->answers.failed = -ENOMEM;
	return (answer.kind == ANSWER_REJECT ? ACT_REJECT : ACT_ANSWER) |
	       offset / (uint32_t)sizeof(answer) << ACT_SHIFT;
}

/* What an answer may say besides its kind; all else is 0. */
static bool answer_good(const struct image_answer *a)
{
	struct image_answer rest = *a;
	size_t len = strnlen(a->prefix, sizeof(a->prefix));

	/* A prefix with lines would forge lines of the kernel's log; parse_prefix() takes none. */
	if (len == sizeof(a->prefix) || (a->kind == ANSWER_LOG && memchr(a->prefix, '\n', len)))
		return false;
	rest.kind = 0;
	if (a->kind == ANSWER_REJECT) {
		rest.type = 0;
	} else if (a->kind == ANSWER_LOG) {
		if (a->level > 7 || a->flags & ~ANSWER_LOG_ALL)
			return false;
		rest.level = rest.flags = 0;
		memset(rest.prefix, 0, len);
	} else if (a->kind == ANSWER_NFLOG) {
		if (a->flags & ~ANSWER_NFLOG_SIZE || (a->size && !a->flags))
			return false;
		rest.flags = 0;
		rest.group = rest.threshold = 0;
		rest.size = 0;
		memset(rest.prefix, 0, len);
	} else {
		return false;
	}
	return !memcmp(&rest, &(struct image_answer){ 0 }, sizeof(rest));
}

int check_answers(struct check *c)
{
	uint32_t i;

	if (c->h->answers.count && !(c->h->features & IMAGE_F_GROUP(OPS_ANSWER)))
		return bad(c, "answers need a feature that is not on");
	for (i = 0; i < c->h->answers.count; i++)
		if (!answer_good(&c->answers[i]))
			return bad(c, "an answer");
	return 0;
}

bool act_answers(const struct check *c, uint32_t act)
{
	uint32_t number = act >> ACT_SHIFT;

	act &= ACT_MASK;
	if (act != ACT_REJECT && act != ACT_ANSWER)
		return true;
	return number < c->h->answers.count &&
	       (c->answers[number].kind == ANSWER_REJECT) == (act == ACT_REJECT);
}

bool answer_in_family(const struct check *c, uint32_t act, unsigned int family)
{
	static const uint32_t types[IMAGE_FAMILIES] = {
		1U << REJECT4_NET_UNREACHABLE | 1U << REJECT4_HOST_UNREACHABLE |
			1U << REJECT4_PROTO_UNREACHABLE | 1U << REJECT4_PORT_UNREACHABLE |
			1U << REJECT4_NET_PROHIBITED | 1U << REJECT4_HOST_PROHIBITED |
			1U << REJECT4_TCP_RESET | 1U << REJECT4_ADMIN_PROHIBITED,
		1U << REJECT6_NO_ROUTE | 1U << REJECT6_ADM_PROHIBITED |
			1U << REJECT6_ADDR_UNREACHABLE | 1U << REJECT6_PORT_UNREACHABLE |
			1U << REJECT6_TCP_RESET | 1U << REJECT6_POLICY_FAIL |
			1U << REJECT6_REJECT_ROUTE,
	};
	uint8_t type;

	if ((act & ACT_MASK) != ACT_REJECT)
		return true;
	type = c->answers[act >> ACT_SHIFT].type;
	return type < 32 && types[family] >> type & 1;
}

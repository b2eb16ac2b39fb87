// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <string.h>

#include "answer/record.h"
#include "rules/ruleset.h"

#define BIT(n) (1U << (n))

#define RECORD_FLAGS                                                                       \
	(RECORD_MAC | RECORD_OWNER | RECORD_BAD_CHECKSUM | RECORD_ROUTE | RECORD_PARTIAL | \
	 RECORD_BRIDGED)
/* struct answer_record.ct_info: three bits, or none. */
#define CT_INFO_NONE 8U

/* By table: where its chains are. */
static const u32 hooks[IMAGE_TABLES] = {
	BIT(HOOK_INPUT) | BIT(HOOK_FORWARD) | BIT(HOOK_OUTPUT),
	BIT(HOOK_PREROUTING) | BIT(HOOK_OUTPUT),
};

/* By family: what REJECT can be asked for. */
static const u32 reject_types[IMAGE_FAMILIES] = {
	BIT(REJECT4_NET_UNREACHABLE) | BIT(REJECT4_HOST_UNREACHABLE) |
		BIT(REJECT4_PROTO_UNREACHABLE) | BIT(REJECT4_PORT_UNREACHABLE) |
		BIT(REJECT4_NET_PROHIBITED) | BIT(REJECT4_HOST_PROHIBITED) |
		BIT(REJECT4_TCP_RESET) | BIT(REJECT4_ADMIN_PROHIBITED),
	BIT(REJECT6_NO_ROUTE) | BIT(REJECT6_ADM_PROHIBITED) | BIT(REJECT6_ADDR_UNREACHABLE) |
		BIT(REJECT6_PORT_UNREACHABLE) | BIT(REJECT6_TCP_RESET) | BIT(REJECT6_POLICY_FAIL) |
		BIT(REJECT6_REJECT_ROUTE),
};

static bool has(u32 set, unsigned int n)
{
	return n < 32 && set & BIT(n);
}

static bool terminated(const char *s, size_t size)
{
	return memchr(s, '\0', size);
}

static bool rule_ok(const struct answer_record *r)
{
	const struct image_answer *a = &r->rule;

	if (!terminated(a->prefix, sizeof(a->prefix)))
		return false;
	switch (a->kind) {
	case ANSWER_REJECT:
		/* reject_tg_check(): the table filter only (net/ipv4/netfilter/ipt_REJECT.c). */
		return has(reject_types[r->family], a->type) && r->table == 0;
	case ANSWER_LOG:
		return a->level <= 7 && !(a->flags & ~ANSWER_LOG_ALL);
	case ANSWER_NFLOG:
		return true;
	default:
		return false;
	}
}

int record_check(const struct answer_record *r, size_t size)
{
	const struct record_device *const devices[] = { &r->in, &r->out, &r->phys_in,
							&r->phys_out };
	size_t i;

	if (size < sizeof(*r) || r->captured > size - offsetof(struct answer_record, data) ||
	    r->captured > r->len)
		return -EINVAL;
	if (r->family >= IMAGE_FAMILIES || r->table >= IMAGE_TABLES ||
	    !has(hooks[r->table], r->hook) || !rule_ok(r))
		return -EINVAL;
	if (r->flags & ~RECORD_FLAGS || r->mac_len > ANSWER_MAC ||
	    (r->mac_len && !(r->flags & RECORD_MAC)) || r->ct_info > CT_INFO_NONE)
		return -EINVAL;
	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (!terminated(devices[i]->name, sizeof(devices[i]->name)))
			return -EINVAL;
	}
	return 0;
}

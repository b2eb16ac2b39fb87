/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/fields.h"

#include <string.h>

static void range_op(struct program *p, u32 code, u32 arg, struct op_range range, bool invert)
{
	u64 payload[sizeof(range) / sizeof(u64)];

	memcpy(payload, &range, sizeof(range));
	program_op(p, code, invert ? OP_INVERT : 0, arg, payload, sizeof(range) / sizeof(u64));
}

void field_meta(struct program *p, enum image_meta meta, u32 mask, u32 lo, u32 hi, bool invert)
{
	range_op(p, OP_META, meta, (struct op_range){ mask, lo, hi, 0 }, invert);
}

void field_ip_word(struct program *p, u32 offset, u32 mask, u32 lo, u32 hi, bool invert)
{
	range_op(p, OP_IP_WORD, offset, (struct op_range){ mask, lo, hi, 0 }, invert);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "compile/program.h"

#include <errno.h>
#include <string.h>

void program_op(struct program *p, enum image_opcode code, unsigned int flags, u32 arg,
		const u64 *payload, unsigned int words)
{
	struct image_op op = { .code = (u8)code, .flags = (u8)flags, .size = (u8)(words + 1),
			       .arg = arg };

	/* One place stays free for OP_END, in words and in ops. */
	if (p->len + words + 2 > sizeof(p->ops) / sizeof(p->ops[0]) ||
	    p->nr_ops + 2 > IMAGE_OPS_MAX) {
		p->failed = -E2BIG;
		return;
	}
	memcpy(&p->ops[p->len], &op, sizeof(op));
	if (words)
		memcpy(&p->ops[p->len + 1], payload, words * sizeof(*payload));
	p->len += words + 1;
	p->nr_ops++;
}

int program_ports(struct program *p, u16 sport_lo, u16 sport_hi, u16 dport_lo, u16 dport_hi)
{
	program_op(p, OP_L4, 0, 0, NULL, 0);
	if (p->l4) {
		/* A second transport match: the box is the first one's. */
		return 0;
	}
	p->l4 = 1;
	p->sport_lo = sport_lo;
	p->sport_hi = sport_hi;
	p->dport_lo = dport_lo;
	p->dport_hi = dport_hi;
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks that are cheaper in a trait than in a match program: fragments, TCP flags, states. What
 * drops a packet (OP_L4 on a header that is cut off) comes where it was written: a state
 * written before it is marked so, and anything else before it stays a program. Multiport needs less
 * of a header, so its program stays for those that are cut off (TRAIT_WHOLE_L4).
 */
#include "compile/internal.h"

#include <string.h>

#define STATES	(CT_INVALID | CT_ESTABLISHED | CT_RELATED | CT_NEW | CT_UNTRACKED)

/* A packet is in one of STATES; so a negation is the others. SNAT and DNAT come on top. */
static bool absorb_state(struct image_trait *t, const struct image_op *op)
{
	uint32_t mask = op->flags & OP_INVERT ? STATES & ~op->arg : op->arg;

	if (t->ct || !mask || (op->arg & ~STATES))
		return false;
	t->ct = (u16)mask;
	return true;
}

static bool absorb_flags(struct image_trait *t, const struct image_op *op)
{
	if (t->flags & (TRAIT_TCP | TRAIT_NOT_TCP))
		return false;
	t->flags |= TRAIT_TCP | (op->flags & OP_INVERT ? TRAIT_NOT_TCP : 0);
	t->tcp_mask = (u8)(op->arg >> 8);
	t->tcp_flags = (u8)op->arg;
	return true;
}

static bool absorb_op(struct image_trait *t, const struct image_op *op, unsigned int *nr_l4)
{
	switch (op->code) {
	case OP_PARSED:
	case OP_MULTIPORT:	/* the boxes say it */
		return true;
	case OP_L4:
		if (t->ct)
			t->flags |= TRAIT_CT_FIRST;
		return !(*nr_l4)++;
	case OP_TCP_FLAGS:
		return absorb_flags(t, op);
	case OP_CT_STATE:
		return absorb_state(t, op);
	case OP_FRAGMENT:
		t->flags |= op->flags & OP_INVERT ? TRAIT_WHOLE : TRAIT_FRAGMENT;
		return true;
	}
	return false;
}

bool trait_absorb(struct image_trait *t, const struct program *p)
{
	struct image_trait with = *t;
	unsigned int at = 0, nr_l4 = 0;
	struct image_op op;

	if (p->loose)
		return false;
	while (at < (p->stateful ? p->residual : p->len)) {
		memcpy(&op, &p->ops[at], sizeof(op));
		if (!absorb_op(&with, &op, &nr_l4))
			return false;
		at += op.size;
	}
	*t = with;
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "compile/program.h"

#include <errno.h>
#include <string.h>

void program_start(struct program *p, unsigned int max_boxes)
{
	p->len = 0;
	p->nr_ops = 0;
	p->features = 0;
	p->failed = 0;
	p->boxes[0] = (struct port_box){ 0, UINT16_MAX, 0, UINT16_MAX };
	p->nr_boxes = 1;
	p->max_boxes = max_boxes;
	p->l4 = false;
	p->multiport = false;
	p->loose = false;
	p->drops = false;
}

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
	if (code == OP_TCP_OPTION)
		p->drops = true;
}

static u16 larger(u16 a, u16 b)
{
	return a > b ? a : b;
}

static u16 smaller(u16 a, u16 b)
{
	return a < b ? a : b;
}

/* What two boxes have in common. */
static struct port_box common(const struct port_box *a, const struct port_box *b)
{
	return (struct port_box){
		larger(a->sport_lo, b->sport_lo), smaller(a->sport_hi, b->sport_hi),
		larger(a->dport_lo, b->dport_lo), smaller(a->dport_hi, b->dport_hi),
	};
}

bool program_narrow(struct program *p, const struct port_box *to, unsigned int n)
{
	struct port_box boxes[PROGRAM_BOXES], box;
	unsigned int i, j, count = 0;

	if (p->drops)
		return false;
	for (i = 0; i < p->nr_boxes; i++) {
		for (j = 0; j < n; j++) {
			box = common(&p->boxes[i], &to[j]);
			if (box.sport_lo > box.sport_hi || box.dport_lo > box.dport_hi)
				continue;
			if (count == p->max_boxes)
				return false;
			boxes[count++] = box;
		}
	}
	if (!count)
		return false;
	memcpy(p->boxes, boxes, count * sizeof(*boxes));
	p->nr_boxes = count;
	return true;
}

bool program_ports(struct program *p, u16 sport_lo, u16 sport_hi, u16 dport_lo, u16 dport_hi)
{
	const struct port_box box = { sport_lo, sport_hi, dport_lo, dport_hi };

	program_op(p, OP_L4, 0, 0, NULL, 0);
	p->l4 = true;
	return program_narrow(p, &box, 1);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "compile/program.h"

#include <errno.h>
#include <string.h>

#include "compile/ops.h"

void program_start(struct program *p, unsigned int max_boxes)
{
	p->len = 0;
	p->nr_ops = 0;
	p->features = 0;
	p->failed = 0;
	p->why = NULL;
	p->boxes[0] = (struct port_box){ 0, UINT16_MAX, 0, UINT16_MAX };
	p->nr_boxes = 1;
	p->max_boxes = max_boxes;
	p->l4 = false;
	p->multiport = false;
	p->loose = false;
	p->drops = false;
	p->stateful = false;
	p->residual = 0;
}

void program_op(struct program *p, unsigned int code, unsigned int flags, u32 arg,
		const u64 *payload, unsigned int words)
{
	const struct op_info *info = op_find(code);
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
	p->features |= op_features(&op);
	p->drops |= info && info->drops;
}

void program_stateful(struct program *p)
{
	if (p->stateful)
		return;
	p->stateful = true;
	p->residual = p->len;
	p->features |= IMAGE_F_RESIDUAL;
}

u32 program_cells(struct program *p, u32 n)
{
	u32 first = p->nr_cells;

	if (n > IMAGE_CELLS_MAX - first) {
		p->failed = -E2BIG;
		return 0;
	}
	p->nr_cells += n;
	return first;
}

u32 program_table(struct program *p, enum image_named_kind kind, const char *name,
		  unsigned int family, u32 cells, const u64 params[4])
{
	const struct image_named *t = (const void *)p->named->data;
	u32 i, count = (u32)(p->named->len / sizeof(*t));
	struct image_named new = { .kind = (u8)kind, .family = (u8)family, .count = cells };

	for (i = 0; i < count; i++)
		if (t[i].kind == kind && t[i].family == family && !strcmp(t[i].name, name))
			return i;
	strncpy(new.name, name, sizeof(new.name) - 1);
	memcpy(new.params, params, sizeof(new.params));
	if (cells > IMAGE_CELLS_MAX)
		p->failed = -E2BIG;
	buffer_add(p->named, &new, sizeof(new));
	if (p->named->failed)
		p->failed = -ENOMEM;
	return count;
}

void program_table_grow(struct program *p, u32 number, u32 cells, u64 param)
{
	struct image_named *t = (void *)p->named->data;

	if (p->failed)
		return;
	t += number;
	if (t->params[0] < param)
		t->params[0] = param;
	if (t->count < cells)
		t->count = cells;
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

	if (p->drops || p->stateful)
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

void program_l4(struct program *p)
{
	p->l4 |= !p->stateful && !p->drops;
}

bool program_ports(struct program *p, u16 sport_lo, u16 sport_hi, u16 dport_lo, u16 dport_hi)
{
	const struct port_box box = { sport_lo, sport_hi, dport_lo, dport_hi };

	program_op(p, OP_L4, 0, 0, NULL, 0);
	program_l4(p);
	return program_narrow(p, &box, 1);
}

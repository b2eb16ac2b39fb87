// SPDX-License-Identifier: GPL-2.0-only
/* One rule -> a leaf record (its box) and a match program for what a box cannot say. */
#include "compile/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/ext.h"

struct program_hash {
	uint32_t offset;		/* in the programs section */
	uint32_t words;			/* 0: free */
};

/* What both families' records share. */
struct box {
	uint32_t src[4], dst[4];	/* host order words */
	uint8_t src_len, dst_len;	/* prefix lengths */
	uint8_t in_lo, in_hi, out_lo, out_hi;
	uint8_t flags;
};

static void address_words(const uint8_t bytes[16], uint32_t words[4])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		memcpy(&words[i], bytes + 4 * i, 4);
		words[i] = ntohl(words[i]);
	}
}

/* Length of a prefix mask of @bits; -1: the mask has holes. */
static int prefix_length(const uint8_t mask[16], unsigned int bits)
{
	unsigned int i, len = 0;

	for (i = 0; i < bits; i++) {
		if (mask[i / 8] >> (7 - i % 8) & 1) {
			if (len != i)
				return -1;
			len = i + 1;
		}
	}
	return (int)len;
}

/*
 * An address: into the box if it is a prefix and not negated, else an op. A negated 0.0.0.0/0
 * matches nothing (ip_packet_match(): the masked addresses are equal, inverted).
 */
static void box_address(struct program *p, const struct address *a, bool invert, enum family f,
			bool source, uint32_t words[4], uint8_t *len)
{
	unsigned int bits = f == FAMILY_IPV4 ? 32 : 128;
	int prefix = prefix_length(a->mask, bits);
	unsigned int flags = invert ? OP_INVERT : 0;
	uint32_t payload[8];
	uint32_t mask[4];

	if (prefix == 0) {
		if (invert)
			program_op(p, OP_NEVER, 0, 0, NULL, 0);
		return;
	}
	address_words(a->value, words);
	if (prefix > 0 && !invert) {
		*len = (uint8_t)prefix;
		return;
	}
	address_words(a->mask, mask);
	memcpy(payload, words, sizeof(mask));
	memcpy(payload + 4, mask, sizeof(mask));
	if (f == FAMILY_IPV4) {
		payload[0] = mask[0];
		payload[1] = 0;
		program_op(p, source ? OP_SRC4 : OP_DST4, flags, words[0],
			   (const u64 *)(const void *)payload, 1);
	} else {
		program_op(p, source ? OP_SRC6 : OP_DST6, flags, 0,
			   (const u64 *)(const void *)payload, 4);
	}
	memset(words, 0, 4 * sizeof(*words));
}

/* An interface: its intervals into the box; an op if it is negated or beyond what a box can say. */
static void box_interface(struct program *p, const struct ifaces *ifaces, const struct interface *i,
			  bool invert, bool in, uint8_t *box_lo, uint8_t *box_hi)
{
	uint32_t lo, hi;

	*box_lo = 0;
	*box_hi = 255;
	if (!i->given)
		return;
	if (i->prefix && !i->name[0]) {
		/* "+" is any interface; ip_packet_match() finds "! +" never true */
		if (invert)
			program_op(p, OP_NEVER, 0, 0, NULL, 0);
		return;
	}
	p->features |= IMAGE_F_INTERFACES;
	ifaces_range(ifaces, i, &lo, &hi);
	if (!invert) {
		*box_lo = (uint8_t)(lo < 255 ? lo : 255);
		*box_hi = (uint8_t)(hi < 255 ? hi : 255);
	}
	/* 255 in a box means "255 and all behind": only an op can be more exact. */
	if (invert || hi >= 255)
		program_op(p, in ? OP_IN : OP_OUT, invert ? OP_INVERT : 0, lo << 16 | hi, NULL, 0);
}

/* The options every rule has, in the order of ip_packet_match() and ip6_packet_match(). */
static void box_basics(struct builder *b, struct program *p, struct box *box, const struct rule *r,
		       enum family f)
{
	box_address(p, &r->src, r->flags & RULE_INV_SRC, f, true, box->src, &box->src_len);
	box_address(p, &r->dst, r->flags & RULE_INV_DST, f, false, box->dst, &box->dst_len);
	box_interface(p, &b->ifaces, &r->in, r->flags & RULE_INV_IN, true, &box->in_lo,
		      &box->in_hi);
	box_interface(p, &b->ifaces, &r->out, r->flags & RULE_INV_OUT, false, &box->out_lo,
		      &box->out_hi);
	if (f == FAMILY_IPV6 && (r->flags & RULE_PROTO)) {
		box->flags |= BOX_PARSED;
		program_op(p, OP_PARSED, 0, 0, NULL, 0);
	}
	if (r->proto && (r->flags & RULE_INV_PROTO))
		program_op(p, OP_PROTO, OP_INVERT, r->proto, NULL, 0);
	else if (r->proto)
		box->flags |= BOX_PROTO;
	if (r->flags & RULE_FRAG)
		program_op(p, OP_FRAGMENT, r->flags & RULE_INV_FRAG ? OP_INVERT : 0, 0, NULL, 0);
}

static uint32_t program_key(const u64 *ops, uint32_t words)
{
	u64 h = words;
	uint32_t i;

	for (i = 0; i < words; i++)
		h = (h ^ ops[i]) * 0x9e3779b97f4a7c15ULL ^ h >> 29;
	return (uint32_t)(h >> 32);
}

static int programs_grow(struct builder *b)
{
	uint32_t cap = b->cap_seen ? b->cap_seen * 2 : 256, i, at;
	struct program_hash *table = calloc(cap, sizeof(*table)), *old;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < b->cap_seen; i++) {
		old = &b->seen[i];
		if (!old->words)
			continue;
		at = program_key((const u64 *)(void *)(b->programs.data + old->offset), old->words);
		while (table[at & (cap - 1)].words)
			at++;
		table[at & (cap - 1)] = *old;
	}
	free(b->seen);
	b->seen = table;
	b->cap_seen = cap;
	return 0;
}

/* Store a program, or find an equal one: thousands of rules differ in their boxes only. */
static int program_store(struct builder *b, struct program *p, uint32_t *check)
{
	struct program_hash *h;
	uint32_t at;

	program_op(p, OP_END, 0, 0, NULL, 0);
	if (p->failed)
		return p->failed;
	if (b->nr_seen * 2 >= b->cap_seen && programs_grow(b))
		return -ENOMEM;
	for (at = program_key(p->ops, p->len);; at++) {
		h = &b->seen[at & (b->cap_seen - 1)];
		if (!h->words)
			break;
		if (h->words == p->len &&
		    !memcmp(b->programs.data + h->offset, p->ops, p->len * sizeof(u64))) {
			*check = h->offset + 8;
			return 0;
		}
	}
	h->offset = (uint32_t)b->programs.len;
	h->words = p->len;
	b->nr_seen++;
	*check = h->offset + 8;
	buffer_add(&b->programs, p->ops, p->len * sizeof(u64));
	return b->programs.failed;
}

static void store4(struct builder *b, const struct box *x, const struct program *p,
		   const struct rule *r, uint32_t check)
{
	struct image_rule4 rule = {
		.src = x->src[0], .dst = x->dst[0],
		.sport_lo = p->sport_lo, .sport_hi = p->sport_hi,
		.dport_lo = p->dport_lo, .dport_hi = p->dport_hi,
		.src_shift = (u8)(32 - x->src_len), .dst_shift = (u8)(32 - x->dst_len),
		.proto = (u8)r->proto, .flags = x->flags,
		.in_lo = x->in_lo, .in_hi = x->in_hi, .out_lo = x->out_lo, .out_hi = x->out_hi,
		.id = r->number, .check = check,
	};

	buffer_add(&b->rules4, &rule, sizeof(rule));
}

static void store6(struct builder *b, const struct box *x, const struct program *p,
		   const struct rule *r, uint32_t check)
{
	struct image_rule6 rule = {
		.sport_lo = p->sport_lo, .sport_hi = p->sport_hi,
		.dport_lo = p->dport_lo, .dport_hi = p->dport_hi,
		.src_len = x->src_len, .dst_len = x->dst_len,
		.proto = (u8)r->proto, .flags = x->flags,
		.in_lo = x->in_lo, .in_hi = x->in_hi, .out_lo = x->out_lo, .out_hi = x->out_hi,
		.id = r->number, .check = check,
	};

	memcpy(rule.src, x->src, sizeof(rule.src));
	memcpy(rule.dst, x->dst, sizeof(rule.dst));
	buffer_add(&b->rules6, &rule, sizeof(rule));
}

static void program_reset(struct program *p)
{
	p->len = 0;
	p->nr_ops = 0;
	p->features = 0;
	p->failed = 0;
	p->l4 = 0;
	p->needed = 0;
	p->sport_lo = 0;
	p->sport_hi = 65535;
	p->dport_lo = 0;
	p->dport_hi = 65535;
}

int box_compile(struct builder *b, const struct rule *r, enum family f, struct error *err)
{
	const struct match *m;
	struct program p;
	struct box box = { 0 };
	uint32_t check = 0;
	int ret = 0;

	program_reset(&p);
	box_basics(b, &p, &box, r, f);
	for (m = r->matches; m && !ret; m = m->next) {
		if (m->ext->compile)
			ret = m->ext->compile(&p, m->data, r, f);
	}
	if (p.l4)
		box.flags |= BOX_L4;
	b->features |= p.features;
	if (!ret && p.needed)
		ret = program_store(b, &p, &check);
	if (!ret)
		ret = p.failed;
	if (ret == -E2BIG)
		return error_at(err, ret, r->origin.where ? r->origin.where : "", r->origin.line, 1,
				r->origin.text ? r->origin.text : "", r->origin.text_len,
				"this rule has too many matches");
	if (ret)
		return error_errno(err, ret, "compiling the rules");
	if (f == FAMILY_IPV4)
		store4(b, &box, &p, r, check);
	else
		store6(b, &box, &p, r, check);
	if (b->rules4.failed || b->rules6.failed)
		return error_errno(err, -ENOMEM, "compiling the rules");
	return 0;
}

void box_free(struct builder *b)
{
	free(b->seen);
	b->seen = NULL;
}

// SPDX-License-Identifier: GPL-2.0-only
/* One rule -> leaf records, their trait, and a match program for what these cannot say. */
#include "compile/internal.h"
#include "compile/layout.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/address.h"
#include "rules/ext.h"

/* What both families' records share. */
struct box {
	uint32_t src[4], dst[4];	/* host order words */
	uint8_t src_len, dst_len;	/* prefix lengths */
};

static void address_words(const uint8_t bytes[16], uint32_t words[4])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		memcpy(&words[i], bytes + 4 * i, 4);
		words[i] = ntohl(words[i]);
	}
}

/*
 * An address: into the box if it is a prefix and not negated, else an op. A negated 0.0.0.0/0
 * matches nothing (ip_packet_match(): the masked addresses are equal, inverted).
 */
static void box_address(struct program *p, const struct address *a, bool invert, enum family f,
			bool source, uint32_t words[4], uint8_t *len)
{
	int prefix = address_prefix(a, f);
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

/* An interface: its intervals. "+" is any interface; ip_packet_match() finds "! +" never true. */
static void box_interface(struct program *p, const struct ifaces *ifaces, const struct interface *i,
			  bool invert, u16 *trait_lo, u16 *trait_hi)
{
	uint32_t lo, hi;

	if (i->given && i->prefix && !i->name[0] && invert)
		program_op(p, OP_NEVER, 0, 0, NULL, 0);
	if (i->given && !(i->prefix && !i->name[0]))
		p->features |= IMAGE_F_INTERFACES;
	ifaces_range(ifaces, i, &lo, &hi);
	*trait_lo = (u16)lo;
	*trait_hi = (u16)hi;
}

/* "! -i +" is a program; its intervals are all of them, and must not be inverted. */
static bool inverted(const struct interface *i, bool invert)
{
	return invert && i->given && !(i->prefix && !i->name[0]);
}

/* The options every rule has, in the order of ip_packet_match() and ip6_packet_match(). */
static void box_basics(struct builder *b, struct program *p, struct box *box,
		       struct image_trait *t, const struct rule *r, enum family f)
{
	box_address(p, &r->src, r->flags & RULE_INV_SRC, f, true, box->src, &box->src_len);
	box_address(p, &r->dst, r->flags & RULE_INV_DST, f, false, box->dst, &box->dst_len);
	box_interface(p, &b->ifaces, &r->in, r->flags & RULE_INV_IN, &t->in_lo, &t->in_hi);
	box_interface(p, &b->ifaces, &r->out, r->flags & RULE_INV_OUT, &t->out_lo, &t->out_hi);
	if (inverted(&r->in, r->flags & RULE_INV_IN))
		t->flags |= TRAIT_NOT_IN;
	if (inverted(&r->out, r->flags & RULE_INV_OUT))
		t->flags |= TRAIT_NOT_OUT;
	if (trait_names_interface(t))
		t->flags |= TRAIT_INTERFACE;
	if (f == FAMILY_IPV6 && (r->flags & RULE_PROTO)) {
		t->flags |= TRAIT_PARSED;
		program_op(p, OP_PARSED, 0, 0, NULL, 0);
	}
	if (r->proto && (r->flags & RULE_INV_PROTO))
		program_op(p, OP_PROTO, OP_INVERT, r->proto, NULL, 0);
	else if (r->proto)
		t->flags |= TRAIT_PROTO;
	if (t->flags & TRAIT_PROTO)
		t->proto = (u8)r->proto;
	if (r->flags & RULE_FRAG)
		program_op(p, OP_FRAGMENT, r->flags & RULE_INV_FRAG ? OP_INVERT : 0, 0, NULL, 0);
}

/* What is in p->ops from @from on becomes a program in the image; *program: as in a trait. */
static int store_program(struct builder *b, struct program *p, unsigned int from, u32 *program)
{
	uint32_t offset;
	int ret;

	program_op(p, OP_END, 0, 0, NULL, 0);
	if (p->failed)
		return p->failed;
	ret = store_add(&b->program_store, &b->programs, p->ops + from,
			(p->len - from) * (uint32_t)sizeof(u64), &offset);
	*program = offset + 8;
	p->len = from;
	return ret;
}

/* The trait, and the program if the trait cannot check it all. */
static int trait_finish(struct builder *b, struct image_trait *t, struct program *p,
			uint32_t *number)
{
	uint32_t offset;
	bool absorbed;
	int ret = 0;

	if (p->l4)
		t->flags |= TRAIT_L4;
	absorbed = trait_absorb(t, p);
	if (absorbed && p->multiport)
		t->flags |= TRAIT_WHOLE_L4;
	if (p->stateful)
		ret = store_program(b, p, p->residual, &t->residual);
	if (!ret && (!absorbed || p->multiport))
		ret = store_program(b, p, 0, &t->program);
	if (ret)
		return ret;
	ret = store_add(&b->trait_store, &b->traits, t, sizeof(*t), &offset);
	*number = offset / (uint32_t)sizeof(*t);
	return ret;
}

static void store4(struct builder *b, const struct box *x, const struct port_box *p,
		   const struct rule *r, uint32_t trait)
{
	struct image_rule4 rule = {
		.src = x->src[0], .dst = x->dst[0],
		.sport_lo = p->sport_lo, .sport_hi = p->sport_hi,
		.dport_lo = p->dport_lo, .dport_hi = p->dport_hi,
		.id = r->number,
		.rest = trait << RULE4_TRAIT | (32U - x->dst_len) << RULE4_SHIFT |
			(32U - x->src_len),
	};

	buffer_add(&b->rules4, &rule, sizeof(rule));
}

/* Bits of each half of an address that a prefix does not compare. */
static u8 high_bits(unsigned int len)
{
	return (u8)(len < 64 ? 64 - len : 0);
}

static u8 low_bits(unsigned int len)
{
	return (u8)(len < 64 ? 64 : 128 - len);
}

static void store6(struct builder *b, const struct box *x, const struct port_box *p,
		   const struct rule *r, uint32_t trait)
{
	struct image_rule6 rule = {
		.sport_lo = p->sport_lo, .sport_hi = p->sport_hi,
		.dport_lo = p->dport_lo, .dport_hi = p->dport_hi,
		.src_shift = { high_bits(x->src_len), low_bits(x->src_len) },
		.dst_shift = { high_bits(x->dst_len), low_bits(x->dst_len) },
		.id = r->number, .trait = trait,
	};

	memcpy(rule.src, x->src, sizeof(rule.src));
	memcpy(rule.dst, x->dst, sizeof(rule.dst));
	buffer_add(&b->rules6, &rule, sizeof(rule));
}

/* A record for each box; a small chain has no room for many. */
static void store(struct builder *b, const struct box *x, const struct program *p,
		  const struct rule *r, enum family f, uint32_t trait)
{
	unsigned int i;

	for (i = 0; i < p->nr_boxes; i++) {
		if (f == FAMILY_IPV4)
			store4(b, x, &p->boxes[i], r, trait);
		else
			store6(b, x, &p->boxes[i], r, trait);
	}
	b->room -= p->nr_boxes - 1;
}

static int box_error(const struct rule *r, int ret, const char *why, struct error *err)
{
	if (ret == -E2BIG)
		why = "this rule has too many matches";
	if (why)
		return error_at(err, ret, r->origin.where ? r->origin.where : "", r->origin.line, 1,
				r->origin.text ? r->origin.text : "", r->origin.text_len,
				"%s", why);
	return error_errno(err, ret, "compiling the rules");
}

static int box_unsupported(const struct rule *r, const struct match_ext *ext, struct error *err)
{
	return error_at(err, -ENOTSUP, r->origin.where ? r->origin.where : "", r->origin.line, 1,
			r->origin.text ? r->origin.text : "", r->origin.text_len,
			"unsupported match \"%s\": %s", ext->name, ext->unsupported);
}

int box_compile(struct builder *b, const struct rule *r, enum family f, uint32_t act,
		struct error *err)
{
	struct image_trait t = { .act = act };
	const struct match *m;
	struct program p;
	struct box box = { 0 };
	uint32_t trait = 0;
	int ret = 0;

	program_start(&p, b->room < PROGRAM_BOXES ? b->room + 1 : PROGRAM_BOXES);
	p.nr_cells = b->nr_cells;
	p.named = &b->named;
	box_basics(b, &p, &box, &t, r, f);
	for (m = r->matches; m && !ret; m = m->next) {
		if (m->ext->unsupported)
			return box_unsupported(r, m->ext, err);
		if (m->ext->compile)
			ret = m->ext->compile(&p, m->data, r, f);
	}
	b->features |= p.features;
	b->nr_cells = p.nr_cells;
	if (!ret)
		ret = p.failed;
	if (!ret)
		ret = trait_finish(b, &t, &p, &trait);
	if (ret)
		return box_error(r, ret, p.why, err);
	if (trait >= 1U << (32 - RULE4_TRAIT))
		return error_set(err, -E2BIG, "more than %u rules differ in more than addresses and ports",
				 (1U << (32 - RULE4_TRAIT)) - 1);
	store(b, &box, &p, r, f, trait);
	if (b->rules4.failed || b->rules6.failed)
		return error_errno(err, -ENOMEM, "compiling the rules");
	return 0;
}

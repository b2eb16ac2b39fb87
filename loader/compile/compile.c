// SPDX-License-Identifier: GPL-2.0-only
#include "compile/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#include "compile/internal.h"
#include "compile/sha256.h"

static const size_t capacities[IMAGE_CAPACITIES] = {
	IMAGE_CAPACITY_0, IMAGE_CAPACITY_1, IMAGE_CAPACITY_2, IMAGE_CAPACITY_3,
};

int image_capacity(size_t total)
{
	int i;

	for (i = 0; i < IMAGE_CAPACITIES; i++) {
		if (total <= capacities[i])
			return i;
	}
	return -1;
}

size_t image_capacity_bytes(int index)
{
	return capacities[index];
}

static uint32_t rule_act(const struct rule *r)
{
	static const uint8_t acts[] = {
		[TARGET_NONE] = ACT_CONTINUE,
		[TARGET_ACCEPT] = ACT_ACCEPT,
		[TARGET_DROP] = ACT_DROP,
		[TARGET_RETURN] = ACT_RETURN,
		[TARGET_JUMP] = ACT_JUMP,
		[TARGET_GOTO] = ACT_GOTO,
	};
	uint32_t act = acts[r->target];

	if (r->target == TARGET_JUMP || r->target == TARGET_GOTO)
		act |= r->target_chain->index << ACT_SHIFT;
	return act;
}

/* One chain: its record, and those of its rules. */
static int compile_chain(struct builder *b, const struct chain *c, enum family f, struct error *err)
{
	const struct buffer *leaves = f == FAMILY_IPV4 ? &b->rules4 : &b->rules6;
	size_t leaf_size = f == FAMILY_IPV4 ? sizeof(struct image_rule4) :
					      sizeof(struct image_rule6);
	struct image_chain chain = {
		.first = c->rules ? c->rules->number : 0,
		.count = c->nr_rules,
		.leaf = (uint32_t)(leaves->len / leaf_size),
		.nr_leaf = c->nr_rules,
		.policy = IMAGE_NONE,
		.policy_counter = IMAGE_NONE,
	};
	const struct rule *r;
	uint32_t act;
	int ret;

	if (c->hook != HOOK_NONE) {
		chain.policy = c->policy == TARGET_DROP ? 0 : 1;
		chain.policy_counter = b->nr_counters++;
	}
	buffer_add(&b->chains, &chain, sizeof(chain));
	for (r = c->rules; r; r = r->next) {
		act = rule_act(r);
		buffer_add(&b->acts, &act, sizeof(act));
		ret = box_compile(b, r, f, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int compile_chains(struct builder *b, struct ruleset *rs, struct error *err)
{
	const struct chain *c;
	unsigned int i;
	int ret;

	for (i = 0; i < FAMILY_TABLES; i++) {
		for (c = nth_table(rs, i)->chains; c; c = c->next) {
			ret = compile_chain(b, c, (enum family)(i / NR_TABLES), err);
			if (ret)
				return ret;
		}
	}
	if (b->chains.failed || b->acts.failed)
		return error_errno(err, -ENOMEM, "compiling the rules");
	return 0;
}

/* Put a section behind what is there; sections start at multiples of 8. */
static struct image_section place(size_t *size, size_t bytes, size_t count)
{
	struct image_section s = { .offset = (uint32_t)*size, .count = (uint32_t)count };

	*size += (bytes + 7) & ~(size_t)7;
	return s;
}

static void fill_header(struct image_header *h, const struct builder *b, struct ruleset *rs)
{
	const struct chain *c;
	int f, t, hook;

	h->magic = IMAGE_MAGIC;
	h->version = IMAGE_VERSION;
	h->header_size = sizeof(*h);
	h->features = b->features;
	h->families = rs->families;
	h->nr_counters = b->nr_counters;
	for (f = 0; f < NR_FAMILIES; f++) {
		for (t = 0; t < NR_TABLES; t++) {
			for (hook = 0; hook < NR_HOOKS; hook++)
				h->base[f][t][hook] = IMAGE_NONE;
			for (c = rs->tables[f][t].chains; c; c = c->next) {
				h->nr_rules[f][t] += c->nr_rules;
				if (c->hook != HOOK_NONE)
					h->base[f][t][c->hook] = c->index;
			}
		}
	}
}

static void copy(struct image *img, struct image_section s, const struct buffer *from)
{
	if (from->len)
		memcpy((char *)img->data + s.offset, from->data, from->len);
}

/* Lay the sections out in memory of their own. */
static int assemble(struct image *img, struct builder *b, struct ruleset *rs,
		    const struct buffer *text, const struct buffer *packed, struct error *err)
{
	size_t size = sizeof(struct image_header);
	struct image_header h = { 0 };

	fill_header(&h, b, rs);
	h.chains = place(&size, b->chains.len, b->nr_chains);
	h.trees = place(&size, 0, 0);
	h.nodes = place(&size, 0, 0);
	h.rules4 = place(&size, b->rules4.len, b->rules4.len / sizeof(struct image_rule4));
	h.rules6 = place(&size, b->rules6.len, b->rules6.len / sizeof(struct image_rule6));
	h.acts = place(&size, b->acts.len, b->nr_rules);
	h.programs = place(&size, b->programs.len, b->programs.len);
	h.residuals = place(&size, 0, 0);
	h.sets = place(&size, 0, 0);
	h.ifaces = place(&size, b->ifaces.count * sizeof(*b->ifaces.borders), b->ifaces.count);
	h.text = place(&size, packed->len, packed->len);
	h.text_size = (uint32_t)text->len;
	if (image_capacity(size + (size_t)h.nr_counters * sizeof(struct image_counter) + 64) < 0)
		return error_set(err, -E2BIG,
				 "the rules need %zu MiB; at most %u MiB are supported", size >> 20,
				 IMAGE_CAPACITY_3 >> 20);
	img->data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (img->data == MAP_FAILED) {
		img->data = NULL;
		return error_errno(err, -ENOMEM, "compiling the rules");
	}
	img->header = img->data;
	img->size = size;
	img->mapped = size;
	h.size = (uint32_t)size;
	sha256(text->data ? text->data : "", text->len, h.digest);
	*img->header = h;
	copy(img, h.chains, &b->chains);
	copy(img, h.rules4, &b->rules4);
	copy(img, h.rules6, &b->rules6);
	copy(img, h.acts, &b->acts);
	copy(img, h.programs, &b->programs);
	if (b->ifaces.count)
		memcpy((char *)img->data + h.ifaces.offset, b->ifaces.borders,
		       b->ifaces.count * sizeof(*b->ifaces.borders));
	copy(img, h.text, packed);
	img->header->checksum = image_checksum(img->header, size);
	return 0;
}

static int pack(struct buffer *out, const struct buffer *text, struct error *err)
{
	uLongf len = compressBound(text->len);

	if (text->len > UINT32_MAX)
		return error_set(err, -E2BIG, "the text of the rules is longer than 4 GiB");
	out->data = malloc(len);
	if (!out->data)
		return error_errno(err, -ENOMEM, "compiling the rules");
	out->cap = len;
	if (compress2((Bytef *)out->data, &len, (const Bytef *)(text->data ? text->data : ""),
		      text->len, Z_BEST_SPEED) != Z_OK)
		return error_errno(err, -ENOMEM, "compiling the rules");
	out->len = len;
	return 0;
}

int image_compile(struct ruleset *rs, struct image *img, struct error *err)
{
	struct buffer text = { 0 }, packed = { 0 };
	struct builder b = { 0 };
	int ret;

	memset(img, 0, sizeof(*img));
	ruleset_number(rs, &b.nr_chains, &b.nr_rules);
	b.nr_counters = b.nr_rules;
	ret = ruleset_depth(rs, b.nr_chains, err);
	if (!ret)
		ret = ifaces_collect(&b.ifaces, rs, err);
	if (!ret)
		ret = compile_chains(&b, rs, err);
	if (!ret)
		ret = text_make(&text, rs, err);
	if (!ret)
		ret = pack(&packed, &text, err);
	if (!ret)
		ret = assemble(img, &b, rs, &text, &packed, err);
	buffer_free(&text);
	buffer_free(&packed);
	buffer_free(&b.chains);
	buffer_free(&b.rules4);
	buffer_free(&b.rules6);
	buffer_free(&b.acts);
	buffer_free(&b.programs);
	ifaces_free(&b.ifaces);
	box_free(&b);
	return ret;
}

void image_free(struct image *img)
{
	if (img->mapped)
		munmap(img->data, img->mapped);
	memset(img, 0, sizeof(*img));
}

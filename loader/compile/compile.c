// SPDX-License-Identifier: GPL-2.0-only
#include "compile/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/answer.h"
#include "compile/forest.h"
#include "compile/internal.h"
#include "rules/sets.h"

/* So many rules from the top of each chain are counted in shards. */
#define HOT_RULES	64U
/* A chain that is so many times dearer than usual is worth a word. */
#define COST_WARN	10U

static const size_t capacities[IMAGE_CAPACITIES] = {
	IMAGE_CAPACITY_0, IMAGE_CAPACITY_1, IMAGE_CAPACITY_2,
	IMAGE_CAPACITY_3, IMAGE_CAPACITY_4, IMAGE_CAPACITY_5,
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

static uint32_t rule_act(struct builder *b, const struct rule *r)
{
	static const uint8_t acts[] = {
		[TARGET_NONE] = ACT_CONTINUE,
		[TARGET_ACCEPT] = ACT_ACCEPT,
		[TARGET_DROP] = ACT_DROP,
		[TARGET_RETURN] = ACT_RETURN,
		[TARGET_JUMP] = ACT_JUMP,
		[TARGET_GOTO] = ACT_GOTO,
	};
	uint32_t act;

	if (r->target == TARGET_EXT)
		return answer_act(b, r->target_ext);
	act = acts[r->target];
	if (r->target == TARGET_JUMP || r->target == TARGET_GOTO)
		act |= r->target_chain->index << ACT_SHIFT;
	return act;
}

/* The records of a chain: number @first + @list[i] (NULL: @first + i) is the next of the image. */
static void order_add(struct buffer *order, uint32_t first, const uint32_t *list, uint32_t n)
{
	uint32_t i, *to;

	if (buffer_room(order, n * sizeof(*to)))
		return;
	to = (uint32_t *)(void *)(order->data + order->len);
	for (i = 0; i < n; i++)
		to[i] = first + (list ? list[i] : i);
	order->len += n * sizeof(*to);
}

/* Trees and nodes, which count from the chain's first, into those of the image. */
static int place_forest(struct builder *b, struct image_chain *chain, struct forest *f)
{
	struct image_tree *trees = (struct image_tree *)(void *)f->trees.data;
	struct image_node *nodes = (struct image_node *)(void *)f->nodes.data;
	uint32_t first = (uint32_t)(b->nodes.len / sizeof(*nodes)), i;
	size_t nr_nodes = f->nodes.len / sizeof(*nodes);

	chain->tree = (uint32_t)(b->trees.len / sizeof(*trees));
	chain->nr_trees = (uint32_t)(f->trees.len / sizeof(*trees));
	chain->nr_leaf = (uint32_t)(f->records.len / sizeof(uint32_t));
	for (i = 0; i < chain->nr_trees; i++)
		trees[i].at += trees[i].nr_leaf ? chain->leaf : first;
	for (i = 0; i < nr_nodes; i++)
		nodes[i].base += nodes[i].kind == NODE_INNER ? first : chain->leaf;
	buffer_add(&b->trees, f->trees.data, f->trees.len);
	buffer_add(&b->nodes, f->nodes.data, f->nodes.len);
	return b->trees.failed || b->nodes.failed ? -ENOMEM : 0;
}

/* Say which chain costs more than ten times what so many rules usually do, and from where on. */
static void warn_cost(struct builder *b, const struct chain *c, const struct forest *forest,
		      uint32_t first)
{
	uint64_t typical = forest_typical(c->nr_rules), times = forest->worst / typical;
	const struct rule *r;
	int len;

	if (times < COST_WARN || times <= b->dear)
		return;
	b->dear = times;
	for (r = c->rules; r && r->number < first; r = r->next)
		;
	len = snprintf(b->warning, sizeof(b->warning),
		       "chain %s: a packet may cost %u times what %u rules usually do (about %u "
		       "ns), because the rules overlap", c->name, (unsigned int)times, c->nr_rules,
		       (unsigned int)forest->worst);
	if (len > 0 && (size_t)len < sizeof(b->warning) && r && r->origin.where)
		snprintf(b->warning + len, sizeof(b->warning) - (size_t)len,
			 "; most of it from %s:%u on", r->origin.where, r->origin.line);
}

/* The forest of a chain whose records are those from @first on. */
static int compile_forest(struct builder *b, struct image_chain *chain, uint32_t first,
			  const struct chain *c, enum family f)
{
	struct buffer *order = f == FAMILY_IPV4 ? &b->order4 : &b->order6;
	struct items it = {
		.rules4 = f == FAMILY_IPV4 ? (const struct image_rule4 *)
					     (const void *)b->rules4.data + first : NULL,
		.rules6 = f == FAMILY_IPV4 ? NULL : (const struct image_rule6 *)
						    (const void *)b->rules6.data + first,
		.traits = (const void *)b->traits.data,
		.count = chain->nr_leaf,
		.no_interfaces = !b->ifaces.count,
	};
	struct forest forest;
	int ret;

	if (it.count <= IMAGE_LEAF) {
		order_add(order, first, NULL, it.count);
		return order->failed;
	}
	ret = forest_build(&it, &forest);
	if (ret)
		return ret;
	warn_cost(b, c, &forest, forest.hard);
	ret = place_forest(b, chain, &forest);
	order_add(order, first, (const uint32_t *)(const void *)forest.records.data,
		  chain->nr_leaf);
	forest_free(&forest);
	return ret ? ret : order->failed;
}

/* One chain: its record, those of its rules, and its forest. */
static int compile_chain(struct builder *b, const struct chain *c, enum family f, struct error *err)
{
	const struct buffer *records = f == FAMILY_IPV4 ? &b->rules4 : &b->rules6;
	const struct buffer *order = f == FAMILY_IPV4 ? &b->order4 : &b->order6;
	size_t size = f == FAMILY_IPV4 ? sizeof(struct image_rule4) : sizeof(struct image_rule6);
	uint32_t first = (uint32_t)(records->len / size);
	struct image_chain chain = {
		.first = c->rules ? c->rules->number : 0,
		.count = c->nr_rules,
		.leaf = (uint32_t)(order->len / sizeof(uint32_t)),
		.policy = IMAGE_NONE,
		.policy_counter = IMAGE_NONE,
		.hot = b->nr_hot,
		.nr_hot = c->nr_rules < HOT_RULES ? c->nr_rules : HOT_RULES,
	};
	const struct rule *r;
	int ret;

	b->nr_hot += chain.nr_hot;
	/* A chain that can do without trees stays so. */
	b->room = c->nr_rules <= IMAGE_LEAF ? IMAGE_LEAF - c->nr_rules : UINT32_MAX;
	if (c->hook != HOOK_NONE) {
		chain.policy = c->policy == TARGET_DROP ? 0 : 1;
		chain.policy_counter = b->nr_counters++;
		b->nr_hot++;
	}
	for (r = c->rules; r; r = r->next) {
		ret = box_compile(b, r, f, rule_act(b, r), err);
		if (ret)
			return ret;
	}
	chain.nr_leaf = (uint32_t)(records->len / size) - first;
	if (compile_forest(b, &chain, first, c, f))
		return error_errno(err, -ENOMEM, "compiling the rules");
	buffer_add(&b->chains, &chain, sizeof(chain));
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
		if (i / NR_TABLES == FAMILY_IPV4)
			b->nr_cells4 = b->nr_cells;
	}
	if (b->chains.failed || b->answers.failed)
		return error_errno(err, -ENOMEM, "compiling the rules");
	return 0;
}

/*
 * The cells of named tables come behind those of rules: what a family's rules have does not depend
 * on which family was the first to name a table (inner_carry_state()).
 */
static int place_named(struct builder *b, struct error *err)
{
	struct image_named *n = (void *)b->named.data;
	size_t i, count = b->named.len / sizeof(*n);

	for (i = 0; i < count; i++) {
		if (n[i].count > IMAGE_CELLS_MAX - b->nr_cells)
			return error_set(err, -E2BIG, "the tables of recent and hashlimit need more "
					 "than %u entries", IMAGE_CELLS_MAX);
		n[i].first = b->nr_cells;
		b->nr_cells += n[i].count;
	}
	return 0;
}

/* Put a section behind what is there; sections start at multiples of 8. */
static struct image_section place(size_t *size, size_t bytes, size_t count)
{
	struct image_section s = { .offset = (uint32_t)*size, .count = (uint32_t)count };

	*size += (bytes + 7) & ~(size_t)7;
	return s;
}

static struct image_section place_records(size_t *size, const struct buffer *order, size_t record)
{
	size_t count = order->len / sizeof(uint32_t);

	return place(size, count * record, count);
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
	h->nr_ids = b->nr_rules;
	h->nr_counters = b->nr_counters;
	h->nr_hot = b->nr_hot;
	h->nr_state = b->nr_cells;
	h->nr_state4 = b->nr_cells4;
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

static void copy(void *to, struct image_section s, const struct buffer *from)
{
	if (from->len)
		memcpy((char *)to + s.offset, from->data, from->len);
}

/* Each record in its place in the order of its forest. */
static void copy4(void *image, const struct builder *b)
{
	struct image_rule4 *to = (void *)((char *)image + b->header.rules4.offset);
	const struct image_rule4 *from = (const void *)b->rules4.data;
	const uint32_t *order = (const void *)b->order4.data;
	uint32_t i;

	for (i = 0; i < b->header.rules4.count; i++)
		to[i] = from[order[i]];
}

static void copy6(void *image, const struct builder *b)
{
	struct image_rule6 *to = (void *)((char *)image + b->header.rules6.offset);
	const struct image_rule6 *from = (const void *)b->rules6.data;
	const uint32_t *order = (const void *)b->order6.data;
	uint32_t i;

	for (i = 0; i < b->header.rules6.count; i++)
		to[i] = from[order[i]];
}

/* Where the sections will be: the header. */
static int lay_out(struct builder *b, struct ruleset *rs, const struct text_task *text,
		   struct error *err)
{
	size_t size = sizeof(struct image_header), total;
	struct image_header *h = &b->header;

	fill_header(h, b, rs);
	h->chains = place(&size, b->chains.len, b->nr_chains);
	h->trees = place(&size, b->trees.len, b->trees.len / sizeof(struct image_tree));
	size = (size + 63) & ~(size_t)63;
	h->nodes = place(&size, b->nodes.len, b->nodes.len / sizeof(struct image_node));
	h->rules4 = place_records(&size, &b->order4, sizeof(struct image_rule4));
	h->rules6 = place_records(&size, &b->order6, sizeof(struct image_rule6));
	h->traits = place(&size, b->traits.len, b->traits.len / sizeof(struct image_trait));
	h->programs = place(&size, b->programs.len, b->programs.len);
	h->named = place(&size, b->named.len, b->named.len / sizeof(struct image_named));
	if (b->answers.len)
		h->answers = place(&size, b->answers.len,
				   b->answers.len / sizeof(struct image_answer));
	sets_place(b, &size);
	h->ifaces = place(&size, b->ifaces.count * sizeof(*b->ifaces.borders), b->ifaces.count);
	h->text = place(&size, text->packed.len, text->packed.len);
	h->text_size = text->size;
	memcpy(h->digest, text->digest, sizeof(h->digest));
	total = size + (size_t)h->nr_counters * sizeof(struct image_counter) +
		(size_t)h->nr_state * sizeof(struct image_cell) + 128 + IMAGE_SLACK;
	if (image_capacity(total) < 0)
		return error_set(err, -E2BIG,
				 "the rules need %zu bytes; at most %u are supported", total,
				 IMAGE_CAPACITY_MAX);
	h->size = (uint32_t)size;
	return 0;
}

void image_fill(const struct image *img, void *to)
{
	const struct builder *b = img->parts;
	const struct image_header *h = img->header;

	if (!b) {
		memcpy(to, img->data, img->size);
		return;
	}
	memcpy(to, h, sizeof(*h));
	copy(to, h->chains, &b->chains);
	copy4(to, b);
	copy6(to, b);
	copy(to, h->traits, &b->traits);
	copy(to, h->trees, &b->trees);
	copy(to, h->nodes, &b->nodes);
	copy(to, h->programs, &b->programs);
	copy(to, h->named, &b->named);
	copy(to, h->answers, &b->answers);
	sets_copy(to, b);
	if (b->ifaces.count)
		memcpy((char *)to + h->ifaces.offset, b->ifaces.borders,
		       b->ifaces.count * sizeof(*b->ifaces.borders));
	copy(to, h->text, &b->text);
	((struct image_header *)to)->checksum = image_checksum(to, img->size);
}

static int check_limits(const struct builder *b, struct error *err)
{
	_Static_assert(RULES_MAX == IMAGE_RULES_MAX, "one limit");
	if (b->nr_rules > IMAGE_RULES_MAX)
		return error_set(err, -E2BIG, "%u rules; at most %u are supported", b->nr_rules,
				 IMAGE_RULES_MAX);
	return 0;
}

static void builder_free(struct builder *b)
{
	buffer_free(&b->chains);
	buffer_free(&b->rules4);
	buffer_free(&b->rules6);
	buffer_free(&b->order4);
	buffer_free(&b->order6);
	buffer_free(&b->traits);
	buffer_free(&b->trees);
	buffer_free(&b->nodes);
	buffer_free(&b->programs);
	buffer_free(&b->named);
	buffer_free(&b->answers);
	buffer_free(&b->sets);
	buffer_free(&b->set_nodes);
	ifaces_free(&b->ifaces);
	store_free(&b->program_store);
	store_free(&b->trait_store);
	store_free(&b->answer_store);
	buffer_free(&b->text);
	free(b);
}

/* Everything but the last step; the text beside it. */
static int build(struct builder *b, struct ruleset *rs, struct error *err)
{
	struct text_task text;
	struct error text_err = { 0 };
	int ret, text_ret;

	ruleset_number(rs, &b->nr_chains, &b->nr_rules);
	b->nr_counters = b->nr_rules;
	ret = check_limits(b, err);
	if (!ret)
		ret = ruleset_depth(rs, b->nr_chains, err);
	if (!ret)
		ret = ifaces_collect(&b->ifaces, rs, err);
	if (ret)
		return ret;
	text_start(&text, rs, b->nr_rules + (rs->sets ? rs->sets->nr_records : 0));
	ret = sets_compile(b, rs, err);
	if (!ret)
		ret = compile_chains(b, rs, err);
	if (!ret)
		ret = place_named(b, err);
	text_ret = text_finish(&text, &text_err);
	if (!ret && text_ret) {
		ret = text_ret;
		*err = text_err;
	}
	if (!ret)
		ret = lay_out(b, rs, &text, err);
	b->text = text.packed;
	return ret;
}

int image_build(struct ruleset *rs, struct image *img, struct error *err)
{
	struct builder *b = calloc(1, sizeof(*b));
	int ret;

	memset(img, 0, sizeof(*img));
	if (!b)
		return error_errno(err, -ENOMEM, "compiling the rules");
	ret = build(b, rs, err);
	memcpy(img->warning, b->warning, sizeof(b->warning));
	if (ret) {
		builder_free(b);
		return ret;
	}
	img->parts = b;
	img->header = &b->header;
	img->size = b->header.size;
	return 0;
}

int image_try(struct ruleset *rs, char *warning, struct error *err)
{
	struct builder *b = calloc(1, sizeof(*b));
	int ret;

	if (!b)
		return error_errno(err, -ENOMEM, "compiling the rules");
	ret = build(b, rs, err);
	memcpy(warning, b->warning, IMAGE_WARNING);
	builder_free(b);
	return ret;
}

int image_compile(struct ruleset *rs, struct image *img, struct error *err)
{
	int ret = image_build(rs, img, err);
	void *data;

	if (ret)
		return ret;
	data = mmap(NULL, img->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED) {
		image_free(img);
		return error_errno(err, -ENOMEM, "compiling the rules");
	}
	image_fill(img, data);
	builder_free(img->parts);
	img->parts = NULL;
	img->header = img->data = data;
	img->mapped = img->size;
	return 0;
}

void image_free(struct image *img)
{
	if (img->mapped)
		munmap(img->data, img->mapped);
	if (img->parts)
		builder_free(img->parts);
	memset(img, 0, sizeof(*img));
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that an enemy made: every reference, count and order that the evaluator relies on is wrong
 * once, with a right checksum, and the validator has to refuse it. What it may let through is
 * judged: no error of the image, no crash.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "images.h"

/* An image, its tables, and how it was. */
struct victim {
	struct image img;
	void *good;
	struct image_header *h;
	struct image_chain *chains;
	struct image_tree *trees;
	struct image_node *nodes;
	struct image_rule4 *rules4;
	struct image_rule6 *rules6;
	struct image_trait *traits;
	struct image_op *ops;
	struct image_iface *ifaces;
	struct image_chain *input;		/* IPv4 INPUT, which has trees */
	struct image_node *root, *leaves, *leaf;	/* one of each kind, in its trees */
	struct image_tree *tree, *leaf_tree;
};

static void *section(const struct image *img, struct image_section s)
{
	return (char *)img->data + s.offset;
}

static struct image_node *node_of(struct victim *v, unsigned int kind)
{
	uint32_t i;

	for (i = 0; i < v->h->nodes.count; i++) {
		if (v->nodes[i].kind == kind)
			return &v->nodes[i];
	}
	fail_msg("no node of kind %u", kind);
	return NULL;
}

static int setup(void **state)
{
	struct victim *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->img = image_made();
	v->h = v->img.header;
	v->good = malloc(v->img.size);
	assert_non_null(v->good);
	memcpy(v->good, v->img.data, v->img.size);
	v->chains = section(&v->img, v->h->chains);
	v->trees = section(&v->img, v->h->trees);
	v->nodes = section(&v->img, v->h->nodes);
	v->rules4 = section(&v->img, v->h->rules4);
	v->rules6 = section(&v->img, v->h->rules6);
	v->traits = section(&v->img, v->h->traits);
	v->ops = section(&v->img, v->h->programs);
	v->ifaces = section(&v->img, v->h->ifaces);
	v->input = &v->chains[v->h->base[FAMILY_IPV4][TABLE_FILTER][HOOK_INPUT]];
	v->root = node_of(v, NODE_INNER);
	v->leaves = node_of(v, NODE_LEAVES);
	v->leaf = node_of(v, NODE_LEAF);
	v->tree = &v->trees[v->input->tree];
	for (v->leaf_tree = v->tree; !v->leaf_tree->nr_leaf;)
		v->leaf_tree++;
	*state = v;
	return 0;
}

static int teardown(void **state)
{
	struct victim *v = *state;

	image_free(&v->img);
	free(v->good);
	free(v);
	return 0;
}

static void must_refuse(struct victim *v, const char *what)
{
	if (!memcmp(v->img.data, v->good, v->img.size))
		fail_msg("%s: changes nothing", what);
	if (image_check(&v->img) != -EINVAL)
		fail_msg("%s: taken for good", what);
	memcpy(v->img.data, v->good, v->img.size);
}

static void must_be_harmless(struct victim *v, const char *what)
{
	unsigned int bad;

	if (image_check(&v->img))
		fail_msg("%s: refused", what);
	bad = image_run(&v->img, true);
	if (bad)
		fail_msg("%s: verdict %u", what, bad);
	memcpy(v->img.data, v->good, v->img.size);
}

/* Say what is changed, and the image is made good again afterwards. */
#define REFUSED(change)		do { change; must_refuse(v, #change); } while (0)
#define HARMLESS(change)	do { change; must_be_harmless(v, #change); } while (0)

static void sections(void **state)
{
	struct victim *v = *state;
	struct image_section *s;
	size_t i;

	for (i = 0; i < SECTIONS; i++) {
		s = image_section(&v->img, i);
		REFUSED(s->offset = (uint32_t)v->img.size + 8);
		REFUSED(s->offset = UINT32_MAX - 7);
		REFUSED(s->offset += 4);
		REFUSED(s->offset = 0);
		REFUSED(s->offset = sizeof(struct image_header) - 8);
		REFUSED(s->count = UINT32_MAX);
		REFUSED(s->count = (uint32_t)((v->img.size - s->offset) /
					      section_kinds[i].record + 1));
	}
	REFUSED(v->h->residuals.count = 1);
	REFUSED(v->h->sets.count = 1);
	REFUSED(v->h->nr_state = 1);
}

static void header(void **state)
{
	struct victim *v = *state;

	REFUSED(v->h->magic++);
	REFUSED(v->h->size -= 8);
	REFUSED(v->h->size += 8);
	REFUSED(v->h->families |= 4);
	REFUSED(v->h->features |= IMAGE_F_RESIDUAL);
	REFUSED(v->h->features |= 1U << 31);
	REFUSED(v->h->total_size = 1);
	REFUSED(v->h->counters = 8);
	REFUSED(v->h->hot = 8);
	REFUSED(v->h->nr_shards = 1);
	REFUSED(v->h->shard_stride = 64);
	REFUSED(v->h->state = 8);
	REFUSED(v->h->loaded_at = 1);
	REFUSED(v->h->origin = IMAGE_ORIGIN_BOOT);
}

static void counts(void **state)
{
	struct victim *v = *state;
	uint32_t *rules = &v->h->nr_rules[0][0];

	REFUSED(rules[0]++);
	REFUSED(rules[0]--);
	/* As many modulo 2^32. */
	REFUSED((rules[0] += 0x80000000U, rules[1] += 0x80000000U));
	REFUSED((rules[0] += IMAGE_RULES_MAX, v->h->nr_ids += IMAGE_RULES_MAX,
		 v->h->nr_counters += IMAGE_RULES_MAX));
	REFUSED(v->h->nr_counters = v->h->nr_ids - 1);
	REFUSED(v->h->nr_counters = v->h->nr_ids + v->h->chains.count + 1);
	REFUSED(v->h->nr_counters = UINT32_MAX);
	REFUSED(v->h->nr_hot = v->h->nr_ids + v->h->chains.count + 1);
	REFUSED(v->h->nr_hot = UINT32_MAX);
	REFUSED(v->h->text_size = (1U << 30) + 1);
}

static void base_chains(void **state)
{
	struct victim *v = *state;
	uint32_t *base = v->h->base[FAMILY_IPV4][TABLE_FILTER];
	uint32_t user = base[HOOK_OUTPUT] + 1;

	assert_int_equal(v->chains[user].policy, IMAGE_NONE);
	REFUSED(base[HOOK_INPUT] = v->h->chains.count);
	REFUSED(base[HOOK_INPUT] = IMAGE_NONE - 1);
	REFUSED(base[HOOK_INPUT] = user);
	REFUSED(base[HOOK_INPUT] = base[HOOK_FORWARD]);
	REFUSED(v->input->policy = 2);
	REFUSED(v->input->policy_counter = v->h->nr_counters);
	REFUSED(v->input->policy_counter = v->h->nr_ids - 1);
	REFUSED(v->input->policy_counter = IMAGE_NONE);
	/* Without its base chain; the text still says that there is one, with a counter. */
	HARMLESS((base[HOOK_INPUT] = IMAGE_NONE, v->input->policy_counter = UINT32_MAX));
	HARMLESS((base[HOOK_INPUT] = IMAGE_NONE, v->input->policy_counter = v->h->nr_counters));
}

static void chains(void **state)
{
	struct victim *v = *state;

	REFUSED(v->input->first = v->h->nr_ids + 1);
	REFUSED(v->input->first = UINT32_MAX - 4);
	REFUSED(v->input->count = UINT32_MAX);
	REFUSED(v->input->count = v->h->nr_ids + 1);
	REFUSED(v->input->count = 3);
	REFUSED(v->input->nr_hot = v->input->count + 1);
	REFUSED(v->input->hot = v->h->nr_hot + 1);
	REFUSED(v->input->hot = v->h->nr_hot);
	REFUSED(v->input->hot = UINT32_MAX - 10);
	REFUSED(v->input->leaf = v->h->rules4.count + 1);
	REFUSED(v->input->leaf = v->h->rules4.count);
	REFUSED(v->input->leaf = UINT32_MAX);
	REFUSED(v->input->nr_leaf = UINT32_MAX);
	REFUSED(v->input->nr_leaf--);
	REFUSED(v->input->tree = v->h->trees.count);
	REFUSED(v->input->tree = UINT32_MAX);
	REFUSED(v->input->nr_trees = UINT32_MAX);
	REFUSED(v->input->nr_trees = v->h->trees.count + 1);
	/* More than a leaf, and no tree. */
	REFUSED(v->input->nr_trees = 0);
}

static void records(void **state)
{
	struct victim *v = *state;
	struct image_rule4 *r4 = &v->rules4[v->leaves->base];
	const uint32_t low = (1U << RULE4_TRAIT) - 1;

	REFUSED(r4->id = v->input->first + v->input->count);
	REFUSED(r4->id = v->input->first - 1);
	REFUSED(r4->id = UINT32_MAX);
	REFUSED(r4->rest = (r4->rest & low) | v->h->traits.count << RULE4_TRAIT);
	REFUSED(r4->rest |= ~low);
	REFUSED(r4->rest = (r4->rest & ~63U) | 33);
	REFUSED(r4->rest |= 63);
	REFUSED(r4->rest = (r4->rest & ~(63U << RULE4_SHIFT)) | 33U << RULE4_SHIFT);
	REFUSED(v->rules6->id = v->input->first);
	REFUSED(v->rules6->trait = v->h->traits.count);
	REFUSED(v->rules6->trait = UINT32_MAX);
	REFUSED(v->rules6->src_shift[0] = 65);
	REFUSED(v->rules6->dst_shift[1] = 65);
	REFUSED((v->rules6->dst_shift[0] = 1, v->rules6->dst_shift[1] = 63));
}

static void leaves_in_order(void **state)
{
	struct victim *v = *state;
	struct image_rule4 *r = &v->rules4[v->leaf_tree->at];
	struct image_tree *t = v->leaf_tree, last = v->tree[v->input->nr_trees - 1];

	REFUSED(t->nr_leaf = IMAGE_LEAF + 1);
	REFUSED(t->nr_leaf = UINT32_MAX);
	REFUSED(t->nr_leaf = 0x10001);		/* 1 in the 16 bits of a search */
	REFUSED(t->at = UINT32_MAX);
	REFUSED(t->at = UINT32_MAX - t->nr_leaf + 1);
	REFUSED(t->at = v->input->leaf + v->input->nr_leaf - t->nr_leaf + 1);
	REFUSED(t->at = v->input->leaf - 1);
	REFUSED(t->min_id = r->id + 1);
	REFUSED(t->max_id = r->id);
	REFUSED((r[0].id = r[1].id, r[1].id = r[0].id - 1));
	/* The order of the trees, which ends a search. */
	REFUSED(v->tree[1].min_id = v->tree[0].min_id - 1U);
	REFUSED((v->tree[v->input->nr_trees - 1] = v->tree[0], v->tree[0] = last));
	HARMLESS(t->max_id = UINT32_MAX);
	/* Two trees with the same records. */
	assert_int_not_equal(t[1].nr_leaf, 0);
	HARMLESS(t[1] = t[0]);
}

static void nodes(void **state)
{
	struct victim *v = *state;
	struct image_node *n = v->root, *child = &v->nodes[n->base];

	REFUSED(n->kind = NODE_LEAVES + 1);
	REFUSED(n->kind = 255);
	REFUSED(n->dim = DIM_COUNT);
	REFUSED(n->dim = 255);
	REFUSED(n->count = NODE_SPLITS + 1);
	REFUSED(n->count = 255);
	REFUSED(n->count++);
	REFUSED(n->count--);
	REFUSED(n->split[0] = n->split[1]);
	REFUSED(n->split[n->count - 1] = 0);
	REFUSED(n->base = (uint32_t)(n - v->nodes));	/* its own child */
	REFUSED(n->base = 0);
	REFUSED(n->base = v->h->nodes.count);
	REFUSED(n->base = v->h->nodes.count - n->count);
	REFUSED(n->base = UINT32_MAX);
	REFUSED(n->base = UINT32_MAX - n->count);
	REFUSED(n->base--);
	REFUSED(n->base++);
	REFUSED(n->min_id = child->min_id + 1);
	REFUSED(n->min_id = IMAGE_NONE);
	/* A child that is its own parent's parent. */
	REFUSED((child->kind = NODE_INNER, child->base = (uint32_t)(n - v->nodes)));
	REFUSED(v->tree->at = v->h->nodes.count);
	REFUSED(v->tree->at++);
	REFUSED(v->tree[1].at = v->tree[0].at);
	REFUSED(v->tree->min_id = v->nodes[v->tree->at].min_id + 1);
}

static void nodes_of_leaves(void **state)
{
	struct victim *v = *state;
	struct image_node *n = v->leaves, *l = v->leaf;

	REFUSED(n->count = NODE_CUTS + 1);
	REFUSED(n->count--);
	REFUSED(n->cut[0] = UINT32_MAX);
	REFUSED(n->cut[NODE_CUTS - 1] = n->cut[0]);
	REFUSED(n->off[0] = 255);
	REFUSED(n->off[n->count + 1] = (uint8_t)(n->off[n->count] + IMAGE_LEAF + 1));
	REFUSED(n->off[NODE_CUTS + 1]++);
	REFUSED(n->off[1] = (uint8_t)(n->off[2] + 1));
	REFUSED(n->base = UINT32_MAX);
	REFUSED(n->base = UINT32_MAX - 3);
	REFUSED(n->base = v->h->rules4.count);
	REFUSED(n->base += v->input->nr_leaf - 3);
	REFUSED(n->min_id = v->rules4[n->base].id + 1);
	REFUSED(l->count = IMAGE_LEAF + 1);
	REFUSED(l->count = 255);
	REFUSED(l->base = UINT32_MAX);
	REFUSED(l->base = v->input->leaf - 1);
	REFUSED(l->base = v->input->leaf + v->input->nr_leaf - l->count + 1);
	REFUSED(l->min_id = IMAGE_NONE);
	HARMLESS(l->count = 0);
}

/* The first nodes as one long way down: a node with one child, and so on. */
static void way(struct victim *v, uint32_t levels)
{
	uint32_t i;

	v->h->trees.count = 1;
	v->h->nodes.count = levels;
	for (i = 0; i < v->h->chains.count; i++) {
		if (v->chains[i].nr_trees > 0 && &v->chains[i] != v->input)
			v->chains[i].nr_leaf = 0;
		v->chains[i].nr_trees = &v->chains[i] == v->input;
	}
	*v->tree = (struct image_tree){ .at = 0, .max_id = UINT32_MAX };
	for (i = 0; i < levels; i++) {
		memset(&v->nodes[i], 0, sizeof(v->nodes[i]));
		memset(v->nodes[i].split, 0xff, sizeof(v->nodes[i].split));
		v->nodes[i].base = i + 1;
	}
	v->nodes[levels - 1].kind = NODE_LEAF;
	v->nodes[levels - 1].base = v->input->leaf;
}

static void long_ways(void **state)
{
	struct victim *v = *state;

	assert_int_equal(v->tree - v->trees, 0);
	HARMLESS(way(v, 2));
	HARMLESS(way(v, IMAGE_LEVELS));
	REFUSED(way(v, IMAGE_LEVELS + 1));
	REFUSED(way(v, IMAGE_LEVELS + 8));
}

/* The trait of a rule of this chain that does @act. */
static struct image_trait *acting(struct victim *v, const struct image_chain *c, uint32_t act)
{
	struct image_trait *t;
	uint32_t i;

	for (i = 0; i < c->nr_leaf; i++) {
		t = &v->traits[v->rules4[c->leaf + i].rest >> RULE4_TRAIT];
		if ((t->act & ACT_MASK) == act)
			return t;
	}
	fail_msg("no rule does %u", act);
	return NULL;
}

static void jumps(void **state)
{
	struct victim *v = *state;
	const uint32_t user = acting(v, v->input, ACT_GOTO)->act >> ACT_SHIFT;
	const uint32_t deep = acting(v, &v->chains[user], ACT_JUMP)->act >> ACT_SHIFT;
	struct image_trait *t = acting(v, v->input, ACT_JUMP);
	uint32_t i, other = IMAGE_NONE;

	for (i = 0; i < v->h->chains.count; i++) {
		if (v->chains[i].policy == IMAGE_NONE && i != user && i != deep)
			other = i;	/* of IPv6 */
	}
	REFUSED(t->act = v->h->chains.count << ACT_SHIFT | ACT_JUMP);
	REFUSED(t->act = 0xfffffff0U | ACT_GOTO);
	REFUSED(t->act = (uint32_t)(v->input - v->chains) << ACT_SHIFT | ACT_JUMP);
	REFUSED(t->act = other << ACT_SHIFT | ACT_JUMP);
	REFUSED(t->act = ACT_LAST + 1);
	REFUSED(t->act = ACT_MASK);
	/* Loops: of one chain, of two, of gotos. */
	t = acting(v, &v->chains[deep], ACT_RETURN);
	REFUSED(t->act = deep << ACT_SHIFT | ACT_JUMP);
	REFUSED(t->act = deep << ACT_SHIFT | ACT_GOTO);
	REFUSED(t->act = user << ACT_SHIFT | ACT_JUMP);
	REFUSED(t->act = user << ACT_SHIFT | ACT_GOTO);
}

static void traits(void **state)
{
	struct victim *v = *state;
	struct image_trait *t = v->traits;
	uint32_t i;

	for (i = 0; i < v->h->traits.count && !t->program; i++)
		t++;
	assert_true(i < v->h->traits.count);
	REFUSED(t->program++);
	REFUSED(t->program = 4);
	REFUSED(t->program = v->h->programs.count + 8);
	REFUSED(t->program = UINT32_MAX - 7);
	REFUSED(t->flags |= TRAIT_ALL + 1);
	REFUSED(t->ct |= 1U << 15);
	REFUSED(v->h->features &= ~IMAGE_F_CONNTRACK);
	REFUSED(v->h->features &= ~IMAGE_F_INTERFACES);
	REFUSED(v->h->features &= ~IMAGE_F_TCP_OPTIONS);
	REFUSED(t->ct = CT_SNAT);
}

static void programs(void **state)
{
	struct victim *v = *state;
	struct image_trait *t = v->traits;
	uint32_t words = v->h->programs.count / 8;

	while (!t->program)
		t++;
	assert_int_equal(v->ops[words - 1].code, OP_END);
	REFUSED(v->ops[0].code = OP_LAST + 1);
	REFUSED(v->ops[0].size = 0);
	REFUSED(v->ops[0].size++);
	REFUSED(v->ops[0].size = 255);
	REFUSED(v->ops[words - 1].code = OP_L4);
	/* Its payload would lie behind the end. */
	REFUSED((v->ops[words - 1].code = OP_SRC6, v->ops[words - 1].size = 5));
	REFUSED(v->h->programs.count -= 8);
	REFUSED(v->h->programs.count -= 4);
	/* Into the middle of a program. */
	REFUSED(t->program += v->ops[(t->program - 8) / 8].size * 8U);
	REFUSED((v->ops[0].code = OP_CT_STATE, v->ops[0].size = 1, v->ops[0].arg = CT_DNAT));
}

static void interfaces(void **state)
{
	struct victim *v = *state;

	assert_true(v->h->ifaces.count > 2);
	REFUSED(v->ifaces[1] = v->ifaces[0]);
	REFUSED(v->ifaces[0].hi = UINT64_MAX);
	REFUSED((v->ifaces[0].lo = 5, v->ifaces[1].hi = v->ifaces[0].hi, v->ifaces[1].lo = 4));
}

static struct image compiled(const struct buffer *text)
{
	struct rules_source src = { .where = "test", .families = FAMILY_BIT(FAMILY_IPV4),
				    .text = text->data, .len = text->len };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;

	ruleset_init(&rs);
	if (rules_parse(&rs, &src, &err) || ruleset_finish(&rs, &err) ||
	    image_compile(&rs, &img, &err))
		fail_msg("%s", err.msg);
	ruleset_free(&rs);
	assert_int_equal(image_check(&img), 0);
	return img;
}

/* As many jumps as may be pending, and a goto at the end: as a jump it is one too many. */
static void too_deep(void **state)
{
	struct buffer text = { 0 };
	struct image_trait *t;
	struct image img;
	unsigned int i;

	(void)state;
	buffer_puts(&text, "*filter\n:INPUT ACCEPT\n");
	for (i = 0; i <= IMAGE_STACK; i++)
		buffer_printf(&text, ":c%u -\n", i);
	buffer_puts(&text, "-A INPUT -j c0\n");
	for (i = 0; i < IMAGE_STACK; i++)
		buffer_printf(&text, "-A c%u %s c%u\n", i, i + 1 < IMAGE_STACK ? "-j" : "-g", i + 1);
	buffer_puts(&text, "COMMIT\n");
	img = compiled(&text);
	for (t = section(&img, img.header->traits); (t->act & ACT_MASK) != ACT_GOTO;)
		t++;
	t->act = (t->act & ~ACT_MASK) | ACT_JUMP;
	assert_int_equal(image_check(&img), -EINVAL);
	buffer_free(&text);
	image_free(&img);
}

/* Programs of 80 ops; without the ends of all but the last they are one that is too long. */
static void long_program(void **state)
{
	struct buffer text = { 0 };
	struct image_op *op;
	struct image img;
	uint32_t i, k;

	(void)state;
	buffer_puts(&text, "*filter\n:INPUT ACCEPT\n");
	for (k = 0; k < 4; k++) {
		buffer_puts(&text, "-A INPUT -p tcp");
		for (i = 0; i < 40; i++)
			buffer_printf(&text, " -m tcp --sport %u", k * 200 + i);
		buffer_puts(&text, "\n");
	}
	buffer_puts(&text, "COMMIT\n");
	img = compiled(&text);
	op = section(&img, img.header->programs);
	assert_true(img.header->programs.count / 8 > IMAGE_OPS_MAX);
	for (i = 0; i + 1 < img.header->programs.count / 8; i++)
		op[i].code = op[i].code == OP_END ? OP_L4 : op[i].code;
	assert_int_equal(image_check(&img), -EINVAL);
	buffer_free(&text);
	image_free(&img);
}

int main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sections), TEST(header), TEST(counts), TEST(base_chains), TEST(chains),
		TEST(records), TEST(leaves_in_order), TEST(nodes), TEST(nodes_of_leaves),
		TEST(long_ways), TEST(jumps), TEST(traits), TEST(programs), TEST(interfaces),
		cmocka_unit_test(too_deep), cmocka_unit_test(long_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

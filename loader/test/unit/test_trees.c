// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trees that an enemy made, with a right checksum: they lead outside, to each other, around or too
 * deep, and what they say of the rules below is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hostile.h"

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
	uint32_t i;

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
	/* More ways than there are leaves. */
	for (i = n->count; i < NODE_CUTS; i++)
		n->cut[i] = n->cut[i - 1] + 1;
	n->count = NODE_CUTS;
	memcpy(v->good, v->img.data, v->img.size);
	HARMLESS(v->h->digest[0]++);
	REFUSED(n->count++);
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
	/* Trees that are not there, or of two chains. */
	REFUSED((way(v, 2), v->input->tree = 1));
	REFUSED((way(v, 2), v->input[1].tree = 0, v->input[1].nr_trees = 1));
	/* A node without a parent. */
	REFUSED((way(v, 3), v->nodes[0].base = 2));
}

/* @count children of the first node, all of them empty leaves. */
static void fan(struct victim *v, uint32_t count)
{
	uint32_t i;

	way(v, 2);
	for (i = 0; i < count; i++) {
		v->nodes[1 + i] = (struct image_node){ .kind = NODE_LEAF, .min_id = IMAGE_NONE,
						       .base = v->input->leaf };
		if (i && i <= NODE_SPLITS)
			v->nodes[0].split[i - 1] = i;
	}
	v->nodes[0].count = (uint8_t)(count - 1);
	v->h->nodes.count = count + 1;
}

/* Records of the chain from @from on with ids in order, so that they could be one leaf. */
static void in_order(struct victim *v, uint32_t from, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		v->rules4[v->input->leaf + from + i].id = v->input->first + i;
	v->nodes[1].count = (uint8_t)count;
	v->nodes[1].base = v->input->leaf + from;
}

/* Two trees: the first has nodes 0 and 2, of which 2 is a leaf that lies outside. */
static void torn(struct victim *v)
{
	way(v, 3);
	v->h->trees.count = 2;
	v->input->nr_trees = 2;
	v->tree[1] = v->tree[0];
	v->tree[1].at = 1;
	v->nodes[0].base = 2;
	v->nodes[1].kind = NODE_LEAF;
	v->nodes[1].base = v->input->leaf;
	v->nodes[2].base = UINT32_MAX;
	v->nodes[2].count = 1;
}

static void made_by_hand(void **state)
{
	struct victim *v = *state;
	struct image_tree *k = v->leaf_tree;

	HARMLESS(fan(v, 2));
	HARMLESS(fan(v, NODE_SPLITS + 1));
	REFUSED(fan(v, NODE_SPLITS + 2));
	/* A leaf that is nobody's child. */
	REFUSED((fan(v, 2), v->nodes[3] = v->nodes[2], v->h->nodes.count++));
	/* One child fewer than it says. */
	REFUSED((fan(v, 3), v->h->nodes.count--));
	HARMLESS((way(v, 2), in_order(v, 0, IMAGE_LEAF)));
	HARMLESS((way(v, 2), in_order(v, v->input->nr_leaf - 3, 3)));
	REFUSED((way(v, 2), in_order(v, 0, IMAGE_LEAF + 1)));
	REFUSED(torn(v));
	/* Two trees with one root, and one less of a leaf. */
	REFUSED(memmove(v->tree + 1, v->tree, (size_t)(k - v->tree) * sizeof(*k)));
	REFUSED(v->leaf->kind = NODE_LEAVES + 1);
}

/* INPUT and FORWARD with a tree of their own each, and the same records. */
static void twins(struct victim *v)
{
	struct image_chain *forward = v->input + 1;

	way(v, 2);
	v->nodes[0] = v->nodes[1];
	v->h->trees.count = 2;
	v->tree[1] = v->tree[0];
	v->tree[1].at = 1;
	forward->tree = 1;
	forward->nr_trees = 1;
	forward->leaf = v->input->leaf;
	forward->nr_leaf = v->input->nr_leaf;
	forward->first = v->input->first;
	forward->count = v->input->count;
}

/* Rules that a chain has twice, or that another one has, or nobody. */
static void shared_records(void **state)
{
	struct victim *v = *state;
	struct image_chain *forward = v->input + 1;
	struct image_chain *raw = &v->chains[v->h->base[FAMILY_IPV4][TABLE_RAW][HOOK_PREROUTING]];
	uint32_t total = v->h->rules4.count;

	assert_int_equal(raw->leaf + raw->nr_leaf, total);
	/* Each may have them, all together would take too long to check. */
	REFUSED(twins(v));
	REFUSED((twins(v), forward->nr_leaf = 1, forward->tree = 0, v->h->trees.count = 1,
		 v->h->nodes.count = 1));
	/* One more than there are, where something that looks like a record lies behind. */
	memset(v->h->base[FAMILY_IPV6], 0xff, sizeof(v->h->base[FAMILY_IPV6]));
	forward->nr_leaf = 0;
	v->rules4[total] = v->rules4[total - 1];
	memcpy(v->good, v->img.data, v->img.size);
	HARMLESS(v->h->digest[0]++);
	REFUSED(raw->nr_leaf++);
	REFUSED(forward->first = v->h->nr_ids + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTILE(leaves_in_order), HOSTILE(nodes), HOSTILE(nodes_of_leaves),
		HOSTILE(long_ways), HOSTILE(made_by_hand), HOSTILE(shared_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

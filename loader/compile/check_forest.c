// SPDX-License-Identifier: GPL-2.0-only
/*
 * Are the trees of an image trees? The nodes of each lie in a row from its root on, children behind
 * their parent and with one parent only; no way is longer than the evaluator goes; what a node or
 * tree says of the ids below is so; leaves are sorted parts of their chain's records.
 */
#include <errno.h>

#include "compile/check.h"

static const struct image_tree *tree_at(const struct check *c, uint32_t i)
{
	return (const struct image_tree *)(const void *)((const char *)c->h + c->h->trees.offset) +
	       i;
}

static const struct image_node *node_at(const struct check *c, uint32_t i)
{
	return (const struct image_node *)(const void *)((const char *)c->h + c->h->nodes.offset) +
	       i;
}

/* Splits ascend, and what is not used is never below a packet's value. */
static bool splits_good(const uint32_t *split, uint32_t count, uint32_t max)
{
	uint32_t i;

	if (count > max)
		return false;
	for (i = 0; i < max; i++) {
		if (i >= count ? split[i] != UINT32_MAX : i && split[i] <= split[i - 1])
			return false;
	}
	return true;
}

static int check_inner(struct check *c, uint32_t i)
{
	const struct image_node *n = node_at(c, i);
	uint32_t q, child;

	if (!splits_good(n->split, n->count, NODE_SPLITS) || n->base <= i ||
	    n->base >= c->h->nodes.count || n->count >= c->h->nodes.count - n->base ||
	    c->levels[i] + 1 >= IMAGE_LEVELS)
		return bad(c, "a node");
	for (q = 0; q <= n->count; q++) {
		child = n->base + q;
		if (c->trees[child] || node_at(c, child)->min_id < n->min_id)
			return bad(c, "a node's child");
		c->trees[child] = c->trees[i];
		c->levels[child] = (uint8_t)(c->levels[i] + 1);
	}
	return 0;
}

/* Which tree a node is in is known before it is looked at: roots here, children from parents. */
int check_nodes(struct check *c)
{
	const struct image_node *n;
	uint32_t i, root;

	for (i = 0; i < c->h->trees.count; i++) {
		root = tree_at(c, i)->at;
		if (tree_at(c, i)->nr_leaf)
			continue;
		if (root >= c->h->nodes.count || c->trees[root])
			return bad(c, "a tree");
		c->trees[root] = i + 1;
	}
	for (i = 0; i < c->h->nodes.count; i++) {
		n = node_at(c, i);
		if (!c->trees[i] || n->kind > NODE_LEAVES || n->dim >= DIM_COUNT)
			return bad(c, "a node");
		if (c->levels[i] && c->trees[i] != c->trees[i - 1])
			return bad(c, "the order of the nodes");
		if (n->kind == NODE_INNER && check_inner(c, i))
			return -EINVAL;
	}
	return 0;
}

/* The records of a leaf: of the chain, ascending, none before @min or outside of the tree. */
static int check_leaf(struct check *c, const struct image_chain *chain, const struct image_tree *t,
		      uint32_t first, uint32_t count, uint32_t min)
{
	unsigned int family = c->family[chain - c->chains] - 1U;
	uint32_t i, id, last = min;

	if (count > IMAGE_LEAF || first < chain->leaf || first - chain->leaf > chain->nr_leaf ||
	    count > chain->nr_leaf - (first - chain->leaf))
		return bad(c, "a leaf");
	for (i = 0; i < count; i++) {
		id = record_id(c, family, first + i);
		if (id < last || (t && (id < t->min_id || id > t->max_id)))
			return bad(c, "the order of a leaf");
		last = id;
	}
	return 0;
}

static int check_leaves(struct check *c, const struct image_chain *chain,
			const struct image_tree *t, const struct image_node *n)
{
	uint32_t q;

	if (!splits_good(n->cut, n->count, NODE_CUTS))
		return bad(c, "a node");
	for (q = 0; q <= NODE_CUTS; q++) {
		if (n->off[q + 1] < n->off[q] || (q > n->count && n->off[q + 1] != n->off[q]) ||
		    check_leaf(c, chain, t, n->base + n->off[q],
			       (uint32_t)n->off[q + 1] - n->off[q], n->min_id))
			return bad(c, "a node's leaves");
	}
	return 0;
}

static int check_tree(struct check *c, const struct image_chain *chain, uint32_t number)
{
	const struct image_tree *t = tree_at(c, number);
	const struct image_node *n;
	uint32_t i;

	if (t->nr_leaf)
		return check_leaf(c, chain, t, t->at, t->nr_leaf, t->min_id);
	if (node_at(c, t->at)->min_id < t->min_id)
		return bad(c, "a tree");
	for (i = t->at; i < c->h->nodes.count && c->trees[i] == number + 1; i++) {
		n = node_at(c, i);
		if (n->kind == NODE_LEAF &&
		    check_leaf(c, chain, t, n->base, n->count, n->min_id))
			return -EINVAL;
		if (n->kind == NODE_LEAVES && check_leaves(c, chain, t, n))
			return -EINVAL;
	}
	return 0;
}

int check_forest(struct check *c, const struct image_chain *chain)
{
	uint32_t i;

	if (!chain->nr_trees)
		return check_leaf(c, chain, NULL, chain->leaf, chain->nr_leaf, chain->first);
	/* All chains together have no more than there are. */
	if (chain->tree > c->h->trees.count || chain->nr_trees > c->h->trees.count - chain->tree ||
	    chain->nr_trees > c->h->trees.count - c->nr_trees)
		return bad(c, "a chain's trees lie outside");
	c->nr_trees += chain->nr_trees;
	for (i = chain->tree; i < chain->tree + chain->nr_trees; i++) {
		if (i > chain->tree && tree_at(c, i)->min_id < tree_at(c, i - 1)->min_id)
			return bad(c, "the order of the trees");
		if (check_tree(c, chain, i))
			return -EINVAL;
	}
	return 0;
}

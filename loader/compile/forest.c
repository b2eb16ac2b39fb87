// SPDX-License-Identifier: GPL-2.0-only
/*
 * The forest of a chain (struct image_tree). A tree takes what falls wholly into one part at each
 * node; what crosses a cut goes on to the next tree. So a rule is stored once and memory is linear.
 *
 * Rules that overlap without end (random port ranges, short prefixes) would need a tree for every
 * few of them. Then the later trees may copy a rule to both sides of a cut, within a budget, and
 * drop it where an earlier rule hides it. What is left over in the end becomes leaves in the order
 * of the rules, which are searched one after the other.
 */
#include "compile/forest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A forest without copies of more trees than this is built anew with copies, from this tree on. */
#define TREES_GOOD	12U
#define COPIES_FROM	2U
/* A tree that takes less than this is no better than leaves in order. */
#define TREE_MIN	(3U * IMAGE_LEAF)
/* Items looked at for all trees, as a multiple of the chain: bounds the time. */
#define WORK_MAX	48U

/* So many ranges are taken out of the items at once. */
#define RANGES	64U

/* Cost, about nanoseconds: a tree, a node, a record. */
#define COST_TREE	6U
#define COST_NODE	9U
#define COST_RECORD	3U

/* What a node's packets can be. */
struct box {
	struct range dim[DIM_COUNT];
};

struct grow {
	const struct items *it;
	struct forest *f;
	uint8_t *left_over;		/* by item: goes on to the next tree */
	uint64_t copies_left;
	bool copies;
	uint32_t depth, widest;		/* of the tree: levels, largest leaf */
	uint32_t max_id;		/* of the tree: last rule in it */
	uint8_t *ends;			/* of a node's items: first child, then last child */
	/* Items by child of the node that each level is at; kept, as memory is dear to get. */
	struct {
		uint32_t *list;
		uint32_t room;
	} level[IMAGE_LEVELS];
};

static struct image_node *node_at(struct grow *g, uint32_t i)
{
	return (struct image_node *)(void *)g->f->nodes.data + i;
}

/* @n nodes in a row; the number of the first. Memory is checked at the end (buffer.failed). */
static uint32_t nodes_add(struct grow *g, uint32_t n)
{
	static const struct image_node empty = { .min_id = IMAGE_NONE, .kind = NODE_LEAF };
	uint32_t first = (uint32_t)(g->f->nodes.len / sizeof(empty)), i;

	for (i = 0; i < n; i++)
		buffer_add(&g->f->nodes, &empty, sizeof(empty));
	return first;
}

static uint32_t item_id(const struct items *it, uint32_t i)
{
	return it->rules4 ? it->rules4[i].id : it->rules6[i].id;
}

static uint32_t records_add(struct grow *g, const uint32_t *list, uint32_t n)
{
	uint32_t first = (uint32_t)(g->f->records.len / sizeof(*list)), i;

	for (i = 0; i < n; i++) {
		if (item_id(g->it, list[i]) > g->max_id)
			g->max_id = item_id(g->it, list[i]);
	}
	buffer_add(&g->f->records, list, n * sizeof(*list));
	if (n > g->widest)
		g->widest = n;
	return first;
}

static const struct image_trait *item_trait(const struct items *it, uint32_t i)
{
	return &it->traits[it->rules4 ? it->rules4[i].rest >> RULE4_TRAIT : it->rules6[i].trait];
}

/* The first items stay, the others go on. */
static void leaf_make(struct grow *g, uint32_t node, const uint32_t *list, uint32_t n)
{
	uint32_t first, i;
	struct image_node *leaf;

	for (i = IMAGE_LEAF; i < n; i++)
		g->left_over[list[i]] = 1;
	if (n > IMAGE_LEAF)
		n = IMAGE_LEAF;
	first = records_add(g, list, n);
	if (g->f->nodes.failed)
		return;
	leaf = node_at(g, node);
	leaf->kind = NODE_LEAF;
	leaf->base = first;
	leaf->count = (uint8_t)n;
	leaf->min_id = n ? item_id(g->it, list[0]) : IMAGE_NONE;
}

/*
 * Does it end the search for each packet in the box? Only then may it hide what follows. A later
 * fragment does not match a rule that asks for ports: @l4, such a rule hides only its like.
 */
static bool hides(const struct items *it, uint32_t i, const struct box *box, bool *l4)
{
	const struct image_trait *t = item_trait(it, i);
	uint32_t act = t->act & ACT_MASK;
	struct range r;
	unsigned int d;

	if (act == ACT_CONTINUE || act == ACT_ANSWER || act == ACT_JUMP || t->program || t->ct ||
	    (t->flags & ~(TRAIT_PROTO | TRAIT_L4 | TRAIT_PARSED | TRAIT_INTERFACE)))
		return false;
	for (d = 0; d < DIM_COUNT; d++) {
		if (!dim_used(it, d))
			continue;
		r = item_range(it, i, d);
		if (r.lo > box->dim[d].lo || r.hi < box->dim[d].hi)
			return false;
	}
	*l4 = t->flags & TRAIT_L4;
	return true;
}

/* Take out what no packet of the box can reach; how many are left. */
static uint32_t hidden_drop(const struct items *it, uint32_t *list, uint32_t n,
			    const struct box *box)
{
	bool hidden_l4 = false, l4;
	uint32_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (hidden_l4 && (item_trait(it, list[i])->flags & TRAIT_L4))
			continue;
		list[kept++] = list[i];
		if (!hides(it, list[i], box, &l4))
			continue;
		if (!l4)
			return kept;
		hidden_l4 = true;
	}
	return kept;
}

/* Items by child. */
struct parts {
	uint32_t *list;			/* child after child, each in order; of the level */
	uint32_t start[NODE_SPLITS + 2];
	uint32_t min_id, largest;
};

static bool copy_allowed(struct grow *g, uint32_t more)
{
	if (!g->copies || g->copies_left < more)
		return false;
	g->copies_left -= more;
	return true;
}

/* The list of a level, with room for @n items; NULL: no memory. What was in it is lost. */
static uint32_t *level_list(struct grow *g, uint32_t level, uint32_t n)
{
	if (g->level[level].room < n) {
		free(g->level[level].list);
		g->level[level].list = malloc(n * sizeof(*g->level[level].list));
		g->level[level].room = g->level[level].list ? n : 0;
	}
	return g->level[level].list;
}

static int parts_make(struct grow *g, const uint32_t *list, uint32_t n, const struct split *s,
		      uint32_t level, struct parts *p)
{
	uint32_t fill[NODE_SPLITS + 1] = { 0 }, i, q, total = 0;
	uint8_t *first = g->ends, *last = first + n;
	struct range range[RANGES], *r;

	memset(p, 0, sizeof(*p));
	p->min_id = IMAGE_NONE;
	for (i = 0; i < n; i++) {
		r = &range[i % RANGES];
		if (!(i % RANGES))
			ranges_take(g->it, list + i, n - i < RANGES ? n - i : RANGES, s->dim,
				    range);
		first[i] = (uint8_t)split_child(s, r->lo);
		last[i] = r->lo == r->hi ? first[i] : (uint8_t)split_child(s, r->hi);
		if (first[i] != last[i] && !copy_allowed(g, (uint32_t)last[i] - first[i])) {
			g->left_over[list[i]] = 1;
			first[i] = UINT8_MAX;
			continue;
		}
		if (p->min_id == IMAGE_NONE)
			p->min_id = item_id(g->it, list[i]);
		for (q = first[i]; q <= last[i]; q++)
			fill[q]++;
	}
	for (q = 0; q <= s->count; q++) {
		if (fill[q] > p->largest)
			p->largest = fill[q];
		p->start[q] = total;
		total += fill[q];
		fill[q] = p->start[q];
	}
	p->start[q] = total;
	p->list = level_list(g, level, total + 1);
	for (i = 0; p->list && i < n; i++) {
		for (q = first[i]; first[i] != UINT8_MAX && q <= last[i]; q++)
			p->list[fill[q]++] = list[i];
	}
	return p->list ? 0 : -ENOMEM;
}

static void leaves_make(struct grow *g, uint32_t node, const struct split *s, const struct parts *p)
{
	uint32_t first = records_add(g, p->list, p->start[s->count + 1]), q;
	struct image_node *n;

	if (p->largest > g->widest)
		g->widest = p->largest;
	if (g->f->nodes.failed)
		return;
	n = node_at(g, node);
	n->kind = NODE_LEAVES;
	n->base = first;
	n->min_id = p->min_id;
	n->dim = (uint8_t)s->dim;
	n->count = (uint8_t)s->count;
	for (q = 0; q < NODE_CUTS; q++)
		n->cut[q] = q < s->count ? s->at[q] : UINT32_MAX;
	for (q = 0; q < NODE_CUTS + 2; q++)
		n->off[q] = (uint8_t)p->start[q <= s->count ? q : s->count + 1];
}

static int node_make(struct grow *g, uint32_t node, uint32_t *list, uint32_t n, uint32_t level,
		     const struct box *box);

static int inner_make(struct grow *g, uint32_t node, const struct split *s, const struct parts *p,
		      uint32_t level, const struct box *box)
{
	uint32_t base = nodes_add(g, s->count + 1), q;
	struct image_node *n;
	struct box child;
	int ret = 0;

	if (g->f->nodes.failed)
		return -ENOMEM;
	n = node_at(g, node);
	n->kind = NODE_INNER;
	n->base = base;
	n->min_id = IMAGE_NONE;
	n->dim = (uint8_t)s->dim;
	n->count = (uint8_t)s->count;
	for (q = 0; q < NODE_SPLITS; q++)
		n->split[q] = q < s->count ? s->at[q] : UINT32_MAX;
	for (q = 0; q <= s->count && !ret; q++) {
		child = *box;
		if (q)
			child.dim[s->dim].lo = s->at[q - 1] + 1;
		if (q < s->count)
			child.dim[s->dim].hi = s->at[q];
		ret = node_make(g, base + q, p->list + p->start[q], p->start[q + 1] - p->start[q],
				level + 1, &child);
		/* of what stays in this tree: so rules that no tree takes come first */
		n = node_at(g, node);
		if (!ret && node_at(g, base + q)->min_id < n->min_id)
			n->min_id = node_at(g, base + q)->min_id;
	}
	return ret;
}

/* Everything below @node. @list is changed. The depth is bounded by IMAGE_LEVELS. */
static int node_make(struct grow *g, uint32_t node, uint32_t *list, uint32_t n, uint32_t level,
		     const struct box *box)
{
	struct split s = { .count = 0 };
	struct parts p;
	int ret;

	if (level + 1 > g->depth)
		g->depth = level + 1;
	if (g->copies)
		n = hidden_drop(g->it, list, n, box);
	if (n > IMAGE_LEAF && level + 1 < IMAGE_LEVELS)
		split_choose(g->it, list, n, g->copies, &s);
	if (!s.count) {
		leaf_make(g, node, list, n);
		return 0;
	}
	ret = parts_make(g, list, n, &s, level, &p);
	if (!ret && p.largest <= IMAGE_LEAF && s.count <= NODE_CUTS)
		leaves_make(g, node, &s, &p);
	else if (!ret)
		ret = inner_make(g, node, &s, &p, level, box);
	return ret;
}

static void tree_add(struct grow *g, struct image_tree t)
{
	buffer_add(&g->f->trees, &t, sizeof(t));
	g->f->worst += COST_TREE + (uint64_t)COST_NODE * g->depth +
		       (uint64_t)COST_RECORD * g->widest;
}

/* One tree of @list; the items left over are in it afterwards. Returns how many, or < 0. */
static int64_t tree_grow(struct grow *g, uint32_t *list, uint32_t n)
{
	struct image_tree t = { 0 };
	uint32_t *work = malloc(n * sizeof(*work)), i, left = 0;
	struct box all;
	int ret;

	if (!work)
		return -ENOMEM;
	for (i = 0; i < DIM_COUNT; i++)
		all.dim[i] = (struct range){ 0, dim_max(i) };
	memcpy(work, list, n * sizeof(*work));
	for (i = 0; i < n; i++)
		g->left_over[list[i]] = 0;
	g->depth = 0;
	g->widest = 0;
	g->max_id = 0;
	t.at = nodes_add(g, 1);
	ret = node_make(g, t.at, work, n, 0, &all);
	free(work);
	if (ret || g->f->nodes.failed)
		return -ENOMEM;
	t.min_id = node_at(g, t.at)->min_id;
	t.max_id = g->max_id;
	tree_add(g, t);
	for (i = 0; i < n; i++) {
		if (g->left_over[list[i]])
			list[left++] = list[i];
	}
	return left;
}

/* Leaves in order. */
static void tail_make(struct grow *g, const uint32_t *list, uint32_t n)
{
	uint32_t i, count;

	g->depth = 0;
	for (i = 0; i < n; i += count) {
		count = n - i < IMAGE_LEAF ? n - i : IMAGE_LEAF;
		g->widest = count;
		tree_add(g, (struct image_tree){ .at = records_add(g, list + i, count),
						 .min_id = item_id(g->it, list[i]),
						 .max_id = item_id(g->it, list[i + count - 1]),
						 .nr_leaf = count });
	}
}

static int tree_order(const void *a, const void *b)
{
	const struct image_tree *x = a, *y = b;

	if (x->min_id != y->min_id)
		return x->min_id < y->min_id ? -1 : 1;
	/* the same rule may be in two trees */
	return x->at < y->at ? -1 : x->at > y->at;
}

/* All trees. @copies_from: number of the first tree that may copy. */
static int trees_grow(struct grow *g, uint32_t *list, uint32_t n, uint32_t copies_from)
{
	uint64_t work = (uint64_t)n * WORK_MAX;
	uint32_t tree, was;
	int64_t left;

	for (tree = 0; n > IMAGE_LEAF && work >= n; tree++) {
		work -= n;
		was = n;
		if (tree == TREES_GOOD)
			g->f->hard = item_id(g->it, list[0]);
		g->copies = tree >= copies_from;
		left = tree_grow(g, list, n);
		if (left < 0)
			return (int)left;
		n = (uint32_t)left;
		if (was - n < TREE_MIN)
			break;
	}
	if (tree < TREES_GOOD && n)
		g->f->hard = item_id(g->it, list[0]);	/* the leaves in order */
	tail_make(g, list, n);
	if (g->f->trees.failed || g->f->records.failed)
		return -ENOMEM;
	qsort(g->f->trees.data, g->f->trees.len / sizeof(struct image_tree),
	      sizeof(struct image_tree), tree_order);
	return 0;
}

static int forest_try(const struct items *it, struct forest *f, uint32_t copies_from)
{
	struct grow g = { .it = it, .f = f, .copies_left = it->count };
	uint32_t *list = malloc(it->count * sizeof(*list)), i;
	int ret = -ENOMEM;

	memset(f, 0, sizeof(*f));
	f->hard = IMAGE_NONE;
	g.left_over = malloc(it->count);
	/* a copied item may be in a node no more than once */
	g.ends = malloc(2 * (size_t)it->count);
	if (list && g.left_over && g.ends) {
		for (i = 0; i < it->count; i++)
			list[i] = i;
		ret = trees_grow(&g, list, it->count, copies_from);
	}
	for (i = 0; i < IMAGE_LEVELS; i++)
		free(g.level[i].list);
	free(g.ends);
	free(g.left_over);
	free(list);
	if (ret)
		forest_free(f);
	return ret;
}

int forest_build(const struct items *it, struct forest *f)
{
	struct forest other;
	int ret = forest_try(it, f, UINT32_MAX);

	if (ret || f->trees.len / sizeof(struct image_tree) <= TREES_GOOD)
		return ret;
	ret = forest_try(it, &other, COPIES_FROM);
	if (!ret && other.worst < f->worst) {
		forest_free(f);
		*f = other;
	} else if (!ret) {
		forest_free(&other);
	} else {
		forest_free(f);
	}
	return ret;
}

void forest_free(struct forest *f)
{
	buffer_free(&f->trees);
	buffer_free(&f->nodes);
	buffer_free(&f->records);
	memset(f, 0, sizeof(*f));
}

/* Three trees of even depth, and a leaf in each. */
uint64_t forest_typical(uint32_t n)
{
	uint64_t levels = 1, reach = (uint64_t)IMAGE_LEAF * (NODE_CUTS + 1);

	if (n <= IMAGE_LEAF)
		return COST_RECORD * IMAGE_LEAF;
	for (; reach < n; reach *= NODE_SPLITS + 1)
		levels++;
	return 3 * (COST_TREE + COST_NODE * levels + COST_RECORD * IMAGE_LEAF);
}

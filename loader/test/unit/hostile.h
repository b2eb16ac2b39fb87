/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_UNIT_HOSTILE_H
#define TEST_UNIT_HOSTILE_H

/* For the tests that damage an image on purpose and say whether the validator has to notice. */

#include <errno.h>
#include <stdio.h>

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

static inline void *section(const struct image *img, struct image_section s)
{
	return (char *)img->data + s.offset;
}

static inline struct image_node *node_of(struct victim *v, unsigned int kind)
{
	uint32_t i;

	for (i = 0; i < v->h->nodes.count; i++) {
		if (v->nodes[i].kind == kind)
			return &v->nodes[i];
	}
	fail_msg("no node of kind %u", kind);
	return NULL;
}

static inline int setup(void **state)
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

static inline int teardown(void **state)
{
	struct victim *v = *state;

	image_free(&v->img);
	free(v->good);
	free(v);
	return 0;
}

static inline void must_refuse(struct victim *v, const char *what)
{
	if (!memcmp(v->img.data, v->good, v->img.size))
		fail_msg("%s: changes nothing", what);
	if (image_check(&v->img) != -EINVAL)
		fail_msg("%s: taken for good", what);
	memcpy(v->img.data, v->good, v->img.size);
}

static inline void must_be_harmless(struct victim *v, const char *what)
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

#define HOSTILE(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif

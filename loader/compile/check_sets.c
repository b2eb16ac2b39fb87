// SPDX-License-Identifier: GPL-2.0-only
/* The sets of an image that is being validated. */
#include <errno.h>

#include "compile/check.h"

/* A walk through all keys of a set, which ascend. */
struct keys {
	const struct image_set_node *nodes;
	const struct image_set *set;
	const u32 *last;		/* NULL: none yet */
	unsigned int per_node;
};

static bool ascends(const u32 *a, const u32 *b, unsigned int words)
{
	while (words-- > 0) {
		if (a[words] != b[words])
			return a[words] < b[words];
	}
	return true;
}

static bool values_good(const struct image_set_node *n, unsigned int keys)
{
	unsigned int i;

	for (i = 0; i < keys; i++) {
		if ((n->values >> 2 * i & 3) == SET_WRONG)
			return false;
	}
	return true;
}

/* No deeper than @left nodes. */
static bool walk(struct keys *k, u64 number, unsigned int left)
{
	const struct image_set_node *n = &k->nodes[number];
	u64 child = number * (k->per_node + 1) + 1;
	unsigned int i;
	const u32 *key;

	if (!left || !values_good(n, k->per_node))
		return false;
	for (i = 0; i <= k->per_node; i++) {
		if (child + i < k->set->nodes && !walk(k, child + i, left - 1))
			return false;
		if (i == k->per_node)
			break;
		key = &n->word[i * k->set->words];
		if (k->last && !ascends(k->last, key, k->set->words))
			return false;
		k->last = key;
	}
	return true;
}

static bool kind_good(const struct image_set *s)
{
	bool address = s->has & SET_HAS_ADDRESS, port = s->has & SET_HAS_PORT;
	unsigned int rest = address && port ? s->words - 1U : s->words;

	if (s->has & ~(SET_HAS_ADDRESS | SET_HAS_PORT | SET_HAS_NOMATCH) || (!address && !port))
		return false;
	return rest == 1 || (rest == 4 && address);
}

static bool set_good(const struct check *c, const struct image_set *s)
{
	const char *base = (const char *)c->h + c->h->sets.offset;
	size_t room = c->size - c->h->sets.offset;
	struct keys k = { .set = s };

	if (!kind_good(s) || s->pad[0] || s->pad[1] || s->at % 8 || s->at > room ||
	    s->at < c->h->sets.count * sizeof(*s) ||
	    s->nodes > (room - s->at) / sizeof(struct image_set_node))
		return false;
	k.nodes = (const void *)(base + s->at);
	k.per_node = SET_NODE_WORDS / s->words;
	if (s->nodes != ((u64)s->borders + k.per_node - 1) / k.per_node)
		return false;
	return !s->nodes || walk(&k, 0, SET_LEVELS);
}

int check_sets(struct check *c)
{
	const struct image_set *s = (const void *)((const char *)c->h + c->h->sets.offset);
	u64 nodes = 0;
	u32 i;

	for (i = 0; i < c->h->sets.count; i++) {
		/* No more than there is room for: the time to check them is bounded. */
		nodes += s[i].nodes;
		if (nodes > c->size / sizeof(struct image_set_node) || !set_good(c, &s[i]))
			return bad(c, "a set");
	}
	return 0;
}

bool sets_there(const struct check *c, const struct image_op *op, const u64 *payload)
{
	const u32 *number = (const void *)payload;
	u32 i;

	for (i = 0; i < op->arg >> SET_COUNT; i++) {
		if (number[i] >= c->h->sets.count)
			return false;
	}
	return true;
}

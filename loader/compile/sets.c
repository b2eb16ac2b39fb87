// SPDX-License-Identifier: GPL-2.0-only
/* Sets that rules name -> borders between intervals, in a tree of wide nodes (struct image_set). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/internal.h"
#include "rules/sets.h"

/* Prefixes one inside the other, and the border that is being made. */
#define NESTED	130U

struct key {
	uint32_t word[SET_KEY_WORDS];	/* as in struct image_set */
};

/* From a key on: enum set_value. */
struct borders {
	uint32_t *keys;			/* @words each */
	uint8_t *values;
	uint32_t nr;
	unsigned int words;
};

/* An interval that is not over yet. */
struct pending {
	struct key end;
	uint8_t value;
};

static int compare(const uint32_t *a, const uint32_t *b, unsigned int words)
{
	while (words-- > 0) {
		if (a[words] != b[words])
			return a[words] < b[words] ? -1 : 1;
	}
	return 0;
}

static uint32_t *border_key(const struct borders *b, uint32_t i)
{
	return b->keys + (size_t)i * b->words;
}

/* From @key on it is @value; keys come in ascending order, and the last word on each counts. */
static void border(struct borders *b, const struct key *key, uint8_t value)
{
	if (b->nr && !compare(border_key(b, b->nr - 1), key->word, b->words))
		b->nr--;
	if ((b->nr ? b->values[b->nr - 1] : SET_OUT) == value)
		return;
	memcpy(border_key(b, b->nr), key->word, b->words * sizeof(*b->keys));
	b->values[b->nr++] = value;
}

/* The innermost of @depth intervals ends: what is around it goes on. Returns how many are left. */
static unsigned int end_interval(struct borders *b, const struct pending *stack, unsigned int depth)
{
	struct key key = stack[depth - 1].end;
	unsigned int i;

	for (i = 0; i < b->words && !++key.word[i]; i++)
		;
	/* else there is nothing behind it */
	if (i < b->words)
		border(b, &key, depth > 1 ? stack[depth - 2].value : SET_OUT);
	return depth - 1;
}

/* The first and the last key of a record. */
static void keys_of(const struct ipset *set, const uint32_t *r, unsigned int words,
		    struct key *first, struct key *last)
{
	unsigned int i, left;

	memset(first, 0, sizeof(*first));
	first->word[words - 1] = r[0];
	if (set->family != FAMILY_IPV6) {
		first->word[0] = r[1];
		*last = *first;
		last->word[0] = ~r[2];
		return;
	}
	for (i = 0; i < 4; i++)
		first->word[3 - i] = r[1 + i];
	*last = *first;
	for (i = 0; i < 4; i++) {
		left = r[5] > 32 * i ? r[5] - 32 * i : 0;
		if (left < 32)
			last->word[3 - i] |= UINT32_MAX >> left;
	}
}

/* Intervals are one inside the other or apart; the innermost counts. */
static void make_borders(const struct ipset *set, struct borders *b)
{
	unsigned int record = ipset_words(set), depth = 0;
	struct pending stack[NESTED];
	struct key first, last;
	const uint32_t *r = set->records;
	uint32_t i;

	for (i = 0; i < set->nr; i++, r += record) {
		keys_of(set, r, b->words, &first, &last);
		while (depth && compare(stack[depth - 1].end.word, first.word, b->words) < 0)
			depth = end_interval(b, stack, depth);
		stack[depth].end = last;
		stack[depth].value = r[record - 1] & SET_TAG_NOMATCH ? SET_EXCEPTED : SET_IN;
		border(b, &first, stack[depth++].value);
	}
	while (depth)
		depth = end_interval(b, stack, depth);
}

struct tree {
	const struct borders *b;
	struct image_set_node *nodes;
	uint32_t nr;
	unsigned int keys;		/* of a node */
	uint32_t next;			/* border to be put into a node */
};

static void put(struct tree *t, struct image_set_node *node, unsigned int at)
{
	const struct borders *b = t->b;
	bool there = t->next < b->nr;
	uint64_t value = b->values[there ? t->next : b->nr - 1];

	node->values |= value << (2 * at);
	if (there)
		memcpy(&node->word[at * b->words], border_key(b, t->next),
		       b->words * sizeof(uint32_t));
	else
		memset(&node->word[at * b->words], 0xff, b->words * sizeof(uint32_t));
	t->next++;
}

/* What lies below a node and in it, in ascending order. No deeper than SET_LEVELS. */
static void fill(struct tree *t, uint64_t number)
{
	uint64_t child = number * (t->keys + 1) + 1;
	unsigned int i;

	for (i = 0; i <= t->keys; i++) {
		if (child + i < t->nr)
			fill(t, child + i);
		if (i < t->keys)
			put(t, &t->nodes[number], i);
	}
}

static int make_tree(struct builder *b, const struct borders *borders, struct image_set *s)
{
	struct tree t = { .b = borders, .keys = SET_NODE_WORDS / borders->words };
	size_t bytes;

	t.nr = (borders->nr + t.keys - 1) / t.keys;
	bytes = (size_t)t.nr * sizeof(*t.nodes);
	s->nodes = t.nr;
	s->borders = borders->nr;
	s->at = (uint32_t)b->set_nodes.len;
	if (bytes > IMAGE_CAPACITY_MAX - b->set_nodes.len)
		return -E2BIG;
	if (!t.nr)
		return 0;
	if (buffer_room(&b->set_nodes, bytes))
		return -ENOMEM;
	t.nodes = (void *)(b->set_nodes.data + b->set_nodes.len);
	memset(t.nodes, 0, bytes);
	fill(&t, 0);
	b->set_nodes.len += bytes;
	return 0;
}

static int compile_set(struct builder *b, const struct ipset *set)
{
	const struct set_kind *kind = &set_kinds[set->type];
	struct image_set s = {
		.has = (u8)(kind->address * SET_HAS_ADDRESS + kind->port * SET_HAS_PORT +
			    kind->nomatch * SET_HAS_NOMATCH),
		.words = (u8)((set->family == FAMILY_IPV6 ? 4 : 1) + (kind->address && kind->port)),
	};
	struct borders borders = { .words = s.words };
	size_t most = 2 * (size_t)set->nr + 1;
	int ret = -ENOMEM;

	borders.keys = malloc(most * s.words * sizeof(*borders.keys));
	borders.values = malloc(most);
	if (borders.keys && borders.values) {
		make_borders(set, &borders);
		ret = make_tree(b, &borders, &s);
	}
	free(borders.keys);
	free(borders.values);
	buffer_add(&b->sets, &s, sizeof(s));
	return ret ? ret : b->sets.failed;
}

void sets_place(struct builder *b, size_t *size)
{
	struct image_set *s = (void *)b->sets.data;
	uint32_t i, start;

	b->header.sets.offset = (uint32_t)((*size + 7) & ~(size_t)7);
	if (!b->nr_sets)
		return;
	/* nodes on lines of the cache */
	*size = (*size + 127) & ~(size_t)127;
	b->header.sets = (struct image_section){ (uint32_t)*size, b->nr_sets };
	start = (uint32_t)((b->sets.len + 127) & ~(size_t)127);
	for (i = 0; i < b->nr_sets; i++)
		s[i].at += start;
	*size += start + b->set_nodes.len;
}

void sets_copy(void *image, const struct builder *b)
{
	char *to = (char *)image + b->header.sets.offset;

	if (b->sets.len)
		memcpy(to, b->sets.data, b->sets.len);
	if (b->set_nodes.len)
		memcpy(to + ((b->sets.len + 127) & ~(size_t)127), b->set_nodes.data,
		       b->set_nodes.len);
}

/* In the order they were created: the same text, the same image. A list is its members. */
int sets_compile(struct builder *b, const struct ruleset *rs, struct error *err)
{
	struct ipset *set;
	int ret = 0;

	if (!rs->sets)
		return 0;
	for (set = rs->sets->first; set; set = set->next) {
		set->index = set->used && set->type != SET_LIST ? b->nr_sets++ : UINT32_MAX;
		if (!ret && set->index != UINT32_MAX)
			ret = compile_set(b, set);
	}
	if (ret == -E2BIG)
		return error_set(err, ret, "the sets need more than %u bytes",
				 IMAGE_CAPACITY_MAX);
	return ret ? error_errno(err, ret, "compiling the sets") : 0;
}

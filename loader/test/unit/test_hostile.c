// SPDX-License-Identifier: GPL-2.0-only
/*
 * Images that an enemy made: every reference, count and order that the evaluator relies on is wrong
 * once, with a right checksum, and the validator has to refuse it. What it may let through is
 * judged: no error of the image, no crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include <cmocka.h>

#include "hostile.h"

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
	REFUSED(v->h->nr_state = IMAGE_CELLS_MAX + 1);
	REFUSED(v->h->nr_state4 = v->h->nr_state + 1);
}

static void header(void **state)
{
	struct victim *v = *state;

	REFUSED(v->h->magic++);
	REFUSED(v->h->size -= 8);
	REFUSED(v->h->size += 8);
	REFUSED(v->h->families |= 4);
	REFUSED(v->h->features |= IMAGE_F_GROUP(OPS_GROUPS));
	REFUSED(v->h->features |= 1U << 31);
	REFUSED(v->h->total_size = 1);
	REFUSED(v->h->counters = 8);
	REFUSED(v->h->hot = 8);
	REFUSED(v->h->nr_shards = 1);
	REFUSED(v->h->shard_stride = 64);
	REFUSED(v->h->state = 8);
	REFUSED(v->h->loaded_at = 1);
	REFUSED(v->h->origin = IMAGE_ORIGIN_BOOT);
	REFUSED(v->h->hz = 100);
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
	REFUSED((v->rules6->src_shift[0] = 0, v->rules6->src_shift[1] = 65));
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
	REFUSED(v->h->features &= ~IMAGE_F_GROUP(OPS_TRANSPORT));
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
	REFUSED(v->h->programs.count += 4);
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

/* Texts that are none, or that would be looked through again and again. */
static void texts(void **state)
{
	static const char *const parts[] = { "@4\n", "@6\n@6\n", "@6\n@4\n@6\n", "@5\n", "@4\n@6\n" };
	const size_t times[] = { 100000, 1, 50000, 1, 2 };
	uLongf room = 4096;
	struct image_header *h = calloc(1, sizeof(*h) + room);
	struct error err = { 0 };
	struct ruleset rs;
	size_t i, k, len;
	char *text;

	(void)state;
	assert_non_null(h);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		len = strlen(parts[i]);
		text = malloc(len * times[i]);
		assert_non_null(text);
		for (k = 0; k < times[i]; k++)
			memcpy(text + k * len, parts[i], len);
		room = 4096;
		assert_int_equal(compress((Bytef *)(h + 1), &room, (const Bytef *)text,
					  len * times[i]), Z_OK);
		h->text.offset = sizeof(*h);
		h->text.count = (uint32_t)room;
		h->text_size = (uint32_t)(len * times[i]);
		assert_int_equal(image_ruleset(h, &rs, true, &err), -EBADMSG);
		free(text);
	}
	h->text_size = 1U << 20;	/* more than it is */
	assert_int_equal(image_ruleset(h, &rs, true, &err), -EBADMSG);
	free(h);
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
	const struct CMUnitTest tests[] = {
		HOSTILE(sections), HOSTILE(header), HOSTILE(counts), HOSTILE(base_chains),
		HOSTILE(chains), HOSTILE(records), HOSTILE(jumps), HOSTILE(traits),
		HOSTILE(programs), HOSTILE(interfaces),
		cmocka_unit_test(texts), cmocka_unit_test(too_deep), cmocka_unit_test(long_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

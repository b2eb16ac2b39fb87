// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text section: what the image was made of, in canonical form and compressed. Printing reads it
 * back with the parser and numbers it again; so there is one printer, and what is shown is what was
 * compiled. Each family's part starts with a line "@4" or "@6".
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "compile/internal.h"
#include "compile/layout.h"
#include "compile/sha256.h"
#include "rules/parse.h"

/* Fewer rules are compiled before a thread has started. */
#define THREAD_RULES	5000U

static int text_make(struct buffer *out, const struct ruleset *rs, struct error *err)
{
	int f, t;

	for (f = 0; f < NR_FAMILIES; f++) {
		if (!(rs->families & FAMILY_BIT(f)))
			continue;
		buffer_puts(out, f == FAMILY_IPV4 ? "@4\n" : "@6\n");
		for (t = 0; t < NR_TABLES; t++) {
			if (rs->tables[f][t].present)
				rules_print(out, rs, (enum family)f, (enum table_id)t,
					    PRINT_ZERO_POLICY);
		}
	}
	if (out->failed)
		return error_errno(err, out->failed, "compiling the rules");
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

static void *text_run(void *arg)
{
	struct text_task *t = arg;
	struct buffer text = { 0 };

	t->ret = text_make(&text, t->rs, &t->err);
	if (!t->ret)
		t->ret = pack(&t->packed, &text, &t->err);
	if (!t->ret)
		sha256(text.data ? text.data : "", text.len, t->digest);
	t->size = (uint32_t)text.len;
	buffer_free(&text);
	return NULL;
}

static bool one_thread;

void image_one_thread(void)
{
	one_thread = true;
}

void text_start(struct text_task *t, const struct ruleset *rs, uint32_t nr_rules)
{
	memset(t, 0, sizeof(*t));
	t->rs = rs;
	t->threaded = !one_thread && nr_rules >= THREAD_RULES &&
		      !pthread_create(&t->thread, NULL, text_run, t);
}

int text_finish(struct text_task *t, struct error *err)
{
	if (t->threaded)
		pthread_join(t->thread, NULL);
	else
		text_run(t);
	if (t->ret)
		*err = t->err;
	return t->ret;
}

static int text_expand(const struct image_header *h, char **text, struct error *err)
{
	const Bytef *packed = (const Bytef *)h + h->text.offset;
	uLongf len = h->text_size;

	*text = malloc((size_t)h->text_size + 1);
	if (!*text)
		return error_errno(err, -ENOMEM, "reading the rules of the image");
	if (uncompress((Bytef *)*text, &len, packed, h->text.count) != Z_OK ||
	    len != h->text_size) {
		free(*text);
		*text = NULL;
		return error_set(err, -EBADMSG, "the text in the image is damaged");
	}
	(*text)[len] = '\0';
	return 0;
}

/* Parse one family's part; returns what is behind it. */
static const char *text_part(struct ruleset *rs, const char *at, int *ret, struct error *err)
{
	struct rules_source src = { .where = "image", .tables = TABLES_ALL };
	const char *end;

	src.families = at[1] == '4' ? FAMILY_BIT(FAMILY_IPV4) : FAMILY_BIT(FAMILY_IPV6);
	at += 3;
	end = strstr(at, "\n@6\n");
	end = end ? end + 1 : at + strlen(at);
	if (at < end && at[0] == '@')
		end = at;
	src.text = at;
	src.len = (size_t)(end - at);
	rs->families |= src.families;
	if (src.len)
		*ret = rules_parse(rs, &src, err);
	return end;
}

static void read_counters(const struct image_header *h, struct ruleset *rs)
{
	const struct image_chain *chains = (const void *)((const char *)h + h->chains.offset);
	const struct image_chain *from;
	struct image_counter sum;
	struct chain *c;
	struct rule *r;
	unsigned int i;

	for (i = 0; i < FAMILY_TABLES; i++) {
		for (c = nth_table(rs, i)->chains; c; c = c->next) {
			from = &chains[c->index];
			if (c->hook != HOOK_NONE) {
				sum = image_counter_sum(h, from->policy_counter,
							image_hot_policy(from));
				c->packets = sum.packets;
				c->bytes = sum.bytes;
			}
			for (r = c->rules; r; r = r->next) {
				sum = image_counter_sum(h, r->number, image_hot(from, r->number));
				r->packets = sum.packets;
				r->bytes = sum.bytes;
			}
		}
	}
}

int image_ruleset(const struct image_header *h, struct ruleset *rs, bool counters,
		  struct error *err)
{
	uint32_t nr_chains, nr_rules;
	char *text = NULL;
	const char *at;
	int ret;

	ruleset_init(rs);
	ret = text_expand(h, &text, err);
	if (ret)
		goto out;
	for (at = text; !ret && (at[0] == '@' && at[1] && at[2] == '\n');)
		at = text_part(rs, at, &ret, err);
	if (!ret)
		ret = ruleset_finish(rs, err);
	if (ret)
		goto out;
	ruleset_number(rs, &nr_chains, &nr_rules);
	if (nr_chains != h->chains.count || nr_rules != h->nr_ids) {
		ret = error_set(err, -EBADMSG, "the text in the image is not that of its rules");
		goto out;
	}
	if (counters && h->nr_shards)
		read_counters(h, rs);
out:
	if (ret)
		ruleset_free(rs);
	free(text);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text section: what the image was made of, in canonical form and compressed. Printing reads it
 * back with the parser and numbers it again; so there is one printer, and what is shown is what was
 * compiled. A line "@s" comes before the sets, if there are any, then one "@4" or "@6" before each
 * family's part.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "compile/internal.h"
#include "compile/layout.h"
#include "compile/sha256.h"
#include "rules/parse.h"
#include "rules/sets.h"

/* Fewer rules are compiled before a thread has started. */
#define THREAD_RULES	5000U
#define PACK_ROOM	(1U << 16)

/* Where the text goes, part by part: it is never in memory as a whole. */
struct text_out {
	struct text_task *task;
	struct sha256 sha;
	z_stream z;
	uint64_t size;
	int ret;
};

/* Compress what there is of the input; with Z_FINISH to the end. */
static void pack(struct text_out *o, const char *data, size_t len, int flush)
{
	struct buffer *packed = &o->task->packed;
	int ret;

	o->z.next_in = (z_const Bytef *)(uintptr_t)data;
	o->z.avail_in = (uInt)len;
	do {
		if (buffer_room(packed, PACK_ROOM)) {
			o->ret = -ENOMEM;
			return;
		}
		o->z.next_out = (Bytef *)packed->data + packed->len;
		o->z.avail_out = PACK_ROOM;
		ret = deflate(&o->z, flush);
		packed->len += PACK_ROOM - o->z.avail_out;
	} while (!o->z.avail_out || (flush == Z_FINISH && ret == Z_OK));
}

static void text_drain(struct buffer *text, void *arg)
{
	struct text_out *o = arg;

	if (text->failed)
		o->ret = text->failed;
	if (o->ret)
		return;
	o->size += text->len;
	sha256_add(&o->sha, text->data, text->len);
	pack(o, text->data, text->len, Z_NO_FLUSH);
	text->len = 0;
}

static void text_make(struct text_out *o, const struct ruleset *rs)
{
	struct buffer text = { 0 };
	int f, t;

	if (rs->sets && rs->sets->first) {
		buffer_puts(&text, "@s\n");
		ipsets_print(&text, rs, 0, text_drain, o);
	}
	for (f = 0; f < NR_FAMILIES; f++) {
		if (!(rs->families & FAMILY_BIT(f)))
			continue;
		buffer_puts(&text, f == FAMILY_IPV4 ? "@4\n" : "@6\n");
		for (t = 0; t < NR_TABLES; t++) {
			if (rs->tables[f][t].present)
				rules_print_parts(&text, rs, (enum family)f, (enum table_id)t,
						  PRINT_ZERO_POLICY | PRINT_COMPLETE, text_drain,
						  o);
		}
	}
	text_drain(&text, o);
	if (!o->ret)
		pack(o, "", 0, Z_FINISH);
	buffer_free(&text);
}

static void *text_run(void *arg)
{
	struct text_task *t = arg;
	struct text_out o = { .task = t };

	sha256_init(&o.sha);
	if (deflateInit(&o.z, Z_BEST_SPEED) != Z_OK) {
		t->ret = error_errno(&t->err, -ENOMEM, "compiling the rules");
		return NULL;
	}
	text_make(&o, t->rs);
	deflateEnd(&o.z);
	sha256_end(&o.sha, t->digest);
	t->size = (uint32_t)o.size;
	if (o.ret)
		t->ret = error_errno(&t->err, o.ret, "compiling the rules");
	else if (o.size > UINT32_MAX)
		t->ret = error_set(&t->err, -E2BIG, "the text of the rules is longer than 4 GiB");
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

/* The end of the part at @at: where the next one's "@" is. */
static const char *part_end(const char *at)
{
	const char *end;

	if (*at == '@')
		return at;
	end = strstr(at, "\n@");
	return end ? end + 1 : at + strlen(at);
}

static int sets_part(struct ruleset *rs, const char *at, size_t len, struct error *err)
{
	const struct sets_source src = { .where = "image", .text = at, .len = len };

	return sets_parse(rs, &src, err);
}

/* Parse one part; returns what is behind it. */
static const char *text_part(struct ruleset *rs, const char *at, int *ret, struct error *err)
{
	struct rules_source src = { .where = "image", .tables = TABLES_ALL };
	const char *end = part_end(at + 3);
	bool sets = at[1] == 's' && !rs->sets && !rs->families;

	/* Each once: what follows looks through all of the text. */
	if (!sets && ((at[1] != '4' && at[1] != '6') ||
		      rs->families & FAMILY_BIT(at[1] == '6'))) {
		*ret = error_set(err, -EBADMSG, "the text in the image is damaged");
		return at;
	}
	if (sets) {
		*ret = sets_part(rs, at + 3, (size_t)(end - at - 3), err);
		return end;
	}
	src.families = at[1] == '4' ? FAMILY_BIT(FAMILY_IPV4) : FAMILY_BIT(FAMILY_IPV6);
	src.canonical = true;
	src.text = at + 3;
	src.len = (size_t)(end - src.text);
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

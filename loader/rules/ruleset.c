/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ruleset.h"

#include "analyzer.h"
#include "rules/sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_MIN	64U

static const char *const family_names[NR_FAMILIES] = { "IPv4", "IPv6" };
static const char *const table_names[NR_TABLES] = { "filter", "raw" };
static const char *const hook_names[NR_HOOKS] = {
	"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
};

/* Base chains of each table, in the order iptables-save prints them. */
static const unsigned int table_hooks[NR_TABLES] = {
	[TABLE_FILTER] = 1U << HOOK_INPUT | 1U << HOOK_FORWARD | 1U << HOOK_OUTPUT,
	[TABLE_RAW] = 1U << HOOK_PREROUTING | 1U << HOOK_OUTPUT,
};

const char *family_name(enum family f)
{
	return family_names[f];
}

const char *table_name(enum table_id t)
{
	return table_names[t];
}

const char *hook_name(int hook)
{
	return hook >= 0 && hook < NR_HOOKS ? hook_names[hook] : "";
}

void ruleset_init(struct ruleset *rs)
{
	memset(rs, 0, sizeof(*rs));
}

void ruleset_free(struct ruleset *rs)
{
	int f, t;

	for (f = 0; f < NR_FAMILIES; f++)
		for (t = 0; t < NR_TABLES; t++)
			free(rs->tables[f][t].hash);
	ipsets_free(rs->sets);
	arena_free(&rs->arena);
	ruleset_init(rs);
}

/* FNV-1a, 32 bits. */
static uint32_t hash_name(const char *name)
{
	uint32_t h = 2166136261U;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h;
}

/* Twice as many buckets, or the first ones. Returns 0 or -ENOMEM. */
static int hash_grow(struct table *table)
{
	uint32_t size = table->hash_size ? table->hash_size * 2 : HASH_MIN;
	struct chain **hash = calloc(size, sizeof(*hash));
	struct chain *c;
	uint32_t i;

	if (!hash)
		return -ENOMEM;
	for (c = table->chains; c; c = c->next) {
		i = hash_name(c->name) & (size - 1);
		c->hash_next = hash[i];
		hash[i] = c;
	}
	free(table->hash);
	table->hash = hash;
	table->hash_size = size;
	return 0;
}

ANALYZER_LEAK_OFF	/* table->hash is freed by ruleset_free() */
struct chain *ruleset_chain(struct ruleset *rs, enum family f, enum table_id t, const char *name,
			    bool create)
{
	struct table *table = &rs->tables[f][t];
	uint32_t h = hash_name(name);
	struct chain *c = NULL;

	if (table->hash)
		c = table->hash[h & (table->hash_size - 1)];
	while (c && strcmp(c->name, name))
		c = c->hash_next;
	if (c || !create || strlen(name) > CHAIN_NAME_MAX)
		return c;
	if ((!table->hash || table->nr_chains >= table->hash_size) && hash_grow(table))
		return NULL;
	c = arena_alloc(&rs->arena, sizeof(*c));
	if (!c)
		return NULL;
	memcpy(c->name, name, strlen(name) + 1);
	c->tail = &c->rules;
	c->hook = HOOK_NONE;
	c->policy = TARGET_ACCEPT;
	if (!table->tail)
		table->tail = &table->chains;
	*table->tail = c;
	table->tail = &c->next;
	table->nr_chains++;
	h &= table->hash_size - 1;
	c->hash_next = table->hash[h];
	table->hash[h] = c;
	return c;
}
ANALYZER_ON

int ruleset_table(struct ruleset *rs, enum family f, enum table_id t)
{
	struct table *table = &rs->tables[f][t];
	struct chain *c;
	int hook;

	if (table->present)
		return 0;
	for (hook = 0; hook < NR_HOOKS; hook++) {
		if (!(table_hooks[t] & 1U << hook))
			continue;
		c = ruleset_chain(rs, f, t, hook_names[hook], true);
		if (!c)
			return -ENOMEM;
		c->hook = hook;
		c->declared = true;
	}
	table->present = true;
	return 0;
}

uint32_t ruleset_count(const struct ruleset *rs, unsigned int families)
{
	uint32_t n = 0;
	int f, t;

	for (f = 0; f < NR_FAMILIES; f++)
		for (t = 0; t < NR_TABLES; t++)
			if (families & FAMILY_BIT(f))
				n += rs->tables[f][t].nr_rules;
	return n;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "rules/sets.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/sets_source.h"

const struct set_kind set_kinds[NR_SET_TYPES] = {
	[SET_IP] = { "hash:ip", "iphash", true, false, false, 1 },
	[SET_NET] = { "hash:net", "nethash", true, false, true, 1 },
	[SET_IP_PORT] = { "hash:ip,port", "ipporthash", true, true, false, 2 },
	[SET_NET_PORT] = { "hash:net,port", "netporthash", true, true, true, 2 },
	[SET_PORT] = { "bitmap:port", "portmap", false, true, false, 1 },
	[SET_LIST] = { "list:set", "setlist", false, false, false, 1 },
};

bool sets_name(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && !strcmp(name + len - 6, ".ipset");
}

struct ipsets *ipsets_get(struct ruleset *rs)
{
	struct ipsets *sets = rs->sets;

	if (sets)
		return sets;
	sets = calloc(1, sizeof(*sets));
	if (!sets)
		return NULL;
	sets->tail = &sets->first;
	sets->uses_tail = &sets->uses;
	rs->sets = sets;
	return sets;
}

struct ipset **ipset_slot(struct ipsets *sets, const char *name)
{
	uint32_t h = 2166136261U;
	const char *c;

	for (c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619U;
	return &sets->hash[(h ^ h >> 16) % SETS_HASH];
}

struct ipset *ipset_find(const struct ruleset *rs, const char *name)
{
	struct ipset *set;

	if (!rs->sets)
		return NULL;
	for (set = *ipset_slot(rs->sets, name); set && strcmp(set->name, name);)
		set = set->hash_next;
	return set;
}

struct ipset_use *ipset_use(struct ruleset *rs, const char *name, enum family f,
			    const struct origin *origin)
{
	struct ipsets *sets = ipsets_get(rs);
	struct ipset_use *use = sets ? arena_alloc(&rs->arena, sizeof(*use)) : NULL;

	if (!use)
		return NULL;
	memcpy(use->name, name, strnlen(name, SET_NAME_MAX));
	use->family = f;
	use->origin = *origin;
	*sets->uses_tail = use;
	sets->uses_tail = &use->next;
	return use;
}

bool ipset_fits(const struct ipset *set, enum family f, unsigned int dims)
{
	return dims >= set_kinds[set->type].dims &&
	       (set->family == NR_FAMILIES || set->family == (uint8_t)f);
}

int ipset_add_record(struct ipsets *sets, struct ipset *set, const uint32_t *record)
{
	size_t size = ipset_words(set) * sizeof(*record);
	uint32_t cap = set->cap ? set->cap * 2 : 16, *more;

	if (sets->nr_records >= SET_RECORDS_MAX)
		return -E2BIG;
	if (set->nr == set->cap) {
		more = realloc(set->records, cap * size);
		if (!more)
			return -ENOMEM;
		set->records = more;
		set->cap = cap;
	}
	memcpy((char *)set->records + set->nr * size, record, size);
	set->nr++;
	sets->nr_records++;
	return 0;
}

int ipset_error(const struct ipsets *sets, uint32_t line, struct error *err, const char *fmt, ...)
{
	const struct ipset_source *s = sets->sources;
	char msg[sizeof(err->msg)];
	const char *at, *end, *eol;
	uint32_t i;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	while (s && s->first >= line)
		s = s->next;
	if (!s)
		return error_set(err, -EINVAL, "%s", msg);
	at = s->text;
	end = s->text + s->len;
	for (i = s->first + 1; i < line && at < end; i++) {
		eol = memchr(at, '\n', (size_t)(end - at));
		at = eol ? eol + 1 : end;
	}
	eol = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	if (!eol)
		eol = end;
	if (eol > at && eol[-1] == '\r')
		eol--;
	return error_at(err, -EINVAL, s->where, line - s->first, 1, at, (size_t)(eol - at), "%s",
			msg);
}

void ipset_free(struct ipset *set)
{
	free(set->records);
	free(set->members);
	free(set);
}

void ipsets_free(struct ipsets *sets)
{
	struct ipset *set, *next;

	if (!sets)
		return;
	for (set = sets->first; set; set = next) {
		next = set->next;
		ipset_free(set);
	}
	free(sets);
}

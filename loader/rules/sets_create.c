// SPDX-License-Identifier: GPL-2.0-only
/* "create NAME TYPE [OPTION...]" of a text of sets. */
#include <stdlib.h>
#include <string.h>

#include "rules/sets_source.h"

#define MAXELEM		65536U	/* ipset's default */

/* Options of "create" that say how the set works, not what is in it, and those that do. */
enum create_option {
	CREATE_FAMILY, CREATE_IPV4, CREATE_IPV6, CREATE_MAXELEM, CREATE_NETMASK, CREATE_BITMASK,
	CREATE_RANGE, CREATE_TIMEOUT, CREATE_COUNTERS, CREATE_COMMENT, CREATE_SKBINFO,
	CREATE_FLAG, CREATE_NUMBER,
};

static int take_type(struct set_line *l, struct ipset *set)
{
	static const char *const others[] = {
		"bitmap:ip", "bitmap:ip,mac", "hash:mac", "hash:ip,mac", "hash:ip,mark",
		"hash:ip,port,ip", "hash:ip,port,net", "hash:net,iface", "hash:net,net",
		"hash:net,port,net", "ipmap", "macipmap", "ipportiphash", "ipportnethash", "iptree",
		"iptreemap",
	};
	const struct set_word *w = &l->words[2];
	unsigned int i;

	if (l->nr < 3)
		return set_error(l, NULL, 0, "expected the type of the set, such as hash:ip");
	for (i = 0; i < NR_SET_TYPES; i++) {
		if (word_is(w, set_kinds[i].name) || word_is(w, set_kinds[i].old_name)) {
			set->type = (uint8_t)i;
			return 0;
		}
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (word_is(w, others[i]))
			return set_error(l, w, 0, "unsupported set type \"%s\"", others[i]);
	}
	return set_error(l, w, 0, "unknown set type \"%.*s\"", (int)(w->len < 64 ? w->len : 64),
			 w->text);
}

#define HASHES	(1U << SET_IP | 1U << SET_NET | 1U << SET_IP_PORT | 1U << SET_NET_PORT)
#define ALL	(HASHES | 1U << SET_PORT | 1U << SET_LIST)

static const struct {
	const char *name;
	unsigned int option;
	unsigned int types;	/* bits by enum set_type */
	bool arg;
} create_options[] = {
	{ "family", CREATE_FAMILY, HASHES, true },
	{ "-4", CREATE_IPV4, HASHES, false }, { "inet", CREATE_IPV4, HASHES, false },
	{ "-6", CREATE_IPV6, HASHES, false }, { "inet6", CREATE_IPV6, HASHES, false },
	{ "maxelem", CREATE_MAXELEM, HASHES, true },
	{ "netmask", CREATE_NETMASK, 1U << SET_IP | 1U << SET_IP_PORT, true },
	{ "bitmask", CREATE_BITMASK, 1U << SET_IP | 1U << SET_IP_PORT, true },
	{ "range", CREATE_RANGE, 1U << SET_PORT, true },
	{ "timeout", CREATE_TIMEOUT, ALL, true },
	{ "counters", CREATE_COUNTERS, ALL, false },
	{ "comment", CREATE_COMMENT, ALL, false },
	{ "skbinfo", CREATE_SKBINFO, ALL, false },
	{ "forceadd", CREATE_FLAG, HASHES, false },
	{ "hashsize", CREATE_NUMBER, HASHES, true },
	{ "bucketsize", CREATE_NUMBER, HASHES, true },
	{ "initval", CREATE_NUMBER, HASHES, true },
	{ "probes", CREATE_NUMBER, HASHES, true },
	{ "resize", CREATE_NUMBER, HASHES, true },
	{ "gc", CREATE_NUMBER, HASHES, true },
	{ "size", CREATE_NUMBER, 1U << SET_LIST, true },
};

#define NR_CREATE_OPTIONS	(sizeof(create_options) / sizeof(create_options[0]))

static int take_family(struct set_line *l, struct ipset *set, const struct set_word *w)
{
	if (word_is(w, "inet") || word_is(w, "ipv4") || word_is(w, "-4"))
		set->family = FAMILY_IPV4;
	else if (word_is(w, "inet6") || word_is(w, "ipv6") || word_is(w, "-6"))
		set->family = FAMILY_IPV6;
	else
		return set_error(l, w, 0, "expected inet or inet6");
	return 0;
}

/* "range FROM-TO" of bitmap:port */
static int take_range(struct set_line *l, struct ipset *set, const struct set_word *w)
{
	struct set_ports p;
	int ret = set_parse_ports(l, set, w, 0, w->len, &p);

	if (ret)
		return ret;
	set->first_port = (uint16_t)p.first;
	set->last_port = (uint16_t)p.last;
	return 0;
}

static int create_option(struct set_line *l, struct ipset *set, unsigned int option,
			 const struct set_word *w)
{
	uint32_t n = 0;

	switch (option) {
	case CREATE_FAMILY:
		return take_family(l, set, w);
	case CREATE_IPV4:
		set->family = FAMILY_IPV4;
		return 0;
	case CREATE_IPV6:
		set->family = FAMILY_IPV6;
		return 0;
	case CREATE_RANGE:
		return take_range(l, set, w);
	case CREATE_BITMASK:
		return set_error(l, w, 0, "unsupported: bitmask; use netmask");
	case CREATE_COUNTERS:
		set->counters = true;
		return 0;
	case CREATE_COMMENT:
		set->comments = true;
		return 0;
	case CREATE_SKBINFO:
		set->skbinfo = true;
		return 0;
	case CREATE_FLAG:
		return 0;
	}
	if (!word_number(w->text, w->len, UINT32_MAX, &n))
		return set_error(l, w, 0, "expected a number up to %u", UINT32_MAX);
	if (option == CREATE_NETMASK && (!n || n > 128))
		return set_error(l, w, 0, "expected a prefix length from 1 on");
	if (option == CREATE_MAXELEM)
		set->maxelem = n;
	if (option == CREATE_NETMASK)
		set->netmask = (uint8_t)n;
	if (option == CREATE_TIMEOUT)
		set->timeouts = true;
	if (option == CREATE_TIMEOUT && n)
		set->expires = true;
	return 0;
}

/* What can be said once all options are known. */
static int check_options(struct set_line *l, struct ipset *set, bool range)
{
	uint8_t bits = set->family == FAMILY_IPV6 ? 128 : 32;

	if (set->netmask > bits)
		return set_error(l, NULL, 0, "a netmask of %s has at most %u bits",
				 family_name((enum family)set->family), bits);
	if (!set->netmask)
		set->netmask = bits;
	if (set->type == SET_PORT && !range)
		return set_error(l, NULL, 0, "expected range FROM-TO");
	return 0;
}

static int all_options(struct set_line *l, struct ipset *set)
{
	unsigned int i, o, seen = 0;
	bool range = false;
	int ret;

	for (i = 3; i < l->nr; i++) {
		struct set_word w = set_bare(&l->words[i]);

		for (o = 0; o < NR_CREATE_OPTIONS && !word_is(&w, create_options[o].name); o++)
			;
		if (o == NR_CREATE_OPTIONS || !(create_options[o].types & 1U << set->type))
			return set_error(l, &l->words[i], 0, "unknown option of a set of type %s",
					 set_kinds[set->type].name);
		if (seen & 1U << o)
			return set_error(l, &l->words[i], 0, "%s is given twice",
					 create_options[o].name);
		seen |= 1U << o;
		if (create_options[o].arg && ++i == l->nr)
			return set_error(l, NULL, 0, "%s needs a value", create_options[o].name);
		ret = create_option(l, set, create_options[o].option, &l->words[i]);
		if (ret)
			return ret;
		range |= create_options[o].option == CREATE_RANGE;
	}
	return check_options(l, set, range);
}

static bool same_create(const struct ipset *a, const struct ipset *b)
{
	return a->type == b->type && a->family == b->family && a->netmask == b->netmask &&
	       a->first_port == b->first_port && a->last_port == b->last_port &&
	       a->maxelem == b->maxelem;
}

/* "create NAME TYPE [OPTION...]" */
int set_create(struct set_line *l)
{
	struct ipset *set = calloc(1, sizeof(*set)), *old, **slot;
	int ret;

	if (!set)
		return set_no_memory(l);
	ret = set_take_name(l, set->name);
	if (!ret)
		ret = take_type(l, set);
	if (ret)
		goto fail;
	set->family = set_kinds[set->type].address ? FAMILY_IPV4 : NR_FAMILIES;
	set->maxelem = MAXELEM;
	set->line = l->id;
	set->index = UINT32_MAX;
	ret = all_options(l, set);
	if (ret)
		goto fail;
	old = ipset_find(l->rs, set->name);
	if (old && l->src->gives_way) {
		old->ignore = true;
		goto fail;
	}
	if (old && !(l->exist && same_create(old, set)))
		ret = set_error(l, &l->words[1], 0, "set \"%s\" exists already", set->name);
	if (old)
		goto fail;
	slot = ipset_slot(l->sets, set->name);
	set->hash_next = *slot;
	*slot = set;
	*l->sets->tail = set;
	l->sets->tail = &set->next;
	return 0;
fail:
	ipset_free(set);
	return ret;
}

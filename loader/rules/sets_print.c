// SPDX-License-Identifier: GPL-2.0-only
/* Sets as "ipset restore" reads them: the same text for the same elements. */
#include <arpa/inet.h>
#include <string.h>

#include "rules/address.h"
#include "rules/names.h"
#include "rules/sets.h"

#define DRAIN	(32U << 10)

/* The quotes ipset needs for a name with blanks. */
static void print_name(struct buffer *out, const char *name)
{
	bool quote = strpbrk(name, " \t") || name[0] == '#' || name[0] == '-';

	buffer_puts(out, quote ? " \"" : " ");
	buffer_puts(out, name);
	if (quote)
		buffer_putc(out, '"');
}

static void print_create(struct buffer *out, const struct ipset *set)
{
	buffer_puts(out, "create");
	print_name(out, set->name);
	buffer_putc(out, ' ');
	buffer_puts(out, set_kinds[set->type].name);
	if (set->type == SET_PORT)
		buffer_printf(out, " range %u-%u", set->first_port, set->last_port);
	if (set_kinds[set->type].address)
		buffer_printf(out, " family %s maxelem %u",
			      set->family == FAMILY_IPV6 ? "inet6" : "inet", set->maxelem);
	if (set_kinds[set->type].address &&
	    set->netmask != (set->family == FAMILY_IPV6 ? 128 : 32))
		buffer_printf(out, " netmask %u", set->netmask);
	/* A rule must not ask for counters of such a set. */
	if (set->counters)
		buffer_puts(out, " counters");
	buffer_putc(out, '\n');
}

static void print_ipv4(struct buffer *out, uint32_t ip)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		buffer_number(out, ip >> 24);
		if (i < 3)
			buffer_putc(out, '.');
		ip <<= 8;
	}
}

/* hash:net: always one prefix. */
static unsigned int prefix_of(uint32_t first, uint32_t last)
{
	uint32_t size = first ^ last;
	unsigned int prefix = 32;

	for (; size; size >>= 1)
		prefix--;
	return prefix;
}

static void print_addresses4(struct buffer *out, const struct ipset *set, const uint32_t *r)
{
	uint32_t first = r[1], last = ~r[2];

	print_ipv4(out, first);
	if (first == last)
		return;
	if (set_kinds[set->type].nomatch) {
		buffer_putc(out, '/');
		buffer_number(out, prefix_of(first, last));
	} else {
		buffer_putc(out, '-');
		print_ipv4(out, last);
	}
}

static void print_address6(struct buffer *out, const struct ipset *set, const uint32_t *r)
{
	uint32_t words[4];
	uint8_t value[16];
	unsigned int i;

	for (i = 0; i < 4; i++)
		words[i] = htonl(r[1 + i]);
	memcpy(value, words, sizeof(value));
	address_print(out, value, FAMILY_IPV6);
	if (set_kinds[set->type].nomatch && r[5] < 128) {
		buffer_putc(out, '/');
		buffer_number(out, r[5]);
	}
}

static void print_port(struct buffer *out, uint32_t port)
{
	uint32_t proto = port >> 16;
	const char *name = proto_name(proto, true);

	buffer_putc(out, ',');
	if (name)
		buffer_puts(out, name);
	else
		buffer_number(out, proto);
	buffer_putc(out, ':');
	if (proto == 1 || proto == 58)
		buffer_printf(out, "%u/%u", port >> 8 & 255, port & 255);
	else
		buffer_number(out, port & 0xffff);
}

static void print_record(struct buffer *out, const struct ipset *set, const uint32_t *r)
{
	buffer_puts(out, "add");
	print_name(out, set->name);
	buffer_putc(out, ' ');
	if (set->type == SET_PORT) {
		buffer_number(out, r[1]);
		if (r[1] != ~r[2]) {
			buffer_putc(out, '-');
			buffer_number(out, ~r[2]);
		}
	} else if (set->family == FAMILY_IPV6) {
		print_address6(out, set, r);
	} else {
		print_addresses4(out, set, r);
	}
	if (set_kinds[set->type].address && set_kinds[set->type].port)
		print_port(out, r[0]);
	if (r[ipset_words(set) - 1] & SET_TAG_NOMATCH)
		buffer_puts(out, " nomatch");
	buffer_putc(out, '\n');
}

static void print_set(struct buffer *out, const struct ipset *set,
		      void (*drain)(struct buffer *out, void *arg), void *arg)
{
	uint32_t i;

	print_create(out, set);
	for (i = 0; i < set->nr; i++) {
		print_record(out, set, set->records + (size_t)i * ipset_words(set));
		if (drain && out->len >= DRAIN)
			drain(out, arg);
	}
	for (i = 0; i < set->nr_members; i++) {
		buffer_puts(out, "add");
		print_name(out, set->name);
		print_name(out, set->members[i]->name);
		buffer_putc(out, '\n');
	}
}

void ipsets_print(struct buffer *out, const struct ruleset *rs, unsigned int used,
		  void (*drain)(struct buffer *out, void *arg), void *arg)
{
	const struct ipset *set;
	int lists;

	/* Lists last: what is in them must be there before. */
	for (lists = 0; lists < 2; lists++) {
		for (set = rs->sets ? rs->sets->first : NULL; set; set = set->next) {
			if ((set->type == SET_LIST) == lists && (!used || set->used & used))
				print_set(out, set, drain, arg);
		}
	}
}

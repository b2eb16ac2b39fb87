/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/address.h"
#include "rules/ext.h"
#include "rules/names.h"
#include "rules/parse.h"
#include "rules/target.h"

/*
 * iptables -L of 1.8.9: list_entries(), print_firewall() (iptables/iptables.c, ip6tables.c),
 * print_header(), print_rule_details() (iptables/xshared.c). Addresses are never looked up.
 */

/* xtables_print_num(); in a header without padding. */
static void list_number(struct buffer *out, uint64_t n, unsigned int flags, bool pad)
{
	static const char units[] = "KMGT";
	unsigned int i;

	if (flags & LIST_EXACT) {
		buffer_printf(out, "%*" PRIu64 " ", pad ? 8 : 0, n);
		return;
	}
	if (n <= 99999) {
		buffer_printf(out, "%*" PRIu64 " ", pad ? 5 : 0, n);
		return;
	}
	for (i = 0; i < 4; i++) {
		n = (n + 500) / 1000;
		if (n <= 9999 || i == 3)
			break;
	}
	buffer_printf(out, "%*" PRIu64 "%c ", pad ? 4 : 0, n, units[i]);
}

/* print_header() */
static void list_header(struct buffer *out, const struct chain *c, unsigned int flags)
{
	buffer_printf(out, "Chain %s", c->name);
	if (c->hook != HOOK_NONE) {
		buffer_printf(out, " (policy %s", c->policy == TARGET_DROP ? "DROP" : "ACCEPT");
		if (flags & LIST_VERBOSE) {
			buffer_putc(out, ' ');
			list_number(out, c->packets, flags, false);
			buffer_puts(out, "packets, ");
			list_number(out, c->bytes, flags, false);
			buffer_puts(out, "bytes");
		}
		buffer_puts(out, ")\n");
	} else {
		buffer_printf(out, " (%" PRIu32 " references)\n", c->refs);
	}
	if (flags & LIST_LINE_NUMBERS)
		buffer_printf(out, "%-4s ", "num");
	if (flags & LIST_VERBOSE && flags & LIST_EXACT)
		buffer_printf(out, "%8s %10s ", "pkts", "bytes");
	else if (flags & LIST_VERBOSE)
		buffer_printf(out, "%5s %5s ", "pkts", "bytes");
	buffer_printf(out, "%-9s  prot opt", "target");
	if (flags & LIST_VERBOSE)
		buffer_printf(out, " %-6s %-6s ", "in", "out");
	buffer_printf(out, " %-19s  %-19s \n", "source", "destination");
}

static void list_interface(struct buffer *out, const struct interface *i, bool invert,
			   unsigned int flags, const char *blank)
{
	char name[IFNAMSIZ + 3];
	const char *any = flags & LIST_NUMERIC ? "*" : "any";

	snprintf(name, sizeof(name), "%s%s%s", invert ? "!" : "", i->given ? i->name : any,
		 i->prefix ? "+" : "");
	buffer_printf(out, "%s%-6s ", blank, name);
}

/* print_ipv4_addresses(), print_ipv6_addresses(); which address is "anywhere" differs. */
static void list_address(struct buffer *out, const struct address *a, bool invert, enum family f,
			 unsigned int flags)
{
	const uint8_t *zero = f == FAMILY_IPV4 ? a->mask : a->value;
	int prefix = address_prefix(a, f);
	struct buffer text = { 0 };

	if (!(flags & LIST_NUMERIC) && address_is_zero(zero, f)) {
		buffer_puts(&text, "anywhere");
	} else {
		address_print(&text, a->value, f);
		if (prefix < 0) {
			buffer_putc(&text, '/');
			address_print(&text, a->mask, f);
		} else if (prefix != (f == FAMILY_IPV4 ? 32 : 128)) {
			buffer_printf(&text, "/%d", prefix);
		}
	}
	if (text.failed)
		out->failed = text.failed;
	else
		buffer_printf(out, "%c%-19s ", invert ? '!' : ' ', text.data);
	buffer_free(&text);
}

static const char *target_name(const struct rule *r)
{
	static const char *const names[] = {
		[TARGET_NONE] = "", [TARGET_ACCEPT] = "ACCEPT", [TARGET_DROP] = "DROP",
		[TARGET_RETURN] = "RETURN",
	};

	if (r->target_ext)
		return r->target_ext->ext->name;
	return r->target_chain ? r->target_chain->name : names[r->target];
}

/* print_rule_details(): under -n the protocol is a number. */
static void list_details(struct buffer *out, const struct rule *r, unsigned int number,
			 unsigned int flags)
{
	const char *proto = proto_name(r->proto, true);

	if (flags & LIST_LINE_NUMBERS)
		buffer_printf(out, "%-4u ", number);
	if (flags & LIST_VERBOSE) {
		list_number(out, r->packets, flags, true);
		list_number(out, r->bytes, flags, true);
	}
	buffer_printf(out, "%-9s ", target_name(r));
	buffer_putc(out, r->flags & RULE_INV_PROTO ? '!' : ' ');
	if (flags & LIST_NUMERIC || !proto)
		buffer_printf(out, "%-4u ", r->proto);
	else
		buffer_printf(out, "%-4s ", proto);
}

static void list_rule(struct buffer *out, const struct rule *r, unsigned int number, enum family f,
		      unsigned int flags)
{
	const struct match *m;

	list_details(out, r, number, flags);
	buffer_putc(out, r->flags & RULE_INV_FRAG ? '!' : '-');
	buffer_putc(out, r->flags & RULE_FRAG ? 'f' : '-');
	buffer_putc(out, ' ');
	if (flags & LIST_VERBOSE) {
		list_interface(out, &r->in, r->flags & RULE_INV_IN, flags, " ");
		list_interface(out, &r->out, r->flags & RULE_INV_OUT, flags, "");
	}
	list_address(out, &r->src, r->flags & RULE_INV_SRC, f, flags);
	list_address(out, &r->dst, r->flags & RULE_INV_DST, f, flags);
	if (r->target == TARGET_GOTO)
		buffer_puts(out, "[goto] ");
	for (m = r->matches; m; m = m->next)
		if (m->ext->list)
			m->ext->list(out, m->data, f, flags & LIST_NUMERIC);
	if (r->target_ext)
		r->target_ext->ext->list(out, r->target_ext->data, f, flags & LIST_NUMERIC);
	buffer_putc(out, '\n');
}

int rules_list(struct buffer *out, const struct ruleset *rs, enum family f, enum table_id t,
	       const char *chain, unsigned int flags)
{
	const struct chain *c;
	const struct rule *r;
	unsigned int number;
	bool found = false;

	for (c = rs->tables[f][t].chains; c; c = c->next) {
		if (chain && strcmp(chain, c->name))
			continue;
		if (found)
			buffer_putc(out, '\n');
		found = true;
		list_header(out, c, flags);
		for (r = c->rules, number = 1; r; r = r->next)
			list_rule(out, r, number++, f, flags);
	}
	if (out->failed)
		return out->failed;
	return found || !chain ? 0 : -ENOENT;
}

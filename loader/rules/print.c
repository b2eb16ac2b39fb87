/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/address.h"
#include "rules/ext.h"
#include "rules/names.h"
#include "rules/parse.h"
#include "rules/target.h"

/*
 * Canonical text: print_rule4(), print_rule6() (iptables/iptables.c) and do_output()
 * (iptables/iptables-save.c) of 1.8.9. Where 1.8.9 leaves out what a rule says ("! -i +",
 * "! --sport 0:65535") we print it as 1.8.11 does, so that the text can be read back.
 */

#define PART	(1U << 15)

static void print_letter(struct buffer *out, char letter, bool invert)
{
	const char text[] = { ' ', '-', letter, ' ', '\0' };

	if (invert)
		buffer_puts(out, " !");
	buffer_puts(out, text);
}

/* save_ipv4_addr(), save_ipv6_addr() */
static void print_address(struct buffer *out, char letter, const struct address *a, bool invert,
			  enum family f)
{
	int prefix = address_prefix(a, f);

	if (!prefix && !invert)
		return;
	print_letter(out, letter, invert);
	address_print(out, a->value, f);
	buffer_putc(out, '/');
	if (prefix < 0)
		address_print(out, a->mask, f);
	else
		buffer_number(out, (unsigned long)prefix);
}

/* save_iface() */
static void print_interface(struct buffer *out, char letter, const struct interface *i, bool invert,
			    unsigned int flags)
{
	char name[IFNAMSIZ + 2];

	if (!i->given || (i->prefix && !i->name[0] && !invert && !(flags & PRINT_COMPLETE)))
		return;
	snprintf(name, sizeof(name), "%s%s", i->name, i->prefix ? "+" : "");
	print_letter(out, letter, invert);
	save_word(out, name);
}

/* save_rule_details(); names of /etc/protocols as in 1.8.9. */
static void print_proto(struct buffer *out, const struct rule *r, unsigned int flags)
{
	const char *name = proto_name(r->proto, true);

	if (!r->proto && !(r->flags & RULE_PROTO && flags & PRINT_COMPLETE))
		return;
	buffer_puts(out, r->flags & RULE_INV_PROTO ? " ! -p " : " -p ");
	if (name)
		buffer_puts(out, name);
	else
		buffer_number(out, r->proto);
}

static const char *target_text(const struct rule *r)
{
	static const char *const names[] = {
		[TARGET_ACCEPT] = "ACCEPT", [TARGET_DROP] = "DROP", [TARGET_RETURN] = "RETURN",
		[TARGET_JUMP] = "", [TARGET_GOTO] = "",
	};

	if (r->target_ext)
		return r->target_ext->ext->name;
	return r->target_chain ? r->target_chain->name : names[r->target];
}

static void print_rule(struct buffer *out, const struct rule *r, const struct chain *c,
		       enum family f, unsigned int flags)
{
	const struct match *m;

	buffer_puts(out, "-A ");
	save_word(out, c->name);
	print_address(out, 's', &r->src, r->flags & RULE_INV_SRC, f);
	print_address(out, 'd', &r->dst, r->flags & RULE_INV_DST, f);
	print_interface(out, 'i', &r->in, r->flags & RULE_INV_IN, flags);
	print_interface(out, 'o', &r->out, r->flags & RULE_INV_OUT, flags);
	print_proto(out, r, flags);
	if (r->flags & RULE_FRAG)
		buffer_puts(out, r->flags & RULE_INV_FRAG ? " ! -f" : " -f");
	for (m = r->matches; m; m = m->next) {
		buffer_puts(out, " -m ");
		buffer_puts(out, m->ext->name);
		if (m->ext->print)
			m->ext->print(out, m->data, f);
	}
	if (r->target != TARGET_NONE) {
		buffer_puts(out, r->target == TARGET_GOTO ? " -g " : " -j ");
		save_word(out, target_text(r));
	}
	if (r->target_ext)
		r->target_ext->ext->print(out, r->target_ext->data, f);
}

void rule_print(struct buffer *out, const struct rule *r, const struct chain *c, enum family f)
{
	print_rule(out, r, c, f, 0);
}

void rule_print_complete(struct buffer *out, const struct rule *r, const struct chain *c,
			 enum family f)
{
	print_rule(out, r, c, f, PRINT_COMPLETE);
}

static void print_chain_line(struct buffer *out, const struct chain *c, unsigned int flags)
{
	bool zero = c->hook == HOOK_NONE || flags & PRINT_ZERO_POLICY;

	buffer_printf(out, ":%s %s [%" PRIu64 ":%" PRIu64 "]\n", c->name,
		      c->hook == HOOK_NONE ? "-" : c->policy == TARGET_DROP ? "DROP" : "ACCEPT",
		      zero ? 0 : c->packets, zero ? 0 : c->bytes);
}

void rules_print_parts(struct buffer *out, const struct ruleset *rs, enum family f,
		       enum table_id t, unsigned int flags, rules_drain drain, void *arg)
{
	const struct table *table = &rs->tables[f][t];
	const struct chain *c;
	const struct rule *r;

	if (!table->present && !(flags & PRINT_ALL_TABLES))
		return;
	buffer_printf(out, "*%s\n", table_name(t));
	for (c = table->chains; c; c = c->next)
		print_chain_line(out, c, flags);
	for (c = table->chains; c; c = c->next) {
		for (r = c->rules; r; r = r->next) {
			if (flags & PRINT_COUNTERS)
				buffer_printf(out, "[%" PRIu64 ":%" PRIu64 "] ", r->packets,
					      r->bytes);
			print_rule(out, r, c, f, flags);
			buffer_putc(out, '\n');
			if (out->len >= PART && drain)
				drain(out, arg);
		}
	}
	buffer_puts(out, "COMMIT\n");
}

void rules_print(struct buffer *out, const struct ruleset *rs, enum family f, enum table_id t,
		 unsigned int flags)
{
	rules_print_parts(out, rs, f, t, flags, NULL, NULL);
}

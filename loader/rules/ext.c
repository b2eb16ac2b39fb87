/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/address.h"
#include "rules/ext/ext_list.h"
#include "rules/line.h"
#include "rules/names.h"

#define EXT_ADDRESS(name)	&ext_##name,
static const struct match_ext *const matches[] = { EXT_LIST(EXT_ADDRESS) };

#define NR_MATCHES	(sizeof(matches) / sizeof(matches[0]))

const struct match_ext *ext_find(const char *name, enum family f)
{
	size_t i;

	/* xtables_find_match(): three names of one match. */
	if (same_word(name, "icmpv6") || same_word(name, "ipv6-icmp"))
		name = "icmp6";
	for (i = 0; i < NR_MATCHES; i++)
		if (matches[i]->families & FAMILY_BIT(f) && same_word(matches[i]->name, name))
			return matches[i];
	return NULL;
}

const struct match_ext *ext_find_proto(uint16_t proto, enum family f)
{
	size_t i;

	for (i = 0; i < NR_MATCHES; i++)
		if (proto && matches[i]->families & FAMILY_BIT(f) && matches[i]->proto == proto)
			return matches[i];
	return NULL;
}

int ext_error(struct line_parser *lp, const char *fmt, ...)
{
	char msg[sizeof(lp->err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return line_error(lp, lp->error_column, "%s", msg);
}

void ext_point(struct line_parser *lp, size_t offset)
{
	lp->error_column = lp->scan.arg_column + (unsigned int)offset;
}

const char *ext_next_word(struct line_parser *lp)
{
	if (!option_has_arg(lp))
		return NULL;
	lp->error_column = option_column(lp, lp->scan.index);
	return lp->words->word[lp->scan.index++];
}

void ext_hint_address(struct line_parser *lp, const char *s, size_t len)
{
	if (lp->probing)
		lp->hints_address |= address_is_literal(s, len);
}

enum family ext_family(const struct line_parser *lp)
{
	return lp->family;
}

void ext_warn(struct line_parser *lp, enum warning kind, const char *msg)
{
	line_warn(lp, kind, lp->error_column, "%s", msg);
}

void ext_only_family(struct line_parser *lp, enum family f)
{
	lp->hints_match |= FAMILY_BIT(f);
}

bool ext_canonical(const struct line_parser *lp)
{
	return lp->canonical;
}

struct arena *ext_arena(struct line_parser *lp)
{
	return &lp->rs->arena;
}

struct ruleset *ext_ruleset(struct line_parser *lp)
{
	return lp->rs;
}

bool ext_origin(const struct line_parser *lp, struct origin *origin)
{
	*origin = (struct origin){
		.where = lp->where, .text = lp->text, .line = lp->line,
		.text_len = (uint16_t)lp->len, .column = (uint16_t)lp->error_column,
	};
	return !lp->probing;
}

const struct rule *ext_rule(const struct line_parser *lp)
{
	return &lp->rule;
}

/*
 * A match comes in: -m NAME, or -p PROTO with an option nobody knows. Each -m is a match of its
 * own; options go to the last of a name (xtables_find_match(): "completed").
 */
int line_use_match(struct line_parser *lp, const char *name, unsigned int column, bool *used)
{
	enum family other = lp->family == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	const struct match_ext *ext = ext_find(name, lp->family);
	struct match *m;
	unsigned int i;

	/* The probe takes the matches of both families: they are what it is looking for. */
	if (!ext && lp->probing)
		ext = ext_find(name, other);
	*used = ext;
	if (!ext || lp->nr_matches == MATCHES_MAX)
		return 0;
	if (ext->families != FAMILIES_ALL)
		lp->hints_match |= ext->families;
	m = arena_alloc(&lp->rs->arena, sizeof(*m) + ext->size);
	if (!m)
		return line_no_memory(lp);
	m->ext = ext;
	if (ext->hooks)
		lp->rs->hooks = true;
	if (ext->init)
		ext->init(m->data, lp->family);
	if (lp->nr_matches)
		lp->matches[lp->nr_matches - 1].match->next = m;
	else
		lp->rule.matches = m;
	lp->matches[lp->nr_matches++] = (struct loaded_match){ .match = m, .column = column };
	for (i = 0; i < lp->nr_exts; i++)
		if (lp->exts[i] == ext)
			return 0;
	lp->exts[lp->nr_exts++] = ext;
	return 0;
}

/* xtables_option_parse(): the option just scanned belongs to the last match of its extension. */
int line_match_option(struct line_parser *lp, bool invert)
{
	const struct ext_option *opt = lp->scan.ext_option;
	struct loaded_match *l = NULL;
	unsigned int i;

	for (i = 0; i < lp->nr_matches; i++)
		if (lp->matches[i].match->ext == lp->scan.ext)
			l = &lp->matches[i];
	lp->error_column = option_column(lp, lp->scan.word);
	/* Its options are only known once the match is loaded: cannot be. */
	if (!l)
		return -EINVAL;
	if (opt->once && l->seen & 1U << opt->id)
		return ext_error(lp, "option --%s can only be used once", opt->name);
	if (invert && !opt->invert)
		return ext_error(lp, "option --%s cannot be inverted", opt->name);
	l->seen |= 1U << opt->id;
	if (lp->scan.arg_column)
		lp->error_column = lp->scan.arg_column;
	return l->match->ext->parse(lp, l->match->data, opt, invert, lp->scan.arg);
}

/* After the line was read: what the matches require, and the kernel's check of the protocol. */
int line_check_matches(struct line_parser *lp)
{
	const struct match_ext *ext;
	unsigned int i;
	int ret;

	for (i = 0; i < lp->nr_matches; i++) {
		ext = lp->matches[i].match->ext;
		lp->error_column = lp->matches[i].column;
		if (ext->check) {
			ret = ext->check(lp, lp->matches[i].match->data, &lp->rule);
			if (ret)
				return ret;
		}
		/* xt_check_match() (net/netfilter/x_tables.c): "only valid for protocol". */
		if (ext->proto && (lp->rule.proto != ext->proto || lp->rule.flags & RULE_INV_PROTO))
			return ext_error(lp, "match \"%s\" needs -p %s (not inverted)", ext->name,
					 proto_name(ext->proto, true));
	}
	return 0;
}

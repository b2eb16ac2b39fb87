/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/line.h"
#include "rules/names.h"
#include "rules/target.h"

static const struct target_ext *const targets[] = {
	&ext_reject4, &ext_reject6, &ext_log, &ext_nflog,
};

#define NR_TARGETS	(sizeof(targets) / sizeof(targets[0]))

const struct target_ext *target_find(const char *name, enum family f)
{
	size_t i;

	for (i = 0; i < NR_TARGETS; i++)
		if (targets[i]->families & FAMILY_BIT(f) && same_word(targets[i]->name, name))
			return targets[i];
	return NULL;
}

/* command_jump(): the rule gets the target and its defaults. */
int line_use_target(struct line_parser *lp, const struct target_ext *ext)
{
	struct target *t;

	if (!(ext->tables & TABLE_BIT(lp->table)))
		return line_error(lp, lp->target.column, "target %s is not allowed in table %s",
				  ext->name, table_name(lp->table));
	t = arena_alloc(&lp->rs->arena, sizeof(*t) + ext->size);
	if (!t)
		return line_no_memory(lp);
	t->ext = ext;
	if (ext->init)
		ext->init(t->data, lp->family);
	lp->rule.target_ext = t;
	lp->rule.target = TARGET_EXT;
	lp->rule.origin.column = (uint16_t)lp->target.column;
	return 0;
}

/* xtables_option_parse(): the option just scanned belongs to the target. */
int line_target_option(struct line_parser *lp, bool invert)
{
	const struct ext_option *opt = lp->scan.ext_option;
	struct target *t = lp->rule.target_ext;

	lp->error_column = option_column(lp, lp->scan.word);
	if (opt->once && lp->target_seen & 1U << opt->id)
		return ext_error(lp, "option --%s can only be used once", opt->name);
	if (invert && !opt->invert)
		return ext_error(lp, "option --%s cannot be inverted", opt->name);
	lp->target_seen |= 1U << opt->id;
	if (lp->scan.arg_column)
		lp->error_column = lp->scan.arg_column;
	return t->ext->parse(lp, t->data, opt, invert, lp->scan.arg);
}

/* After the line was read: what only the whole rule can say. */
int line_check_target(struct line_parser *lp)
{
	struct target *t = lp->rule.target_ext;

	if (!t || !t->ext->check)
		return 0;
	lp->error_column = lp->target.column;
	return t->ext->check(lp, t->data, &lp->rule);
}

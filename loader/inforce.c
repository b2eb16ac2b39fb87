/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "compile/compile.h"
#include "inforce.h"
#include "input.h"
#include "kernel/conntrack.h"

int inforce_open(struct inforce *in, struct error *err)
{
	int ret;

	*in = (struct inforce){ .kernel = { .lock_fd = -1 } };
	ruleset_init(&in->rules);
	ret = kernel_open(&in->kernel, false, err);
	if (!ret) {
		ret = filter_view(&in->kernel, &in->view, err);
		kernel_close(&in->kernel);
	}
	if (ret == -ENOENT) {
		*err = (struct error){ 0 };
		error_set(err, ret, "no rules are in force in this network namespace");
		error_hint(err, "'bpfilter apply FILE...' loads some; "
			   "'bpfilter status' tells more");
	}
	if (ret)
		return ret;
	ret = image_ruleset(in->view.image, &in->rules, true, err);
	if (ret)
		inforce_close(in);
	return ret;
}

void inforce_close(struct inforce *in)
{
	ruleset_free(&in->rules);
	filter_view_close(&in->view);
}

void inforce_warn_tracking(const struct image_header *image)
{
	struct conntrack_state st = { 0 };
	struct error err = { 0 };

	if (!(image->features & IMAGE_F_CONNTRACK))
		return;
	if (conntrack_check(&st, &err) || !st.checked) {
		command_warn("cannot tell whether connection tracking is on: %s", err.msg);
		return;
	}
	for (int f = 0; f < NR_FAMILIES; f++)
		if (image->families & FAMILY_BIT(f) && !st.on[f])
			command_warn("the rules need connection tracking and it is off for %s: "
				     "'bpfilter apply' switches it on",
				     family_name((enum family)f));
}

int selection_table(struct selection *sel, const char *name, struct error *err)
{
	unsigned int tables = 0;
	int ret;

	if (strchr(name, ','))
		return error_set(err, -EINVAL, "one table at a time");
	ret = input_tables(name, &tables, err);
	if (ret)
		return ret;
	sel->table = tables & TABLE_BIT(TABLE_RAW) ? TABLE_RAW : TABLE_FILTER;
	sel->table_given = true;
	return 0;
}

int selection_check(const struct selection *sel, const struct inforce *in, struct error *err)
{
	unsigned int there = 0;

	for (int f = 0; f < NR_FAMILIES; f++)
		if (in->rules.tables[f][sel->table].present)
			there |= FAMILY_BIT(f);
	if (!sel->table_given || (there && (there & sel->families) == sel->families))
		return 0;
	return error_set(err, -ENOENT, "table %s is not in force", table_name(sel->table));
}

bool selection_family(const struct selection *sel, const struct inforce *in, enum family f,
		      struct buffer *out)
{
	bool in_force = in->view.image->families & FAMILY_BIT(f);

	if (sel->families && !(sel->families & FAMILY_BIT(f)))
		return false;
	if (!in_force)
		buffer_printf(out, "# %s: no rules in force\n", family_name(f));
	else if (sel->families != FAMILY_BIT(f))
		buffer_printf(out, "# %s\n", family_name(f));
	return in_force;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "kernel/conntrack.h"
#include "kernel/kernel.h"
#include "rules/ruleset.h"
#include "state.h"

static const char help[] =
	"Usage: bpfilter off [--yes]\n\n"
	"Remove all filters of this network namespace, at one instant: afterwards every\n"
	"packet passes. Asks on a terminal; needs --yes without one.\n\n"
	"  -y, --yes      do not ask\n"
	"      --help     this text\n";

static const struct option options[] = {
	{ "yes", no_argument, NULL, 'y' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool something_in_force(const struct filter_status *st)
{
	const bool *present = &st->present[0][0][0];

	for (size_t i = 0; i < sizeof(st->present) / sizeof(*present); i++)
		if (present[i])
			return true;
	return st->deny_present[FAMILY_IPV4] || st->deny_present[FAMILY_IPV6] || st->half_done;
}

/* -ENOENT: there is nothing to remove. The lock is not kept while somebody thinks about it. */
static int look(struct error *err)
{
	struct kernel k = { .lock_fd = -1 };
	struct filter_status st = { 0 };
	struct filter_view view = { 0 };
	bool found = false;
	int ret = kernel_open(&k, false, err);

	if (ret)
		return ret;
	ret = filter_status(&k, &st, err);
	if (!ret)
		found = something_in_force(&st);
	if (!ret && !found && !filter_view(&k, &view, err)) {
		filter_view_close(&view);
		found = true;
	}
	kernel_close(&k);
	return ret || found ? ret : -ENOENT;
}

static bool confirmed(void)
{
	char answer[16] = "";

	fputs("Remove all filters of this network namespace? Every packet passes then. [y/N] ",
	      stderr);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) &&
	       (!strcmp(answer, "y\n") || !strcmp(answer, "Y\n") || !strcmp(answer, "yes\n"));
}

/* *lifted: no packet is filtered any more, even if something could not be removed. */
static int remove_all(bool *lifted, struct error *err)
{
	struct kernel k = { .lock_fd = -1 };
	struct error late = { 0 };
	int ret = kernel_open(&k, false, err);

	if (ret)
		return ret;
	ret = filter_off(&k, lifted, err);
	if (*lifted) {
		if (conntrack_release(&late))
			command_warn("%s", late.msg);
		late = (struct error){ 0 };
		if (state_remove(&k, &late))
			command_warn("%s", late.msg);
	}
	kernel_close(&k);
	return ret;
}

static int off(bool yes)
{
	struct error err = { 0 };
	bool lifted = false;
	int ret = look(&err);

	if (ret == -ENOENT)
		return command_text("bpfilter: nothing is in force in this network namespace\n");
	if (!ret && !yes && !isatty(STDIN_FILENO)) {
		ret = error_set(&err, -EPERM, "not removing the filters without being sure");
		error_hint(&err, "say so: bpfilter off --yes");
	} else if (!ret && !yes && !confirmed()) {
		ret = error_set(&err, -EPERM, "nothing removed");
	}
	if (!ret)
		ret = remove_all(&lifted, &err);
	if (ret)
		ret = command_failed(&err);
	else
		ret = command_text("bpfilter: the filters of this network namespace are removed; "
				   "every packet passes\n");
	if (ret && lifted)
		command_note("every packet passes nevertheless; 'bpfilter off' removes what is left");
	else if (ret)
		command_note("the rules in force are unchanged");
	return ret;
}

int cmd_off(int argc, char **argv)
{
	bool yes = false;
	int c, ret = 0;

	while (!ret && (c = getopt_long(argc, argv, ":y", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 'y')
			yes = true;
		else
			ret = command_bad_option(argv, c);
	}
	if (!ret && optind < argc)
		ret = command_usage(argv[0], "no argument is expected: %s", argv[optind]);
	return ret ? ret : off(yes);
}

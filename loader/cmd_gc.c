/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "commands.h"
#include "kernel/kernel.h"
#include "state.h"

static const char help[] =
	"Usage: bpfilter gc [--dry-run] [--force]\n\n"
	"Remove the filters of network namespaces that have been deleted: a filter keeps its\n"
	"namespace alive, but no process, open file or mount leads there any more.\n"
	"'bpfilter status --all' lists them.\n\n"
	"  -n, --dry-run  only tell what would be removed\n"
	"  -f, --force    even if there are processes that cannot be looked into\n"
	"      --help     this text\n";

static const struct option options[] = {
	{ "dry-run", no_argument, NULL, 'n' },
	{ "force", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* One line each, in @out; the first error ends it. */
static int collect(const struct foreign_namespace *list, size_t count, bool dry, struct buffer *out,
		   struct error *err)
{
	size_t i, found = 0;
	int ret = 0;

	for (i = 0; !ret && i < count; i++) {
		if (list[i].alive)
			continue;
		found++;
		if (!dry)
			ret = filter_collect(list[i].cookie, err);
		if (!ret && !dry)
			state_forget(list[i].cookie);
		if (!ret)
			buffer_printf(out, "bpfilter: namespace %" PRIu64 ": %u links %s\n",
				      list[i].cookie, list[i].links,
				      dry ? "would be removed" : "removed");
	}
	if (!found)
		buffer_puts(out, "bpfilter: no filters of deleted network namespaces\n");
	return ret;
}

static bool any_deleted(const struct foreign_namespace *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!list[i].alive)
			return true;
	return false;
}

static int gc(bool dry, bool force)
{
	struct foreign_namespace *list;
	struct error err = { 0 };
	struct buffer out = { 0 };
	bool unseen;
	size_t count;
	int ret, printed;

	ret = filter_namespaces(&list, &count, &unseen, &err);
	if (ret)
		return command_failed(&err);
	if (unseen && !dry && !force && any_deleted(list, count)) {
		free(list);
		error_set(&err, -EACCES, "some processes cannot be looked into; what looks deleted "
			  "may be theirs");
		error_hint(&err, "run it where /proc shows all, or say --force");
		return command_failed(&err);
	}
	ret = collect(list, count, dry, &out, &err);
	free(list);
	printed = command_output(&out);
	buffer_free(&out);
	return ret ? command_failed(&err) : printed;
}

int cmd_gc(int argc, char **argv)
{
	bool dry = false, force = false;
	int c, ret = 0;

	while (!ret && (c = getopt_long(argc, argv, ":nf", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 'n')
			dry = true;
		else if (c == 'f')
			force = true;
		else
			ret = command_bad_option(argv, c);
	}
	if (!ret && optind < argc)
		ret = command_usage(argv[0], "no argument is expected: %s", argv[optind]);
	return ret ? ret : gc(dry, force);
}

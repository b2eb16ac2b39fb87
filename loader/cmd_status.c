/* SPDX-License-Identifier: GPL-2.0-only */
#include <getopt.h>

#include "commands.h"
#include "status.h"

static const char help[] =
	"Usage: bpfilter status [--json] [--all]\n\n"
	"Tell what is in force in this network namespace, whether these are the rules\n"
	"of " INPUT_DIR ", and what to do if something is wrong.\n"
	"Exit code 0: rules are in force and all is well; 1: not so.\n\n"
	"  -j, --json     for machines\n"
	"  -a, --all      show filters of other network namespaces, too\n"
	"      --help     this text\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "all", no_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

int cmd_status(int argc, char **argv)
{
	struct status_options opt = { 0 };
	bool json = false;
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct status st;
	int c, ret = 0;

	while (!ret && (c = getopt_long(argc, argv, ":ja", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 'j')
			json = true;
		else if (c == 'a')
			opt.all = true;
		else
			ret = command_bad_option(argv, c);
	}
	if (!ret && optind < argc)
		ret = command_usage(argv[0], "no argument is expected: %s", argv[optind]);
	if (ret)
		return ret;
	if (status_collect(&st, &opt, &err)) {
		ret = command_failed(&err);
		goto out;
	}
	if (json)
		status_json(&st, &out);
	else
		status_text(&st, &out);
	ret = command_output(&out);
	if (!ret && st.nr_problems)
		ret = COMMAND_FAILED;
out:
	buffer_free(&out);
	status_free(&st);
	return ret;
}

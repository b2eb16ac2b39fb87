/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>

#include "commands.h"
#include "compile/recent.h"
#include "inforce.h"
#include "rules/parse.h"

static const char help[] =
	"Usage: bpfilter list [-4|-6] [-v] [-n] [-x] [--line-numbers] [-t TABLE] [CHAIN]\n"
	"       bpfilter list --recent [NAME]\n\n"
	"Print the rules in force as iptables -L does, or the addresses that the match\n"
	"recent remembers, as /proc/net/xt_recent/NAME does.\n\n"
	"  -4, -6               of this family; without: IPv4, then IPv6, each behind a\n"
	"                       comment line with its name\n"
	"  -v, --verbose        with counters and interfaces\n"
	"  -n, --numeric        ports as numbers\n"
	"  -x, --exact          counters in full, not rounded to K, M, G\n"
	"      --line-numbers   number the rules of each chain\n"
	"  -t TABLE             this table: filter (default) or raw\n"
	"  CHAIN                this chain only\n"
	"      --recent         instead of rules: the list NAME of -m recent; without NAME\n"
	"                       all of them, each behind a comment line with its name\n"
	"      --help           this text\n";

static const struct option options[] = {
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "exact", no_argument, NULL, 'x' },
	{ "line-numbers", no_argument, NULL, 'l' },
	{ "table", required_argument, NULL, 't' },
	{ "recent", no_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool has_chain(const struct ruleset *rs, enum family f, enum table_id t, const char *name)
{
	/* ruleset_chain() only looks when it may not create. */
	return ruleset_chain((struct ruleset *)rs, f, t, name, false);
}

static int check_chain(const struct selection *sel, const struct inforce *in, const char *chain,
		       struct error *err)
{
	if (!chain)
		return 0;
	for (int f = 0; f < NR_FAMILIES; f++)
		if (!sel->families || sel->families & FAMILY_BIT(f))
			if (has_chain(&in->rules, (enum family)f, sel->table, chain))
				return 0;
	return error_set(err, -ENOENT, "no chain '%s' in table %s", chain, table_name(sel->table));
}

static int list(const struct selection *sel, const char *chain, unsigned int flags)
{
	struct inforce in;
	struct error err = { 0 };
	struct buffer out = { 0 };
	int ret;

	if (inforce_open(&in, &err))
		return command_failed(&err);
	ret = selection_check(sel, &in, &err);
	if (!ret)
		ret = check_chain(sel, &in, chain, &err);
	for (int f = 0; !ret && f < NR_FAMILIES; f++) {
		if (!selection_family(sel, &in, (enum family)f, &out))
			continue;
		if (!in.rules.tables[f][sel->table].present)
			continue;
		if (!chain || has_chain(&in.rules, (enum family)f, sel->table, chain))
			ret = rules_list(&out, &in.rules, (enum family)f, sel->table, chain, flags);
		if (ret)
			error_errno(&err, ret, "cannot list the %s rules",
				    family_name((enum family)f));
	}
	if (!ret)
		inforce_warn_tracking(in.view.image);
	ret = ret ? command_failed(&err) : command_output(&out);
	buffer_free(&out);
	inforce_close(&in);
	return ret;
}

/* What the lists of -m recent hold; @name NULL: of all. */
static int list_recent(const char *name)
{
	struct inforce in;
	struct error err = { 0 };
	struct buffer out = { 0 };
	int ret;

	if (inforce_open(&in, &err))
		return command_failed(&err);
	ret = recent_list(&out, in.view.image, name);
	if (ret == -ENOENT)
		error_set(&err, ret, "no rule in force has a list '%s' of match \"recent\"", name);
	else if (ret)
		error_errno(&err, ret, "cannot list the addresses");
	ret = ret ? command_failed(&err) : command_output(&out);
	buffer_free(&out);
	inforce_close(&in);
	return ret;
}

static int parse_options(int argc, char **argv, struct selection *sel, unsigned int *flags,
			 bool *recent)
{
	struct error err = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, ":46vnxt:", options, NULL)) != -1) {
		switch (c) {
		case '4':
			sel->families |= FAMILY_BIT(FAMILY_IPV4);
			break;
		case '6':
			sel->families |= FAMILY_BIT(FAMILY_IPV6);
			break;
		case 'v':
			*flags |= LIST_VERBOSE;
			break;
		case 'n':
			*flags |= LIST_NUMERIC;
			break;
		case 'x':
			*flags |= LIST_EXACT;
			break;
		case 'l':
			*flags |= LIST_LINE_NUMBERS;
			break;
		case 't':
			if (selection_table(sel, optarg, &err))
				return command_usage(argv[0], "%s", err.msg);
			break;
		case 'r':
			*recent = true;
			break;
		case 'h':
			return -1;
		default:
			return command_bad_option(argv, c);
		}
	}
	return 0;
}

int cmd_list(int argc, char **argv)
{
	struct selection sel = { 0 };
	unsigned int flags = 0;
	bool recent = false;
	int ret = parse_options(argc, argv, &sel, &flags, &recent);

	if (ret < 0)
		return command_text(help);
	if (!ret && argc - optind > 1)
		ret = command_usage(argv[0], "one %s at a time", recent ? "NAME" : "CHAIN");
	if (!ret && recent)
		return list_recent(optind < argc ? argv[optind] : NULL);
	return ret ? ret : list(&sel, optind < argc ? argv[optind] : NULL, flags);
}

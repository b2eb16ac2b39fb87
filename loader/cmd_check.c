/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>

#include "commands.h"
#include "input.h"

static const char help[] =
	"Usage: bpfilter check [-T TABLE[,TABLE]] [--print [-c]] [-4|-6] FILE...\n\n"
	"Parse and compile the rules of all FILEs, joined in order; load nothing.\n"
	"FILE is text as iptables-save prints it, an image, or - for standard input;\n"
	"if it is named *.ipset, sets for -m set, as ipset save prints them.\n\n"
	"  -4, -6          the FILE that follows is IPv4 (IPv6) rules; without: by its\n"
	"                  suffix .v4 or .v6, else it is for both\n"
	"  -T TABLE        take these tables only (filter, raw); may be repeated\n"
	"  -p, --print     print the rules in canonical form\n"
	"  -c, --counters  with --print: with packet and byte counters\n"
	"      --help      this text\n";

static const struct option options[] = {
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "tables", required_argument, NULL, 'T' },
	{ "print", no_argument, NULL, 'p' },
	{ "counters", no_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Tables asked for by -T are printed also if the FILEs do not have them: as they will be, empty. */
static int print_tables(struct ruleset *rs, enum family f, unsigned int tables,
			unsigned int flags, struct buffer *out)
{
	/* iptables-save prints the table that was registered last first. */
	for (int t = NR_TABLES - 1; t >= 0; t--) {
		bool present = rs->tables[f][t].present;

		if (!present && !(tables & TABLE_BIT(t)))
			continue;
		if (!present && ruleset_table(rs, f, (enum table_id)t))
			return -ENOMEM;
		rules_print(out, rs, f, (enum table_id)t, flags);
	}
	return 0;
}

static int print_rules(struct ruleset *rs, unsigned int tables, unsigned int flags,
		       struct buffer *out)
{
	int ret = 0;

	for (int f = 0; !ret && f < NR_FAMILIES; f++) {
		if (!(rs->families & FAMILY_BIT(f)))
			continue;
		if (rs->families == FAMILIES_ALL)
			buffer_printf(out, "# %s\n", family_name((enum family)f));
		ret = print_tables(rs, (enum family)f, tables, flags, out);
	}
	return ret ? ret : out->failed;
}

static void print_summary(const struct input *in, struct buffer *out)
{
	for (size_t i = 0; i < in->nr_files; i++) {
		const struct input_file *file = &in->files[i];
		uint32_t v4 = file->nr_rules[FAMILY_IPV4], v6 = file->nr_rules[FAMILY_IPV6];

		if (file->sets) {
			buffer_printf(out, "%s: sets, ok\n", file->name);
			continue;
		}
		buffer_printf(out, "%s: %u rules, ok", file->name, v4 + v6);
		if (file->families == FAMILIES_ALL)
			buffer_printf(out, " (%u IPv4, %u IPv6)", v4, v6);
		buffer_putc(out, '\n');
	}
}

static int check(struct input *in, bool print, unsigned int flags)
{
	struct buffer out = { 0 };
	struct error err = { 0 };
	char warning[IMAGE_WARNING] = "";
	const struct error *warnings;
	struct ruleset rs;
	size_t nr_warnings;
	int ret;

	ruleset_init(&rs);
	ret = input_read(in, &err);
	if (!ret)
		ret = input_parse(in, &rs, &err);
	nr_warnings = input_warnings(in, &warnings);
	command_warnings(warnings, nr_warnings);
	if (!ret && !in->has_image)
		ret = image_try(&rs, warning, &err);
	if (ret) {
		ret = command_failed(&err);
		goto out;
	}
	if (warning[0])
		command_warn("%s", warning);
	if (print)
		out.failed = print_rules(&rs, in->tables, flags, &out);
	else
		print_summary(in, &out);
	ret = command_output(&out);
out:
	buffer_free(&out);
	ruleset_free(&rs);
	return ret;
}

int cmd_check(int argc, char **argv)
{
	struct input in = { 0 };
	struct error err = { 0 };
	unsigned int flags = PRINT_ZERO_POLICY;
	bool print = false;
	int c, ret = 0;

	while (!ret && (c = input_getopt(argc, argv, INPUT_OPTIONS "cp", options)) != -1) {
		if (c == 'h') {
			ret = command_text(help);
			goto out;
		}
		if (c == 'p')
			print = true;
		else if (c == 'c')
			flags = PRINT_COUNTERS;
		else if (c == ':' || c == '?')
			ret = command_bad_option(argv, c);
		else
			ret = command_input(argv[0], input_option(&in, c, optarg, &err), &err);
	}
	if (!ret)
		ret = command_input(argv[0], input_end(&in, argc, argv, &err), &err);
	if (!ret && !in.nr_files)
		ret = command_usage(argv[0], "which FILE? (- is standard input)");
	else if (!ret && flags == PRINT_COUNTERS && !print)
		ret = command_usage(argv[0], "-c goes with --print");
	if (!ret)
		ret = check(&in, print, flags);
out:
	input_free(&in);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include <getopt.h>
#include <string.h>

#include "commands.h"
#include "input.h"

static const char help[] =
	"Usage: bpfilter compile [-T TABLE[,TABLE]] [-4|-6] FILE... -o IMAGE\n\n"
	"Compile the rules of all FILEs, joined in order, to an image file.\n"
	"An image is loaded by 'bpfilter apply IMAGE' without parsing anything again.\n\n"
	"  -4, -6         the FILE that follows is IPv4 (IPv6) rules; without: by its\n"
	"                 suffix .v4 or .v6, else it is for both\n"
	"  -T TABLE       take these tables only (filter, raw); may be repeated\n"
	"  -o IMAGE       the file to write; an old one is replaced at one instant\n"
	"      --help     this text\n";

static const struct option options[] = {
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "tables", required_argument, NULL, 'T' },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int print_summary(const struct image *img, const char *path)
{
	struct buffer out = { 0 };
	uint32_t count = 0;
	int ret;

	for (int f = 0; f < NR_FAMILIES; f++)
		for (int t = 0; t < NR_TABLES; t++)
			count += img->header->nr_rules[f][t];
	buffer_printf(&out, "%s: %u rules, %zu bytes (digest ", path, count, img->size);
	for (int i = 0; i < 6; i++)
		buffer_printf(&out, "%02x", img->header->digest[i]);
	buffer_puts(&out, ")\n");
	ret = command_output(&out);
	buffer_free(&out);
	return ret;
}

static int compile(struct input *in, const char *path)
{
	struct image img = { 0 };
	struct error err = { 0 };
	const struct error *warnings;
	int ret = input_read(in, &err);
	size_t nr_warnings;

	if (!ret && in->has_image)
		ret = error_set(&err, -1, "%s is an image already", in->files[0].name);
	if (!ret)
		ret = input_compile(in, &img, &err);
	nr_warnings = input_warnings(in, &warnings);
	command_warnings(warnings, nr_warnings);
	if (!ret)
		ret = image_write(&img, path, &err);
	if (!ret && img.warning[0])
		command_warn("%s", img.warning);
	ret = ret ? command_failed(&err) : print_summary(&img, path);
	image_free(&img);
	return ret;
}

int cmd_compile(int argc, char **argv)
{
	const char *path = NULL;
	struct input in = { 0 };
	struct error err = { 0 };
	int c, ret = 0;

	while (!ret && (c = input_getopt(argc, argv, INPUT_OPTIONS "o:", options)) != -1) {
		if (c == 'h') {
			ret = command_text(help);
			goto out;
		}
		if (c == 'o' && path)
			ret = command_usage(argv[0], "one IMAGE is enough");
		else if (c == 'o')
			path = optarg;
		else if (c == ':' || c == '?')
			ret = command_bad_option(argv, c);
		else
			ret = command_input(argv[0], input_option(&in, c, optarg, &err), &err);
	}
	if (!ret)
		ret = command_input(argv[0], input_end(&in, argc, argv, &err), &err);
	if (!ret && !in.nr_files)
		ret = command_usage(argv[0], "which FILE? (- is standard input)");
	else if (!ret && (!path || !*path || !strcmp(path, "-")))
		ret = command_usage(argv[0], "-o IMAGE is missing: the name of a file to write");
	if (!ret)
		ret = compile(&in, path);
out:
	input_free(&in);
	return ret;
}

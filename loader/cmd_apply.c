/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "answer/start.h"
#include "apply.h"
#include "boot/cmdline.h"
#include "commands.h"
#include "inforce.h"
#include "input.h"
#include "kernel/conntrack.h"
#include "kernel/kernel.h"
#include "sign/sign.h"
#include "state.h"

static const char help[] =
	"Usage: bpfilter apply [-T TABLE[,TABLE]] [[-4|-6] FILE...]\n\n"
	"Make the rules of all FILEs, joined in order, the rule set of this network\n"
	"namespace, at one instant. If anything fails, the old rules stay in force.\n"
	"A FILE named *.ipset holds sets for -m set, as ipset save prints them; with\n"
	"no other FILE these are replaced under the rules in force.\n"
	"Without FILE: rules.v4, rules.v6, rules and *.ipset in " INPUT_DIR ".\n"
	"A family that no FILE is for keeps the rules it has. Of the other families\n"
	"all tables are replaced: those that are not in the FILEs, or not named by -T,\n"
	"are empty afterwards.\n\n"
	"  -4, -6         the FILE that follows is IPv4 (IPv6) rules; without: by its\n"
	"                 suffix .v4 or .v6, else it is for both\n"
	"  -T TABLE       take these tables only (filter, raw); may be repeated\n"
	"      --help     this text\n";

static const struct option options[] = {
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "tables", required_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Everything one apply holds. */
struct apply {
	struct input *input;
	struct image image;
	struct kernel kernel;
	unsigned int kept;	/* families that go on with the rules they have */
};

/*
 * A family that was not named goes on: its rules join the ones that are new. Afterwards the image
 * has to be compiled again.
 */
static int add_taken_over(struct apply *a, char *text, size_t len, unsigned int families,
			  struct error *err)
{
	return input_add(a->input, &(struct input_file){
		.name = families ? "(rules in force)" : "(sets in force)", .text = text,
		.len = len, .families = families, .taken_over = true, .sets = !families }, err);
}

/* The sets that their rules name; where there is a new one of a name, it is that. */
static int take_over_sets(struct apply *a, const struct ruleset *old, unsigned int families,
			  struct error *err)
{
	char *text = NULL;
	size_t len = 0;
	int ret = input_sets_text(old, families, &text, &len, err);

	if (ret || !text)
		return ret;
	return add_taken_over(a, text, len, 0, err);
}

static int take_over(struct apply *a, const struct filter_view *view, struct error *err)
{
	unsigned int others = view->image->families & ~a->image.header->families;
	struct ruleset old;
	int ret = 0;

	if (!others)
		return 0;
	ruleset_init(&old);
	ret = image_ruleset(view->image, &old, false, err);
	for (int f = 0; !ret && f < NR_FAMILIES; f++) {
		char *text;
		size_t len;

		if (!(others & FAMILY_BIT(f)))
			continue;
		ret = input_ruleset_text(&old, (enum family)f, &text, &len, err);
		if (!ret)
			ret = add_taken_over(a, text, len, FAMILY_BIT(f), err);
	}
	if (!ret)
		ret = take_over_sets(a, &old, others, err);
	ruleset_free(&old);
	if (ret)
		return ret;
	a->kept = others;
	image_free(&a->image);
	a->image = (struct image){ 0 };
	return input_build(a->input, &a->image, err);
}

static int merge(struct apply *a, struct error *err)
{
	struct filter_view view = { 0 };
	int ret = filter_view(&a->kernel, &view, err);

	if (ret == -ENOENT) {
		*err = (struct error){ 0 };
		if (!a->image.header->families)
			return error_set(err, -EINVAL, "these are sets alone, and no rules are in force that could use them");
		return 0;
	}
	if (ret)
		return ret;
	ret = take_over(a, &view, err);
	filter_view_close(&view);
	return ret;
}

static int require_tracking(const struct apply *a, struct error *err)
{
	struct conntrack_state st = { 0 };

	/*
	 * For every family there are rules for, also one whose rules do not ask: the image says
	 * "needs tracking" as a whole, and packets without an entry are dropped then.
	 */
	if (!(a->image.header->features & IMAGE_F_CONNTRACK))
		return 0;
	return conntrack_require(a->image.header->families, &st, err);
}

/*
 * bpfilter.nflog= of the kernel command line; what else is wrong there is for a boot to tell. With
 * a key built in it names no file to write to, as at boot (boot_config()).
 */
static void take_cmdline(struct cmdline *c)
{
	struct sign_key key;
	char *text = NULL;
	size_t len = 0;

	if (!cmdline_read(&text, &len, NULL))
		(void)cmdline_parse(text, len, c, NULL);
	free(text);
	while (sign_key_embedded(&key) && cmdline_tighten(c))
		;
}

/* A boot goes on without it: its rules filter as they should. */
static int start_companion(struct apply *a, enum image_origin origin, struct error *err)
{
	bool boot = origin != IMAGE_ORIGIN_APPLY;
	struct error why = { 0 };
	struct cmdline c = { 0 };
	int ret;

	if (!answers_needed(a->image.header))
		return 0;
	take_cmdline(&c);
	ret = (boot ? companion_at_boot : companion_before)(&a->kernel, a->image.header, c.nflog,
							    &why);
	cmdline_free(&c);
	if (!ret)
		return 0;
	if (!boot) {
		*err = why;
		return ret;
	}
	command_warn("not all of REJECT, LOG and NFLOG is answered: %s", why.msg);
	return 0;
}

static int put_in_force(struct apply *a, enum image_origin origin, struct error *err)
{
	const struct apply_options opt = {
		.origin = origin,
		.keep_counters = a->kept,
	};
	struct filter_change *change = NULL;
	struct error late = { 0 };
	int ret = require_tracking(a, err);

	if (!ret)
		ret = filter_prepare(&a->kernel, &a->image, &opt, &change, err);
	if (!ret)
		ret = start_companion(a, origin, err);
	if (!ret)
		ret = filter_commit(&a->kernel, change, err);
	else
		filter_abort(&a->kernel, change);
	if (companion_after(&a->kernel, &late))
		command_warn("%s", late.msg);
	return ret;
}

/* The rules are in force; what fails from here on does not take them back. */
static int follow_up(struct apply *a)
{
	const struct image_header *image = a->image.header;
	struct filter_status status = { 0 };
	struct error err = { 0 };
	unsigned int stuck = 0;

	if (filter_status(&a->kernel, &status, &err))
		return command_failed(&err);
	for (int f = 0; f < NR_FAMILIES; f++) {
		bool judged = image->families & FAMILY_BIT(f);

		if (judged && status.deny_present[f])
			stuck |= FAMILY_BIT(f);
		if (!judged && status.deny_present[f])
			command_warn("%s stays denied since boot: no rules for it are in force",
				     family_name((enum family)f));
		else if (!judged)
			command_warn("%s is not filtered: no rules for it are in force",
				     family_name((enum family)f));
	}
	if (stuck && deny_open(NULL, &a->kernel, stuck, &err))
		return command_failed(&err);
	if (!(image->features & IMAGE_F_CONNTRACK) && conntrack_release(&err)) {
		command_warn("%s", err.msg);
		err = (struct error){ 0 };
	}
	if (state_write(&a->kernel, &err))
		command_warn("%s", err.msg);
	inforce_warn_tracking(image);
	if (a->image.warning[0])
		command_warn("%s", a->image.warning);
	return COMMAND_OK;
}

static int print_summary(const struct apply *a)
{
	const struct image_header *image = a->image.header;
	struct buffer out = { 0 }, names = { 0 };
	const char *and = "";
	int ret;

	buffer_puts(&out, "bpfilter: ");
	for (int f = 0; f < NR_FAMILIES; f++) {
		uint32_t count = 0;

		if (!(image->families & FAMILY_BIT(f)))
			continue;
		for (int t = 0; t < NR_TABLES; t++)
			count += image->nr_rules[f][t];
		buffer_printf(&out, "%s%u %s%s", and, count, family_name((enum family)f),
			      a->kept & FAMILY_BIT(f) ? " (unchanged)" : "");
		and = " and ";
	}
	buffer_puts(&out, " rules in force (digest ");
	for (int i = 0; i < 6; i++)
		buffer_printf(&out, "%02x", image->digest[i]);
	input_names(a->input, &names);
	buffer_printf(&out, ")%s%s", names.len ? ", from " : "", names.len ? names.data : "");
	buffer_putc(&out, '\n');
	ret = command_output(&out);
	buffer_free(&names);
	buffer_free(&out);
	return ret;
}

int apply_rules(struct input *in, enum image_origin origin)
{
	struct apply a = { .input = in, .kernel = { .lock_fd = -1 } };
	struct error err = { 0 };
	const struct error *warnings;
	bool opened = false;
	int ret = input_build(in, &a.image, &err);
	size_t nr_warnings;

	if (!ret)
		ret = kernel_check(&err);
	if (!ret)
		ret = kernel_open(&a.kernel, true, &err);
	opened = !ret;
	if (!ret)
		ret = merge(&a, &err);
	if (!ret)
		ret = put_in_force(&a, origin, &err);
	nr_warnings = input_warnings(in, &warnings);
	command_warnings(warnings, nr_warnings);
	if (ret) {
		ret = command_failed(&err);
		command_note("the rules in force are unchanged");
	} else {
		ret = follow_up(&a);
		if (!ret)
			ret = print_summary(&a);
		if (ret)
			command_note("the new rules are in force nevertheless");
	}
	if (opened)
		kernel_close(&a.kernel);
	image_free(&a.image);
	return ret;
}

int cmd_apply(int argc, char **argv)
{
	struct input in = { 0 };
	struct error err = { 0 };
	int c, ret = 0;

	while (!ret && (c = input_getopt(argc, argv, INPUT_OPTIONS, options)) != -1) {
		if (c == 'h') {
			ret = command_text(help);
			goto out;
		}
		if (c == ':' || c == '?')
			ret = command_bad_option(argv, c);
		else
			ret = command_input(argv[0], input_option(&in, c, optarg, &err), &err);
	}
	if (!ret)
		ret = command_input(argv[0], input_end(&in, argc, argv, &err), &err);
	if (!ret && ((!in.nr_files && input_defaults(&in, INPUT_DIR, &err)) ||
		     input_read(&in, &err))) {
		ret = command_failed(&err);
		command_note("the rules in force are unchanged");
	}
	if (!ret)
		ret = apply_rules(&in, IMAGE_ORIGIN_APPLY);
out:
	input_free(&in);
	return ret;
}

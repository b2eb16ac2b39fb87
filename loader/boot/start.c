// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <time.h>

#include "boot/boot.h"
#include "boot/notify.h"
#include "commands.h"

static const char help[] =
	"Usage: bpfilter start [--initrd] [--cmdline TEXT]\n\n"
	"Does what a boot does without being process 1: first everything is denied,\n"
	"then the rules of " INPUT_DIR " or bpfilter.rules= are put in force. What is in\n"
	"force already is verified and repaired: links, connection tracking, and that\n"
	"the rules are those of " INPUT_DIR ". Where there are no rules nothing is done.\n"
	"For units and hooks: bpfilter.service(8), bpfilter-dracut(8).\n"
	"Exit code 0: it filters as it should, or nothing is to be done; 1: not so.\n\n"
	"  -i, --initrd        in an initrd: rd.bpfilter= counts, what is in force stays\n"
	"                      as it is, messages go to the kernel log. Exit code 1: the\n"
	"                      boot must not go on; if the default deny holds that is 0\n"
	"  -c, --cmdline TEXT  the words of the kernel command line; without: /proc/cmdline\n"
	"      --help          this text\n";

static const struct option options[] = {
	{ "initrd", no_argument, NULL, 'i' },
	{ "cmdline", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

enum found {
	NOTHING,
	PART,		/* one family is denied: somebody was killed before he had pinned it all */
	WHOLE,		/* rules, or the default deny of a boot without rules */
};

static int in_force(enum found *found, struct error *err)
{
	struct kernel k = { .lock_fd = -1 };
	struct filter_view view = { 0 };
	struct filter_status st = { 0 };
	int ret = kernel_open(&k, false, err);

	*found = NOTHING;
	if (ret == -ENOENT) {
		*err = (struct error){ 0 };
		return 0;
	}
	if (ret)
		return ret;
	ret = filter_status(&k, &st, err);
	if (!ret)
		ret = filter_view(&k, &view, err);
	if (!ret)
		filter_view_close(&view);
	kernel_close(&k);
	if (ret && ret != -ENOENT)
		return ret;
	if (!ret || (st.deny_present[FAMILY_IPV4] && st.deny_present[FAMILY_IPV6]))
		*found = WHOLE;
	else if (st.deny_present[FAMILY_IPV4] || st.deny_present[FAMILY_IPV6])
		*found = PART;
	*err = (struct error){ 0 };
	return 0;
}

/* Is there a wish at all? One that cannot be understood is one. */
static bool configured(const struct boot *b)
{
	struct input in = { 0 };
	int ret;

	if (b->cmdline_err.msg[0] || b->cmdline.rules.nr || b->keyed || b->cmdline.key ||
	    (b->as == BOOT_INITRD && b->cmdline.rd == RD_ON))
		return true;
	ret = input_defaults(&in, INPUT_DIR, NULL);
	input_free(&in);
	return ret != -ENOENT;
}

/* Nothing is in force: as in a boot. Returns an exit code. */
static int first(struct boot *b)
{
	stage1_install(b);
	if (b->stage1 == STAGE1_NONE)
		stage1_install(b);	/* by libbpf: the first time was by the light skeleton */
	timing_part(&b->timing, TIMING_DENY);
	stage1_keep(b);
	stage2_run(b);
	timing_log(&b->timing);
	if (b->kernel_open)
		kernel_close(&b->kernel);
	if (b->loaded)
		return COMMAND_OK;
	/* Denied, or open by wish: in the initrd the boot goes on; the unit is there to tell. */
	return b->as == BOOT_INITRD || b->cmdline.fail == FAIL_OPEN ? COMMAND_OK : COMMAND_FAILED;
}

static int start(struct boot *b)
{
	struct error err = { 0 };
	enum found found;

	if (b->cmdline.off || (b->as == BOOT_INITRD && b->cmdline.rd == RD_OFF)) {
		boot_log(LOG_WARNING, "switched off by %s: nothing is done",
			 b->cmdline.off ? "bpfilter=off" : "rd.bpfilter=0");
		return COMMAND_OK;
	}
	if (in_force(&found, &err)) {
		boot_log_error(LOG_ERROR, &err);
		found = NOTHING;	/* who cannot see, shuts: stage 1 joins what is there */
	}
	if (found == PART && b->as == BOOT_INITRD)
		boot_panic("THERE IS NO FILTER in one family: a start before this one was killed");
	if (found == WHOLE && b->as == BOOT_INITRD) {
		boot_log(LOG_NOTE, "in force already, by the kernel image: left as it is");
		return COMMAND_OK;
	}
	if (found != NOTHING)
		return repair(b);
	if (!configured(b)) {
		boot_log(LOG_NOTE, "no rules in " INPUT_DIR
			 ", no bpfilter.rules=: nothing is filtered");
		notify_status("no rules: nothing is filtered; see " INPUT_DIR "/README");
		return COMMAND_OK;
	}
	return first(b);
}

int cmd_start(int argc, char **argv)
{
	static struct boot boot;	/* zeroed; large */
	struct boot *b = &boot;
	const char *line = NULL;
	int c, ret;

	timing_start(&b->timing, clock_ns(CLOCK_MONOTONIC));
	b->argv = argv;
	b->as = BOOT_UNIT;
	while ((c = getopt_long(argc, argv, ":ic:h", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 'i')
			b->as = BOOT_INITRD;
		else if (c == 'c')
			line = optarg;
		else
			return command_bad_option(argv, c);
	}
	if (optind < argc)
		return command_usage(argv[0], "no argument is expected: %s", argv[optind]);
	if (b->as == BOOT_UNIT)
		boot_log_to_stderr();
	boot_config(b, line);
	timing_part(&b->timing, TIMING_CMDLINE);
	ret = start(b);
	cmdline_free(&b->cmdline);
	return ret;
}

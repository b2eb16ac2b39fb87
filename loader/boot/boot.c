// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "boot/boot.h"
#include "commands.h"

static void stand_aside(struct boot *b)
{
	stage1_remove(b);
	boot_log(LOG_WARNING, "switched off by bpfilter=off: THERE IS NO FILTER");
}

static const char help[] =
	"Usage: bpfilter-init, as process 1: rdinit=/bpfilter-init\n"
	"       bpfilter boot --timing [--json]\n\n"
	"Puts the rules of /etc/bpfilter or bpfilter.rules= in force before the\n"
	"first interface exists, then executes the next init (bpfilter.init=,\n"
	"/init, /sbin/init). Words of the kernel command line: bpfilter.rules=\n"
	"bpfilter.end bpfilter.fail= bpfilter.timeout= bpfilter.tables=\n"
	"bpfilter.modules= bpfilter.removable= bpfilter.unique= bpfilter.key=\n"
	"bpfilter.init= bpfilter=off. See bpfilter.cmdline(7).\n\n"
	"  -t, --timing   in the running system: which part of that took how long\n"
	"  -j, --json     for machines\n"
	"      --help     this text\n";

static const struct option options[] = {
	{ "timing", no_argument, NULL, 't' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int not_process_1(int argc, char **argv)
{
	bool timing = false, json = false;
	int c;

	while ((c = getopt_long(argc, argv, ":tjh", options, NULL)) != -1) {
		if (c == 'h')
			return command_text(help);
		if (c == 't')
			timing = true;
		else if (c == 'j')
			json = true;
		else
			return command_bad_option(argv, c);
	}
	if (optind < argc)
		return command_usage("boot", "no argument is expected: %s", argv[optind]);
	if (timing)
		return timing_show(json);
	return command_usage("boot", "only process 1 of a boot can do this; 'bpfilter apply' puts "
			     "rules in force in a running system");
}

/*
 * There is no dry run: what it would show, the other commands show without the danger ("bpfilter
 * check"), and a test runs this in a PID namespace of its own.
 */
int cmd_boot(int argc, char **argv)
{
	static struct boot boot;	/* zeroed, and no stack to overflow in process 1 */
	struct boot *b = &boot;

	timing_start(&b->timing, clock_ns(CLOCK_MONOTONIC));
	b->argv = argv;
	if (getpid() != 1)
		return not_process_1(argc, argv);
	hold_streams();
	b->again = mounts_ran_before();
	timing_part(&b->timing, TIMING_START);
	if (!b->again)
		stage1_install(b);
	timing_part(&b->timing, TIMING_DENY);
	mounts_make(b);
	timing_part(&b->timing, TIMING_MOUNTS);
	if (!b->again && b->stage1 == STAGE1_NONE)
		stage1_install(b);	/* once more: libbpf, slower, needs /sys/kernel/btf */
	timing_part(&b->timing, TIMING_DENY);
	boot_config(b, NULL);
	timing_part(&b->timing, TIMING_CMDLINE);
	if (b->again) {
		boot_log(LOG_ERROR, "started a second time: all is left as it is");
	} else if (b->cmdline.off) {
		stand_aside(b);
	} else {
		stage1_keep(b);
		stage2_run(b);
		timing_log(&b->timing);
	}
	handover(b);
	boot_panic("there is no init to go on with: /init, /sbin/init, /etc/init, /bin/init and "
		   "/bin/sh cannot be executed");
}

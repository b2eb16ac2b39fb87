// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stage 2 does with KEY=VALUE:/PATH, outside of a boot.
 * usage: open [-t MS] [-u MS] [-r] [-m BYTES] SPEC: the file to stdout, or the error to stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "boot/partition.h"

int main(int argc, char **argv)
{
	struct partition_options opt = { .unique_ms = 0 };
	size_t len = 0, max = 1 << 20;
	unsigned long timeout = 0;
	struct partition_spec spec;
	struct error err = { 0 };
	struct partition p;
	struct timespec now;
	char *text = NULL;
	int c, ret;

	while ((c = getopt(argc, argv, "t:u:rm:")) > 0) {
		switch (c) {
		case 't':
			timeout = strtoul(optarg, NULL, 10);
			break;
		case 'u':
			opt.unique_ms = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			opt.removable = true;
			break;
		case 'm':
			max = strtoul(optarg, NULL, 10);
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &now);
	opt.deadline_ns = ((uint64_t)now.tv_sec * 1000 + timeout) * 1000000 + (uint64_t)now.tv_nsec;
	ret = partition_spec_parse(argv[optind], &spec, &err);
	if (!ret)
		ret = partition_open(&spec, &opt, &p, &err);
	if (!ret) {
		ret = partition_read(&p, spec.path, max, &text, &len, &err);
		partition_close(&p);
	}
	if (ret)
		error_print(&err, STDERR_FILENO);
	else
		fwrite(text, 1, len, stdout);
	free(text);
	return ret != 0;
}

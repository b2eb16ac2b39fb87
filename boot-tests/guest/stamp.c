// SPDX-License-Identifier: GPL-2.0-only
/*
 * The next init of scripts/bench: when does its first instruction run? Says so on the result
 * channel, and what the helper has logged, and ends the guest. Needs /dev/ttyS1 and nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LOG_READ_ALL	3	/* SYSLOG_ACTION_READ_ALL, include/linux/syslog.h */

static void helpers_lines(int fd)
{
	static char log[1 << 20];
	int n = klogctl(LOG_READ_ALL, log, sizeof(log) - 1);

	for (char *line = log, *end; n > 0 && (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (strstr(line, "bpfilter: "))
			dprintf(fd, "%s\n", line);
	}
}

int main(void)
{
	struct timespec boot, mono;
	int fd;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	dprintf(fd, "next init: boottime %lld.%06ld monotonic %lld.%06ld\n", (long long)boot.tv_sec,
		boot.tv_nsec / 1000, (long long)mono.tv_sec, mono.tv_nsec / 1000);
	helpers_lines(fd);
	tcdrain(fd);
	reboot(RB_AUTOBOOT);	/* with -no-reboot the end of QEMU, also on a kernel without ACPI */
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "boot/boot.h"

void interfaces_up(char *names, size_t size, bool down)
{
	struct if_nameindex *all = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = 0;

	names[0] = 0;
	for (struct if_nameindex *i = all; i && i->if_name && fd >= 0; i++) {
		struct ifreq req = { 0 };

		snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &req))
			continue;
		if (!(req.ifr_flags & IFF_UP) || (req.ifr_flags & IFF_LOOPBACK))
			continue;
		req.ifr_flags &= ~IFF_UP;
		if (down && !ioctl(fd, SIOCSIFFLAGS, &req))
			continue;
		if (len < size)
			len += (size_t)snprintf(names + len, size - len, "%s%s", len ? ", " : "",
						req.ifr_name);
	}
	if (all)
		if_freenameindex(all);
	if (fd >= 0)
		close(fd);
}

/*
 * The first thing that happens. Until deny_install() has returned a packet meets no filter; no
 * interface is up but what the kernel itself brought up (ip=, netconsole), which we name.
 */
void stage1_install(struct boot *b)
{
	b->deny_err = (struct error){ 0 };
	if (!deny_install(&b->deny, &b->deny_err))
		b->stage1 = STAGE1_DENY;
	else if (!b->deny_err.msg[0])
		error_set(&b->deny_err, -EIO, "cannot install the deny program");
	b->stage1_ns = clock_ns(CLOCK_MONOTONIC);
	b->stage1_boot_ns = clock_ns(CLOCK_BOOTTIME);
	interfaces_up(b->up, sizeof(b->up), false);
}

/*
 * (b): whatever comes next runs where there is no interface. The old namespace keeps all devices,
 * also those of drivers loaded later; nobody is left in it to bring one up. What the kernel brought
 * up there is taken down first, or it would go on answering without a filter.
 */
static int isolate(struct boot *b, struct error *err)
{
	char still_up[128];

	interfaces_up(still_up, sizeof(still_up), true);
	if (still_up[0])
		return error_set(err, -EBUSY, "cannot take down %s", still_up);
	if (unshare(CLONE_NEWNET))
		return error_errno(err, -errno, "cannot make an empty network namespace");
	b->stage1 = STAGE1_ISOLATED;
	(void)mounts_second(NULL, NULL);	/* only marks that we ran */
	return 0;
}

static void log_in_force(const struct boot *b, const char *how)
{
	uint64_t us = (b->stage1_ns - b->timing.start_ns) / 1000;
	uint64_t ms = b->stage1_boot_ns / 1000000;

	boot_log(LOG_NOTE,
		 "stage 1 in force %u.%03u s after kernel start, %u.%03u ms after exec: %s%s",
		 (unsigned int)(ms / 1000), (unsigned int)(ms % 1000), (unsigned int)(us / 1000),
		 (unsigned int)(us % 1000), how, b->up[0] ? "" : ", no interface is up yet");
	if (b->up[0]) {
		boot_log(LOG_ERROR, "error: up before there was a filter%s: %s",
			 b->stage1 == STAGE1_ISOLATED ? " (and taken down now)" : "", b->up);
		boot_log(LOG_ERROR, b->as == BOOT_UNIT ?
			 "hint: put bpfilter into the initramfs: bpfilter-initramfs(8), bpfilter-dracut(8)" :
			 "hint: boot without ip=, nfsroot= and netconsole=, or with a "
			 "kernel without CONFIG_IP_PNP and CONFIG_NETCONSOLE");
	}
}

/* (a) has failed, or cannot outlive us: @err says why. */
static void fall_back(struct boot *b, const struct error *why)
{
	struct error err = { 0 };

	boot_log_error(LOG_ERROR, why);
	if (b->cmdline.fail == FAIL_PANIC)
		boot_panic("bpfilter.fail=panic and stage 1 failed");
	if (b->cmdline.fail == FAIL_OPEN) {
		stage1_remove(b);
		boot_log(LOG_ERROR, "THERE IS NO FILTER, as bpfilter.fail=open asks for");
		return;
	}
	if (b->as != BOOT_INIT)
		boot_panic("THERE IS NO FILTER and nothing can keep packets out: %s",
			   b->as == BOOT_INITRD ? "the boot must not go on" :
			   "boot a kernel that scripts/check-config finds fit");
	if (isolate(b, &err)) {
		boot_log_error(LOG_ERROR, &err);
		boot_panic("nothing can keep packets out");
	}
	b->stage1_ns = clock_ns(CLOCK_MONOTONIC);
	b->stage1_boot_ns = clock_ns(CLOCK_BOOTTIME);
	log_in_force(b, "the next init runs in an empty network namespace");
	boot_log(LOG_ERROR, "hint: no interface will appear; nsenter --net=/proc/2/ns/net reaches "
		 "the unfiltered ones%s", b->keyed ? "" : "; bpfilter=off boots without a filter");
}

/* The links live as long as somebody refers to them: we do, until the next init is executed. */
static int pin(struct boot *b, struct error *err)
{
	struct error second = { 0 };
	int ret = kernel_open(&b->kernel, true, err);

	if (ret)
		return ret;
	b->kernel_open = true;
	ret = deny_pin(&b->deny, &b->kernel, err);
	if (ret)
		return ret;
	b->stage1 = STAGE1_PINNED;
	/* The pins above hold; this one is for initrds that throw /sys away. */
	if (mounts_second(b->kernel.bpffs, &second)) {
		boot_log_error(LOG_ERROR, &second);
		boot_log(LOG_ERROR, "hint: the filter ends if the initrd detaches /sys");
	}
	return 0;
}

void stage1_keep(struct boot *b)
{
	struct error err = { 0 };
	int ret;

	if (b->stage1 == STAGE1_NONE) {
		fall_back(b, &b->deny_err);
		return;
	}
	ret = pin(b, &err);
	timing_part(&b->timing, TIMING_PIN);
	if (!ret) {
		log_in_force(b, "only loopback passes");
		timing_part(&b->timing, TIMING_LOG);
		return;
	}
	if (!err.msg[0])
		error_set(&err, ret, "cannot pin the deny program");
	fall_back(b, &err);
}

void stage1_remove(struct boot *b)
{
	struct error err = { 0 };

	/* Something may be pinned, even if not all of it: then only the gate lets packets in. */
	if (b->kernel_open && deny_open(&b->deny, &b->kernel, FAMILIES_ALL, &err))
		boot_log_error(LOG_ERROR, &err);	/* stays shut: the safe side */
	else if (!b->kernel_open && b->stage1 == STAGE1_DENY)
		deny_close(&b->deny);			/* the links end here */
	b->stage1 = STAGE1_NONE;
}

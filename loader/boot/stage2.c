// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "answer/start.h"
#include "boot/stage2.h"
#include "compile/compile.h"
#include "kernel/conntrack.h"
#include "kernel/rcu.h"
#include "state.h"

/* For what process 1 does itself: loading modules and programs. */
#define OWN_SECONDS	60U

/* The child is gone; sealed, nobody else can change what will be validated. */
static int map_image(int fd, void **data, size_t *size, struct error *err)
{
	struct stat st;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW))
		return error_errno(err, -errno, "cannot seal the image");
	if (fstat(fd, &st))
		return error_errno(err, -errno, "cannot look at the image");
	if (st.st_size <= 0 || st.st_size > IMAGE_CAPACITY_MAX)
		return error_set(err, -EINVAL, "the image has no sensible size");
	*size = (size_t)st.st_size;
	*data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (*data == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the image");
	return 0;
}

static int load(struct boot *b, const void *data, size_t size, enum image_origin origin,
		struct conntrack_state *ct, struct error *err)
{
	const struct apply_options opt = { .origin = origin };
	const struct image_header *image = data;
	const struct image img = { .header = (struct image_header *)(uintptr_t)data,
				   .data = (void *)(uintptr_t)data, .size = size };
	struct filter_change *change = NULL;
	struct error unanswered = { 0 };
	int ret = 0;

	/* Closing nf_tables' socket waits for a grace period, too: 17 ms otherwise. */
	rcu_hurry(true);
	if (image->features & IMAGE_F_CONNTRACK)
		ret = conntrack_require(image->families, ct, err);
	timing_part(&b->timing, TIMING_CONNTRACK);
	if (!ret)
		ret = filter_prepare(&b->kernel, &img, &opt, &change, err);
	timing_part(&b->timing, TIMING_IMAGE);
	if (!ret && companion_at_boot(&b->kernel, image, b->cmdline.nflog, &unanswered))
		boot_log(LOG_ERROR, "not all of REJECT, LOG and NFLOG is answered: %s",
			 unanswered.msg);
	timing_part(&b->timing, TIMING_COMPANION);
	if (!ret)
		ret = filter_commit(&b->kernel, change, err);
	timing_part(&b->timing, TIMING_COMMIT);
	/* Both judge now, and stage 1 drops everything: a DROP of either wins. */
	if (!ret)
		ret = deny_open(&b->deny, &b->kernel, image->families & FAMILIES_ALL, err);
	rcu_hurry(false);
	timing_part(&b->timing, TIMING_OPEN);
	return ret;
}

static void log_families(const struct boot *b, const struct image_header *image,
			 enum image_origin origin)
{
	uint64_t ns = clock_ns(CLOCK_MONOTONIC) - b->timing.start_ns;
	unsigned int us = (unsigned int)(ns / 1000);
	uint64_t ms = clock_ns(CLOCK_BOOTTIME) / 1000000;
	char counts[96] = "", denied[16] = "";
	size_t len = 0;

	for (int f = 0; f < NR_FAMILIES; f++) {
		const char *name = family_name((enum family)f);
		unsigned int n = image->nr_rules[f][TABLE_FILTER] + image->nr_rules[f][TABLE_RAW];

		if (image->families & FAMILY_BIT(f))
			len += (size_t)snprintf(counts + len, sizeof(counts) - len,
						"%s%s %u rule%s", len ? ", " : "", name, n,
						n == 1 ? "" : "s");
		else
			snprintf(denied, sizeof(denied), "%s", denied[0] ? "both families" : name);
	}
	boot_log(LOG_NOTE,
		 "stage 2 in force %u.%03u s after kernel start, %u.%03u ms after exec: %s%s",
		 (unsigned int)(ms / 1000), (unsigned int)(ms % 1000), us / 1000, us % 1000,
		 origin == IMAGE_ORIGIN_RESCUE ? "RESCUE RULES, " : "", counts);
	if (denied[0])
		boot_log(LOG_WARNING, "there are no rules for %s: denied but for loopback", denied);
}

static void log_rules(const struct image_header *image, const struct child_result *res,
		      const struct conntrack_state *ct)
{
	char digest[13];

	if (res->err.msg[0])
		boot_log_error(LOG_WARNING, &res->err);
	for (size_t i = 0; i < 6; i++)
		snprintf(digest + 2 * i, 3, "%02x", image->digest[i]);
	boot_log(LOG_INFO, "rules of %s, digest %s, connection tracking: %s", res->sources, digest,
		 image->features & IMAGE_F_CONNTRACK ? conntrack_by_name(ct->by) : "not needed");
}

/* From texts to rules in force, or an error and nothing changed. */
static int attempt(struct boot *b, enum image_origin origin, struct error *err)
{
	static struct child_result res;
	struct conntrack_state ct = { 0 };
	void *data = MAP_FAILED;
	size_t size = 0;
	int fd, ret;

	fd = memfd_create("bpfilter-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return error_errno(err, -errno, "cannot make a place for the image");
	ret = child_make_image(b, origin, fd, &res, err);
	if (!ret)
		ret = map_image(fd, &data, &size, err);
	if (!ret)
		ret = image_validate(data, size, err);
	timing_part(&b->timing, TIMING_VALIDATE);
	if (!ret)
		ret = load(b, data, size, origin, &ct, err);
	if (!ret) {
		b->loaded = true;
		log_families(b, data, origin);
		log_rules(data, &res, &ct);
	}
	timing_part(&b->timing, TIMING_LOG);
	if (data != MAP_FAILED)
		munmap(data, size);
	close(fd);
	timing_part(&b->timing, TIMING_IMAGE);
	if (ret && !err->msg[0])
		error_set(err, ret, "the rules cannot be put in force");
	return ret;
}

/* Neither the rules nor the rescue rules are in force; stage 1 is. */
static void fail(struct boot *b)
{
	switch (b->cmdline.fail) {
	case FAIL_DENY:
		boot_log(LOG_ERROR,
			 "stage 1 stays in force: only loopback passes (bpfilter.fail=deny)");
		boot_log(LOG_ERROR, "next: correct it (bpfilter check FILE) and %s%s",
			 b->as == BOOT_UNIT ? "start this again" : "make the initramfs anew",
			 b->keyed ? "" :
			 "; to get in now boot with bpfilter=off or bpfilter.fail=open");
		break;
	case FAIL_OPEN:
		stage1_remove(b);
		boot_log(LOG_ERROR, "THERE IS NO FILTER, as bpfilter.fail=open asks for");
		break;
	case FAIL_PANIC:
		boot_panic("bpfilter.fail=panic and the rules are not in force");
	}
}

static void try_all(struct boot *b)
{
	struct error err = { 0 }, rescue = { 0 };
	int ret;

	if (b->cmdline_err.msg[0])
		err = b->cmdline_err;
	else if (!attempt(b, IMAGE_ORIGIN_BOOT, &err))
		return;
	boot_log_error(LOG_ERROR, &err);
	ret = attempt(b, IMAGE_ORIGIN_RESCUE, &rescue);
	if (!ret)
		return;
	if (ret != -ENOENT)
		boot_log_error(LOG_ERROR, &rescue);
	fail(b);
}

static struct boot *overdue_boot;

/*
 * Process 1 itself hangs, most likely in a module or the verifier. The boot goes on with what is in
 * force at this moment: links are pinned, the gate is as it was, and no half-made slot judges.
 */
static void overdue(int sig)
{
	struct boot *b = overdue_boot;

	(void)sig;
	boot_log(LOG_ERROR, "error: putting the rules in force took too long");
	timing_part(&b->timing, TIMING_OVERDUE);
	fail(b);
	timing_log(&b->timing);
	if (b->as != BOOT_INIT)
		_exit(b->as == BOOT_UNIT);	/* the policy holds; with FAIL_PANIC we are gone */
	b->kernel_open = false;		/* its state may be in pieces; exec closes its lock */
	handover(b);
	boot_panic("there is no init to go on with");
}

void stage2_run(struct boot *b)
{
	struct sigaction sa = { .sa_handler = overdue, .sa_flags = SA_NODEFER };
	struct error err = { 0 };

	if (b->stage1 != STAGE1_PINNED)
		return;		/* no BPF, or open by wish: said already */
	overdue_boot = b;
	if (!sigaction(SIGALRM, &sa, NULL))
		(void)alarm(2 * b->cmdline.timeout + OWN_SECONDS);
	try_all(b);
	(void)alarm(0);
	timing_part(&b->timing, TIMING_LOG);
	if (state_write(&b->kernel, &err))
		boot_log_error(LOG_WARNING, &err);
	timing_part(&b->timing, TIMING_STATE);
}

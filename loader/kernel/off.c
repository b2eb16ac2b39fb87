/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end: nothing of ours filters in this namespace, and nothing is left.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/answers.h"
#include "kernel/kernel.h"
#include "kernel/slot.h"
#include "kernel/sys.h"

/* Links of ours that pins out of reach still hold. */
static int detach_rest(int fd, const struct link *l, void *arg)
{
	const struct kernel *k = arg;

	return l->cookie == k->cookie ? sys_link_detach(fd) : 0;
}

/* What judges no more. All of it is tried; the first error counts. */
static int remove_objects(struct kernel *k, struct error *err)
{
	char parent[sizeof(k->dir)];
	int ret, next;

	ret = slot_remove(k, GEN_A, err);
	next = slot_remove(k, GEN_B, ret ? NULL : err);
	ret = ret ? ret : next;
	next = links_each(detach_rest, k, ret ? NULL : err);
	ret = ret ? ret : next;
	next = answers_remove(k, ret ? NULL : err);
	if (ret || next)
		return ret ? ret : next;
	snprintf(parent, sizeof(parent), "%s/bpfilter/%" PRIu64, k->bpffs, k->cookie);
	if ((rmdir(k->dir) && errno != ENOENT) || (rmdir(parent) && errno != ENOENT))
		return error_errno(err, -errno, "cannot remove %s", k->dir);
	return 0;
}

int filter_off(struct kernel *k, bool *lifted, struct error *err)
{
	struct slot s;
	int ret;

	*lifted = false;

	ret = deny_open(NULL, k, 3, err);
	if (ret)
		return ret;
	ret = slot_current(k, &s, err);
	if (!ret)
		s.control->judging = 0;
	else if (ret != -ENOENT)
		return ret;
	slot_close(&s);
	*lifted = true;
	return remove_objects(k, err);
}

int filter_collect(uint64_t cookie, struct error *err)
{
	struct kernel k;
	int ret;

	ret = kernel_open_other(&k, cookie, err);
	if (ret)
		return ret;
	ret = pin_clear(&k, GEN_A, err);
	if (!ret)
		ret = pin_clear(&k, GEN_B, err);
	if (!ret)
		ret = pin_clear(&k, GEN_DENY, err);
	if (!ret)
		ret = links_each(detach_rest, &k, err);
	if (!ret)
		ret = answers_remove(&k, err);
	kernel_close(&k);
	return ret;
}

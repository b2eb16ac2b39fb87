/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end: nothing of ours filters in this namespace, and nothing is left.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/slot.h"
#include "kernel/sys.h"

/* Links of ours that pins out of reach still hold. */
static int detach_rest(int fd, const struct link *l, void *arg)
{
	const struct kernel *k = arg;

	return l->cookie == k->cookie ? sys_link_detach(fd) : 0;
}

int filter_off(struct kernel *k, struct error *err)
{
	char parent[sizeof(k->dir)];
	struct slot s;
	int ret;

	ret = deny_open(NULL, k, 3, err);
	if (ret)
		return ret;
	ret = slot_current(k, &s, err);
	if (!ret)
		s.control->judging = 0;
	else if (ret != -ENOENT)
		return ret;
	slot_close(&s);
	ret = slot_remove(k, GEN_A, err);
	if (!ret)
		ret = slot_remove(k, GEN_B, err);
	if (!ret)
		ret = links_each(detach_rest, k, err);
	if (ret)
		return ret;
	snprintf(parent, sizeof(parent), "%s/bpfilter/%" PRIu64, k->bpffs, k->cookie);
	if ((rmdir(k->dir) && errno != ENOENT) || (rmdir(parent) && errno != ENOENT))
		return error_errno(err, -errno, "cannot remove %s", k->dir);
	return 0;
}

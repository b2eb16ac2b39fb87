/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_STATE_H
#define LOADER_STATE_H

#include "kernel/kernel.h"

/*
 * /run/bpfilter/state: what is in force, for scripts that cannot run the helper. Lines
 * "key=value"; new keys may be added at the end. It is derived from the pinned maps, which are the
 * truth. A namespace other than that of process 1 has its own file, state.COOKIE.
 */
#define STATE_DIR	"/run/bpfilter"

/** state_write() - look at what is in force and write it down, by rename. */
int state_write(struct kernel *k, struct error *err);
/** state_remove() - nothing is in force any more. No file is no error. */
int state_remove(const struct kernel *k, struct error *err);
/** state_forget() - the same for the deleted namespace of that cookie. */
void state_forget(uint64_t cookie);

const char *origin_name(enum image_origin origin);	/* "boot", "apply", "rescue" */
/** state_time() - a CLOCK_BOOTTIME instant as UTC, "2026-11-21T04:01:14Z". */
void state_time(uint64_t boottime_ns, char text[32]);

#endif

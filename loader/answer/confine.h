/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_CONFINE_H
#define LOADER_ANSWER_CONFINE_H

#include <stdbool.h>

#include "error.h"

/*
 * What the companion gives up. It reads what strangers sent, so it keeps no more than it needs. It
 * stays root: systemd spares '@' processes of root alone.
 */

/**
 * confine_escape() - leave what would end or hold us: the control group of a unit or a session, the
 * out-of-memory killer (we are small, and bounded). What cannot be done is left.
 */
void confine_escape(void);

/**
 * confine_view() - see the file systems through a copy of the mounts that belongs to us alone: what
 * is opened there keeps no mount of the system busy. Where that cannot be had nothing changes.
 */
void confine_view(void);

/** confine_net_sysctls() - /proc/sys/net, as a mount of its own that leads nowhere else; -errno. */
int confine_net_sysctls(void);

/**
 * confine_root() - from now on the root is an empty directory, which cannot be written. A working
 * directory other than the old root stays: NFLOG's socket is found from there.
 */
int confine_root(struct error *err);

/**
 * confine_rights() - capabilities, limits, system calls; the last step.
 * @openat_fd: openat() may read below this directory only; -1: nowhere.
 * @admin: CAP_NET_ADMIN is needed (netlink), beside CAP_NET_RAW.
 */
int confine_rights(int openat_fd, bool admin, struct error *err);

#endif

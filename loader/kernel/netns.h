/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_NETNS_H
#define KERNEL_NETNS_H

#include "kernel/kernel.h"

/**
 * netns_alive() - the cookies of all namespaces that a thread is in, or that an open file or a
 * mount holds. *list is the caller's to free. *unseen: there was a process that cannot be looked
 * into. A child does the looking: it has to move.
 * @skip: processes that do not count, @nr_skip of them.
 */
int netns_alive(const pid_t *skip, size_t nr_skip, uint64_t **list, size_t *count, bool *unseen,
		struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_NETNS_H
#define KERNEL_NETNS_H

#include "kernel/kernel.h"

/**
 * netns_alive() - the cookies of all namespaces some process is in or a mount in /run/netns holds.
 * *list is the caller's to free; numbers may occur twice. A child does the looking: it has to move.
 */
int netns_alive(uint64_t **list, size_t *count, struct error *err);

#endif

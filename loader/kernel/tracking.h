/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_TRACKING_H
#define KERNEL_TRACKING_H

#include <stdbool.h>

#include "bpf/image.h"
#include "error.h"

/**
 * tracking_layout() - where the fields of a connection are in this kernel, from its BTF (25 ms).
 * @all: those for the ops of OPS_CT too; else the status alone (SNAT and DNAT states).
 */
int tracking_layout(struct ct_layout *layout, bool all, struct error *err);

/**
 * tracking_account() - have the connections of this network namespace count packets and bytes from
 * now on (sysctl net.netfilter.nf_conntrack_acct). As with iptables, it stays on.
 */
int tracking_account(struct error *err);

#endif

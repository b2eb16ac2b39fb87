/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_NFTCHAIN_H
#define KERNEL_NFTCHAIN_H

#include <stdbool.h>

#include "error.h"

/*
 * An nf_tables chain that is on no hook and has one rule "ct state": no packet ever sees it, but as
 * long as it is there the kernel keeps connection tracking switched on in the namespace
 * (nft_ct_init() calls nf_ct_netns_get()). Table "bpfilter", family inet: both families at once.
 */

/** nftchain_install() - in one transaction; replaces an older one without a gap. */
int nftchain_install(struct error *err);
/** nftchain_remove() - 0 also if there was none. */
int nftchain_remove(struct error *err);
/** nftchain_present() - false also if it cannot be known. */
bool nftchain_present(void);

#endif

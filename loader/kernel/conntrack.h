/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_CONNTRACK_H
#define KERNEL_CONNTRACK_H

#include <stdbool.h>

#include "error.h"

enum conntrack_by {
	CONNTRACK_OFF,
	CONNTRACK_ENABLE_HOOKS,	/* nf_conntrack.enable_hooks=1: stays on whatever others do */
	CONNTRACK_OTHERS,	/* somebody else's rules hold it; ours not needed, may vanish */
	CONNTRACK_CHAIN,	/* our un-hooked nf_tables chain; nft flush ruleset ends it */
};

struct conntrack_state {
	bool on[2];	/* by family: hooks at -200 in this namespace, seen in the hook list */
	enum conntrack_by by;
	bool chain;		/* our nf_tables chain exists */
	bool checked;		/* false: the hook list could not be read (message in err) */
};

/**
 * conntrack_require() - switch connection tracking on in the caller's network namespace and check
 * it. In order: already held by enable_hooks; load nf_conntrack with enable_hooks=1 (own
 * finit_module, compressed modules, no modprobe); else an un-hooked nf_tables chain "bpfilter" with
 * a ct state rule for each family of
 * @families. Verified at the end by conntrack_check(). An error says what is missing and what to
 * type.
 */
int conntrack_require(unsigned int families, struct conntrack_state *st, struct error *err);

/** conntrack_check() - look, change nothing. */
int conntrack_check(struct conntrack_state *st, struct error *err);

/** conntrack_release() - remove our nf_tables chain, if it is there. */
int conntrack_release(struct error *err);

const char *conntrack_by_name(enum conntrack_by by);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_CBPF_H
#define RULES_EXT_CBPF_H

#include <stdbool.h>

#include "bpf/image.h"

struct sock_filter;

/* Classic BPF programs of -m bpf. */

#define CBPF_MAX	IMAGE_CBPF_MAX	/* instructions; XT_BPF_MAX_NUM_INSTR */

/* Why a program is refused. */
struct cbpf_problem {
	unsigned int at;	/* instruction, from 0 */
	const char *text;
	bool unsupported;	/* the kernel takes it, bpf/ops_payload.h cannot run it exactly */
};

/**
 * cbpf_check() - may this program of @n (1 to CBPF_MAX) instructions be run? As the kernel's
 * bpf_check_classic() (net/core/filter.c): known codes, jumps within the program, no constant
 * division by zero, a return at the end, no scratch memory read before it was written.
 * Returns 0, or -EINVAL with @problem set.
 */
int cbpf_check(const struct sock_filter *insns, unsigned int n, struct cbpf_problem *problem);

/** cbpf_asks_kernel() - does it load what is not in the bytes from the network header on? */
bool cbpf_asks_kernel(const struct sock_filter *insns, unsigned int n);

#endif

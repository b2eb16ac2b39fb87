/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_EVALUATE_H
#define COMPILE_EVALUATE_H

#include "compile/compile.h"

/* What a packet's bytes do not say. */
struct packet_context {
	enum family family;
	enum table_id table;
	enum hook hook;
	const char *in, *out;	/* device names, NULL: none */
	unsigned int ct;	/* CT_* state; 0 counts as CT_INVALID */
};

#define EVALUATE_DROP		0
#define EVALUATE_ACCEPT		1
/* Results above are 2 + enum drop_reason, and mean drop. */

/**
 * image_evaluate() - the kernel's evaluator (bpf/walk.h) in user space.
 * @space: the image with its run-time part (image_layout() has been applied), @size bytes; counters
 * are increased in it. @packet: from the network header on; all of it counts as skb->len.
 */
unsigned int image_evaluate(void *space, size_t size, const struct packet_context *ctx,
			    const void *packet, size_t len);

#endif

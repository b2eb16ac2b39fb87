/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_EVALUATE_H
#define COMPILE_EVALUATE_H

#include "compile/compile.h"

/* A packet: what its bytes do not say. */
struct packet_context {
	enum family family;
	enum table_id table;
	enum hook hook;
	const char *in, *out;	/* device names, NULL: none */
	unsigned int ct;	/* CT_* state; 0 counts as CT_INVALID */
	uint64_t jiffies;	/* jiffies_64, for rates */
	uint64_t seconds;	/* of the wall clock */
	uint32_t random;
	uint32_t meta[META_COUNT];	/* by enum image_meta; META_PKTTYPE as in the skb */
	bool ethernet;		/* the device is one ... */
	const uint8_t *mac;	/* ... and the MAC header, 14 bytes; NULL: none */
	uint64_t nfct;		/* as skb->_nfct: a connection in memory; 0: none */
	const struct ct_layout *layout;	/* of that connection */
	bool socket;		/* the packet has a socket of this network namespace */
	uint32_t linear;	/* bytes of its first block; 0: all of it */
	const void *data;	/* image_evaluate() sets both */
	uint32_t len;
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

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_OPS_H
#define COMPILE_OPS_H

#include <stdbool.h>

#include "bpf/image.h"

/* What the compiler and the validator have to know of an op. */
struct op_info {
	const char *name;	/* NULL: there is no such op */
	u8 min, max;		/* payload, in units of 8 bytes */
	bool drops;		/* may drop a packet whose headers can all be read */
	u32 features;		/* IMAGE_F_* it needs, besides its group */

	/** good() - is what it says allowed? May be NULL: anything is. @payload: op->size - 1. */
	bool (*good)(const struct image_op *op, const u64 *payload);
};

/** op_find() - NULL: there is no op of this number. */
const struct op_info *op_find(unsigned int code);

/** op_features() - all an image with this op needs; 0 of an unknown one. */
u32 op_features(const struct image_op *op);

/** op_good() - size and content, for ops from a file. @payload: behind the op, size - 1 words. */
bool op_good(const struct image_op *op, const u64 *payload);

#endif

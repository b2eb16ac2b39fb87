/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_ANSWERS_FEED_H
#define TEST_ANSWERS_FEED_H

#include "bpf/answer.h"

/* What a run of the program is asked for. */
struct feed {
	u32 count;		/* records to write */
	u32 pad;
};

#endif

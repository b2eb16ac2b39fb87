/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include "bpf/image.h"
#include "error.h"

/**
 * clock_set() - the header's hz, jiffies and clock_offset, for an image whose rules ask for rates
 * or the time of day (IMAGE_F_JIFFIES); others cost nothing. Takes about 1 ms, 20 around five
 * minutes after boot.
 * @h: of a validated image that is not in force yet.
 * Errors: HZ or the wall clock cannot be found; a rate that this kernel's HZ makes overflow.
 */
int clock_set(struct image_header *h, struct error *err);

#endif

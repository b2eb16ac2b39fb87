/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_TRACKING_H
#define KERNEL_TRACKING_H

#include <stdint.h>

#include "error.h"

/** tracking_offset() - the offset of nf_conn.status in this kernel, from its BTF (25 ms). */
int tracking_offset(volatile uint32_t *offset, struct error *err);

#endif

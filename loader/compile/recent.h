/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_RECENT_H
#define COMPILE_RECENT_H

#include "bpf/image.h"
#include "buffer.h"

/**
 * recent_list() - the addresses in a table of -m recent of an image in force, a line each, as
 * /proc/net/xt_recent/NAME shows them (recent_seq_show()); the order is our own.
 * @name: NULL: all tables, each behind a comment line with its name.
 * Returns 0, -ENOENT: there is no such table, -EPROTO: it lies outside of the image.
 */
int recent_list(struct buffer *out, const struct image_header *h, const char *name);

#endif

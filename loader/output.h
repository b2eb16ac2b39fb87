/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_OUTPUT_H
#define LOADER_OUTPUT_H

#include <stddef.h>
#include <sys/types.h>

#include "error.h"

/** output_write() - all of it, in as many pieces as it takes. 0 or -errno. */
int output_write(int fd, const void *data, size_t size);

/**
 * output_replace() - write a file (mode 0644) under a temporary name in the same directory, then
 * rename it: others see the old file or the new one.
 */
int output_replace(const char *path, const void *data, size_t size, struct error *err);

/** output_create() - write a file that must not exist yet. -EEXIST: it does, and stays. */
int output_create(const char *path, const void *data, size_t size, mode_t mode, struct error *err);

#endif

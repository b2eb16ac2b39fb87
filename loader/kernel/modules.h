/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_MODULES_H
#define KERNEL_MODULES_H

#include "error.h"

/**
 * module_load() - load a module and what it depends on, as modprobe would, without running
 * anything. Reads /lib/modules/$(uname -r)/modules.dep and modules.builtin; .ko, .ko.xz, .ko.zst,
 * .ko.gz (the kernel decompresses with MODULE_INIT_COMPRESSED_FILE where it can; otherwise xz and
 * gzip are unpacked here).
 * @params: module parameters of @name itself, "" for none.
 * Returns 0 (loaded now, loaded before or built in), -ENOENT (no such module), other -errno.
 */
int module_load(const char *name, const char *params, struct error *err);

/** module_present() - built in or loaded: /sys/module/NAME exists. */
int module_present(const char *name);

#endif

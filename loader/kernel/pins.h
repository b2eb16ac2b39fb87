/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_PINS_H
#define KERNEL_PINS_H

#include <stddef.h>

#include "kernel/kernel.h"
#include "kernel/links.h"

#define PIN_PATH	192
#define PIN_VERSION	1

/**
 * bpffs_find() - the bpffs to use (kernel_open() has the rule). Makes one if there is none, and the
 * bind mount for commands in other mount namespaces, whatever the command: that is what "run it
 * once outside" means.
 */
int bpffs_find(char *path, size_t size, struct error *err);

/** generation_dir() - "a", "b", "deny". */
const char *generation_dir(enum generation gen);

/** pin_path() - DIR/GENERATION/NAME; NAME may be NULL. Returns @buf. */
const char *pin_path(char buf[PIN_PATH], const struct kernel *k, enum generation gen,
		     const char *name);

/** pin_mkdir() - make the directory of a generation. */
int pin_mkdir(const struct kernel *k, enum generation gen, struct error *err);

/** pin_add() - pin; a pin of that name that is there already is replaced. */
int pin_add(const struct kernel *k, enum generation gen, const char *name, int fd,
	    struct error *err);

/** pin_get() - a file descriptor; -ENOENT without a message. */
int pin_get(const struct kernel *k, enum generation gen, const char *name, struct error *err);

/** pin_detach() - what is pinned there ends, if it is a link of ours. No pin is no error. */
int pin_detach(const struct kernel *k, enum generation gen, const char *name, struct error *err);

/** pin_remove() - remove a name; that it is not there is no error. */
int pin_remove(const struct kernel *k, enum generation gen, const char *name, struct error *err);

/**
 * pin_clear() - detach the links that are pinned in a generation's directory, if they are ours
 * (I4), and remove everything in it and the directory.
 */
int pin_clear(const struct kernel *k, enum generation gen, struct error *err);

/** kernel_make_dirs() - the directory of our namespace. */
int kernel_make_dirs(struct kernel *k, struct error *err);

/** pins_adopt() - pin again what is in force in our namespace without a pin; k->repinned is set if
 * so. */
int pins_adopt(struct kernel *k, struct error *err);

#endif

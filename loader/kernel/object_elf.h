/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_OBJECT_ELF_H
#define KERNEL_OBJECT_ELF_H

#include <stdbool.h>

#include "kernel/object.h"
#include "kernel/skeleton.h"

/* What of an object to load. All zero: what loads by default, with maps of its own. */
struct object_part {
	const char *program;		/* this one alone */
	const struct object_fd *maps;	/* to be used instead of new ones */
	unsigned int nr_maps;
};

/** object_load_elf() - the slow way, by libbpf; collects what the verifier says. */
int object_load_elf(struct object *o, const struct skeleton *k, const struct object_config *config,
		    const struct object_part *part, struct error *err);

/** object_matches() - is this map or program meant? A @wanted that starts with '.' is the end of
 * it. */
bool object_matches(const char *name, const char *wanted);

/* Shared by the two ways of loading. object_add_*() take @fd over, also if they fail. */
int object_set_config(void *rodata, size_t size, const struct object_config *config);
int object_add_prog(struct object *o, int fd);
int object_add_map(struct object *o, int fd);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_SKELETON_H
#define KERNEL_SKELETON_H

#include <linux/bpf.h>
#include <stddef.h>

#include "kernel/embedded.h"

/*
 * What bpftool gen skeleton -L made of an object, seen as a table. A light skeleton is a BPF
 * program that makes the system calls of loading; it and its caller share a block:
 *
 *	struct bpf_loader_ctx; struct bpf_map_desc[]; struct bpf_prog_desc[]
 */
struct skeleton {
	const char *name;
	void *(*open)(void);
	int (*load)(void *skeleton);
	void (*destroy)(void *skeleton);
	size_t maps, nr_maps;		/* offset and number of struct bpf_map_desc */
	size_t progs, nr_progs;
	void *(*rodata)(void *skeleton, size_t *size);	/* to be filled before load; or NULL */
	const struct embedded *elf;	/* the object itself */
};

/** skeleton_find() - by the object's name; NULL. */
const struct skeleton *skeleton_find(const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_OBJECT_H
#define KERNEL_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * The BPF objects that are built into the helper: "deny", "evaluator0".."evaluator5",
 * "clock", "conntrack", "handover".
 */

#define OBJECT_FDS	8U
#define OBJECT_NAME	16U	/* BPF_OBJ_NAME_LEN */

/* What the programs know of themselves: "config" in their .rodata. */
struct object_config {
	uint64_t magic;		/* IMAGE_MAGIC */
	uint64_t cookie;	/* network namespace they belong to */
	uint32_t slot;		/* 0 a, 1 b, 2 deny */
	uint32_t features;	/* IMAGE_F_GROUP()s an evaluator is loaded with */
};

struct object_fd {
	char name[OBJECT_NAME];	/* as the kernel knows it: "bf_filter", "image", "deny_bpf.bss" */
	int fd;
};

/* A loaded object: file descriptors, owned; nothing attached. */
struct object {
	struct object_fd prog[OBJECT_FDS];
	struct object_fd map[OBJECT_FDS];
	unsigned int nr_progs, nr_maps;
};

/**
 * object_load() - load programs and create maps. First by the light skeleton (about 1 ms); where
 * the kernel cannot run that (no BPF_EVENTS, lockdown), by libbpf from the same ELF file (about
 * 25 ms).
 * @config: written into .rodata before loading; NULL if the object has none.
 * On failure the last lines of the verifier are in @err and nothing is left behind.
 */
int object_load(struct object *o, const char *name, const struct object_config *config,
		struct error *err);

/**
 * object_load_program() - load one more program of an object, one that object_load() leaves out
 * (SEC("?...")), onto the maps of what was loaded before. By libbpf: a light skeleton cannot do
 * either.
 * @maps: maps to use instead of new ones; names as for object_map(). Theirs stays theirs.
 */
int object_load_program(struct object *o, const char *name, const char *program,
			const struct object_config *config, const struct object_fd *maps,
			unsigned int nr_maps, struct error *err);

/**
 * object_prog(), object_map() - a file descriptor by name, -1 if there is none. A map's name may be
 * that of its section: ".bss", ".rodata". Still owned by @o.
 */
int object_prog(const struct object *o, const char *name);
int object_map(const struct object *o, const char *name);

/** object_take_prog(), object_take_map() - the same, but owned by the caller from now on. */
int object_take_prog(struct object *o, const char *name);
int object_take_map(struct object *o, const char *name);

void object_close(struct object *o);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_LINKS_H
#define KERNEL_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/object.h"

#define FAMILIES	IMAGE_FAMILIES
#define TABLES		IMAGE_TABLES
#define HOOKS		IMAGE_HOOKS

#define LINK_NAME	32

/* Who a program or link of ours is. */
enum generation { GEN_A, GEN_B, GEN_DENY, GENERATIONS };

/* What is known of one BPF netfilter link that is ours. */
struct link {
	uint32_t id;
	uint32_t prog_id;
	uint64_t cookie;	/* of the namespace it belongs to */
	enum generation gen;
	unsigned int family, table, hook;	/* IMAGE_FAMILIES, ... */
	int priority;
};

/** link_priority() - where a generation sits in a table. */
int link_priority(enum generation gen, unsigned int table);

/** link_name() - the name of its pin: "link-4-filter-INPUT". Returns @buf. */
const char *link_name(char buf[LINK_NAME], unsigned int family, unsigned int table,
		      unsigned int hook);
const char *link_hook_name(unsigned int hook);

/** program_identify() - 0 if @fd is a program of ours (I4), -ENOENT if not, other -errno. */
int program_identify(int fd, struct object_config *config, char name[OBJECT_NAME]);

/** link_identify() - 0 if @fd is a netfilter link of ours (I4), of whatever namespace; else
 * -ENOENT. */
int link_identify(int fd, struct link *l);

/** link_attach() - a new link at its hook and priority; a file descriptor. Priority taken: the
 * error says by whom. */
int link_attach(int prog_fd, uint64_t cookie, enum generation gen, unsigned int family,
		unsigned int table, unsigned int hook, struct error *err);

/**
 * links_each() - call @f for every link of ours in the whole system, until it returns other than 0.
 * @fd is closed after the call. Returns what @f returned, 0, or -errno.
 */
int links_each(int (*f)(int fd, const struct link *l, void *arg), void *arg, struct error *err);

/** program_read() - the first @size bytes of the value of the map whose name ends in @suffix. */
int program_read(int prog_fd, const char *suffix, void *buf, size_t size);

/** program_map() - file descriptor of the map of a program whose name ends in @suffix; -ENOENT. */
int program_map(int prog_fd, const char *suffix);

#endif

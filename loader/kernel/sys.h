/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_SYS_H
#define KERNEL_SYS_H

#include <linux/bpf.h>
#include <stdint.h>

/*
 * bpf(2), one function for each command that is used. All return a file descriptor or 0, or a
 * negative errno. Not libbpf's, whose first call probes the kernel's features: that takes longer
 * than the whole of stage 1 may. File descriptors are close-on-exec (the kernel sees to it).
 */

int sys_bpf(int cmd, union bpf_attr *attr, unsigned int size);

int sys_map_create(uint32_t type, const char *name, uint32_t value_size, uint32_t flags);
int sys_map_update(int fd, const void *key, const void *value);
int sys_map_lookup(int fd, const void *key, void *value);

int sys_pin(int fd, const char *path);
int sys_get(const char *path);

int sys_info(int fd, void *info, uint32_t size);

/**
 * sys_prog_run() - run a BPF_PROG_TYPE_SYSCALL program once; what it returns is not negative, or is
 * an errno of its own.
 * @ctx: its context, may be NULL with @size 0.
 */
int sys_prog_run(int fd, const void *ctx, uint32_t size);

int sys_link_create(int prog_fd, uint32_t pf, uint32_t hook, int32_t priority);
int sys_link_detach(int fd);

/** sys_next_id(), sys_fd_by_id() - @what: the BPF_*_GET_NEXT_ID, BPF_*_GET_FD_BY_ID command. */
int sys_next_id(int what, uint32_t *id);
int sys_fd_by_id(int what, uint32_t id);

#endif

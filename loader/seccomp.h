/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_SECCOMP_H
#define LOADER_SECCOMP_H

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

/*
 * seccomp filters that are lists of system calls: of the child that compiles at boot, and of the
 * companion. A call that is not in the list ends the process.
 */

/* A call that is allowed. @forbidden: bits that argument @arg must not have. */
struct seccomp_call {
	unsigned int nr;
	unsigned int arg;
	unsigned int forbidden;
};

/* Whatever the flags are called, these make or change a file; O_TMPFILE without O_DIRECTORY. */
#define OPEN_WRITES	(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* For what is more than a line of the list, behind it. */
#define SECCOMP_DATA(field)	((unsigned int)offsetof(struct seccomp_data, field))
#define SECCOMP_ARGUMENT(n)	(SECCOMP_DATA(args) + 8 * (n))	/* low half: little endian */
#define SECCOMP_LOAD(offset)	((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
#define SECCOMP_RETURN(what)	((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what))
#define SECCOMP_JUMP(op, value, yes, no) \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, value, yes, no))

/* Instructions that seccomp_list() and the last return make of @n calls, at most. */
#define SECCOMP_SIZE(n)		(5 + 5 * (n))

/**
 * seccomp_list() - the beginning of a filter: another architecture's calls end the process, those
 * in the list are allowed. Behind it the call's number is loaded. Returns where to go on.
 */
struct sock_filter *seccomp_list(struct sock_filter *p, const struct seccomp_call *calls, size_t n);

/**
 * seccomp_install() - with a last return that ends the process, written to @end. No new privileges
 * must have been set. Returns 0 or -errno; 0 also where the kernel has no CONFIG_SECCOMP_FILTER.
 */
int seccomp_install(struct sock_filter *filter, struct sock_filter *end);

#endif

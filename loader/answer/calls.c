// SPDX-License-Identifier: GPL-2.0-only
#include "answer/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_OWN AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_OWN AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH_ value"
#endif

#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* @forbidden: bits that argument @arg must not have. */
static const struct {
	unsigned int nr;
	unsigned int arg;
	unsigned int forbidden;
} allowed[] = {
/* the loop */
#ifdef SYS_poll
	{ SYS_poll, 0, 0 },
#endif
	{ SYS_ppoll, 0, 0 },
	{ SYS_clock_gettime, 0, 0 },
	{ SYS_sched_yield, 0, 0 },
	{ SYS_rt_sigreturn, 0, 0 },
	{ SYS_exit, 0, 0 },
	{ SYS_exit_group, 0, 0 },
	/* what is sent, and from which address */
	{ SYS_sendto, 0, 0 },
	{ SYS_sendmsg, 0, 0 },
	{ SYS_connect, 0, 0 },
	{ SYS_getsockname, 0, 0 },
	{ SYS_getsockopt, 0, 0 },
	{ SYS_setsockopt, 0, 0 },
	/* the kernel's log, sysctls, a file of packets: all are open */
	{ SYS_write, 0, 0 },
	{ SYS_writev, 0, 0 },
	{ SYS_read, 0, 0 },
	{ SYS_pread64, 0, 0 },
	{ SYS_ftruncate, 0, 0 },
	{ SYS_lseek, 0, 0 },
	{ SYS_close, 0, 0 },
	/* the directory of the sysctls; what is opened there is allow_openat()'s */
	{ SYS_getdents64, 0, 0 },
	{ SYS_fstat, 0, 0 },
	{ SYS_fcntl, 0, 0 },
	/* memory, never executable */
	{ SYS_brk, 0, 0 },
	{ SYS_mmap, 2, PROT_EXEC },
	{ SYS_mremap, 0, 0 },
	{ SYS_munmap, 0, 0 },
	{ SYS_madvise, 0, 0 },
};
#define NR_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

#define DATA(field) ((unsigned int)offsetof(struct seccomp_data, field))
#define ARGUMENT(n) (DATA(args) + 8 * (n)) /* low half: little endian */
#define LOAD(offset) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
#define RETURN(what) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what))
#define JUMP(op, value, yes, no) \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, value, yes, no))

/* openat() of this directory, for reading. */
static struct sock_filter *allow_openat(struct sock_filter *p, int openat_fd)
{
	if (openat_fd < 0)
		return p;
	*p++ = JUMP(BPF_JEQ, SYS_openat, 0, 6);
	*p++ = LOAD(ARGUMENT(0));
	*p++ = JUMP(BPF_JEQ, (unsigned int)openat_fd, 0, 3);
	*p++ = LOAD(ARGUMENT(2));
	*p++ = JUMP(BPF_JSET, OPEN_WRITES, 1, 0);
	*p++ = RETURN(SECCOMP_RET_ALLOW);
	*p++ = RETURN(SECCOMP_RET_KILL_PROCESS);
	return p;
}

/* A call that is not in the list ends the process. Returns the number of instructions. */
static unsigned short make_filter(struct sock_filter *f, int openat_fd)
{
	struct sock_filter *p = f;

	*p++ = LOAD(DATA(arch));
	*p++ = JUMP(BPF_JEQ, AUDIT_ARCH_OWN, 1, 0);
	*p++ = RETURN(SECCOMP_RET_KILL_PROCESS);
	*p++ = LOAD(DATA(nr));
	for (size_t i = 0; i < NR_ALLOWED; i++) {
		if (!allowed[i].forbidden) {
			*p++ = JUMP(BPF_JEQ, allowed[i].nr, 0, 1);
			*p++ = RETURN(SECCOMP_RET_ALLOW);
			continue;
		}
		*p++ = JUMP(BPF_JEQ, allowed[i].nr, 0, 4);
		*p++ = LOAD(ARGUMENT(allowed[i].arg));
		*p++ = JUMP(BPF_JSET, allowed[i].forbidden, 1, 0);
		*p++ = RETURN(SECCOMP_RET_ALLOW);
		*p++ = RETURN(SECCOMP_RET_KILL_PROCESS);
	}
	p = allow_openat(p, openat_fd);
	*p++ = RETURN(SECCOMP_RET_KILL_PROCESS);
	return (unsigned short)(p - f);
}

int calls_restrict(int openat_fd)
{
	struct sock_filter filter[16 + 5 * NR_ALLOWED];
	struct sock_fprog prog = { .filter = filter };

	prog.len = make_filter(filter, openat_fd);
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) || errno == EINVAL)
		return 0;
	return -errno;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include "boot/stage2.h"

#if defined(__x86_64__)
#define AUDIT_ARCH_OWN	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_OWN	AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH_ value"
#endif

/* Whatever the flags are called, these make or change a file; O_TMPFILE without O_DIRECTORY. */
#define OPEN_WRITES	(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

/* All that the child may ask the kernel for. @forbidden: bits that argument @arg must not have. */
static const struct {
	unsigned int nr;
	unsigned int arg;
	unsigned int forbidden;
} allowed[] = {
	/* files, for reading */
#ifdef SYS_open
	{ SYS_open, 1, OPEN_WRITES },
	{ SYS_stat, 0, 0 },
	{ SYS_lstat, 0, 0 },
	{ SYS_access, 0, 0 },
	{ SYS_readlink, 0, 0 },
#endif
	{ SYS_openat, 2, OPEN_WRITES },
	{ SYS_newfstatat, 0, 0 },
	{ SYS_fstat, 0, 0 },
	{ SYS_statx, 0, 0 },
	{ SYS_faccessat, 0, 0 },
	{ SYS_readlinkat, 0, 0 },
	{ SYS_getdents64, 0, 0 },
	{ SYS_read, 0, 0 },
	{ SYS_readv, 0, 0 },
	{ SYS_pread64, 0, 0 },
	{ SYS_lseek, 0, 0 },
	{ SYS_fcntl, 0, 0 },
	{ SYS_close, 0, 0 },
	/* memory, never executable */
	{ SYS_brk, 0, 0 },
	{ SYS_mmap, 2, PROT_EXEC },
	{ SYS_mprotect, 2, PROT_EXEC },
	{ SYS_mremap, 0, 0 },
	{ SYS_munmap, 0, 0 },
	{ SYS_madvise, 0, 0 },
	/* what is open for writing: the image, the result, the streams */
	{ SYS_write, 0, 0 },
	{ SYS_writev, 0, 0 },
	{ SYS_pwrite64, 0, 0 },
	{ SYS_ftruncate, 0, 0 },
	/* the rest of what musl does by itself */
	{ SYS_clock_gettime, 0, 0 },
	{ SYS_getrandom, 0, 0 },
	{ SYS_sysinfo, 0, 0 },
	{ SYS_futex, 0, 0 },
	{ SYS_rt_sigprocmask, 0, 0 },
	{ SYS_rt_sigreturn, 0, 0 },
	{ SYS_exit, 0, 0 },
	{ SYS_exit_group, 0, 0 },
};
#define NR_ALLOWED	(sizeof(allowed) / sizeof(allowed[0]))

#define DATA(field)	((unsigned int)offsetof(struct seccomp_data, field))
#define LOAD(offset)	((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset))
#define RETURN(what)	((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what))
#define JUMP(op, value, yes, no) \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, value, yes, no))

/* A call that is not in the list ends the process. Returns the number of instructions. */
static unsigned short make_filter(struct sock_filter *f)
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
		*p++ = LOAD(DATA(args) + 8 * allowed[i].arg);	/* low half: little endian */
		*p++ = JUMP(BPF_JSET, allowed[i].forbidden, 1, 0);
		*p++ = RETURN(SECCOMP_RET_ALLOW);
		*p++ = RETURN(SECCOMP_RET_KILL_PROCESS);
	}
	/* isatty() of a standard stream; no terminal is ours to control. */
	*p++ = JUMP(BPF_JEQ, SYS_ioctl, 0, 1);
	*p++ = RETURN(SECCOMP_RET_ERRNO | ENOTTY);
	*p++ = RETURN(SECCOMP_RET_KILL_PROCESS);
	return (unsigned short)(p - f);
}

static int limit(int what, unsigned long value)
{
	const struct rlimit r = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(what, &r);
}

/* Sparse mappings count as address space: an image being made is mapped at its full capacity. */
static unsigned long address_space(void)
{
	struct sysinfo info = { 0 };

	if (sysinfo(&info))
		return 4UL << 30;
	return info.totalram * info.mem_unit + (1UL << 30);
}

int sandbox_enter(unsigned int seconds, struct error *err)
{
	struct sock_filter filter[8 + 5 * NR_ALLOWED];
	struct sock_fprog prog = { .filter = filter };

	if (limit(RLIMIT_AS, address_space()) || limit(RLIMIT_CPU, seconds + 1UL) ||
	    limit(RLIMIT_FSIZE, IMAGE_CAPACITY_MAX) || limit(RLIMIT_NOFILE, 16) ||
	    limit(RLIMIT_CORE, 0))
		return error_errno(err, -errno, "cannot limit what compiling the rules may use");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_errno(err, -errno, "cannot give up new privileges");
	prog.len = make_filter(filter);
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
		return 0;
	if (errno == EINVAL)	/* no CONFIG_SECCOMP_FILTER: the rest of the limits must do */
		return 0;
	return error_errno(err, -errno, "cannot install the seccomp filter");
}

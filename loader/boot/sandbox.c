// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>

#include "boot/stage2.h"
#include "seccomp.h"

/* All that the child may ask the kernel for. */
static const struct seccomp_call allowed[] = {
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

#define IOCTL_SIZE	2

/* isatty() of a standard stream; no terminal is ours to control. */
static struct sock_filter *refuse_ioctl(struct sock_filter *p)
{
	*p++ = SECCOMP_JUMP(BPF_JEQ, SYS_ioctl, 0, 1);
	*p++ = SECCOMP_RETURN(SECCOMP_RET_ERRNO | ENOTTY);
	return p;
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
	struct sock_filter filter[SECCOMP_SIZE(NR_ALLOWED) + IOCTL_SIZE];
	int ret;

	if (limit(RLIMIT_AS, address_space()) || limit(RLIMIT_CPU, seconds + 1UL) ||
	    limit(RLIMIT_FSIZE, IMAGE_CAPACITY_MAX) || limit(RLIMIT_NOFILE, 16) ||
	    limit(RLIMIT_CORE, 0))
		return error_errno(err, -errno, "cannot limit what compiling the rules may use");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_errno(err, -errno, "cannot give up new privileges");
	/* without CONFIG_SECCOMP_FILTER the rest of the limits must do */
	ret = seccomp_install(filter, refuse_ioctl(seccomp_list(filter, allowed, NR_ALLOWED)));
	return ret ? error_errno(err, ret, "cannot install the seccomp filter") : 0;
}

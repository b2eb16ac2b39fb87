// SPDX-License-Identifier: GPL-2.0-only
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <sys/prctl.h>

#if defined(__x86_64__)
#define AUDIT_ARCH_OWN	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_ARCH_OWN	AUDIT_ARCH_AARCH64
#else
#error "name this architecture's AUDIT_ARCH_ value"
#endif

struct sock_filter *seccomp_list(struct sock_filter *p, const struct seccomp_call *calls, size_t n)
{
	*p++ = SECCOMP_LOAD(SECCOMP_DATA(arch));
	*p++ = SECCOMP_JUMP(BPF_JEQ, AUDIT_ARCH_OWN, 1, 0);
	*p++ = SECCOMP_RETURN(SECCOMP_RET_KILL_PROCESS);
	*p++ = SECCOMP_LOAD(SECCOMP_DATA(nr));
	for (size_t i = 0; i < n; i++) {
		if (!calls[i].forbidden) {
			*p++ = SECCOMP_JUMP(BPF_JEQ, calls[i].nr, 0, 1);
			*p++ = SECCOMP_RETURN(SECCOMP_RET_ALLOW);
			continue;
		}
		*p++ = SECCOMP_JUMP(BPF_JEQ, calls[i].nr, 0, 4);
		*p++ = SECCOMP_LOAD(SECCOMP_ARGUMENT(calls[i].arg));
		*p++ = SECCOMP_JUMP(BPF_JSET, calls[i].forbidden, 1, 0);
		*p++ = SECCOMP_RETURN(SECCOMP_RET_ALLOW);
		*p++ = SECCOMP_RETURN(SECCOMP_RET_KILL_PROCESS);
	}
	return p;
}

int seccomp_install(struct sock_filter *filter, struct sock_filter *end)
{
	struct sock_fprog prog = { .filter = filter };

	*end++ = SECCOMP_RETURN(SECCOMP_RET_KILL_PROCESS);
	prog.len = (unsigned short)(end - filter);
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) || errno == EINVAL)
		return 0;
	return -errno;
}

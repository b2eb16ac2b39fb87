/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is this kernel able to do it? By behaviour: a configuration file need not be there at boot.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/sys.h"

/* The smallest program: "return 1". *jited: it was compiled. */
static int load_trivial(uint32_t type, uint32_t attach, bool *jited)
{
	static const char license[] = "GPL";
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = attach;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t)license;
	fd = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	*jited = sys_info(fd, &info, sizeof(info)) || info.jited_prog_len;
	close(fd);
	return 0;
}

static int lacks(struct error *err, const char *option, const char *what)
{
	error_set(err, -EOPNOTSUPP, "this kernel cannot filter with BPF: %s", what);
	error_hint(err, "it needs %s=y, and Linux 6.6 or newer", option);
	return -EOPNOTSUPP;
}

static int check_rest(bool jited, struct error *err)
{
	if (!jited) {
		lacks(err, "CONFIG_BPF_JIT", "it does not compile BPF programs (or is told not to: "
		      "sysctl net.core.bpf_jit_enable)");
		return -EOPNOTSUPP;
	}
	if (!access("/sys/kernel", F_OK) && access("/sys/kernel/btf/vmlinux", F_OK))
		return lacks(err, "CONFIG_DEBUG_INFO_BTF", "it has no type information (BTF)");
	return 0;
}

int kernel_check(struct error *err)
{
	bool jited = true;
	int ret;

	ret = load_trivial(BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER, &jited);
	if (!ret)
		return check_rest(jited, err);
	if (ret == -EPERM)
		return error_set(err, ret,
				 "must be root (CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN)");
	if (ret == -ENOSYS)
		return lacks(err, "CONFIG_BPF_SYSCALL", "there is no bpf() system call");
	if (ret == -EINVAL && !load_trivial(BPF_PROG_TYPE_SOCKET_FILTER, 0, &jited))
		return lacks(err, "CONFIG_NETFILTER_BPF_LINK",
			     "it knows no netfilter programs (Linux 6.4 or newer has them)");
	/* The verifier needs the kernel's BTF for any program (bpf_get_btf_vmlinux()). */
	if (ret == -EINVAL)
		return lacks(err, "CONFIG_DEBUG_INFO_BTF", "its type information (BTF) is unusable");
	return error_errno(err, ret, "cannot load a netfilter program");
}

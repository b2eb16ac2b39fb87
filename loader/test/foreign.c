/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: foreign 4|6 HOOK PRIORITY COMMAND...
 *
 * Somebody else's firewall: a BPF program that accepts everything, attached to a netfilter hook (0
 * PREROUTING to 4 POSTROUTING) of this network namespace while COMMAND runs. With FOREIGN_NAME in
 * the environment the program has that name, with FOREIGN_PIN it is pinned there.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(void)
{
	static const struct bpf_insn accept[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = NF_ACCEPT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const char *name = getenv("FOREIGN_NAME");
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_NETFILTER;
	attr.expected_attach_type = BPF_NETFILTER;
	attr.insns = (uintptr_t)accept;
	attr.insn_cnt = sizeof(accept) / sizeof(accept[0]);
	attr.license = (uintptr_t)"GPL";
	snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", name ? name : "foreign");
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int prog, const char *family, const char *hook, const char *priority)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.attach_type = BPF_NETFILTER;
	attr.link_create.netfilter.pf = *family == '6' ? NFPROTO_IPV6 : NFPROTO_IPV4;
	attr.link_create.netfilter.hooknum = (uint32_t)atoi(hook);
	attr.link_create.netfilter.priority = atoi(priority);
	return sys_bpf(BPF_LINK_CREATE, &attr);
}

static int pin(int prog, const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	attr.bpf_fd = (uint32_t)prog;
	return sys_bpf(BPF_OBJ_PIN, &attr);
}

int main(int argc, char **argv)
{
	int prog, status = 1;
	pid_t child;

	if (argc < 5)
		return 2;
	prog = load();
	if (prog < 0 || attach(prog, argv[1], argv[2], argv[3]) < 0) {
		perror("foreign");
		return 1;
	}
	if (getenv("FOREIGN_PIN") && pin(prog, getenv("FOREIGN_PIN"))) {
		perror("foreign: pin");
		return 1;
	}
	child = fork();
	if (child == 0) {
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

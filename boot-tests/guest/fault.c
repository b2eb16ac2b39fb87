// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of boots on which something is broken: breaks it, then executes /bpfilter-init.
 * What, is in the environment: "fault=NAME" on the kernel's command line gets there.
 *
 * System calls fail, or kill, by seccomp, which all that follows inherits; places where something
 * is to be mounted become files.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANY	(-1)	/* whatever the first argument is */

struct fault {
	const char *name;
	int nr[2];		/* system calls; 0: none */
	int arg;		/* only with this first argument */
	unsigned int action;	/* SECCOMP_RET_* */
	const char *file;	/* this directory becomes a file */
};

#define FAIL(error)	(SECCOMP_RET_ERRNO | (error))

static const struct fault faults[] = {
	{ "bpf", { SYS_bpf }, ANY, FAIL(ENOMEM), NULL },
	{ "link", { SYS_bpf }, BPF_LINK_CREATE, FAIL(EPERM), NULL },
	{ "pin", { SYS_bpf }, BPF_OBJ_PIN, FAIL(ENOSPC), NULL },
	{ "map", { SYS_bpf }, BPF_MAP_UPDATE_ELEM, FAIL(ENOMEM), NULL },
	{ "bpf-unshare", { SYS_bpf, SYS_unshare }, ANY, FAIL(EPERM), NULL },
	{ "killed", { SYS_bpf }, BPF_LINK_CREATE, SECCOMP_RET_KILL_PROCESS, NULL },
	{ "child", { SYS_prctl }, PR_SET_SECCOMP, SECCOMP_RET_KILL_PROCESS, NULL },
	{ "fork", { SYS_fork, SYS_clone }, ANY, FAIL(EAGAIN), NULL },
	{ "mount", { SYS_mount }, ANY, FAIL(EPERM), NULL },
	{ "proc", { 0 }, ANY, 0, "/proc" },
	{ "sys", { 0 }, ANY, 0, "/sys" },
	{ "read-only", { 0 }, ANY, 0, NULL },
};

static void stop(const char *what)
{
	perror(what);
	_exit(1);
}

#define ARRAY_END(insns) (sizeof(insns) / sizeof((insns)[0]))

static void filter(const struct fault *f)
{
	unsigned int second = (unsigned int)(f->nr[1] ? f->nr[1] : f->nr[0]);
	unsigned char any = f->arg == ANY;
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)f->nr[0], 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | (any ? BPF_JGE : BPF_JEQ) | BPF_K,
			 any ? 0 : (unsigned int)f->arg, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, f->action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_END(insns), insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		stop("fault: seccomp");
}

static void make_file(const char *path)
{
	rmdir(path);
	if (mknod(path, S_IFREG | 0644, 0))
		stop(path);
}

int main(int argc, char **argv)
{
	const char *name = getenv("fault");
	unsigned int i;

	(void)argc;
	for (i = 0; name && i < ARRAY_END(faults); i++) {
		if (strcmp(faults[i].name, name))
			continue;
		printf("fault: %s\n", name);
		fflush(stdout);
		if (!strcmp(name, "read-only") && mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL))
			stop("fault: read-only");
		if (faults[i].file)
			make_file(faults[i].file);
		if (faults[i].nr[0])
			filter(&faults[i]);
		argv[0] = (char *)(size_t)"/bpfilter-init";
		execv(argv[0], argv);
		stop("fault: /bpfilter-init");
	}
	fprintf(stderr, "fault: what is '%s'?\n", name ? name : "");
	return 1;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * usage: inject [-c] N kill|stop|list|ERRNO COMMAND...
 *
 * Runs COMMAND and kills whoever makes its N-th system call (counted from 1, over all processes,
 * behind the execve), before the kernel carries it out; or lets that call fail with ERRNO (a
 * number). "list": disturbs nothing and prints the number of each call, and "exec" behind each
 * execve, on file descriptor 3. Exit code: that of COMMAND, or 128 + signal.
 *
 * The companion that COMMAND starts goes on by itself. "inject -c" counts its calls and no others,
 * until it has told that it is ready; "stop": at the N-th it is left stopped.
 *
 * Not strace, which can inject the same: stops at each call cost it five times as much, and every
 * call of a command is walked. x86-64 only.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define SYSCALL_STOP	(SIGTRAP | 0x80)
#define START_RESULT	5 /* loader/answer/start.h: to where the companion tells */
#define TRACE		(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
			 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct injection {
	unsigned long n, seen;
	int error;		/* 0: kill */
	int list;
	int stop;
	int of_companion;
	pid_t companion;	/* followed until it has told */
	int told;
	int started;		/* the execve is done */
	pid_t failing;		/* whose call is to return the error at its exit stop */
};

static void refuse(pid_t pid)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	regs.orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

static void answer(pid_t pid, int error)
{
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	regs.rax = (unsigned long long)-error;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

/* Before or behind a system call. Returns 0 if the process is followed no more. */
static int syscall_stop(struct injection *in, pid_t pid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return 1;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && in->failing == pid) {
		answer(pid, in->error);
		in->failing = 0;
	}
	if (info.op == PTRACE_SYSCALL_INFO_EXIT && in->told) {
		ptrace(PTRACE_DETACH, pid, NULL, 0);
		return 0;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !in->started ||
	    (in->of_companion && pid != in->companion))
		return 1;
	in->told = in->of_companion && info.entry.nr == SYS_write &&
		   info.entry.args[0] == START_RESULT;
	in->seen++;
	if (in->list)
		dprintf(3, "%llu\n", (unsigned long long)info.entry.nr);
	if (in->list || in->seen != in->n)
		return 1;
	if (in->stop) {
		ptrace(PTRACE_DETACH, pid, NULL, SIGSTOP);
		return 0;
	}
	if (!in->error) {
		kill(pid, SIGKILL);
		return 0;
	}
	refuse(pid);
	in->failing = pid;
	return 1;
}

/* It stays when the command has ended, and goes on by itself. */
static int is_companion(pid_t pid)
{
	char path[32], first = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, &first, 1) != 1)
		first = 0;
	close(fd);
	return first == '@';
}

/* The signal to go on with. */
static int stopped(struct injection *in, pid_t pid, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (event == PTRACE_EVENT_EXEC && is_companion(pid)) {
		if (in->of_companion) {
			in->companion = pid;
			return 0;
		}
		ptrace(PTRACE_DETACH, pid, NULL, 0);
		return -1;
	}
	if (event == PTRACE_EVENT_EXEC) {
		in->started = 1;
		if (in->list)
			dprintf(3, "exec\n");
	}
	if (event || sig == SIGSTOP)
		return 0;
	if (sig != SYSCALL_STOP)
		return sig;
	return syscall_stop(in, pid) ? 0 : -1;
}

static int trace(struct injection *in, pid_t root)
{
	int status, sig, result = 1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			sig = stopped(in, pid, status);
			if (sig >= 0)
				ptrace(PTRACE_SYSCALL, pid, NULL, sig);
		} else if (pid == root) {
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
	}
	return result;
}

int main(int argc, char **argv)
{
	struct injection in = { 0 };
	int status;
	pid_t pid;

	if (argc > 1 && !strcmp(argv[1], "-c")) {
		in.of_companion = 1;
		argc--;
		argv++;
	}
	if (argc < 4)
		return 2;
	in.n = strtoul(argv[1], NULL, 10);
	in.list = !strcmp(argv[2], "list");
	in.stop = !strcmp(argv[2], "stop");
	in.error = in.list || in.stop || !strcmp(argv[2], "kill") ? 0 : atoi(argv[2]);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		if (in.list)
			close(3);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 1;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, TRACE);
	ptrace(PTRACE_SYSCALL, pid, NULL, 0);
	return trace(&in, pid);
}

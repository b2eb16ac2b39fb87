// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: spend COMMAND...: runs it without its output and prints milliseconds, and KiB of memory at
 * most. Exit code: that of COMMAND, 126 if it was ended by a signal. For scripts/bench load.
 *
 * A program of its own because a process counts what its parent held when it was forked.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Ends with us, so that whoever has no patience need not know of it. */
static void child(char **argv)
{
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	double start = now();
	struct rusage use;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: spend COMMAND...\n");
		return 2;
	}
	pid = fork();
	if (!pid)
		child(argv + 1);
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid) {
		perror("spend");
		return 1;
	}
	printf("%.3f %ld\n", now() - start, use.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

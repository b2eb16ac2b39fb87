// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "boot/stage2.h"

/* How a process ends that does @what inside the sandbox: exit code, or -signal. */
static int end_of(int (*what)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		struct error err = { 0 };

		if (sandbox_enter(1, &err))
			_exit(99);
		_exit(what());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* What compiling rules needs: read files, take memory, write to what is open. */
static int work(void)
{
	char c, *memory = malloc(64 << 20);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (!memory || fd < 0 || read(fd, &c, 1) != 1)
		return 1;
	close(fd);
	free(memory);
	return write(STDOUT_FILENO, "", 0) != 0;
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
}

static int open_for_writing(void)
{
	return open("/dev/null", O_WRONLY) >= 0;
}

static int make_file(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0;
}

static int execute(void)
{
	return execl("/bin/true", "true", NULL);
}

static int start_process(void)
{
	return fork() >= 0;
}

static int executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static int kill_parent(void)
{
	return kill(getppid(), 0);
}

static int take_time(void)
{
	for (volatile int on = 1; on;)
		;
	return 0;
}

static void test_allowed(void **state)
{
	(void)state;
	assert_int_equal(end_of(work), 0);
}

static void test_forbidden(void **state)
{
	int (*const calls[])(void) = {
		make_socket, open_for_writing, make_file, execute, start_process,
		executable_memory, kill_parent,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(end_of(calls[i]), -SIGSYS);
}

static void test_limits(void **state)
{
	int end = end_of(take_time);

	(void)state;
	assert_true(end == -SIGXCPU || end == -SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

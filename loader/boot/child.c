// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "boot/stage2.h"
#include "compile/compile.h"
#include "output.h"

/* After SIGKILL. What does not end then hangs in the kernel: it is left to the next init. */
#define KILL_WAIT_MS	2000

/* The first warning goes where an error would have been. */
static void leave_warning(const struct input *in, struct error *err)
{
	const struct error *list;

	if (input_warnings(in, &list))
		*err = list[0];
}

static int make_image(const struct boot *b, enum image_origin origin, int image_fd,
		      const struct fetch *fetch, struct child_result *res)
{
	struct image img = { 0 };
	struct input in = { 0 };
	struct sign_key key;
	bool keyed = false;
	int ret = signed_key(&b->cmdline, &key, &keyed, &res->err);

	if (!ret)
		ret = sources_collect(&b->cmdline, fetch, origin, &in, &res->err);
	timing_part(&res->timing, TIMING_SOURCES);
	if (!ret && keyed)
		ret = signed_read(&b->cmdline, &key, &in, &res->err);
	else if (!ret)
		ret = input_read(&in, &res->err);
	timing_part(&res->timing, TIMING_READ);
	if (!ret)
		ret = input_compile(&in, &img, &res->err);
	timing_part(&res->timing, TIMING_COMPILE);
	if (!ret) {
		ret = output_write(image_fd, img.data, img.size);
		if (ret)
			error_errno(&res->err, ret, "cannot hand over the image");
	}
	timing_part(&res->timing, TIMING_WRITE);
	if (!ret) {
		res->families = img.header->families;
		leave_warning(&in, &res->err);
	}
	sources_names(&in, res->sources, sizeof(res->sources));
	return ret;	/* the process ends: nothing is freed */
}

/* The number @fd becomes @to, and nothing else of the parent's stays open: no link, no gate. */
static int keep_only(int image_fd, int result_fd)
{
	int image = fcntl(image_fd, F_DUPFD_CLOEXEC, 10);
	int result = fcntl(result_fd, F_DUPFD_CLOEXEC, 10);

	if (image < 0 || result < 0 || dup2(image, 3) < 0 || dup2(result, 4) < 0)
		return -errno;
	if (syscall(SYS_close_range, 5U, ~0U, 0U))
		return -errno;
	return 0;
}

__attribute__((noreturn))
static void child(const struct boot *b, enum image_origin origin, int image_fd, int result_fd)
{
	static struct child_result res;
	struct fetch fetch = { 0 };

	res.magic = CHILD_MAGIC;
	timing_start(&res.timing, clock_ns(CLOCK_MONOTONIC));
	if (b->deny.gate)	/* shared memory that opens the gate */
		(void)munmap((void *)(uintptr_t)b->deny.gate, (size_t)sysconf(_SC_PAGESIZE));
	res.ret = keep_only(image_fd, result_fd);
	if (res.ret)
		_exit(1);
	if (origin == IMAGE_ORIGIN_BOOT)
		res.ret = sources_fetch(&b->cmdline, &fetch, &res.err);
	image_one_thread();
	if (!res.ret)
		res.ret = sandbox_enter(b->cmdline.timeout, &res.err);
	if (!res.ret)
		res.ret = make_image(b, origin, 3, &fetch, &res);
	_exit(write(4, &res, sizeof(res)) != sizeof(res));
}

/* 0: it has ended; *status is set. */
static int wait_until(pid_t pid, int pidfd, int ms, int *status)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + (uint64_t)ms * 1000000;
	int ret;

	do {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);

		ret = poll(&p, 1, now < deadline ? (int)((deadline - now) / 1000000) + 1 : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret <= 0)
		return ret ? -errno : -ETIMEDOUT;
	return waitpid(pid, status, 0) == pid ? 0 : -errno;
}

static int wait_for(const struct boot *b, pid_t pid, struct error *err)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int status = 0, ret, ignored;

	ret = pidfd < 0 ? -errno : 0;
	if (!ret)
		ret = wait_until(pid, pidfd, (int)b->cmdline.timeout * 1000, &status);
	if (ret) {
		(void)kill(pid, SIGKILL);
		if (pidfd >= 0)
			(void)wait_until(pid, pidfd, KILL_WAIT_MS, &ignored);
	}
	if (pidfd >= 0)
		close(pidfd);
	if (ret == -ETIMEDOUT) {
		error_set(err, ret, "reading and compiling the rules took longer than %u s",
			  b->cmdline.timeout);
		error_hint(err, "bpfilter.timeout= allows more, a compiled image needs less");
		return ret;
	}
	if (ret)
		return error_errno(err, ret, "cannot wait for the process that compiles the rules");
	if (WIFSIGNALED(status))
		return error_set(err, -EIO, "the process that compiles the rules was ended by "
				 "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 0;
}

/* The child may have been taken over by what it read: believe nothing, not even string ends. */
static int read_result(struct boot *b, int fd, struct child_result *res, struct error *err)
{
	ssize_t n = read(fd, res, sizeof(*res));

	if (n != sizeof(*res) || res->magic != CHILD_MAGIC)
		return error_set(err, -EIO, "the process that compiles the rules left no result");
	res->err.msg[sizeof(res->err.msg) - 1] = 0;
	res->err.hint[sizeof(res->err.hint) - 1] = 0;
	res->err.where[sizeof(res->err.where) - 1] = 0;
	res->err.excerpt[sizeof(res->err.excerpt) - 1] = 0;
	res->sources[sizeof(res->sources) - 1] = 0;
	timing_child(&b->timing, &res->timing);
	if (res->err.caret >= sizeof(res->err.excerpt))
		res->err.caret = 0;
	if (!res->ret)
		return 0;
	if (!res->err.msg[0])
		error_set(&res->err, -EINVAL, "the rules were refused without a reason (%d)",
			  res->ret);
	*err = res->err;
	return res->ret < 0 ? res->ret : -EINVAL;
}

/* Stage 1 is in force all the while: nothing but loopback passes. */
int child_make_image(struct boot *b, enum image_origin origin, int image_fd,
		     struct child_result *res, struct error *err)
{
	int fds[2], ret;
	pid_t pid;

	_Static_assert(sizeof(*res) <= 4096, "a result is one write to a pipe");
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return error_errno(err, -errno, "cannot make a pipe");
	pid = fork();
	if (!pid)
		child(b, origin, image_fd, fds[1]);
	close(fds[1]);
	ret = pid < 0 ? error_errno(err, -errno, "cannot start a process") : 0;
	timing_part(&b->timing, TIMING_FORK);
	/*
	 * While it works. If it fails it will fail again, and be reported, when the program is
	 * needed.
	 */
	if (!ret)
		(void)filter_preload(&b->kernel, NULL);
	timing_part(&b->timing, TIMING_EVALUATOR);
	if (!ret)
		ret = wait_for(b, pid, err);
	timing_part(&b->timing, TIMING_WAIT);
	if (!ret)
		ret = read_result(b, fds[0], res, err);
	close(fds[0]);
	return ret;
}

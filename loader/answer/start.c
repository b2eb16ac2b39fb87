// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting the companion. It is executed anew, from a copy of the executable in memory: it holds
 * nothing of the command that started it, nothing of an initramfs that is removed, nothing of a
 * file system that is to be unmounted.
 */
#include "answer/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/modules.h"

#define PATIENCE_MS 2000

#ifndef MFD_EXEC /* Linux 6.3 */
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC /* Linux 6.3 */
#define F_SEAL_EXEC 0x0020
#endif

/* systemd's final killing spree passes over processes of root whose name begins so. */
#define NAME "@bpfilter"

static int copy_whole(int to, int from)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st))
		return -errno;
	while (at < st.st_size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(st.st_size - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
	}
	return 0;
}

/* The executable in memory; where that is not allowed (vm.memfd_noexec=2) the file itself. */
static int open_executable(struct error *err)
{
	const int seals = F_SEAL_EXEC | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd;

	if (self < 0)
		return error_errno(err, -errno, "cannot open /proc/self/exe");
	fd = (int)syscall(SYS_memfd_create, "bpfilter", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0)
		return self;
	if (copy_whole(fd, self) || fcntl(fd, F_ADD_SEALS, seals)) {
		close(fd);
		return self;
	}
	close(self);
	return fd;
}

struct start {
	const struct answers *answers;
	const char *nflog;
	int executable;
	int result[2];
	pid_t *pid; /* of the companion, shared with the process that forks it */
};

static void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Numbers above those that are to be taken first: none is overwritten before it is copied. */
static int keep_fds(struct start *s)
{
	const int from[] = { s->answers->ring_fd, s->answers->companion_fd, s->result[1],
			     s->executable };
	int high[4], null;

	for (size_t i = 0; i < 4; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], START_RING + i) < 0)
			return -errno;
	null = open("/dev/null", O_RDWR);
	for (int i = 0; null >= 0 && i < START_RING; i++)
		(void)dup2(null, i);
	if (dup2(high[3], START_FDS) < 0 || fcntl(START_FDS, F_SETFD, FD_CLOEXEC))
		return -errno;
	s->executable = START_FDS;
	return syscall(SYS_close_range, START_FDS + 1U, ~0U, 0U) ? -errno : 0;
}

__attribute__((noreturn)) static void tell(int fd, int ret, const char *what)
{
	struct start_result result = { .magic = START_MAGIC, .ret = ret };

	error_errno(&result.err, ret, "%s", what);
	_exit(write(fd, &result, sizeof(result)) != sizeof(result));
}

__attribute__((noreturn)) static void become(struct start *s)
{
	char name[] = NAME, command[] = "companion", option[] = "--started";
	char *argv[] = { name, command, option, (char *)(uintptr_t)s->nflog, NULL };
	char *environment[] = { NULL };
	int ret;

	(void)setsid();
	default_signals();
	ret = keep_fds(s);
	if (ret)
		tell(s->result[1], ret, "cannot prepare the companion");
	(void)syscall(SYS_execveat, s->executable, "", argv, environment, AT_EMPTY_PATH);
	tell(START_RESULT, -errno, "cannot execute the companion");
}

static int wait_result(int fd, struct start_result *result, struct error *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec start, now;
	int ret, left = PATIENCE_MS;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	while ((ret = poll(&p, 1, left)) < 0 && errno == EINTR) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		left = PATIENCE_MS - (int)((now.tv_sec - start.tv_sec) * 1000 +
					   (now.tv_nsec - start.tv_nsec) / 1000000);
		left = left < 0 ? 0 : left;
	}
	if (ret < 0)
		return error_errno(err, -errno, "cannot wait for the companion");
	if (!ret)
		return error_set(
			err, -ETIMEDOUT,
			"the companion, which answers for REJECT, LOG and NFLOG, is not ready after %d s",
			PATIENCE_MS / 1000);
	if (read(fd, result, sizeof(*result)) != sizeof(*result) || result->magic != START_MAGIC)
		return error_set(
			err, -EIO,
			"the companion, which answers for REJECT, LOG and NFLOG, ended at once");
	result->err.msg[sizeof(result->err.msg) - 1] = 0;
	result->err.hint[sizeof(result->err.hint) - 1] = 0;
	if (result->ret && err)
		*err = result->err;
	return result->ret;
}

/* Its parent is process 1, or who reaps for it. */
static int fork_twice(struct start *s, struct error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_errno(err, -errno, "cannot start the companion");
	if (!pid) {
		pid = fork();
		if (!pid)
			become(s);
		if (pid < 0)
			tell(s->result[1], -errno, "cannot start the companion");
		*s->pid = pid;
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(s->result[1]);
	s->result[1] = -1;
	return 0;
}

static int run(struct start *s, struct error *err)
{
	struct start_result result;
	int ret = fork_twice(s, err);

	if (ret)
		return ret;
	ret = wait_result(s->result[0], &result, err);
	/* It runs, as it holds the pipe. Late, it would take the place of one that is started then.
	 */
	if (ret == -ETIMEDOUT && *s->pid > 0)
		(void)kill(*s->pid, SIGKILL);
	if (!ret && !answers_companion(s->answers))
		ret = error_set(
			err, -EIO,
			"the companion, which answers for REJECT, LOG and NFLOG, has ended");
	return ret;
}

int companion_ensure(const struct answers *a, const char *nflog, struct error *err)
{
	struct start s = { .answers = a, .nflog = nflog };
	int ret;

	_Static_assert(sizeof(struct start_result) <= 4096, "a result is one write to a pipe");
	if (answers_companion(a))
		return 0;
	s.pid = mmap(NULL, sizeof(*s.pid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (s.pid == MAP_FAILED)
		return error_errno(err, -errno, "cannot start the companion");
	s.executable = open_executable(err);
	if (s.executable < 0) {
		ret = s.executable;
		goto out;
	}
	if (pipe2(s.result, O_CLOEXEC)) {
		ret = error_errno(err, -errno, "cannot make a pipe");
	} else {
		ret = run(&s, err);
		close(s.result[0]);
		if (s.result[1] >= 0)
			close(s.result[1]);
	}
	close(s.executable);
out:
	munmap(s.pid, sizeof(*s.pid));
	return ret;
}

/*
 * The rules have NFLOG, and no listener can be known without the module. A companion that was
 * started without it has no way to them.
 */
static void prepare_netlink(const struct answers *a, const struct image_header *image)
{
	static const char listeners[] = "/proc/net/netfilter/nfnetlink_log";

	if (!answers_hold(image, ANSWER_NFLOG) || !access(listeners, F_OK))
		return;
	if (!module_load("nfnetlink_log", "", NULL) && !access(listeners, F_OK))
		(void)answers_end(a, NULL);
}

int companion_before(const struct kernel *k, const struct image_header *image, const char *nflog,
		     struct error *err)
{
	struct answers a;
	int ret;

	if (!answers_needed(image))
		return 0;
	ret = answers_open(k, true, &a, err);
	if (ret)
		return ret;
	if (!nflog)
		prepare_netlink(&a, image);
	ret = companion_ensure(&a, nflog, err);
	answers_close(&a);
	return ret;
}

int companion_at_boot(const struct kernel *k, const struct image_header *image, const char *nflog,
		      struct error *err)
{
	int ret = companion_before(k, image, nflog, err);

	if (ret && nflog)
		(void)companion_before(k, image, START_NFLOG_NONE, NULL);
	return ret;
}

int companion_after(struct kernel *k, struct error *err)
{
	return answers_settle(k, err);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/answers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/pins.h"
#include "kernel/sys.h"

#define PATIENCE_MS 1000 /* for the answers that are due when it is to end */

static const char *path_of(char buf[PIN_PATH], const struct kernel *k, const char *name)
{
	snprintf(buf, PIN_PATH, "%s/answers%s%s", k->dir, name ? "/" : "", name ? name : "");
	return buf;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void answers_none(struct answers *a)
{
	a->ring_fd = a->companion_fd = -1;
	a->companion = NULL;
}

void answers_close(struct answers *a)
{
	close_fd(&a->ring_fd);
	close_fd(&a->companion_fd);
	if (a->companion)
		munmap((void *)(uintptr_t)a->companion, sizeof(*a->companion));
	answers_none(a);
}

bool answers_present(const struct kernel *k)
{
	char path[PIN_PATH];

	return !access(path_of(path, k, NULL), F_OK);
}

bool answers_needed(const struct image_header *image)
{
	return image && image->features & IMAGE_F_GROUP(OPS_ANSWER);
}

bool answers_hold(const struct image_header *image, enum answer_kind kind)
{
	const struct image_answer *a = (const void *)((const char *)image + image->answers.offset);

	for (u32 i = 0; i < image->answers.count; i++)
		if (a[i].kind == kind)
			return true;
	return false;
}

/* Is it the map we would make? Another version's may differ. */
static bool fits(int fd, uint32_t type, uint32_t value_size, uint32_t entries)
{
	struct bpf_map_info info = { 0 };

	return !sys_info(fd, &info, sizeof(info)) && info.type == type &&
	       info.value_size == value_size && info.max_entries == entries;
}

static int map_companion(struct answers *a, struct error *err)
{
	void *p;

	p = mmap(NULL, sizeof(*a->companion), PROT_READ | PROT_WRITE, MAP_SHARED, a->companion_fd,
		 0);
	if (p == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the companion's counters");
	a->companion = p;
	return 0;
}

/* -ENOENT: not both are there, or not as this version wants them. */
static int open_pins(const struct kernel *k, struct answers *a, struct error *err)
{
	char path[PIN_PATH];

	a->ring_fd = sys_get(path_of(path, k, "ring"));
	a->companion_fd = sys_get(path_of(path, k, "companion"));
	if (a->ring_fd < 0 || a->companion_fd < 0 ||
	    !fits(a->ring_fd, BPF_MAP_TYPE_RINGBUF, 0, ANSWER_RING) ||
	    !fits(a->companion_fd, BPF_MAP_TYPE_ARRAY, sizeof(struct companion), 1))
		return -ENOENT;
	return map_companion(a, err);
}

static int make_ring(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = ANSWER_RING;
	strncpy(attr.map_name, "answer_ring", sizeof(attr.map_name) - 1);
	return sys_bpf(BPF_MAP_CREATE, &attr, offsetof(union bpf_attr, map_ifindex));
}

static int pin(const struct kernel *k, const char *name, int fd, struct error *err)
{
	char path[PIN_PATH];
	int ret = sys_pin(fd, path_of(path, k, name));

	if (ret == -EEXIST && !unlink(path))
		ret = sys_pin(fd, path);
	return ret ? error_errno(err, ret, "cannot pin %s", path) : 0;
}

int answers_pin(const struct kernel *k, int ring_fd, int companion_fd, struct error *err)
{
	char path[PIN_PATH];
	int ret;

	if (mkdir(path_of(path, k, NULL), 0700) && errno != EEXIST)
		return error_errno(err, -errno, "cannot make %s", path);
	ret = pin(k, "ring", ring_fd, err);
	return ret ? ret : pin(k, "companion", companion_fd, err);
}

static int create(const struct kernel *k, struct answers *a, struct error *err)
{
	a->ring_fd = make_ring();
	if (a->ring_fd < 0)
		return error_errno(err, a->ring_fd, "cannot make the ring of answers");
	a->companion_fd = sys_map_create(BPF_MAP_TYPE_ARRAY, "companion", sizeof(struct companion),
					 BPF_F_MMAPABLE);
	if (a->companion_fd < 0)
		return error_errno(err, a->companion_fd, "cannot make the companion's counters");
	return answers_pin(k, a->ring_fd, a->companion_fd, err);
}

int answers_open(const struct kernel *k, bool create_it, struct answers *a, struct error *err)
{
	int ret;

	answers_none(a);
	ret = open_pins(k, a, err);
	if (ret == -ENOENT && create_it) {
		answers_close(a);
		ret = answers_remove(k, err);
		if (!ret)
			ret = create(k, a, err);
		if (!ret)
			ret = map_companion(a, err);
		if (ret)
			answers_remove(k, NULL);
	}
	if (ret)
		answers_close(a);
	return ret;
}

/* What the outer map of a slot holds: "answers" the ring, "companions" the companion's map. */
static int inner_of(const struct kernel *k, enum generation gen, const char *name)
{
	int outer = pin_get(k, gen, name, NULL), ret;
	uint32_t key = 0, id;

	if (outer < 0)
		return outer;
	ret = sys_map_lookup(outer, &key, &id);
	close(outer);
	return ret ? ret : sys_fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
}

int answers_adopt(const struct kernel *k, struct error *err)
{
	int ret = 0;

	for (enum generation gen = GEN_A; !ret && gen <= GEN_B && !answers_present(k); gen++) {
		int ring = inner_of(k, gen, "answers"), companion = inner_of(k, gen, "companions");

		if (ring >= 0 && companion >= 0)
			ret = answers_pin(k, ring, companion, err);
		close_fd(&ring);
		close_fd(&companion);
	}
	return ret;
}

/* Field 22 of /proc/PID/stat; the second is a name in parentheses, of any characters. */
u64 answers_start_time(pid_t pid)
{
	char path[32], text[1024], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* A pidfd of it; -ESRCH: it does not run. Once it is open the pid is no other's. */
static int open_companion(const struct answers *a)
{
	u32 pid = a->companion ? a->companion->pid : 0;
	struct pollfd p;
	int fd;

	if (!pid)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	if (answers_start_time((pid_t)pid) == a->companion->start_time && !poll(&p, 1, 0))
		return fd;
	close(fd);
	return -ESRCH;
}

pid_t answers_companion(const struct answers *a)
{
	int fd = open_companion(a);

	if (fd < 0)
		return 0;
	close(fd);
	return (pid_t)a->companion->pid;
}

pid_t answers_companion_of(const char *bpffs, uint64_t cookie)
{
	struct kernel k = { .cookie = cookie, .lock_fd = -1 };
	struct answers a;
	pid_t pid = 0;

	snprintf(k.dir, sizeof(k.dir), "%s/bpfilter/%" PRIu64 "/v%d", bpffs, cookie, PIN_VERSION);
	if (!answers_open(&k, false, &a, NULL)) {
		pid = answers_companion(&a);
		answers_close(&a);
	}
	return pid;
}

static int send_signal(int pidfd, int sig)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) && errno != ESRCH)
		return -errno;
	return poll(&p, 1, PATIENCE_MS) == 1 ? 0 : -ETIMEDOUT;
}

/* What is due is still answered. One that cannot be seen from here ends by A1. */
int answers_end(const struct answers *a, struct error *err)
{
	volatile struct companion *c = a->companion;
	int fd = open_companion(a), ret = 0;

	if (!c)
		return 0;
	/* Left alone it would look at A1 only some seconds later. */
	if (fd < 0 && c->pid)
		fd = open_companion(a);
	if (fd < 0 && fd != -ESRCH)
		return error_errno(err, fd, "cannot find the companion");
	if (fd >= 0) {
		ret = send_signal(fd, SIGTERM);
		if (ret)
			ret = send_signal(fd, SIGKILL);
		close(fd);
	}
	c->pid = 0;
	c->mark = 0;
	for (int i = 0; i < COMPANION_SOCKETS; i++)
		c->cookie[i] = 0;
	return ret ? error_errno(err, ret, "cannot end the companion") : 0;
}

/* Whatever size another version's map has, the fields that are used here come first. */
static int end_any(const struct kernel *k, struct error *err)
{
	struct answers a;
	char path[PIN_PATH];
	int ret;

	answers_none(&a);
	a.companion_fd = sys_get(path_of(path, k, "companion"));
	if (a.companion_fd < 0)
		return 0;
	ret = map_companion(&a, err);
	if (!ret)
		ret = answers_end(&a, err);
	answers_close(&a);
	return ret;
}

int answers_remove(const struct kernel *k, struct error *err)
{
	static const char *const names[] = { "ring", "companion", NULL };
	char path[PIN_PATH];
	int ret;

	if (!answers_present(k))
		return 0;
	ret = end_any(k, err);
	for (int i = 0; !ret && i < 3; i++) {
		path_of(path, k, names[i]);
		if ((names[i] ? unlink(path) : rmdir(path)) && errno != ENOENT)
			ret = error_errno(err, -errno, "cannot remove %s", path);
	}
	return ret;
}

int answers_settle(struct kernel *k, struct error *err)
{
	struct filter_view view = { 0 };
	bool needed = false;
	int ret;

	if (!answers_present(k))
		return 0;
	ret = filter_view(k, &view, err);
	if (!ret) {
		needed = answers_needed(view.image);
		filter_view_close(&view);
	} else if (ret != -ENOENT) {
		return ret;
	}
	return needed ? 0 : answers_remove(k, err);
}

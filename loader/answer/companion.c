// SPDX-License-Identifier: GPL-2.0-only
/*
 * The companion: reads what the evaluator has written into the ring and answers. start.c executes
 * it; what it may do is confine.c's. It never opens anything for a packet: who ends it ends answers
 * only (A3).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "answer/answer.h"
#include "answer/confine.h"
#include "answer/ring.h"
#include "answer/start.h"
#include "commands.h"

#define BATCH 128     /* records between two looks at signals and at A1 */
#define LOOK_MS 10000 /* with nothing to do, how often A1 is looked at */

struct work {
	struct ring ring;
	struct sockets sockets;
	struct answerer *answerer;
	volatile struct companion *map;
	struct companion self; /* what the map says of us while we are the one */
};

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

/* SIGTERM comes while we wait, at no other time: what was read is answered. */
static void prepare_signals(void)
{
	const struct sigaction sa = { .sa_handler = end };
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
}

static bool is_the_one(const struct work *w)
{
	return w->map->pid == w->self.pid && w->map->start_time == w->self.start_time;
}

/* @until: where to stop; more may be reserved. 1: there is more, 0: no more, -EIO: nonsense. */
static int read_batch(struct work *w, u64 until)
{
	size_t len;

	for (int i = 0; i < BATCH; i++) {
		const void *record;

		if (ring_passed(&w->ring, until))
			return 0;
		record = ring_next(&w->ring, &len);
		if (!record)
			return len ? -EIO : 0;
		answerer_take(w->answerer, record, len);
		ring_done(&w->ring);
	}
	return 1;
}

/* @ms: at most; -1: no limit but LOOK_MS. */
static void wait_for_more(int ms)
{
	struct pollfd p = { .fd = START_RING, .events = POLLIN };
	struct timespec t;
	sigset_t none;

	sigemptyset(&none);
	if (ms < 0 || ms > LOOK_MS)
		ms = LOOK_MS;
	t = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	(void)ppoll(&p, 1, &t, &none);
}

/* Until somebody ends us: then what is in the ring at that moment is still answered. */
static int work(struct work *w)
{
	u64 until;
	int more;

	while (!ended && is_the_one(w)) {
		more = read_batch(w, ~0ULL);
		if (more < 0)
			return more;
		wait_for_more(more ? 0 : answerer_rest(w->answerer));
	}
	until = ring_end(&w->ring);
	while (is_the_one(w) && read_batch(w, until) > 0)
		;
	(void)answerer_rest(w->answerer);
	return 0;
}

static int map_all(struct work *w, struct error *err)
{
	void *p =
		mmap(NULL, sizeof(*w->map), PROT_READ | PROT_WRITE, MAP_SHARED, START_COMPANION, 0);

	if (p == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the companion's counters");
	w->map = p;
	close(START_COMPANION);
	return ring_map(&w->ring, START_RING, ANSWER_RING, err);
}

static int identify(struct work *w, struct error *err)
{
	struct companion *c = &w->self;

	while (!c->mark)
		if (getrandom(&c->mark, sizeof(c->mark), 0) < 0 && errno != EINTR)
			return error_errno(err, -errno, "cannot get random bytes");
	c->pid = (u32)getpid();
	c->start_time = answers_start_time(getpid());
	if (!c->start_time)
		return error_errno(err, -ENOENT, "cannot read /proc/self/stat");
	return sockets_open(&w->sockets, c->mark, c->cookie, err);
}

static int prepare(struct work *w, const char *nflog, struct error *err)
{
	int ret = identify(w, err);

	if (!ret)
		ret = map_all(w, err);
	if (ret)
		return ret;
	confine_escape();
	confine_view();
	ret = answerer_open(&w->answerer, &w->sockets, w->map->count, nflog, err);
	if (!ret)
		ret = confine_root(err);
	if (!ret)
		ret = answerer_settle(w->answerer, err);
	if (!ret)
		ret = confine_rights(answerer_openat_fd(w->answerer),
				     answerer_is_admin(w->answerer), err);
	return ret;
}

/* From the pid on, last, we are the one; any other that runs ends. */
static void take_over(struct work *w)
{
	for (int i = 0; i < COMPANION_SOCKETS; i++)
		w->map->cookie[i] = w->self.cookie[i];
	w->map->mark = w->self.mark;
	w->map->start_time = w->self.start_time;
	__atomic_store_n(&w->map->pid, w->self.pid, __ATOMIC_RELEASE);
}

static void resign(struct work *w)
{
	if (!is_the_one(w))
		return;
	w->map->pid = 0;
	w->map->mark = 0;
}

/* 0: somebody knows that we are ready. */
static int tell(const struct start_result *result)
{
	ssize_t n = write(START_RESULT, result, sizeof(*result));

	close(START_RESULT);
	return n == (ssize_t)sizeof(*result) ? 0 : -EPIPE;
}

/* Who started us may have ended, or may have lost patience: another can be the one by now. */
static bool is_awaited(void)
{
	struct pollfd p = { .fd = START_RESULT };

	return !poll(&p, 1, 0);
}

static int companion(const char *nflog)
{
	static struct start_result result = { .magic = START_MAGIC };
	static struct work w;

	prepare_signals();
	result.ret = prepare(&w, nflog, &result.err);
	if (!is_awaited())
		return COMMAND_FAILED;
	if (!result.ret)
		take_over(&w);
	if (tell(&result) || result.ret) {
		if (!result.ret)
			resign(&w);
		return COMMAND_FAILED;
	}
	result.ret = work(&w);
	answerer_close(w.answerer);
	resign(&w);
	return result.ret ? COMMAND_FAILED : COMMAND_OK;
}

static const char help[] =
	"Usage: none: other commands start it\n\n"
	"The process that answers for the rules with REJECT, LOG and NFLOG: it runs while\n"
	"such rules are in force. 'bpfilter apply' and 'bpfilter start' start it when it\n"
	"is missing, 'bpfilter status' shows it. Filtering does not depend on it.\n";

int cmd_companion(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--help"))
		return command_text(help);
	if (argc < 2 || argc > 3 || strcmp(argv[1], "--started") ||
	    fcntl(START_RESULT, F_GETFD) < 0)
		return command_usage(argv[0], "other commands start it");
	return companion(argc == 3 ? argv[2] : NULL);
}

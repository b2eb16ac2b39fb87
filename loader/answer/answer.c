// SPDX-License-Identifier: GPL-2.0-only
#include "answer/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "answer/confine.h"
#include "answer/kmsg.h"
#include "answer/logtext.h"
#include "answer/nflog.h"
#include "answer/ratelimit.h"
#include "answer/record.h"
#include "answer/reject.h"
#include "answer/start.h"

#define SECOND 1000000000ULL
#define STALE (5 * SECOND)	  /* who waits for a reply longer has given up */
#define SETTINGS_AGE (5 * SECOND) /* sysctls may change, at a boot they do */
#define POLICY_AGE SECOND
#define HOOK_OUTPUT 3 /* NF_INET_LOCAL_OUT */

struct answerer {
	const struct sockets *sockets;
	volatile u64 *count;

	int sysctls; /* /proc/sys/net, -1: not there */
	u64 settings_read;
	struct reject_settings settings;
	struct ratelimit limit;
	struct reply reply;

	int kmsg, policy_fd, everywhere_fd; /* negative: not there */
	bool names_ae;
	enum kmsg_policy policy;
	bool everywhere;
	u64 policy_read;
	struct kmsg_ration ration;
	struct buffer line;

	bool admin;
	struct nflog_out *nflog; /* NULL: all is lost */
	u64 nflog_before[2];	 /* counters when it was opened */
};

static u64 now_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (u64)t.tv_sec * SECOND + (u64)t.tv_nsec;
}

static void read_settings(struct answerer *a, u64 now)
{
	if (a->settings_read && now - a->settings_read < SETTINGS_AGE)
		return;
	reject_settings_read(&a->settings, a->sysctls);
	if (a->settings_read)
		ratelimit_settings(&a->limit, &a->settings);
	else
		ratelimit_init(&a->limit, &a->settings, now);
	a->settings_read = now;
}

/* Will the reply come in again on this host? */
static bool is_local(const struct answer_record *r)
{
	return r->hook == HOOK_OUTPUT || r->in.type == ARPHRD_LOOPBACK;
}

/* skb->_nfct was 0: no reply gets a connection from it. */
#define NO_CONNECTION 8U

/* What only the routes say. nf_send_reset6(): the hop limit is that of the reply's route. */
static int complete(const struct answerer *a, struct reply *reply)
{
	if (reply->source_wanted)
		return sockets_source(a->sockets, reply);
	if (reply->reset && reply->family == RECORD_IPV6)
		sockets_hop_limit(a->sockets, reply);
	return 0;
}

static void take_reject(struct answerer *a, const struct answer_record *r, u64 now)
{
	struct reply *reply = &a->reply;

	if (now > r->time && now - r->time > STALE) {
		a->count[COMPANION_NOT_SENT]++;
		return;
	}
	read_settings(a, now);
	if (reject_build(r, &a->settings, reply) != REJECT_SEND)
		a->count[COMPANION_NOT_DUE]++;
	else if (!ratelimit_allow(&a->limit, reply, now))
		a->count[COMPANION_LIMITED]++;
	else if (complete(a, reply) ||
		 sockets_send(a->sockets, reply, is_local(r), r->ct_info != NO_CONNECTION))
		a->count[COMPANION_NOT_SENT]++;
	else
		a->count[reply->reset ? COMPANION_RESETS : COMPANION_ERRORS]++;
}

static void take_log(struct answerer *a, const struct answer_record *r, u64 now)
{
	bool written = false;

	if (!a->policy_read || now - a->policy_read > POLICY_AGE) {
		a->policy = kmsg_policy(a->policy_fd);
		a->everywhere = kmsg_everywhere(a->everywhere_fd);
		a->policy_read = now;
	}
	a->line.len = 0;
	if (a->kmsg >= 0 && a->everywhere && kmsg_ration_take(&a->ration, a->policy, now)) {
		log_text(r, a->names_ae, &a->line);
		written = !a->line.failed && a->line.len &&
			  !kmsg_write(a->kmsg, r->rule.level, a->line.data, a->line.len);
	}
	a->line.failed = 0;
	a->count[written ? COMPANION_LINES : COMPANION_LINES_LOST]++;
}

static void count_nflog(struct answerer *a)
{
	struct nflog_counts c = nflog_counts(a->nflog);

	a->count[COMPANION_NFLOG] = a->nflog_before[0] + c.sent;
	a->count[COMPANION_NFLOG_LOST] = a->nflog_before[1] + c.lost;
}

static void take_nflog(struct answerer *a, const struct answer_record *r, u64 now)
{
	u64 due;

	if (!a->nflog) {
		a->count[COMPANION_NFLOG_LOST]++;
		return;
	}
	nflog_write(a->nflog, r);
	due = nflog_due(a->nflog);
	if (due && due <= now)
		nflog_flush(a->nflog, now);
	count_nflog(a);
}

void answerer_take(struct answerer *a, const void *record, size_t size)
{
	static void (*const take[ANSWER_KINDS])(struct answerer * a, const struct answer_record *r,
						u64 now) = {
		[ANSWER_REJECT] = take_reject,
		[ANSWER_LOG] = take_log,
		[ANSWER_NFLOG] = take_nflog,
	};
	const struct answer_record *r = record;

	a->count[COMPANION_RECORDS]++;
	if (record_check(r, size))
		a->count[COMPANION_BAD]++;
	else
		take[r->rule.kind](a, r, now_ns());
}

int answerer_rest(struct answerer *a)
{
	u64 now = now_ns(), due = a->nflog ? nflog_due(a->nflog) : 0;

	if (!due)
		return -1;
	if (due <= now) {
		nflog_flush(a->nflog, now);
		count_nflog(a);
		due = nflog_due(a->nflog);
	}
	if (!due)
		return -1;
	return due <= now ? 0 : (int)((due - now) / 1000000 % 3600000) + 1;
}

/* Without a wish it is netlink; if that cannot be had packets are lost, and counted. */
static int open_nflog(struct answerer *a, const char *text, struct error *err)
{
	struct nflog_spec spec;
	int ret;

	if (text && !strcmp(text, START_NFLOG_NONE))
		return 0;
	ret = nflog_spec_parse(text ? text : NFLOG_DEFAULT, &spec, err);

	if (!ret)
		ret = nflog_open(&spec, &a->nflog, text ? err : NULL);
	if (ret)
		return text ? ret : 0;
	a->admin = spec.kind == NFLOG_NETLINK;
	a->nflog_before[0] = a->count[COMPANION_NFLOG];
	a->nflog_before[1] = a->count[COMPANION_NFLOG_LOST];
	return 0;
}

int answerer_open(struct answerer **answerer, const struct sockets *sockets, volatile u64 *count,
		  const char *nflog, struct error *err)
{
	static struct answerer the;
	struct answerer *a = &the;
	struct utsname name = { 0 };

	*answerer = a;
	a->sockets = sockets;
	a->count = count;
	(void)uname(&name);
	a->names_ae = log_names_ae(name.release);
	a->kmsg = kmsg_open(NULL);
	a->policy_fd = kmsg_policy_open();
	a->everywhere_fd = kmsg_everywhere_open();
	a->sysctls = confine_net_sysctls();
	read_settings(a, now_ns());
	/* Now, while there is memory for sure. */
	if (buffer_room(&a->line, 2 * LOG_LINE_MAX))
		return error_errno(err, -ENOMEM, "cannot start answering");
	return open_nflog(a, nflog, err);
}

int answerer_settle(const struct answerer *a, struct error *err)
{
	return a->nflog ? nflog_settle(a->nflog, err) : 0;
}

int answerer_openat_fd(const struct answerer *a)
{
	return a->sysctls;
}

int answerer_is_admin(const struct answerer *a)
{
	return a->admin;
}

void answerer_close(struct answerer *a)
{
	if (a->nflog) {
		nflog_flush(a->nflog, ~0ULL);
		count_nflog(a);
		nflog_close(a->nflog);
	}
	a->nflog = NULL;
	buffer_free(&a->line);
}

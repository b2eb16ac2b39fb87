// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "boot/blockdev.h"
#include "boot/boot.h"
#include "buffer.h"

#define PROBES_MAX	32U	/* at once */
#define MS		UINT64_C(1000000)
/* At the deadline: for what is there and being looked at. */
#define GRACE		(1000 * MS)

/* One search. */
struct search {
	struct blockdevs *all;
	const struct partition_spec *spec;
	const struct partition_options *opt;
	char name[PARTITION_VALUE_MAX + 16];
	uint64_t first_ns;	/* when one was first seen to answer; 0: none does */
};

static bool answers(const struct search *s, const struct blockdev *d)
{
	return d->probe == PROBE_DONE && partition_spec_matches(s->spec, d->name, &d->found);
}

/* "vda1 ext4 LABEL=CONFIG PARTLABEL=rules"; bytes that do not print are not passed on. */
static void describe(struct buffer *out, const struct blockdev *d)
{
	const struct {
		const char *key, *value;
	} names[] = {
		{ "LABEL", d->found.label },
		{ "UUID", d->found.uuid },
		{ "PARTLABEL", d->found.partlabel },
	};
	size_t start = out->len;

	buffer_printf(out, "%s%s%s", out->len ? ", " : "", d->name,
		      d->removable ? " (removable)" : "");
	if (d->found.type[0])
		buffer_printf(out, " %s", d->found.type);
	else if (d->found.ret == -EUCLEAN)
		buffer_printf(out, " ambiguous");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].value[0])
			buffer_printf(out, " %s=%s", names[i].key, names[i].value);
	for (; !out->failed && start < out->len; start++)
		if (out->data[start] < 0x20 || out->data[start] >= 0x7f)
			out->data[start] = '?';
}

static int none_came(const struct search *s, struct error *err)
{
	struct buffer list = { 0 };

	for (size_t i = 0; i < s->all->nr; i++) {
		const struct blockdev *d = &s->all->list[i];

		if (answers(s, d)) {
			error_set(err, -EPERM, "%s is on /dev/%s, which is removable: whoever gets "
				  "at the machine could plug in rules", s->name, d->name);
			error_hint(err, "bpfilter.removable=yes on the kernel command line allows it");
			return -EPERM;
		}
		describe(&list, d);
	}
	error_set(err, -ETIMEDOUT, "no block device is %s; there %s%.300s%s", s->name,
		  list.len ? "are " : "is none",
		  list.data ? list.data : "", list.len > 300 ? "..." : "");
	error_hint(err, "if its driver is a module: bpfilter.modules=; if it comes late: "
		   "bpfilter.timeout=");
	buffer_free(&list);
	return -ETIMEDOUT;
}

static int two_came(const struct search *s, const struct blockdev *a, const struct blockdev *b,
		    struct error *err)
{
	error_set(err, -EEXIST, "two devices are %s: /dev/%s and /dev/%s", s->name, a->name,
		  b->name);
	error_hint(err, "one of them may be there to deceive: remove it, or name the right one by "
		   "PARTUUID= or /dev/");
	return -EEXIST;
}

/*
 * -EAGAIN: go on waiting. One that answers is taken when the time for a second is over, or at the
 * deadline; and when every device that is there has been looked at, or hangs.
 */
static int judge(struct search *s, uint64_t now, const struct blockdev **found, struct error *err)
{
	const struct blockdev *one = NULL;
	bool pending = s->all->scan_due, node = s->spec->key == PARTITION_NODE, refused = false;

	for (size_t i = 0; i < s->all->nr; i++) {
		const struct blockdev *d = &s->all->list[i];

		pending |= d->probe != PROBE_DONE;
		if (!answers(s, d))
			continue;
		refused |= d->removable && !s->opt->removable;
		if (d->removable && !s->opt->removable)
			continue;
		if (one)
			return two_came(s, one, d, err);
		one = d;
	}
	if (!one)
		s->first_ns = 0;
	else if (!s->first_ns)
		s->first_ns = now;
	*found = one;
	/* The kernel gives a name once: there is nothing more to wait for. */
	if (node && (one || refused))
		return one ? 0 : none_came(s, err);
	if (pending && now < s->opt->deadline_ns + GRACE)
		return -EAGAIN;
	if (now >= s->opt->deadline_ns)
		return one ? 0 : none_came(s, err);
	return one && now >= s->first_ns + s->opt->unique_ms * MS ? 0 : -EAGAIN;
}

static int wait_ms(const struct search *s, uint64_t now)
{
	uint64_t unique = s->first_ns + s->opt->unique_ms * MS, until = s->opt->deadline_ns;

	if (s->all->scan_due)
		return 0;
	if (until <= now)
		until += GRACE;
	if (s->first_ns && unique > now && unique < until)
		until = unique;
	return until > now ? (int)((until - now) / MS) + 1 : 0;
}

/* Until something is told, a probe ends, or it is time. */
static int wait_for_more(struct search *s, uint64_t now, struct error *err)
{
	struct pollfd fds[1 + PROBES_MAX] = { { .fd = s->all->uevents, .events = POLLIN } };
	struct blockdev *running[1 + PROBES_MAX];
	unsigned int nr = 1;

	for (size_t i = 0; i < s->all->nr; i++) {
		struct blockdev *d = &s->all->list[i];

		if (d->probe != PROBE_RUNNING)
			continue;
		running[nr] = d;
		fds[nr++] = (struct pollfd){ .fd = d->pipe, .events = POLLIN };
	}
	if (poll(fds, nr, wait_ms(s, now)) < 0 && errno != EINTR)
		return error_errno(err, -errno, "cannot wait for block devices");
	for (unsigned int i = 1; i < nr; i++)
		if (fds[i].revents)
			probe_finish(running[i]);
	if (fds[0].revents)
		blockdevs_uevents(s->all);
	return 0;
}

/* A device named by its node is the only one that is looked at. */
static void start_probes(struct search *s)
{
	bool node = s->spec->key == PARTITION_NODE;
	unsigned int running = 0;

	for (size_t i = 0; i < s->all->nr; i++)
		running += s->all->list[i].probe == PROBE_RUNNING;
	for (size_t i = 0; i < s->all->nr && running < PROBES_MAX; i++) {
		struct blockdev *d = &s->all->list[i];

		if (d->probe != PROBE_DUE || (node && strcmp(d->name, s->spec->value)))
			continue;
		probe_start(s->all, d);
		running += d->probe == PROBE_RUNNING;
	}
}

int blockdevs_find(struct blockdevs *all, const struct partition_spec *spec,
		   const struct partition_options *opt, const struct blockdev **found,
		   struct error *err)
{
	struct search s = { .all = all, .spec = spec, .opt = opt };
	int ret = 0;

	partition_spec_name(spec, s.name, sizeof(s.name));
	for (;;) {
		uint64_t now;

		if (all->scan_due)
			ret = blockdevs_scan(all, err);
		if (ret)
			return ret;
		start_probes(&s);
		now = clock_ns(CLOCK_MONOTONIC);
		ret = judge(&s, now, found, err);
		if (ret != -EAGAIN)
			return ret;
		ret = wait_for_more(&s, now, err);
		if (ret)
			return ret;
	}
}

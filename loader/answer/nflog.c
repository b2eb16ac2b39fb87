// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "answer/nflog_internal.h"

static const struct nflog_ops *const outputs[] = {
	[NFLOG_NETLINK] = &nflog_netlink,
	[NFLOG_PCAPNG] = &nflog_pcapng,
	[NFLOG_UNIX] = &nflog_socket,
};

static u64 read_clock(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (u64)t.tv_sec * NSEC_PER_SEC + (u64)t.tv_nsec;
}

int nflog_open(const struct nflog_spec *spec, struct nflog_out **out, struct error *err)
{
	const struct nflog_ops *ops = outputs[spec->kind];
	struct nflog_out *o = calloc(1, ops->size);
	int ret;

	if (!o)
		return error_errno(err, -ENOMEM, "cannot hand on NFLOG packets");
	o->ops = ops;
	ret = ops->open(o, spec, err);
	if (ret) {
		ops->close(o);
		free(o);
		return ret;
	}
	*out = o;
	return 0;
}

int nflog_settle(struct nflog_out *out, struct error *err)
{
	int ret = out->ops->settle ? out->ops->settle(out) : 0;

	return ret ? error_errno(err, ret, "NFLOG: cannot enter the socket's directory") : 0;
}

void nflog_write(struct nflog_out *out, const struct answer_record *r)
{
	u64 boot = read_clock(CLOCK_BOOTTIME), real = read_clock(CLOCK_REALTIME);
	u64 age = r->time < boot ? boot - r->time : 0;

	out->ops->write(out, r, boot, age < real ? real - age : real);
}

u64 nflog_due(const struct nflog_out *out)
{
	return out->ops->due ? out->ops->due(out) : 0;
}

void nflog_flush(struct nflog_out *out, u64 now)
{
	if (out->ops->flush)
		out->ops->flush(out, now);
}

struct nflog_counts nflog_counts(const struct nflog_out *out)
{
	return out->counts;
}

void nflog_close(struct nflog_out *out)
{
	if (!out)
		return;
	nflog_flush(out, UINT64_MAX);
	out->ops->close(out);
	free(out);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "answer/ratelimit.h"
#include "answer/reject_internal.h"

#define SECOND 1000000000ULL
#define MILLISECOND 1000000ULL
/* icmp_global_allow(): credit is given at most so often, and for a second at most. */
#define CREDIT_STEP (SECOND / 50)
/* inet_peer_xrlim_allow(): XRLIM_BURST_FACTOR; inet_getpeer(): what a new host has saved up. */
#define BURST 6U
#define NEW_HOST (60 * SECOND)
/* Type of all errors of REJECT: Destination Unreachable. */
#define TYPE4 3U
#define TYPE6 1U

void ratelimit_settings(struct ratelimit *rl, const struct reject_settings *s)
{
	rl->settings = *s;
}

void ratelimit_init(struct ratelimit *rl, const struct reject_settings *s, u64 now_ns)
{
	memset(rl, 0, sizeof(*rl));
	rl->settings = *s;
	rl->stamp = now_ns;
	rl->credit = s->msgs_burst;
	rl->random = s->key | 1;
}

static u64 since(u64 then, u64 now)
{
	return now > then ? now - then : 0;
}

/* get_random_u32_below(3): xorshift does, it need only not be foreseen by who sees the replies. */
static unsigned int below_3(struct ratelimit *rl)
{
	rl->random ^= rl->random << 13;
	rl->random ^= rl->random >> 7;
	rl->random ^= rl->random << 17;
	return (unsigned int)((rl->random >> 32) % 3);
}

static bool all_allow(struct ratelimit *rl, u64 now)
{
	u64 delta = since(rl->stamp, now), more;

	if (rl->credit > 0)
		return true;
	if (delta < CREDIT_STEP)
		return false;
	if (delta > SECOND)
		delta = SECOND;
	more = rl->settings.msgs_per_sec * delta / SECOND;
	if (!more)
		return false;
	rl->stamp = now;
	rl->credit += (int64_t)more;
	if (rl->credit > rl->settings.msgs_burst)
		rl->credit = rl->settings.msgs_burst;
	return true;
}

/* Of the set: this host, or a place for it: a free one, or of who was not asked for longest. */
static struct ratelimit_host *host_of(struct ratelimit *rl, const struct reply *reply, u64 now)
{
	size_t n = reply->family == RECORD_IPV6 ? 16 : 4;
	const u8 *address = reply_destination(reply);
	struct ratelimit_host *set, *h, *best;

	set = rl->host[keyed_hash(rl->settings.key, address, n) % RATELIMIT_SETS];
	best = set;
	for (h = set; h < set + RATELIMIT_WAYS; h++) {
		if (h->used && h->family == reply->family && !memcmp(h->address, address, n))
			return h;
		if (!h->used || (best->used && h->last < best->last))
			best = h;
	}
	memset(best, 0, sizeof(*best));
	memcpy(best->address, address, n);
	best->family = reply->family;
	best->used = true;
	best->tokens = NEW_HOST;
	best->last = now;
	return best;
}

static bool host_allow(struct ratelimit *rl, const struct reply *reply, u64 now)
{
	u64 cost = rl->settings.ratelimit[reply->family] * MILLISECOND;
	struct ratelimit_host *h;

	if (!cost)
		return true;
	h = host_of(rl, reply, now);
	h->tokens += since(h->last, now);
	if (now > h->last)
		h->last = now;
	if (h->tokens > BURST * cost)
		h->tokens = BURST * cost;
	if (h->tokens < cost)
		return false;
	h->tokens -= cost;
	return true;
}

static bool masked(const struct reject_settings *s, u8 family)
{
	return family == RECORD_IPV6 ? s->ratemask6[TYPE6 / 32] >> TYPE6 % 32 & 1 :
				       s->ratemask4 >> TYPE4 & 1;
}

bool ratelimit_allow(struct ratelimit *rl, const struct reply *reply, u64 now_ns)
{
	if (reply->reset || !(reply->limits & REPLY_LIMIT_ALL) ||
	    !masked(&rl->settings, reply->family))
		return true;
	if (!all_allow(rl, now_ns))
		return false;
	if (reply->limits & REPLY_LIMIT_HOST && !host_allow(rl, reply, now_ns))
		return false;
	rl->credit -= below_3(rl);
	return true;
}

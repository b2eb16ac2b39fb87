/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_RATELIMIT_H
#define LOADER_ANSWER_RATELIMIT_H

#include "answer/reject.h"

/*
 * How many ICMP errors may be sent: to all (icmp_global_allow(), net/ipv4/icmp.c, as of 6.12) and
 * to one host (inet_peer_xrlim_allow(), net/ipv4/inetpeer.c). TCP RSTs are not limited. The table
 * of hosts has a fixed size; a host that was pushed out begins anew, with a full burst, as one
 * whose inet_peer was collected does. IPv6: icmpv6_xrlim_allow() once gave wider routes a larger
 * share, which newer ones (6.18 stable) do not; nor is it done here.
 */
#define RATELIMIT_SETS 512U
#define RATELIMIT_WAYS 8U

struct ratelimit_host {
	u8 address[16];		/* IPv4: 4 bytes, the rest 0 */
	u64 last;		/* ns; when it was asked for last */
	u64 tokens;		/* ns of time that may be spent; one error costs icmp_ratelimit */
	u8 family;
	bool used;
};

struct ratelimit {
	struct reject_settings settings;
	u64 stamp;		/* ns; when credit was last given */
	int64_t credit;		/* errors to all that may be sent; may be below 0 */
	u64 random;		/* state: an error costs 0 to 2 of it */
	struct ratelimit_host host[RATELIMIT_SETS][RATELIMIT_WAYS];
};

/** ratelimit_init() - a full burst for everyone. @now_ns: any clock, the one of ratelimit_allow().
 */
void ratelimit_init(struct ratelimit *rl, const struct reject_settings *s, u64 now_ns);

/** ratelimit_settings() - other settings, the state stays. */
void ratelimit_settings(struct ratelimit *rl, const struct reject_settings *s);

/**
 * ratelimit_allow() - may it be sent? Counts it if so.
 * @now_ns: monotonic.
 */
bool ratelimit_allow(struct ratelimit *rl, const struct reply *reply, u64 now_ns);

#endif

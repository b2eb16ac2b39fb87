/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_SOCKETS_H
#define LOADER_ANSWER_SOCKETS_H

#include "answer/reject.h"
#include "bpf/answer.h"
#include "error.h"

/*
 * Raw sockets: [unrelated << 2 | local << 1 | family]. @send: as struct companion's cookies. -1: no
 * such family.
 */
struct sockets {
	int send[COMPANION_SOCKETS];
	int ask[IMAGE_FAMILIES]; /* connected to learn which source address the kernel takes */
};

/**
 * sockets_open() - open all of them; nothing is ever received on them.
 * @mark: of packets to local destinations that count as RELATED.
 * @cookies: set to their SO_COOKIE, 0 where there is no socket.
 */
int sockets_open(struct sockets *s, u32 mark, u64 cookies[COMPANION_SOCKETS], struct error *err);

/**
 * sockets_source() - fill in the source address that the kernel takes for @reply's destination, and
 * IPv6's hop limit of that route. 0 or -errno: there is no route.
 */
int sockets_source(const struct sockets *s, struct reply *reply);

/**
 * sockets_hop_limit() - IPv6: the hop limit of the route to @reply's destination; without a route
 * it is left as it is.
 */
void sockets_hop_limit(const struct sockets *s, struct reply *reply);

/**
 * sockets_send() - send it, never wait. 0 or -errno.
 * @local: it will come in again on this host.
 * @related: it answers a packet that had a connection; else conntrack judges it by itself.
 */
int sockets_send(const struct sockets *s, const struct reply *reply, bool local, bool related);

#endif

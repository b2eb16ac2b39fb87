/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_ANSWER_H
#define LOADER_ANSWER_ANSWER_H

#include <stddef.h>

#include "answer/sockets.h"
#include "bpf/answer.h"

/* Everything a record can become. One at a time in a process: it is large. */
struct answerer;

/**
 * answerer_open() - open all that records go to and settings come from.
 * @sockets: open; they stay the caller's.
 * @count: struct companion's counters.
 * @nflog: where NFLOG's packets go, NULL: to netlink if that can be had.
 */
int answerer_open(struct answerer **answerer, const struct sockets *sockets, volatile u64 *count,
		  const char *nflog, struct error *err);

/** answerer_settle() - once, behind the last chroot(), before what that needs is forbidden. */
int answerer_settle(const struct answerer *a, struct error *err);

/** answerer_openat_fd() - the directory that it reads settings from later, or -1. */
int answerer_openat_fd(const struct answerer *a);

/** answerer_is_admin() - does it need CAP_NET_ADMIN? */
int answerer_is_admin(const struct answerer *a);

/** answerer_take() - one record of the ring, @size bytes of anything. Never waits. */
void answerer_take(struct answerer *a, const void *record, size_t size);

/** answerer_rest() - nothing more has come: what waits may go. Returns ms until it has to be called
 * again, -1: no need. */
int answerer_rest(struct answerer *a);

void answerer_close(struct answerer *a);

#endif

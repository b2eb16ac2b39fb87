/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_RING_H
#define LOADER_ANSWER_RING_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/*
 * The reading end of a BPF ring buffer (Documentation/bpf/ringbuf.rst, kernel/bpf/ringbuf.c). There
 * may be one reader only. Records are read where they lie: nobody overwrites them before
 * ring_done().
 */
struct ring {
	uint64_t *consumer;	  /* ours: how far was read */
	const uint64_t *producer; /* the kernel's: how far is reserved */
	const uint8_t *data;	  /* @size bytes, twice: a record never wraps */
	size_t size;		  /* a power of two */
	uint64_t next;		  /* where ring_next()'s record ends */
};

/** ring_map() - map BPF ring @fd of @size bytes. */
int ring_map(struct ring *r, int fd, size_t size, struct error *err);
void ring_unmap(struct ring *r);

/**
 * ring_next() - the oldest record that was not read yet, discarded ones left out.
 * @len: set to its bytes.
 * NULL with *@len 0: there is none, or the oldest is still being written: poll() tells when there
 * is more. NULL with *@len 1: the ring makes no sense; there is no going on.
 */
const void *ring_next(struct ring *r, size_t *len);

/** ring_done() - the record of the last ring_next() may be overwritten. */
void ring_done(struct ring *r);

/** ring_end() - the position that is reserved at this moment; ring_passed(): is it read? */
uint64_t ring_end(const struct ring *r);
int ring_passed(const struct ring *r, uint64_t end);

#endif

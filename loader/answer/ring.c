// SPDX-License-Identifier: GPL-2.0-only
#include "answer/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A record: u32 length with flags, u32 page offset, data; all of it rounded up to 8 bytes. */
#define HEADER ((size_t)BPF_RINGBUF_HDR_SZ)
#define ROUND 8U
#define LENGTH (~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

int ring_map(struct ring *r, int fd, size_t size, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	memset(r, 0, sizeof(*r));
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return error_errno(err, -errno, "cannot map the ring of answers");
	r->consumer = p;
	r->size = size;
	p = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (p == MAP_FAILED) {
		int ret = -errno;

		ring_unmap(r);
		return error_errno(err, ret, "cannot map the ring of answers");
	}
	r->producer = p;
	r->data = (const uint8_t *)p + page;
	return 0;
}

void ring_unmap(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, page + 2 * r->size);
	if (r->consumer)
		munmap(r->consumer, page);
	memset(r, 0, sizeof(*r));
}

uint64_t ring_end(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

int ring_passed(const struct ring *r, uint64_t end)
{
	return *r->consumer >= end;
}

const void *ring_next(struct ring *r, size_t *len)
{
	for (;;) {
		uint64_t at = *r->consumer, end = ring_end(r);
		const uint8_t *record = r->data + (at & (r->size - 1));
		uint32_t head;
		size_t whole;

		*len = 0;
		if (at >= end)
			return NULL;
		/* bpf_ringbuf_commit() clears the bit behind the data. */
		head = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		whole = (HEADER + (head & LENGTH) + ROUND - 1) / ROUND * ROUND;
		*len = 1;
		if (at % ROUND || end - at > r->size || whole > end - at)
			return NULL;
		r->next = at + whole;
		if (head & BPF_RINGBUF_DISCARD_BIT) {
			ring_done(r);
			continue;
		}
		*len = head & LENGTH;
		return record + HEADER;
	}
}

void ring_done(struct ring *r)
{
	/*
	 * The kernel wakes the reader for a record at the place the reader has got to. This store
	 * must be seen before the look for a next record: else that comes without a wake-up.
	 */
	__atomic_store_n(r->consumer, r->next, __ATOMIC_SEQ_CST);
}

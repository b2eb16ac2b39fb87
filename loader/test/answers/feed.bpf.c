// SPDX-License-Identifier: GPL-2.0-only
/* Only a BPF program can write into a BPF ring: one record, many times. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "loader/test/answers/feed.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ANSWER_RING);
} ring SEC(".maps");

struct record {
	u8 byte[RECORD_SIZE_0];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct record);
} record SEC(".maps");

/* Returns how many found room. */
SEC("syscall")
int feed(struct feed *f)
{
	u32 key = 0, written = 0, i;
	struct record *r = bpf_map_lookup_elem(&record, &key);

	if (!r)
		return 0;
	for (i = 0; i < 1000 && i < f->count; i++) {
		((struct answer_record *)r)->time = bpf_ktime_get_boot_ns();
		written += !bpf_ringbuf_output(&ring, r, sizeof(*r), 0);
	}
	return (int)written;
}

char _license[] SEC("license") = "GPL";

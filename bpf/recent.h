/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_RECENT_H
#define BPF_RECENT_H

#include "bpf/image.h"

/*
 * A table of -m recent in the state cells of an image (NAMED_RECENT): the contract between the
 * compiler, the evaluator and who lists it. Both families share a table, as in
 * net/netfilter/xt_recent.c. struct image_named's params: [0] the stamps an entry has room for, a
 * power of two; [1], [2] the mask of addresses, as recent_entry.addr.
 */

#define RECENT_ENTRIES	100U	/* ip_list_tot, the module's default */
#define RECENT_STAMPS	32U	/* of a table whose rules ask for no number of hits */

struct recent_head {
	u64 clock;		/* entries touched so far */
	u64 pad[7];
	u32 tag[112];		/* of entry i: hash of its address, 0: it is free */
	u64 touched[104];	/* when it was written last, by @clock; 0: it is free */
};

struct recent_entry {
	u64 meta;		/* RECENT_*() */
	u64 addr[2]; /* masked; host order, most significant word first; IPv4: the first */
	u64 pad[5];
	u64 stamp[];		/* jiffies; a ring */
};

#define RECENT_HEAD_CELLS	((u32)(sizeof(struct recent_head) / sizeof(struct image_cell)))
/* Cells of an entry with room for @stamps. */
#define RECENT_ENTRY_CELLS(stamps)	(1U + ((stamps) + 7U) / 8U)
#define RECENT_CELLS(stamps)	(RECENT_HEAD_CELLS + RECENT_ENTRIES * RECENT_ENTRY_CELLS(stamps))

/*
 * recent_entry.meta: bits 0-15 the next place in the ring, 16-31 places in use, 32-39 TTL, 40
 * family, 41-42 enum recent_state, 43-63 how often the entry changed hands. The first two wrap as
 * the kernel's u16 do.
 */
#define RECENT_INDEX(meta)	((u32)(meta) & 0xffffU)
#define RECENT_USED(meta)	((u32)(meta) >> 16)
#define RECENT_TTL(meta)	((u32)((meta) >> 32) & 0xffU)
#define RECENT_FAMILY(meta)	((u32)((meta) >> 40) & 1U)
#define RECENT_STATE(meta)	((u32)((meta) >> 41) & 3U)
#define RECENT_OWNER		(1ULL << 43)

enum recent_state { RECENT_FREE, RECENT_LIVE, RECENT_BUSY };

/* recent_meta() - @index and @used are cut to 16 bits; the owner is that of @old. */
static inline u64 recent_meta(u64 old, u32 state, u32 family, u32 ttl, u32 index, u32 used)
{
	return (old & ~(RECENT_OWNER - 1)) | (u64)(state & 3) << 41 | (u64)(family & 1) << 40 |
	       (u64)(ttl & 255) << 32 | (u64)(used & 0xffff) << 16 | (index & 0xffff);
}

#endif

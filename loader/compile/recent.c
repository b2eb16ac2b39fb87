// SPDX-License-Identifier: GPL-2.0-only
#include "compile/recent.h"

#include <errno.h>
#include <string.h>

#include "bpf/recent.h"

/* Programs may write it meanwhile. */
static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void print_address(struct buffer *out, const struct recent_entry *e, unsigned int family)
{
	uint64_t hi = load(&e->addr[0]), lo = load(&e->addr[1]);
	unsigned int i;

	if (!family) {
		buffer_printf(out, "%u.%u.%u.%u", (unsigned int)(hi >> 56),
			      (unsigned int)(hi >> 48 & 255), (unsigned int)(hi >> 40 & 255),
			      (unsigned int)(hi >> 32 & 255));
		return;
	}
	for (i = 0; i < 8; i++)
		buffer_printf(out, "%s%04x", i ? ":" : "",
			      (unsigned int)((i < 4 ? hi : lo) >> (48 - i % 4 * 16)) & 0xffff);
}

static void print_entry(struct buffer *out, const struct recent_entry *e, uint64_t stamps)
{
	uint64_t meta = load(&e->meta);
	unsigned int i;

	if (RECENT_STATE(meta) != RECENT_LIVE)
		return;
	buffer_puts(out, "src=");
	print_address(out, e, RECENT_FAMILY(meta));
	buffer_printf(out, " ttl: %u last_seen: %llu oldest_pkt: %u", RECENT_TTL(meta),
		      (unsigned long long)load(&e->stamp[(RECENT_INDEX(meta) - 1) & (stamps - 1)]),
		      RECENT_INDEX(meta));
	for (i = 0; i < RECENT_USED(meta) && i < stamps; i++)
		buffer_printf(out, "%s %llu", i ? "," : "", (unsigned long long)load(&e->stamp[i]));
	buffer_putc(out, '\n');
}

static int print_table(struct buffer *out, const struct image_header *h,
		       const struct image_named *t)
{
	const struct image_cell *cells = (const void *)((const char *)h + h->state);
	uint64_t stamps = t->params[0], size;
	unsigned int i;

	if (!stamps || stamps > 65536 || stamps & (stamps - 1))
		return -EPROTO;
	size = RECENT_ENTRY_CELLS(stamps);
	if (t->first > h->nr_state || t->count > h->nr_state - t->first ||
	    RECENT_HEAD_CELLS + RECENT_ENTRIES * size > t->count)
		return -EPROTO;
	cells += t->first + RECENT_HEAD_CELLS;
	for (i = 0; i < RECENT_ENTRIES; i++)
		print_entry(out, (const void *)(cells + i * size), stamps);
	return 0;
}

int recent_list(struct buffer *out, const struct image_header *h, const char *name)
{
	const struct image_named *t = (const void *)((const char *)h + h->named.offset);
	int ret = name ? -ENOENT : 0;
	uint32_t i;

	for (i = 0; i < h->named.count; i++, t++) {
		if (t->kind != NAMED_RECENT || (name && strcmp(t->name, name)))
			continue;
		if (!name)
			buffer_printf(out, "# %s\n", t->name);
		ret = print_table(out, h, t);
		if (ret)
			return ret;
	}
	return ret;
}

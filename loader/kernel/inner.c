/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The map value that holds an image: made, filled, its counters carried over.
 */
#include "kernel/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "compile/compile.h"
#include "compile/layout.h"
#include "compile/rates.h"
#include "kernel/links.h"
#include "kernel/sys.h"

#define CPUS_UNKNOWN	8U	/* image_layout() asks for no more */

/* Possible CPUs: the last number in "0-3" or "0,2-5", plus one. */
static unsigned int possible_cpus(void)
{
	unsigned int last = CPUS_UNKNOWN - 1, n;
	char buf[128], *p;
	ssize_t len;
	int fd;

	fd = open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return CPUS_UNKNOWN;
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (len <= 0)
		return CPUS_UNKNOWN;
	buf[len] = '\0';
	for (p = buf; *p; p++)
		if ((p == buf || p[-1] == '-' || p[-1] == ',') && sscanf(p, "%u", &n) == 1)
			last = n;
	return last + 1;
}

int inner_capacity(const struct image_header *h, struct error *err)
{
	struct image_header copy = *h;
	int i;

	for (i = 0; i < IMAGE_CAPACITIES; i++)
		if (!image_layout(&copy, image_capacity_bytes(i), 1))
			return i;
	return error_set(err, -E2BIG, "the rules need %u bytes with their counters: too many",
			 h->size);
}

int inner_map(struct inner *in, int fd, size_t size, bool writable, struct error *err)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	void *p;

	p = mmap(NULL, size, prot, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		int ret = error_errno(err, -errno, "cannot map an image of %zu bytes", size);

		close(fd);
		return ret;
	}
	in->fd = fd;
	in->image = p;
	in->size = size;
	return 0;
}

int inner_create(struct inner *in, const struct image *img, size_t capacity,
		 enum image_origin origin, struct error *err)
{
	const struct image_header *h = img->header;
	struct image_header header = *h;
	struct timespec now = { 0 };
	int fd, ret;

	ret = image_layout(&header, capacity, possible_cpus());
	if (ret)
		return error_set(err, ret, "an image of %u bytes does not fit", h->size);
	fd = sys_map_create(BPF_MAP_TYPE_ARRAY, "rules", (uint32_t)capacity, BPF_F_MMAPABLE);
	if (fd < 0)
		return error_errno(err, fd, "cannot make a map of %zu MiB", capacity >> 20);
	ret = inner_map(in, fd, capacity, true, err);
	if (ret)
		return ret;
	clock_gettime(CLOCK_BOOTTIME, &now);
	header.loaded_at = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
	header.origin = origin;
	image_fill(img, in->image);
	header.checksum = in->image->checksum;
	*in->image = header;
	return 0;
}

void inner_close(struct inner *in)
{
	if (in->image)
		munmap(in->image, in->size);
	if (in->fd >= 0)
		close(in->fd);
	in->image = NULL;
	in->fd = -1;
}

static const struct image_chain *base_chain(const struct image_header *h, unsigned int family,
					    unsigned int table, unsigned int hook)
{
	uint32_t n = h->base[family][table][hook];

	if (n == IMAGE_NONE || n >= h->chains.count)
		return NULL;
	return (const struct image_chain *)((const char *)h + h->chains.offset) + n;
}

bool inner_needs(const struct image_header *h, unsigned int family, unsigned int table,
		 unsigned int hook)
{
	/*
	 * Also a chain without rules whose policy is ACCEPT: iptables counts what passes it, so do
	 * we.
	 */
	return base_chain(h, family, table, hook) != NULL;
}

/* A counter += one of the other image, summed up. */
static void add_counter(struct inner *in, const struct inner *old, uint32_t to, uint32_t from,
			uint32_t hot)
{
	struct image_counter *dst = (struct image_counter *)((char *)in->image +
							     in->image->counters) + to;
	struct image_counter sum = image_counter_sum(old->image, from, hot);

	__atomic_fetch_add(&dst->packets, sum.packets, __ATOMIC_RELAXED);
	__atomic_fetch_add(&dst->bytes, sum.bytes, __ATOMIC_RELAXED);
}

/*
 * The rule ids of a family are one range: IPv4 first, then IPv6 (image_compile()), so that it is
 * known by how many rules each has.
 */
static void family_range(const struct image_header *h, unsigned int family, uint32_t *first,
			 uint32_t *count)
{
	*first = family ? h->nr_rules[0][0] + h->nr_rules[0][1] : 0;
	*count = h->nr_rules[family][0] + h->nr_rules[family][1];
}

static bool same_shape(const struct image_header *new, const struct image_header *old,
		       unsigned int family)
{
	uint32_t first, count, old_first, old_count;

	family_range(new, family, &first, &count);
	family_range(old, family, &old_first, &old_count);
	return count == old_count && first + count <= new->nr_counters &&
	       old_first + count <= old->nr_counters;
}

int inner_check_counters(const struct image_header *to, const struct image_header *from,
			 unsigned int families, struct error *err)
{
	unsigned int f;

	for (f = 0; f < FAMILIES; f++)
		if ((families & (1U << f)) && !same_shape(to, from, f))
			return error_set(err, -EINVAL, "the counters of %s cannot be carried over: "
					 "the rules differ", f ? "IPv6" : "IPv4");
	return 0;
}

/* The chains of a family's rules; a chain's rules are one range of ids. */
static void add_rules(struct inner *to, const struct inner *from, uint32_t first, uint32_t count,
		      uint32_t old_first)
{
	const struct image_header *h = from->image;
	const struct image_chain *c = (const void *)((const char *)h + h->chains.offset);
	uint32_t i, n;

	for (n = 0; n < h->chains.count; n++) {
		if (c[n].first < old_first || c[n].first - old_first >= count)
			continue;
		for (i = 0; i < c[n].count && c[n].first - old_first + i < count; i++)
			add_counter(to, from, c[n].first - old_first + first + i, c[n].first + i,
				    image_hot(&c[n], c[n].first + i));
	}
}

static void add_family(struct inner *to, const struct inner *from, unsigned int family)
{
	const struct image_chain *new, *old;
	uint32_t first, count, old_first;
	unsigned int t, h;

	family_range(from->image, family, &old_first, &count);
	family_range(to->image, family, &first, &count);
	add_rules(to, from, first, count, old_first);
	for (t = 0; t < TABLES; t++) {
		for (h = 0; h < HOOKS; h++) {
			new = base_chain(to->image, family, t, h);
			old = base_chain(from->image, family, t, h);
			if (new && old && new->policy_counter < to->image->nr_counters &&
			    old->policy_counter < from->image->nr_counters)
				add_counter(to, from, new->policy_counter, old->policy_counter,
					    image_hot_policy(old));
		}
	}
}

void inner_add_counters(struct inner *to, const struct inner *from, unsigned int families)
{
	unsigned int f;

	for (f = 0; f < FAMILIES; f++)
		if (families & (1U << f))
			add_family(to, from, f);
}

static void copy_cells(struct inner *to, const struct inner *from, uint32_t first,
		       uint32_t old_first, uint32_t n)
{
	uint64_t *dst = (uint64_t *)(void *)((char *)to->image + to->image->state) + first * 8UL;
	const uint64_t *src = (const uint64_t *)(const void *)
		((const char *)from->image + from->image->state) + old_first * 8UL;
	size_t i;

	for (i = 0; i < n * 8UL; i++)
		dst[i] = __atomic_load_n(&src[i], __ATOMIC_RELAXED);
}

/* The cells that a family's rules have alone; those of named tables come behind them. */
static uint32_t family_cells(const struct image_header *h, unsigned int family)
{
	const struct image_named *n = (const void *)((const char *)h + h->named.offset);
	uint32_t i, end = h->nr_state;

	if (!family)
		return h->nr_state4;
	for (i = 0; i < h->named.count; i++)
		if (n[i].first < end)
			end = n[i].first;
	return end > h->nr_state4 ? end - h->nr_state4 : 0;
}

/* A family whose rules stay: the state of its rules, if they are as many as before. */
static void carry_family(struct inner *to, const struct inner *from, unsigned int family)
{
	const struct image_header *new = to->image, *old = from->image;
	uint32_t n = family_cells(new, family);

	if (n == family_cells(old, family))
		copy_cells(to, from, family ? new->nr_state4 : 0, family ? old->nr_state4 : 0, n);
}

/* Entries of hashlimit mean something with their table's rate and key alone. */
static bool same_table(const struct image_named *a, const struct image_named *b)
{
	return a->kind == b->kind && a->family == b->family && a->count == b->count &&
	       !memcmp(a->name, b->name, sizeof(a->name)) &&
	       (a->kind != NAMED_HASHLIMIT || !memcmp(a->params, b->params, sizeof(a->params)));
}

static void carry_named(struct inner *to, const struct inner *from, const struct image_named *n)
{
	const struct image_header *h = from->image;
	const struct image_named *old = (const void *)((const char *)h + h->named.offset);
	struct image_cell *cells = (void *)((char *)to->image + to->image->state);
	uint32_t i;

	for (i = 0; i < h->named.count; i++, old++) {
		if (!same_table(old, n))
			continue;
		copy_cells(to, from, n->first, old->first, n->count);
		if (n->kind == NAMED_HASHLIMIT)
			rates_carried(cells + n->first, n->count);
	}
}

void inner_carry_state(struct inner *to, const struct inner *from, unsigned int families)
{
	const struct image_header *h = to->image;
	const struct image_named *n = (const void *)((const char *)h + h->named.offset);
	unsigned int f;
	uint32_t i;

	if (from->image->version != IMAGE_VERSION)
		return;
	for (f = 0; f < FAMILIES; f++)
		if (families & (1U << f))
			carry_family(to, from, f);
	for (i = 0; i < h->named.count; i++)
		carry_named(to, from, &n[i]);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "compile/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Intervals are numbers of 16 bits in the evaluator. */
#define BORDERS_MAX	65534U

static struct image_iface name_value(const char *name, size_t len, unsigned char fill)
{
	unsigned char bytes[16];
	struct image_iface v = { 0, 0 };
	size_t i;

	memset(bytes, fill, sizeof(bytes));
	memcpy(bytes, name, len);
	for (i = 0; i < 8; i++) {
		v.hi = v.hi << 8 | bytes[i];
		v.lo = v.lo << 8 | bytes[8 + i];
	}
	return v;
}

static int compare(const void *a, const void *b)
{
	const struct image_iface *x = a, *y = b;

	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return 0;
}

/* The first and the last name an interface covers. */
static void name_span(const struct interface *i, struct image_iface *first,
		      struct image_iface *last)
{
	size_t len = strnlen(i->name, IFNAMSIZ);

	*first = name_value(i->name, len, 0);
	*last = i->prefix ? name_value(i->name, len, 0xff) : *first;
}

static int add_border(struct ifaces *f, struct image_iface border)
{
	struct image_iface *more;
	uint32_t cap;

	if (f->count == f->cap) {
		cap = f->cap ? f->cap * 2 : 64;
		more = realloc(f->borders, cap * sizeof(*more));
		if (!more)
			return -ENOMEM;
		f->borders = more;
		f->cap = cap;
	}
	f->borders[f->count++] = border;
	return 0;
}

static void sort_unique(struct ifaces *f)
{
	uint32_t i, n = 0;

	if (!f->count)
		return;
	qsort(f->borders, f->count, sizeof(*f->borders), compare);
	for (i = 0; i < f->count; i++) {
		if (!n || compare(&f->borders[n - 1], &f->borders[i]))
			f->borders[n++] = f->borders[i];
	}
	f->count = n;
}

static bool restricts(const struct interface *i)
{
	return i->given && !(i->prefix && !i->name[0]);
}

static int add_interface(struct ifaces *f, const struct interface *i)
{
	struct image_iface first, last;
	int ret;

	if (!restricts(i))
		return 0;
	name_span(i, &first, &last);
	ret = add_border(f, first);
	if (ret)
		return ret;
	/* The first name behind the span. There is none behind the last of all. */
	if (++last.lo == 0 && ++last.hi == 0)
		return 0;
	ret = add_border(f, last);
	/* A million rules name a few interfaces: do not keep a million borders. */
	if (!ret && f->count == f->cap)
		sort_unique(f);
	return ret;
}

int ifaces_collect(struct ifaces *f, const struct ruleset *rs, struct error *err)
{
	const struct chain *c;
	const struct rule *r;
	unsigned int i;

	for (i = 0; i < FAMILY_TABLES && rs->interfaces; i++) {
		for (c = rs->tables[i / NR_TABLES][i % NR_TABLES].chains; c; c = c->next) {
			for (r = c->rules; r; r = r->next) {
				if (add_interface(f, &r->in) || add_interface(f, &r->out))
					return error_errno(err, -ENOMEM, "compiling the rules");
			}
		}
	}
	sort_unique(f);
	if (f->count > BORDERS_MAX)
		return error_set(err, -E2BIG, "the rules name too many different interfaces");
	return 0;
}

/* The number of borders <= name: the interval it lies in (interface_interval() in bpf/walk.h). */
static uint32_t interval(const struct ifaces *f, struct image_iface name)
{
	uint32_t lo = 0, hi = f->count, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (compare(&f->borders[mid], &name) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void ifaces_range(const struct ifaces *f, const struct interface *i, uint32_t *lo, uint32_t *hi)
{
	struct image_iface first, last;

	if (!restricts(i)) {
		*lo = 0;
		*hi = 0xffff;
		return;
	}
	name_span(i, &first, &last);
	*lo = interval(f, first);
	*hi = interval(f, last);
}

void ifaces_free(struct ifaces *f)
{
	free(f->borders);
	memset(f, 0, sizeof(*f));
}

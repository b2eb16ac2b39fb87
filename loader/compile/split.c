// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where to cut a set of boxes in up to 14 parts of about the same size so that few of them cross a
 * cut. A sample of the set decides.
 */
#include <string.h>

#include "compile/forest.h"

#define SAMPLE		256U
#define FANOUT		(NODE_SPLITS + 1U)
/* Weights: a crossing item against the square of a part; a copy against it. In tenths. */
#define CROSSING	20U
#define COPY		3U

static struct range prefix4(uint32_t value, uint32_t shift)
{
	uint32_t rest = (uint32_t)((1ULL << shift) - 1);

	return (struct range){ value & ~rest, value | rest };
}

/* Word @word of an IPv6 prefix. */
static struct range prefix6(const uint32_t *words, const uint8_t *shift, unsigned int word)
{
	uint32_t before = word * 32, len = 128U - shift[0] - shift[1];

	if (len >= before + 32)
		return prefix4(words[word], 0);
	return prefix4(words[word], len > before ? 32 - (len - before) : 32);
}

uint32_t dim_max(unsigned int dim)
{
	if (dim < DIM_SPORT)
		return UINT32_MAX;
	return dim == DIM_PROTO ? 255 : 65535;
}

bool dim_used(const struct items *it, unsigned int dim)
{
	if (dim == DIM_IN || dim == DIM_OUT)
		return !it->no_interfaces;
	return it->rules6 || dim % 4 == 0 || dim > DIM_SPORT;
}

static struct range trait_range(const struct image_trait *t, unsigned int dim)
{
	if (dim == DIM_PROTO && (t->flags & TRAIT_PROTO))
		return (struct range){ t->proto, t->proto };
	if (dim == DIM_IN && !(t->flags & TRAIT_NOT_IN))
		return (struct range){ t->in_lo, t->in_hi };
	if (dim == DIM_OUT && !(t->flags & TRAIT_NOT_OUT))
		return (struct range){ t->out_lo, t->out_hi };
	return (struct range){ 0, dim_max(dim) };
}

static struct range range4(const struct items *it, const struct image_rule4 *r, unsigned int dim)
{
	switch (dim) {
	case DIM_SRC:
		return prefix4(r->src, r->rest & 63);
	case DIM_DST:
		return prefix4(r->dst, r->rest >> RULE4_SHIFT & 63);
	case DIM_SPORT:
		return (struct range){ r->sport_lo, r->sport_hi };
	case DIM_DPORT:
		return (struct range){ r->dport_lo, r->dport_hi };
	}
	return trait_range(&it->traits[r->rest >> RULE4_TRAIT], dim);
}

struct range item_range(const struct items *it, uint32_t i, unsigned int dim)
{
	const struct image_rule6 *r;

	if (it->rules4)
		return range4(it, &it->rules4[i], dim);
	if (!it->rules6)
		return (struct range){ 0, UINT32_MAX };	/* neither: there are no items */
	r = &it->rules6[i];
	if (dim < DIM_DST)
		return prefix6(r->src, r->src_shift, dim);
	if (dim < DIM_SPORT)
		return prefix6(r->dst, r->dst_shift, dim - DIM_DST);
	if (dim == DIM_SPORT)
		return (struct range){ r->sport_lo, r->sport_hi };
	if (dim == DIM_DPORT)
		return (struct range){ r->dport_lo, r->dport_hi };
	return trait_range(&it->traits[r->trait], dim);
}

void ranges_take(const struct items *it, const uint32_t *list, uint32_t n, unsigned int dim,
		 struct range *to)
{
	const struct image_rule4 *r;
	uint32_t i;

	if (!it->rules4 || (dim != DIM_SRC && dim != DIM_DPORT)) {
		for (i = 0; i < n; i++)
			to[i] = item_range(it, list[i], dim);
		return;
	}
	/* What a set is cut by most. */
	for (i = 0; i < n; i++) {
		r = &it->rules4[list[i]];
		to[i] = dim == DIM_SRC ? prefix4(r->src, r->rest & 63) :
					 (struct range){ r->dport_lo, r->dport_hi };
	}
}

/* A sample of one dimension: both ends of each range, unsorted and sorted. */
struct sample {
	struct range range[SAMPLE];
	uint32_t lo[SAMPLE], hi[SAMPLE];
	uint32_t n;
};

/* By one byte after the other, from the lowest; where all have the same one it is passed over. */
static void sort(uint32_t *a, uint32_t n)
{
	uint32_t other[SAMPLE], differ = 0, place[256], shift, i, sum, was;
	uint32_t *from = a, *to = other, *swap;

	for (i = 1; i < n; i++)
		differ |= a[i] ^ a[0];
	for (shift = 0; shift < 32; shift += 8) {
		if (!(differ >> shift & 255))
			continue;
		memset(place, 0, sizeof(place));
		for (i = 0; i < n; i++)
			place[from[i] >> shift & 255]++;
		for (i = 0, sum = 0; i < 256; i++) {
			was = place[i];
			place[i] = sum;
			sum += was;
		}
		for (i = 0; i < n; i++)
			to[place[from[i] >> shift & 255]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != a)
		memcpy(a, from, n * sizeof(*a));
}

/* Returns false if all ranges are the same: nothing to cut. */
static bool sample_take(struct sample *s, const struct items *it, const uint32_t *list, uint32_t n,
			unsigned int dim)
{
	bool same = true, points = true;
	uint32_t i;

	s->n = n;
	ranges_take(it, list, n, dim, s->range);
	for (i = 0; i < n; i++) {
		s->lo[i] = s->range[i].lo;
		s->hi[i] = s->range[i].hi;
		same = same && s->lo[i] == s->lo[0] && s->hi[i] == s->hi[0];
		points = points && s->lo[i] == s->hi[i];
	}
	if (same)
		return false;
	sort(s->lo, n);
	if (points)
		memcpy(s->hi, s->lo, n * sizeof(*s->hi));
	else
		sort(s->hi, n);
	return true;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* The best cut so far near one quantile. */
struct cut {
	uint32_t at;
	uint32_t crossing;	/* UINT32_MAX: none */
	uint32_t away;		/* from the quantile */
};

/*
 * All borders between ranges, in ascending order; for each quantile the one near it that the
 * fewest ranges cross. @started: ranges that begin before the border, @ended: that end before it.
 */
static void cuts_find(const struct sample *s, uint32_t parts, struct cut *cuts)
{
	uint32_t started = 0, ended = 0, border, rank, q, crossing, away;

	for (q = 0; q < parts; q++)
		cuts[q] = (struct cut){ .crossing = UINT32_MAX };
	while (s->n) {
		if (started < s->n && s->lo[started] <= s->hi[ended])
			border = s->lo[started];
		else if (s->hi[ended] < s->hi[s->n - 1])
			border = s->hi[ended] + 1;
		else
			return;
		while (s->hi[ended] < border)
			ended++;
		rank = (started + ended) * parts;
		q = (rank + s->n) / (2 * s->n);
		crossing = started - ended;
		away = distance(rank, 2 * q * s->n);
		if (started && q && q < parts &&
		    (crossing < cuts[q].crossing ||
		     (crossing == cuts[q].crossing && away < cuts[q].away)))
			cuts[q] = (struct cut){ border - 1, crossing, away };
		while (started < s->n && s->lo[started] == border)
			started++;
	}
}

/* How good is it? Smaller is better; UINT64_MAX: it does not help. */
static uint64_t score(const struct sample *s, const struct split *c, bool copies)
{
	uint32_t part[FANOUT] = { 0 }, crossing = 0, total = 0, largest = 0, i, q, first, last;
	uint64_t sum = 0;

	for (i = 0; i < s->n; i++) {
		first = split_child(c, s->range[i].lo);
		last = s->range[i].lo == s->range[i].hi ? first : split_child(c, s->range[i].hi);
		crossing += first != last;
		if (first != last && !copies)
			continue;
		total += last - first + 1;
		for (q = first; q <= last; q++)
			part[q]++;
	}
	for (q = 0; q <= c->count; q++) {
		sum += (uint64_t)part[q] * part[q];
		if (part[q] > largest)
			largest = part[q];
	}
	if (copies)
		return largest * 5 > s->n * 4 ? UINT64_MAX :
			sum * 10 + (uint64_t)(total - s->n) * s->n * COPY;
	if (largest == s->n || crossing == s->n)
		return UINT64_MAX;
	/* Most would leave: a leaf keeps more of a small set. */
	if ((uint64_t)crossing * 10 > (uint64_t)s->n * 7 && s->n < 3 * IMAGE_LEAF)
		return UINT64_MAX;
	return sum * 10 + (uint64_t)crossing * s->n * CROSSING;
}

/* Into how many parts? Leaves that are about half full; NODE_LEAVES holds no more than 11. */
static uint32_t parts_wanted(uint32_t n, bool copies)
{
	uint32_t parts = n > IMAGE_LEAF * FANOUT ? FANOUT :
			 (n + IMAGE_LEAF / 2 - 1) / (IMAGE_LEAF / 2);

	if (parts < 2)
		parts = 2;
	if (parts > FANOUT)
		parts = FANOUT;
	if (!copies && n <= IMAGE_LEAF * 8 && parts > NODE_CUTS + 1)
		parts = NODE_CUTS + 1;
	return parts;
}

void split_choose(const struct items *it, const uint32_t *list, uint32_t n, bool copies,
		  struct split *best)
{
	uint32_t parts = parts_wanted(n, copies), nr = n < SAMPLE ? n : SAMPLE, i, q;
	uint32_t chosen[SAMPLE];
	uint64_t best_score = UINT64_MAX, this;
	struct cut cuts[FANOUT];
	struct sample s;
	struct split c;

	best->count = 0;
	for (i = 0; i < nr; i++)
		chosen[i] = list[(uint64_t)i * n / nr];
	for (c.dim = 0; c.dim < DIM_COUNT; c.dim++) {
		if (!dim_used(it, c.dim) || !sample_take(&s, it, chosen, nr, c.dim))
			continue;
		cuts_find(&s, parts, cuts);
		c.count = 0;
		for (q = 1; q < parts; q++) {
			if (cuts[q].crossing != UINT32_MAX &&
			    (!c.count || cuts[q].at > c.at[c.count - 1]))
				c.at[c.count++] = cuts[q].at;
		}
		if (!c.count)
			continue;
		this = score(&s, &c, copies);
		if (this < best_score) {
			best_score = this;
			*best = c;
		}
	}
}

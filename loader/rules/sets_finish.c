// SPDX-License-Identifier: GPL-2.0-only
/* What can only be said of sets once all texts have been read. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/sets_source.h"

/* Records in a row, and what differs with the family. */
struct run {
	uint32_t *at;
	size_t nr;
	unsigned int words;
};

static int compare(const uint32_t *a, const uint32_t *b, unsigned int words)
{
	unsigned int i;

	for (i = 0; i + 1 < words; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return 0;
}

static bool sorted(const struct run *r)
{
	size_t i;

	for (i = 1; i < r->nr; i++) {
		if (compare(r->at + (i - 1) * r->words, r->at + i * r->words, r->words) > 0)
			return false;
	}
	return true;
}

/* Merge @from[lo, mid) and @from[mid, hi) into @to. Of equal ones the first stays the first. */
static void merge(const uint32_t *from, uint32_t *to, size_t lo, size_t mid, size_t hi,
		  unsigned int words)
{
	size_t a = lo, b = mid, size = words * sizeof(*from), i;
	const uint32_t *least;

	for (i = lo; i < hi; i++) {
		if (a < mid && (b == hi || compare(from + a * words, from + b * words, words) <= 0))
			least = from + a++ * words;
		else
			least = from + b++ * words;
		memcpy(to + i * words, least, size);
	}
}

static int sort(struct run *r)
{
	uint32_t *from = r->at, *to, *tmp;
	size_t width, lo, mid, hi;

	if (sorted(r))
		return 0;
	tmp = malloc(r->nr * r->words * sizeof(*tmp));
	if (!tmp)
		return -ENOMEM;
	to = tmp;
	for (width = 1; width < r->nr; width *= 2) {
		uint32_t *swap = from;

		for (lo = 0; lo < r->nr; lo = hi) {
			mid = lo + width < r->nr ? lo + width : r->nr;
			hi = mid + width < r->nr ? mid + width : r->nr;
			merge(from, to, lo, mid, hi, r->words);
		}
		from = to;
		to = swap;
	}
	if (from != r->at)
		memcpy(r->at, from, r->nr * r->words * sizeof(*tmp));
	free(tmp);
	return 0;
}

/* An element twice: ipset takes that only from a line with -exist, the later one. */
static int check_double(const struct ipsets *sets, const struct ipset *set, const uint32_t *a,
			const uint32_t *b, struct error *err)
{
	unsigned int last = ipset_words(set) - 1;
	uint32_t later = (a[last] & SET_TAG_LINE) > (b[last] & SET_TAG_LINE) ? a[last] : b[last];

	if (later & SET_TAG_EXIST)
		return 0;
	return ipset_error(sets, later & SET_TAG_LINE, err,
			   "set \"%s\" has an element of this line already", set->name);
}

/* Prefixes: of equal ones the later counts. */
static int unite_prefixes(const struct ipsets *sets, struct ipset *set, struct error *err)
{
	unsigned int words = ipset_words(set);
	uint32_t *out = set->records, *in = set->records, *end = in + (size_t)set->nr * words;
	int ret = 0;

	for (; !ret && in < end; in += words) {
		if (out > set->records && !compare(out - words, in, words)) {
			ret = check_double(sets, set, out - words, in, err);
			out -= words;
		}
		memmove(out, in, words * sizeof(*out));
		out += words;
	}
	set->nr = (uint32_t)((size_t)(out - set->records) / words);
	set->count = set->nr;
	return ret;
}

/* Does the range of @in overlap that of @last, or begin right behind it? */
static bool touches(const uint32_t *last, const uint32_t *in)
{
	return last[0] == in[0] && (in[1] <= ~last[2] || in[1] - 1 == ~last[2]);
}

/* Ranges: those that touch become one. */
static int unite_ranges(const struct ipsets *sets, struct ipset *set, struct error *err)
{
	uint32_t *last = set->records, *in, *end = last + (size_t)set->nr * SET_WORDS_IPV4;
	int ret = 0;

	set->count = 0;
	for (in = last + SET_WORDS_IPV4; !ret && in < end; in += SET_WORDS_IPV4) {
		if (!touches(last, in)) {
			last += SET_WORDS_IPV4;
			memmove(last, in, SET_WORDS_IPV4 * sizeof(*last));
			continue;
		}
		if (in[1] <= ~last[2])
			ret = check_double(sets, set, last, in, err);
		if (~in[2] > ~last[2])
			last[2] = in[2];
		if ((in[3] & SET_TAG_LINE) > (last[3] & SET_TAG_LINE))
			last[3] = in[3];
	}
	set->nr = (uint32_t)((size_t)(last - set->records) / SET_WORDS_IPV4) + 1;
	for (in = set->records; in <= last; in += SET_WORDS_IPV4)
		set->count += ((uint64_t)~in[2] - in[1] + 1) >> (32 - set->netmask);
	return ret;
}

static int finish_set(struct ipsets *sets, struct ipset *set, struct error *err)
{
	struct run r = { .at = set->records, .nr = set->nr, .words = ipset_words(set) };
	uint32_t before = set->nr;
	int ret;

	if (set->finished || !set->nr)
		return 0;
	ret = sort(&r);
	if (ret)
		return error_set(err, ret, "out of memory for set \"%s\"", set->name);
	ret = set_kinds[set->type].nomatch || set->family == FAMILY_IPV6 ?
		unite_prefixes(sets, set, err) : unite_ranges(sets, set, err);
	if (ret)
		return ret;
	sets->nr_records -= before - set->nr;
	if (set->type != SET_PORT && set->count > set->maxelem)
		return ipset_error(sets, set->line, err,
				   "set \"%s\" has %llu elements, maxelem allows %u", set->name,
				   (unsigned long long)set->count, set->maxelem);
	set->finished = true;
	return 0;
}

__attribute__((format(printf, 3, 4)))
static int use_error(const struct ipset_use *use, struct error *err, const char *fmt, ...)
{
	const struct origin *o = &use->origin;
	char msg[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return error_at(err, -EINVAL, o->where, o->line, o->column, o->text, o->text_len, "%s",
			msg);
}

static void mark_used(struct ipset *set, enum family f)
{
	uint32_t i;

	set->used |= (uint8_t)FAMILY_BIT(f);
	for (i = 0; i < set->nr_members; i++)
		set->members[i]->used |= (uint8_t)FAMILY_BIT(f);
}

static int resolve(const struct ruleset *rs, struct ipset_use *use, struct error *err)
{
	struct ipset *set = ipset_find(rs, use->name);
	uint32_t i, fit = 0;

	if (!set) {
		use_error(use, err, "set \"%s\" does not exist", use->name);
		error_hint(err, "sets come from files named *.ipset, given beside the rules");
		return -EINVAL;
	}
	if (set->family != NR_FAMILIES && set->family != (uint8_t)use->family) {
		use_error(use, err, "set \"%s\" is for %s, and this rule is for %s", set->name,
			  family_name((enum family)set->family), family_name(use->family));
		error_hint(err, "-4 or -6 at the beginning of the line says what the rule is for");
		return -EINVAL;
	}
	if (use->counters && set->counters)
		return use_error(use, err, "unsupported: set \"%s\" has counters, which a rule cannot ask for here",
				 set->name);
	for (i = 0; i < set->nr_members; i++)
		fit += ipset_fits(set->members[i], use->family, use->dims);
	if (fit > SET_MEMBERS_MAX)
		return use_error(use, err, "unsupported: list \"%s\" has %u sets that may match, at most %u are supported",
				 set->name, fit, SET_MEMBERS_MAX);
	mark_used(set, use->family);
	use->set = set;
	return 0;
}

int ipsets_finish(struct ruleset *rs, struct error *err)
{
	struct ipsets *sets = rs->sets;
	struct ipset_use *use;
	struct ipset *set;
	int ret = 0;

	if (!sets)
		return 0;
	for (set = sets->first; set && !ret; set = set->next)
		ret = finish_set(sets, set, err);
	for (use = sets->uses; use && !ret; use = use->next) {
		if (!use->set)
			ret = resolve(rs, use, err);
	}
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/* The lines of "ipset save": create, add, and what "ipset restore" takes besides. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/sets_source.h"

int set_error(struct set_line *l, const struct set_word *w, size_t offset, const char *fmt, ...)
{
	char msg[sizeof(l->err->msg)];
	va_list ap;

	if (!l->err)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return error_at(l->err, -EINVAL, l->src->where, l->number,
			w ? w->column + (unsigned int)offset : (unsigned int)l->len + 1, l->text,
			l->len, "%s", msg);
}

int set_no_memory(struct set_line *l)
{
	return error_set(l->err, -ENOMEM, "out of memory while reading %s, line %u", l->src->where,
			 l->number);
}

bool word_is(const struct set_word *w, const char *s)
{
	return w->len == strlen(s) && !memcmp(w->text, s, w->len);
}

bool word_number(const char *s, size_t len, uint32_t max, uint32_t *value)
{
	unsigned int base = 10, digit;
	uint64_t n = 0;
	size_t i = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (len > 1 && s[0] == '0') {
		base = 8;
		i = 1;
	}
	if (i == len)
		return false;
	for (; i < len; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			digit = (unsigned int)(s[i] - '0');
		else if ((s[i] | 32) >= 'a' && (s[i] | 32) <= 'f')
			digit = (unsigned int)((s[i] | 32) - 'a') + 10;
		else
			return false;
		n = n * base + digit;
		if (digit >= base || n > max)
			return false;
	}
	*value = (uint32_t)n;
	return true;
}

/* Words between blanks; '"' holds one together. */
static int split(struct set_line *l)
{
	const char *p = l->text, *end = p + l->len, *stop;
	struct set_word *w;
	size_t quote;

	for (l->nr = 0;; p = stop + quote) {
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p == end)
			return 0;
		quote = *p == '"';
		p += quote;
		for (stop = p; stop < end && (quote ? *stop != '"' : *stop != ' ' && *stop != '\t');)
			stop++;
		if (l->nr == SET_LINE_WORDS)
			return set_error(l, &l->words[l->nr - 1], 0, "too many words in this line");
		w = &l->words[l->nr++];
		*w = (struct set_word){ .text = p, .len = (size_t)(stop - p),
					.column = (unsigned int)(p - l->text) + 1 };
		if (quote && stop == end)
			return set_error(l, w, 0, "expected a closing \" in this line");
	}
}

/* -exist may stand anywhere in the line. */
static void take_exist(struct set_line *l)
{
	unsigned int i, n = 0;

	l->exist = false;
	for (i = 0; i < l->nr; i++) {
		if (word_is(&l->words[i], "-exist") || word_is(&l->words[i], "-!"))
			l->exist = true;
		else
			l->words[n++] = l->words[i];
	}
	l->nr = n;
}

int set_take_name(struct set_line *l, char name[SET_NAME_MAX + 1])
{
	const struct set_word *w = &l->words[1];

	if (l->nr < 2 || !w->len)
		return set_error(l, l->nr < 2 ? NULL : w, 0, "expected the name of a set");
	if (w->len > SET_NAME_MAX)
		return set_error(l, w, 0, "the name of a set has at most %u characters",
				 SET_NAME_MAX);
	memcpy(name, w->text, w->len);
	name[w->len] = '\0';
	return 0;
}

struct set_word set_bare(const struct set_word *w)
{
	struct set_word b = *w;

	if (b.len > 2 && b.text[0] == '-' && b.text[1] == '-') {
		b.text += 2;
		b.len -= 2;
	}
	return b;
}

static int take_set(struct set_line *l, struct ipset **set)
{
	char name[SET_NAME_MAX + 1];
	int ret = set_take_name(l, name);

	if (ret)
		return ret;
	*set = ipset_find(l->rs, name);
	return *set ? 0 : set_error(l, &l->words[1], 0, "set \"%s\" does not exist", name);
}

enum { ENTRY_TIMEOUT, ENTRY_COUNTERS, ENTRY_COMMENT, ENTRY_SKBINFO };

/* What an entry may have behind it; nothing of it but nomatch makes a difference here. */
static int entry_option(struct set_line *l, const struct ipset *set, unsigned int *at,
			bool *nomatch, bool *timeout)
{
	static const struct {
		const char *name;
		unsigned int option;
	} options[] = {
		{ "timeout", ENTRY_TIMEOUT }, { "packets", ENTRY_COUNTERS },
		{ "bytes", ENTRY_COUNTERS }, { "comment", ENTRY_COMMENT },
		{ "skbmark", ENTRY_SKBINFO }, { "skbprio", ENTRY_SKBINFO },
		{ "skbqueue", ENTRY_SKBINFO },
	};
	const struct set_word *word = &l->words[*at], *arg;
	struct set_word w = set_bare(word);
	bool may;
	size_t i;

	if (word_is(&w, "nomatch") && set_kinds[set->type].nomatch) {
		*nomatch = true;
		return 0;
	}
	for (i = 0; i < sizeof(options) / sizeof(options[0]) && !word_is(&w, options[i].name);)
		i++;
	if (i == sizeof(options) / sizeof(options[0]))
		return set_error(l, word, 0, "unknown option of an entry in a set of type %s",
				 set_kinds[set->type].name);
	may = options[i].option == ENTRY_TIMEOUT ? set->timeouts :
	      options[i].option == ENTRY_COUNTERS ? set->counters :
	      options[i].option == ENTRY_COMMENT ? set->comments : set->skbinfo;
	if (!may)
		return set_error(l, word, 0, "set \"%s\" was not created with %s", set->name,
				 options[i].option == ENTRY_TIMEOUT ? "timeout" :
				 options[i].option == ENTRY_COUNTERS ? "counters" :
				 options[i].option == ENTRY_COMMENT ? "comment" : "skbinfo");
	if (++*at == l->nr)
		return set_error(l, NULL, 0, "%s needs a value", options[i].name);
	arg = &l->words[*at];
	if (options[i].option != ENTRY_TIMEOUT)
		return 0;
	*timeout = true;
	return word_is(arg, "0") ? 0 :
		set_error(l, arg, 0, "unsupported: an entry that expires (timeout 0 does not)");
}

/* "add LIST SET [before SET | after SET]" */
static int add_member(struct set_line *l, struct ipset *list)
{
	const struct set_word *w = &l->words[2];
	char name[SET_NAME_MAX + 1] = "";
	struct ipset *set, **more;
	uint32_t i;

	if (w->len && w->len <= SET_NAME_MAX)
		memcpy(name, w->text, w->len);
	set = name[0] ? ipset_find(l->rs, name) : NULL;
	if (!set)
		return set_error(l, w, 0, "set \"%s\" does not exist", name);
	if (set->type == SET_LIST)
		return set_error(l, w, 0, "a list:set cannot be in a list:set");
	for (i = 0; i < list->nr_members; i++) {
		if (list->members[i] == set)
			return l->exist ? 0 : set_error(l, w, 0, "\"%s\" is in the list already",
							name);
	}
	more = realloc(list->members, (list->nr_members + 1) * sizeof(*more));
	if (!more)
		return set_no_memory(l);
	more[list->nr_members++] = set;
	list->members = more;
	return 0;
}

/* "add SET ENTRY [OPTION...]" */
static int do_add(struct set_line *l)
{
	bool nomatch = false, timeout = false;
	struct ipset *set = NULL;
	unsigned int i;
	int ret;

	ret = take_set(l, &set);
	if (ret)
		return ret;
	if (set->ignore)
		return 0;
	if (l->nr < 3)
		return set_error(l, NULL, 0, "expected what to add to set \"%s\"", set->name);
	for (i = 3; i < l->nr; i++) {
		/* The order within a list makes no difference: one that matches is enough. */
		if (set->type == SET_LIST && i + 1 < l->nr &&
		    (word_is(&l->words[i], "before") || word_is(&l->words[i], "after"))) {
			i++;
			continue;
		}
		ret = entry_option(l, set, &i, &nomatch, &timeout);
		if (ret)
			return ret;
	}
	if (set->expires && !timeout)
		return set_error(l, &l->words[2], 0, "unsupported: this entry expires, as the set has a timeout; timeout 0 behind it keeps it");
	if (set->type == SET_LIST)
		return add_member(l, set);
	ret = set_add_entry(l, set, &l->words[2], nomatch);
	if (ret == -E2BIG)
		return error_set(l->err, ret, "%s: more than %u entries of sets", l->src->where,
				 SET_RECORDS_MAX);
	return ret;
}

static void empty(struct ipsets *sets, struct ipset *set)
{
	sets->nr_records -= set->nr;
	set->nr = 0;
	set->nr_members = 0;
	set->count = 0;
}

/* "flush [SET]" */
static int do_flush(struct set_line *l)
{
	struct ipset *set = NULL;
	int ret;

	if (l->nr > 1) {
		ret = take_set(l, &set);
		if (!ret)
			empty(l->sets, set);
		return ret;
	}
	for (set = l->sets->first; set; set = set->next)
		empty(l->sets, set);
	return 0;
}

static bool in_a_list(const struct ipsets *sets, const struct ipset *set)
{
	const struct ipset *list;
	uint32_t i;

	for (list = sets->first; list; list = list->next) {
		for (i = 0; i < list->nr_members; i++) {
			if (list->members[i] == set)
				return true;
		}
	}
	return false;
}

/* "destroy SET" */
static int do_destroy(struct set_line *l)
{
	struct ipset *set = NULL, **at;
	char name[SET_NAME_MAX + 1];
	int ret;

	if (l->nr < 2)
		return set_error(l, NULL, 0, "expected the name of a set");
	ret = set_take_name(l, name);
	if (!ret && l->exist && !ipset_find(l->rs, name))
		return 0;
	if (!ret)
		ret = take_set(l, &set);
	if (ret)
		return ret;
	if (in_a_list(l->sets, set))
		return set_error(l, &l->words[1], 0, "set \"%s\" is in a list", name);
	for (at = &l->sets->first; *at && *at != set; at = &(*at)->next)
		;
	*at = set->next;
	if (!*at)
		l->sets->tail = at;
	for (at = ipset_slot(l->sets, name); *at && *at != set; at = &(*at)->hash_next)
		;
	*at = set->hash_next;
	l->sets->nr_records -= set->nr;
	ipset_free(set);
	return 0;
}

static const struct {
	const char *name, *other;
	int (*run)(struct set_line *l);
} commands[] = {
	{ "add", "-A", do_add }, { "create", "-N", set_create }, { "flush", "-F", do_flush },
	{ "destroy", "-X", do_destroy }, { "new", "--create", set_create },
	{ "--add", "--add", do_add },
};

static int parse_line(struct set_line *l)
{
	size_t i;
	int ret;

	ret = split(l);
	if (ret || !l->nr || l->text[0] == '#' || l->words[0].text[0] == '#')
		return ret;
	if (l->nr == 1 && word_is(&l->words[0], "COMMIT"))
		return 0;
	take_exist(l);
	if (!l->nr)
		return set_error(l, NULL, 0, "expected create or add");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (word_is(&l->words[0], commands[i].name) ||
		    word_is(&l->words[0], commands[i].other))
			return commands[i].run(l);
	}
	return set_error(l, &l->words[0], 0, "expected create, add, flush or destroy");
}

static int parse_text(struct set_line *l)
{
	const char *p = l->src->text, *end = p + l->src->len, *eol;
	int ret = 0;

	for (; !ret && p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		eol = eol ? eol : end;
		l->text = p;
		l->len = (size_t)(eol - p);
		if (l->len && p[l->len - 1] == '\r')
			l->len--;
		l->number++;
		if (l->sets->lines == SET_TAG_LINE)
			return error_set(l->err, -E2BIG, "%s: too many lines", l->src->where);
		l->id = ++l->sets->lines;
		ret = memchr(p, 0, l->len) ?
			set_error(l, NULL, 0, "NUL byte: this is not a text") : parse_line(l);
	}
	return ret;
}

int sets_parse(struct ruleset *rs, const struct sets_source *src, struct error *err)
{
	struct ipsets *sets = ipsets_get(rs);
	struct ipset_source *s = sets ? arena_alloc(&rs->arena, sizeof(*s)) : NULL;
	struct set_line *l = s ? calloc(1, sizeof(*l)) : NULL;
	struct ipset *set;
	int ret;

	if (!l)
		return error_set(err, -ENOMEM, "out of memory for %s", src->where);
	*s = (struct ipset_source){ .next = sets->sources, .where = src->where, .text = src->text,
				    .len = src->len, .first = sets->lines };
	sets->sources = s;
	l->rs = rs;
	l->sets = sets;
	l->err = err;
	l->src = src;
	ret = parse_text(l);
	for (set = sets->first; set; set = set->next)
		set->ignore = false;
	free(l);
	return ret;
}

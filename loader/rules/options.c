/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "rules/line.h"

/*
 * getopt_long() as iptables uses it: every word in order ("-" in front of the option string),
 * unambiguous prefixes of long options, --option=value, clusters of short options. Our own because
 * musl's wants a table built anew for every rule and keeps its place in globals.
 * Sources: glibc posix/getopt.c; original_opts[] of iptables/iptables.c, IPT_OPTSTRING of
 * iptables/xshared.h, xtables_merge_options() of libxtables/xtables.c (1.8.11).
 */

enum { NO_ARG = 1, ARG, OPTIONAL_ARG };

struct long_option {
	char name[14];
	unsigned char args;
	char id;
};

static const struct long_option long_options[] = {
	{ "append", ARG, 'A' }, { "delete", ARG, 'D' }, { "check", ARG, 'C' },
	{ "insert", ARG, 'I' }, { "replace", ARG, 'R' }, { "list", OPTIONAL_ARG, 'L' },
	{ "list-rules", OPTIONAL_ARG, 'S' }, { "flush", OPTIONAL_ARG, 'F' },
	{ "zero", OPTIONAL_ARG, 'Z' }, { "new-chain", ARG, 'N' },
	{ "delete-chain", OPTIONAL_ARG, 'X' }, { "rename-chain", ARG, 'E' },
	{ "policy", ARG, 'P' }, { "source", ARG, 's' }, { "destination", ARG, 'd' },
	{ "src", ARG, 's' }, { "dst", ARG, 'd' }, { "protocol", ARG, 'p' },
	{ "in-interface", ARG, 'i' }, { "jump", ARG, 'j' }, { "table", ARG, 't' },
	{ "match", ARG, 'm' }, { "numeric", NO_ARG, 'n' }, { "out-interface", ARG, 'o' },
	{ "verbose", NO_ARG, 'v' }, { "wait", OPTIONAL_ARG, 'w' },
	{ "wait-interval", OPTIONAL_ARG, 'W' }, { "exact", NO_ARG, 'x' },
	{ "fragments", NO_ARG, 'f' }, { "version", NO_ARG, 'V' }, { "help", OPTIONAL_ARG, 'h' },
	{ "line-numbers", NO_ARG, '0' }, { "modprobe", ARG, 'M' }, { "set-counters", ARG, 'c' },
	{ "goto", ARG, 'g' }, { "ipv4", NO_ARG, '4' }, { "ipv6", NO_ARG, '6' },
	{ "", 0, 0 },
};

/* By letter; 0: not an option. */
static const unsigned char short_options[128] = {
	['A'] = ARG, ['C'] = ARG, ['D'] = ARG, ['E'] = ARG, ['F'] = OPTIONAL_ARG, ['I'] = ARG,
	['L'] = OPTIONAL_ARG, ['M'] = ARG, ['N'] = ARG, ['P'] = ARG, ['R'] = ARG,
	['S'] = OPTIONAL_ARG, ['V'] = NO_ARG, ['W'] = OPTIONAL_ARG, ['X'] = OPTIONAL_ARG,
	['Z'] = OPTIONAL_ARG, ['c'] = ARG, ['d'] = ARG, ['f'] = NO_ARG, ['g'] = ARG,
	['h'] = OPTIONAL_ARG, ['i'] = ARG, ['j'] = ARG, ['m'] = ARG, ['n'] = NO_ARG, ['o'] = ARG,
	['p'] = ARG, ['s'] = ARG, ['t'] = ARG, ['v'] = NO_ARG, ['w'] = OPTIONAL_ARG,
	['x'] = NO_ARG, ['4'] = NO_ARG, ['6'] = NO_ARG,
};

/* A long option found: of iptables itself, of a match, or (both NULL) of the target. */
struct found {
	const struct long_option *own;
	const struct match_ext *ext;
	const struct ext_option *option;
};

static bool same_option(const struct found *a, const struct found *b)
{
	if (a->own || b->own)
		return a->own && b->own && a->own->id == b->own->id &&
		       a->own->args == b->own->args;
	return a->ext == b->ext && a->option->id == b->option->id &&
	       a->option->args == b->option->args;
}

/* One candidate. Returns true when the search is over: an exact match. */
static bool consider(struct found *best, bool *ambiguous, const struct found *candidate,
		     const char *option_name, const char *name, size_t len)
{
	if (strncmp(option_name, name, len))
		return false;
	if (!option_name[len]) {
		*best = *candidate;
		*ambiguous = false;
		return true;
	}
	if (!best->own && !best->option)
		*best = *candidate;
	else if (!same_option(best, candidate))
		*ambiguous = true;
	return false;
}

/* Options that extensions brought: first the target's, then the matches', the newest first. */
static const struct ext_option *nth_options(const struct line_parser *lp, unsigned int i,
					    const struct match_ext **ext)
{
	const struct match_ext *match = i ? lp->exts[lp->nr_exts - i] : NULL;
	const struct target *t = lp->rule.target_ext;

	*ext = match;
	if (match)
		return match->options;
	return t ? t->ext->options : NULL;
}

/*
 * An option of an extension by its whole name. None is called as one of iptables itself, so these
 * need not be asked before.
 */
static bool find_exact(const struct line_parser *lp, const char *name, size_t len,
		       struct found *best)
{
	const struct match_ext *ext;
	const struct ext_option *opt;
	unsigned int i;

	for (i = 0; i <= lp->nr_exts; i++) {
		for (opt = nth_options(lp, i, &ext); opt && opt->name; opt++) {
			if (*opt->name != *name || strncmp(opt->name, name, len) || opt->name[len])
				continue;
			*best = (struct found){ .ext = ext, .option = opt };
			return true;
		}
	}
	return false;
}

/* iptables' own options first, then those of the extensions. */
static bool find_long(const struct line_parser *lp, const char *name, size_t len,
		      struct found *best)
{
	const struct long_option *own;
	const struct match_ext *ext;
	const struct ext_option *opt;
	struct found candidate;
	bool ambiguous = false;
	unsigned int i;

	if (find_exact(lp, name, len, best))
		return true;
	*best = (struct found){ 0 };
	for (own = long_options; own->name[0]; own++) {
		if ((len && own->name[0] != name[0]) || (len > 1 && own->name[1] != name[1]))
			continue;
		candidate = (struct found){ .own = own };
		if (consider(best, &ambiguous, &candidate, own->name, name, len))
			return true;
	}
	for (i = 0; i <= lp->nr_exts; i++) {
		for (opt = nth_options(lp, i, &ext); opt && opt->name; opt++) {
			candidate = (struct found){ .ext = ext, .option = opt };
			if (consider(best, &ambiguous, &candidate, opt->name, name, len))
				return true;
		}
	}
	return (best->own || best->option) && !ambiguous;
}

unsigned int option_column(const struct line_parser *lp, unsigned int index)
{
	if (index < lp->words->n)
		return lp->words->column[index];
	return (unsigned int)lp->len + 1;
}

bool option_has_arg(const struct line_parser *lp)
{
	const char *next = lp->words->word[lp->scan.index];

	return lp->scan.index < lp->words->n && next[0] != '-' && next[0] != '!';
}

/* The next word is the option's argument. */
static bool take_word(struct line_parser *lp)
{
	struct option_scan *s = &lp->scan;

	if (s->index >= lp->words->n)
		return false;
	s->arg = lp->words->word[s->index];
	s->arg_column = option_column(lp, s->index);
	s->index++;
	return true;
}

static int next_long(struct line_parser *lp, const char *word)
{
	struct option_scan *s = &lp->scan;
	const char *name = word + 2, *value = name;
	size_t len;
	struct found found;
	unsigned int args;

	while (*value && *value != '=')
		value++;
	len = (size_t)(value - name);
	if (!*value)
		value = NULL;
	if (!find_long(lp, name, len, &found))
		return OPTION_UNKNOWN;
	args = found.own ? found.own->args : found.option->args ? ARG : NO_ARG;
	if (value && args == NO_ARG)
		return OPTION_UNKNOWN;
	if (value) {
		s->arg = value + 1;
		s->arg_column = option_column(lp, s->word) + (unsigned int)(value + 1 - word);
	} else if (args == ARG && !take_word(lp)) {
		return OPTION_NO_ARG;
	}
	s->ext = found.ext;
	s->ext_option = found.option;
	return found.own ? found.own->id : OPTION_EXT;
}

static int next_short(struct line_parser *lp)
{
	struct option_scan *s = &lp->scan;
	char c = *s->cluster++;
	unsigned int args = (unsigned char)c < 128 ? short_options[(unsigned char)c] : 0;
	const char *rest = s->cluster, *word = lp->words->word[s->word];

	if (!*rest)
		s->cluster = NULL;
	if (!args)
		return OPTION_UNKNOWN;
	if (args == NO_ARG)
		return c;
	s->cluster = NULL;
	if (*rest) {
		s->arg = rest;
		s->arg_column = option_column(lp, s->word) + (unsigned int)(rest - word);
	} else if (args == ARG && !take_word(lp)) {
		return OPTION_NO_ARG;
	}
	return c;
}

int option_next(struct line_parser *lp)
{
	struct option_scan *s = &lp->scan;
	char *word;

	s->arg = NULL;
	s->arg_column = 0;
	s->ext = NULL;
	s->ext_option = NULL;
	if (s->cluster)
		return next_short(lp);
	if (s->index >= lp->words->n)
		return OPTION_END;
	s->word = s->index;
	word = lp->words->word[s->index++];
	if (word[0] == '-' && word[1] == '-' && !word[2])
		return OPTION_END;
	if (word[0] != '-' || !word[1]) {
		s->arg = word;
		s->arg_column = option_column(lp, s->word);
		return OPTION_WORD;
	}
	if (word[1] == '-')
		return next_long(lp, word);
	s->cluster = word + 1;
	return next_short(lp);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/line.h"
#include "rules/names.h"

/*
 * The file: tables, chains, COMMIT; ip46tables_restore_main() (iptables/iptables-restore.c).
 * The first byte of a line decides what it is: '#', '*', ':', "COMMIT", else a command.
 */

enum state {
	OUTSIDE,	/* before, between and behind tables */
	INSIDE,		/* a table we take */
	SKIPPED,	/* a table -T does not name: nothing in it is looked at */
	FOREIGN,	/* a table we do not have: chains are harmless, rules are not */
};

struct file_parser {
	struct line_parser line;
	struct words words;
	const struct rules_source *src;
	enum state state;
	char foreign[33];	/* name of the foreign table */
	bool any_table;
	bool unended;		/* the line has no newline: it is the last */
};

/* A word of a "*" or ":" line (strtok() with blanks), copied out: the text has no NULs. */
struct token {
	char text[64];
	size_t len;		/* of the word, also if it did not fit */
	unsigned int column;
};

static bool next_token(const struct line_parser *lp, size_t *pos, struct token *t)
{
	size_t start, n;

	while (*pos < lp->len && (lp->text[*pos] == ' ' || lp->text[*pos] == '\t'))
		++*pos;
	start = *pos;
	while (*pos < lp->len && lp->text[*pos] != ' ' && lp->text[*pos] != '\t')
		++*pos;
	t->len = *pos - start;
	t->column = (unsigned int)start + 1;
	n = t->len < sizeof(t->text) ? t->len : sizeof(t->text) - 1;
	memcpy(t->text, lp->text + start, n);
	t->text[n] = '\0';
	return t->len > 0;
}

static bool is_foreign_table(const char *name)
{
	return !strcmp(name, "nat") || !strcmp(name, "mangle") || !strcmp(name, "security");
}

/* "*TABLE" */
static int begin_table(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;
	struct token t;
	size_t pos = 1;
	int f, id;

	if (!next_token(lp, &pos, &t))
		return line_error(lp, 2, "expected the name of a table behind *");
	fp->any_table = true;
	lp->rs->blocks++;
	for (id = 0; id < NR_TABLES; id++)
		if (!strcmp(t.text, table_name((enum table_id)id)))
			break;
	if (fp->src->tables && (id == NR_TABLES || !(fp->src->tables & TABLE_BIT(id)))) {
		fp->state = SKIPPED;
		return 0;
	}
	if (id == NR_TABLES && !is_foreign_table(t.text))
		return line_error(lp, t.column, "unknown table \"%s\"", t.text);
	if (id == NR_TABLES) {
		fp->state = FOREIGN;
		memcpy(fp->foreign, t.text, sizeof(fp->foreign) - 1);
		return 0;
	}
	fp->state = INSIDE;
	lp->table = (enum table_id)id;
	for (f = 0; f < NR_FAMILIES; f++)
		if (fp->src->families & FAMILY_BIT(f) &&
		    ruleset_table(lp->rs, (enum family)f, lp->table))
			return line_no_memory(lp);
	return 0;
}

/* The policy of a base chain and its counters, "[packets:bytes]" or nothing. */
static int set_policy(struct file_parser *fp, struct chain *c, const struct token *policy,
		      size_t pos)
{
	struct line_parser *lp = &fp->line;
	uint64_t packets = 0, bytes = 0;
	const char *p = NULL;
	struct token t;

	if (!strcmp(policy->text, "-"))
		return 0;
	if (c->hook == HOOK_NONE) {
		line_warn(lp, WARN_POLICY, policy->column,
			  "chain \"%s\" is not built in and has no policy: \"%s\" is ignored, "
			  "expected \"-\"", c->name, policy->text);
		return 0;
	}
	if (strcmp(policy->text, "ACCEPT") && strcmp(policy->text, "DROP"))
		return line_error(lp, policy->column, "policy \"%s\": expected ACCEPT or DROP",
				  policy->text);
	if (next_token(lp, &pos, &t)) {
		if (t.text[0] == '[')
			p = parse_count(t.text + 1, ':', &packets);
		if (p)
			p = parse_count(p + 1, ']', &bytes);
		if (!p || p[1])
			return line_error(lp, t.column,
					  "bad policy counters: expected [packets:bytes]");
	}
	c->policy = policy->text[0] == 'A' ? TARGET_ACCEPT : TARGET_DROP;
	c->packets = packets;
	c->bytes = bytes;
	return 0;
}

/*
 * iptables-restore --noflush: a ":" line empties a user chain that an earlier text has filled, and
 * leaves the rules of a base chain alone.
 */
static void declare_again(struct line_parser *lp, struct chain *c, const struct token *name)
{
	if (c->hook != HOOK_NONE || !c->declared || !c->nr_rules)
		return;
	line_warn(lp, WARN_EMPTIED, name->column, "chain \"%s\" is declared again: the %u rules "
		  "it has so far are dropped, as iptables-restore --noflush does", c->name,
		  c->nr_rules);
	line_flush_chain(lp, c);
}

/* ":CHAIN POLICY [packets:bytes]" */
static int declare_chain(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;
	struct token name, policy;
	struct chain *c;
	size_t pos = 1;
	int f, ret = 0;

	if (!next_token(lp, &pos, &name))
		return line_error(lp, 2, "expected the name of a chain behind :");
	if (name.len > CHAIN_NAME_MAX)
		return line_error(lp, name.column,
				  "chain name \"%s\" is too long (%u characters at most)",
				  name.text, CHAIN_NAME_MAX);
	if (!next_token(lp, &pos, &policy))
		return line_error(lp, (unsigned int)lp->len + 1,
				  "expected a policy (ACCEPT, DROP, or - for a user chain)");
	for (f = 0; f < NR_FAMILIES && !ret; f++) {
		if (!(fp->src->families & FAMILY_BIT(f)))
			continue;
		c = ruleset_chain(lp->rs, (enum family)f, lp->table, name.text, true);
		if (!c)
			return line_no_memory(lp);
		/* iptc_create_chain(): EEXIST; a chain of an earlier block is continued. */
		if (c->hook == HOOK_NONE && c->declared && c->block == lp->rs->blocks)
			return line_error(lp, name.column, "chain \"%s\" is declared twice",
					  c->name);
		lp->family = (enum family)f;
		line_warn_later(lp, c);
		declare_again(lp, c, &name);
		c->declared = true;
		c->block = lp->rs->blocks;
		ret = set_policy(fp, c, &policy, pos);
	}
	return ret;
}

/* A line of a table that is not ours: its chains may be there as long as they do nothing. */
static int foreign_line(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;
	struct token name, policy;
	size_t pos = 1;
	bool chain = lp->text[0] == ':' && next_token(lp, &pos, &name) &&
		     next_token(lp, &pos, &policy);

	if (chain && (!strcmp(policy.text, "-") || !strcmp(policy.text, "ACCEPT")))
		return 0;
	line_error(lp, chain ? policy.column : 1,
		   "table %s is not supported, and %s would not be in force; use -T filter to load "
		   "only the filter table", fp->foreign, chain ? "this policy" : "this rule");
	error_hint(lp->err, "tables of this file that are not named by -T (at boot: "
		   "bpfilter.tables=filter) are left out; a table without rules does no harm");
	return -EINVAL;
}

static int outside_line(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;

	if (lp->text[0] == '*')
		return begin_table(fp);
	line_error(lp, 1, "expected *TABLE (such as *filter) before any rule");
	hint_outside(lp);
	return -EINVAL;
}

static int inside_line(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;

	if (lp->text[0] == ':')
		return fp->state == FOREIGN ? foreign_line(fp) : declare_chain(fp);
	if (lp->text[0] == '*' && !fp->src->inline_rules)
		return line_error(lp, 1, "expected COMMIT before the next table");
	if (fp->state == FOREIGN)
		return foreign_line(fp);
	if (lp->len > LINE_LENGTH_MAX)
		return line_error(lp, LINE_LENGTH_MAX + 1,
				  "line too long: %zu bytes, %u are allowed", lp->len,
				  LINE_LENGTH_MAX);
	return line_run(lp, fp->src->families);
}

static int parse_line(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;

	if (!lp->len || lp->text[0] == '#')
		return 0;
	switch (fp->state) {
	case OUTSIDE:
		return outside_line(fp);
	case SKIPPED:
		/* iptables-restore -T: only the next table ends it, whatever follows COMMIT. */
		return lp->text[0] == '*' ? begin_table(fp) : 0;
	case INSIDE:
	case FOREIGN:
	default:
		if (lp->len == 6 && !memcmp(lp->text, "COMMIT", 6) && !fp->src->inline_rules) {
			fp->state = OUTSIDE;
			if (fp->unended)
				line_warn(lp, WARN_NO_NEWLINE, 7, "no newline behind COMMIT: "
					  "iptables-restore refuses such a text");
			return 0;
		}
		return inside_line(fp);
	}
}

/* After the last line. */
static int end_of_text(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;

	lp->text = "";
	lp->len = 0;
	if (fp->src->inline_rules)
		return 0;
	if (fp->state == INSIDE || fp->state == FOREIGN)
		return line_error(lp, 1, "expected COMMIT at the end of table %s",
				  fp->state == INSIDE ? table_name(lp->table) : fp->foreign);
	if (!fp->any_table)
		return line_error(lp, 1, "no table in this text: expected *filter ... COMMIT");
	return 0;
}

/* Rules without a table around them: the kernel command line. */
static int begin_inline(struct file_parser *fp)
{
	int f;

	fp->state = INSIDE;
	fp->line.table = TABLE_FILTER;
	for (f = 0; f < NR_FAMILIES; f++)
		if (fp->src->families & FAMILY_BIT(f) &&
		    ruleset_table(fp->line.rs, (enum family)f, TABLE_FILTER))
			return line_no_memory(&fp->line);
	return 0;
}

/* The first newline or NUL from @p on, or @end. */
static const char *line_end(const char *p, const char *end)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t v;

	for (;;) {
		/* Eight bytes none of which is as small as a newline. */
		for (; end - p >= (ptrdiff_t)sizeof(v); p += sizeof(v)) {
			memcpy(&v, p, sizeof(v));
			if ((v - each * ('\n' + 1)) & ~v & each * 0x80)
				break;
		}
		for (unsigned int i = 0; i < sizeof(v); i++, p++) {
			if (p == end || *p == '\n' || !*p)
				return p;
		}
	}
}

/* A carriage return before the newline. */
static void cut_return(struct line_parser *lp)
{
	if (!lp->len || lp->text[lp->len - 1] != '\r')
		return;
	lp->len--;
	line_warn(lp, WARN_CRLF, (unsigned int)lp->len + 1, "lines end with CR LF, as on Windows; "
		  "iptables-restore refuses or overlooks such lines");
}

/* All lines. */
static int parse_text(struct file_parser *fp)
{
	struct line_parser *lp = &fp->line;
	const char *p = fp->src->text, *end = p + fp->src->len, *eol;
	int ret = fp->src->inline_rules ? begin_inline(fp) : 0;

	while (!ret && p < end) {
		const char *nul = NULL;

		eol = line_end(p, end);
		if (eol < end && !*eol) {
			nul = eol;
			eol = memchr(p, '\n', (size_t)(end - p));
			eol = eol ? eol : end;
		}
		lp->line++;
		lp->text = p;
		lp->len = (size_t)(eol - p);
		cut_return(lp);
		fp->unended = eol == end;
		p = eol + 1;
		ret = nul ? line_error(lp, (unsigned int)(nul - lp->text) + 1,
				       "NUL byte: this is not a text") :
			    parse_line(fp);
	}
	if (!ret) {
		lp->line++;
		ret = end_of_text(fp);
	}
	return ret;
}

int rules_parse(struct ruleset *rs, const struct rules_source *src, struct error *err)
{
	int ret = rules_count(rs, src, err);
	struct file_parser *fp;

	if (ret)
		return ret;
	fp = calloc(1, sizeof(*fp));
	if (!fp)
		return error_set(err, -ENOMEM, "out of memory");
	fp->src = src;
	fp->line.rs = rs;
	fp->line.err = err;
	fp->line.warnings = src->warnings;
	fp->line.canonical = src->canonical;
	fp->line.where = src->where;
	fp->line.words = &fp->words;
	rs->families |= src->families;
	ret = parse_text(fp);
	free(fp);
	return ret;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_INPUT_H
#define LOADER_INPUT_H

#include "compile/compile.h"
#include "rules/parse.h"

/*
 * The FILEs of a command line, as check, compile and apply take them:
 *
 *	-T TABLE[,TABLE...]	take these tables only; may be repeated
 *	-4, -6			before the FILE they govern
 *	FILE			rule text; sets, if its name ends in .ipset (rules/sets.h); an image
 *				(told by its magic); "-": standard input
 *
 * The families of a FILE: the -4 or -6 directly before it; else its suffix .v4 or .v6; else the
 * last -4 or -6 of the line so far; else both.
 */

#define INPUT_DIR	"/etc/bpfilter"
/* For getopt_long(): operands come in order, as option 1. Every option of input_option(). */
#define INPUT_OPTIONS	"-:46T:"

struct input_file {
	const char *name;	/* as typed */
	char *own_name;		/* owned; NULL if @name is not ours */
	char *text;		/* owned; NULL until input_read() */
	size_t len;
	char *sig;		/* owned: its signature, if that is no file; boot/signed.c */
	size_t sig_len;
	const char *signed_as;	/* the name that signature is for; NULL: @name */
	unsigned int families;
	unsigned int tables;	/* 0: all */
	uint32_t nr_rules[NR_FAMILIES];	/* it added, after input_parse() */
	bool given;		/* families by option */
	bool inline_rules;	/* a bare rule of the kernel command line, boot/sources.c */
	bool taken_over;	/* of a rule set in force: the command line did not name it */
	bool sets;		/* holds sets, not rules: sets_name() */
};

struct input {
	struct input_file *files;
	size_t nr_files;
	unsigned int tables;	/* -T; 0: all */
	unsigned int pending;	/* -4, -6 seen since the last FILE */
	unsigned int last;	/* ... and before it */
	bool has_image;		/* the one FILE is an image; after input_read() */
	struct buffer warnings;	/* of input_parse(): struct error, one behind the other */
};

/*
 * input_getopt() - getopt_long() that takes "-" for an operand like any other (musl's ends there,
 * and options behind it would become names of files).
 */
struct option;
int input_getopt(int argc, char **argv, const char *letters, const struct option *options);

/* input_option() - one option of INPUT_OPTIONS. -EINVAL: a usage error, see @err. */
int input_option(struct input *in, int c, const char *arg, struct error *err);
/**
 * input_end() - after the last option of input_getopt(): takes the operands that are left (those
 * behind "--"). -EINVAL: a usage error, among them a -4 or -6 that governs nothing.
 */
int input_end(struct input *in, int argc, char **argv, struct error *err);

/**
 * input_defaults() - the rule files of @dir (INPUT_DIR) when the line names none: rules.v4,
 * rules.v6, rules, with all *.ipset but rescue.ipset; and without any of those rules the one
 * *.image; DIR/tables is -T. Honours -4 and -6 that were given. -ENOENT: there is no such file.
 */
int input_defaults(struct input *in, const char *dir, struct error *err);

/** input_tables() - "filter,raw" to TABLE_BIT()s, added to *tables. */
int input_tables(const char *list, unsigned int *tables, struct error *err);

/** input_add() - a text that is not named by an operand; takes over what @file owns in any case. */
int input_add(struct input *in, const struct input_file *file, struct error *err);

/** input_families() - of a name that ends in .v4 or .v6; 0: of another. */
unsigned int input_families(const char *name);

/** input_read() - all FILEs into memory. Rules of text FILEs are parsed by input_parse(). */
int input_read(struct input *in, struct error *err);

/**
 * input_parse() - the texts, joined in order, into an empty rule set, finished. The texts belong to
 * @in and must live as long as @rs is checked.
 */
int input_parse(struct input *in, struct ruleset *rs, struct error *err);

/**
 * input_compile() - the FILEs as an image: parsed and compiled, or validated. An image FILE is
 * borrowed: @in must outlive @img.
 */
int input_compile(struct input *in, struct image *img, struct error *err);
/** input_build() - the same, in parts: for image_fill(). */
int input_build(struct input *in, struct image *img, struct error *err);

/** input_warnings() - of the last input_parse(). Returns how many, *list the first. */
size_t input_warnings(const struct input *in, const struct error **list);

/** input_names() - "a.v4, b.v6" without what was taken over. */
void input_names(const struct input *in, struct buffer *out);
void input_free(struct input *in);

/**
 * input_sets_text() - the sets that rules of these families (FAMILY_BIT()s) name; *text is
 * malloc()ed. NULL and 0: there are none.
 */
int input_sets_text(const struct ruleset *rs, unsigned int families, char **text, size_t *len,
		    struct error *err);

/** input_ruleset_text() - all tables of one family as text; *text is malloc()ed. */
int input_ruleset_text(const struct ruleset *rs, enum family f, char **text, size_t *len,
		       struct error *err);

#endif

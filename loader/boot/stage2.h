/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_STAGE2_H
#define BOOT_STAGE2_H

#include "boot/boot.h"
#include "sign/sign.h"

/* What the child leaves besides the image. One write of less than PIPE_BUF: whole or not at all. */
struct child_result {
	uint32_t magic;
	int32_t ret;			/* 0: the image is complete */
	uint32_t families;		/* that a source was given for */
	struct timing timing;
	struct error err;		/* ret 0: the first warning, if there is one */
	char sources[256];		/* for people: "/etc/bpfilter/rules.v4, 3 inline rules" */
};
#define CHILD_MAGIC	0x32747342U

/* fetch.c */
struct fetched {
	struct source_spec spec;
	const char *list;		/* that has it as element @number; for messages */
	size_t number;
	char *text;			/* of SOURCE_PARTITION: what the file holds */
	size_t len;
	char *sig;			/* ... and its signature; NULL: there is none */
	size_t sig_len;
};

struct fetch {
	struct fetched *all;
	size_t nr;			/* 0: the command line names no source */
	struct sources bootconfig;
	char *bootconfig_text;		/* which the strings of @bootconfig are in */
};

/**
 * sources_fetch() - modules loaded, the command line's sources found, and read as far as the
 * sandbox would not let it. The process ends soon: nothing is ever freed.
 */
int sources_fetch(const struct cmdline *c, struct fetch *f, struct error *err);

/* sources.c */
/**
 * sources_collect() - which texts: of IMAGE_ORIGIN_BOOT what was fetched, else /etc/bpfilter; of
 * IMAGE_ORIGIN_RESCUE /etc/bpfilter/rescue.v4 and .v6, with rescue.ipset. -ENOENT: there are none.
 */
int sources_collect(const struct cmdline *c, const struct fetch *f, enum image_origin origin,
		    struct input *in, struct error *err);
void sources_names(const struct input *in, char *names, size_t size);

/* signed.c */
/** signed_key() - the key that rules must be signed by: the built-in one, else bpfilter.key=. */
int signed_key(const struct cmdline *c, struct sign_key *key, bool *wanted, struct error *err);
/**
 * signed_read() - input_read() where a key is in use: refused unless every text has a good
 * signature (NAME.minisig). Nothing of an unsigned text has been parsed then.
 */
int signed_read(const struct cmdline *c, const struct sign_key *key, struct input *in,
		struct error *err);

/* sandbox.c */
/** sandbox_enter() - from here on: read files, use memory, write to what is open. For good. */
int sandbox_enter(unsigned int seconds, struct error *err);

/* child.c */
/**
 * child_make_image() - run the child; @image_fd gets the constant part of the image. Meanwhile the
 * evaluator is loaded (filter_preload()).
 */
int child_make_image(struct boot *b, enum image_origin origin, int image_fd,
		     struct child_result *res, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_START_H
#define LOADER_ANSWER_START_H

#include "kernel/answers.h"

/* File descriptors that the companion is started with. */
enum { START_RING = 3, START_COMPANION, START_RESULT, START_FDS };

/* What it writes to START_RESULT: in one write, when it is ready or cannot be. */
struct start_result {
	u32 magic;
	int ret; /* 0: ready */
	struct error err;
};
#define START_MAGIC 0x616e7377U

/** What companion_ensure() takes for "nowhere": NFLOG's packets are lost, and counted. */
#define START_NFLOG_NONE "none"

/**
 * companion_ensure() - a companion runs: it does already, or it is started and says that it is
 * ready, within two seconds. Before rules that need it are in force.
 * @nflog: what nflog_spec_parse() takes; NULL: netlink if it can be had; START_NFLOG_NONE.
 */
int companion_ensure(const struct answers *a, const char *nflog, struct error *err);

/**
 * companion_before() - companion_ensure() if this image needs it; between filter_prepare() and
 * filter_commit().
 * @image: validated.
 * @nflog: of the kernel command line, NULL: not given.
 */
int companion_before(const struct kernel *k, const struct image_header *image, const char *nflog,
		     struct error *err);

/**
 * companion_at_boot() - the same, but where NFLOG's output cannot be opened (yet) the rest is
 * answered, and @err says so.
 */
int companion_at_boot(const struct kernel *k, const struct image_header *image, const char *nflog,
		      struct error *err);

/**
 * companion_after() - what the rules in force do not need ends; after the commit or its failure.
 */
int companion_after(struct kernel *k, struct error *err);

#endif

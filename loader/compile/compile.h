/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_COMPILE_H
#define COMPILE_COMPILE_H

#include <stddef.h>

#include "bpf/image.h"
#include "error.h"
#include "rules/ruleset.h"

#define IMAGE_WARNING	320

/*
 * An image: in parts (image_build()), in mmap()ed memory of its own, or borrowed: one that lies
 * elsewhere.
 */
struct image {
	struct image_header *header;	/* = @data if that is there */
	void *data;			/* NULL: in parts */
	struct builder *parts;		/* owned */
	size_t size;			/* of the constant part */
	size_t mapped;			/* 0: borrowed, or in parts */
	char warning[IMAGE_WARNING];	/* a chain that is much dearer than usual; or empty */
};

/**
 * image_compile() - a finished rule set (ruleset_finish()) to an image.
 * Numbers the rules and chains of @rs as a side effect (rule.number, chain.index). Same rule set
 * and same helper: same bytes. Errors: -E2BIG (no capacity holds it, jumps too deep), -ENOMEM.
 */
int image_compile(struct ruleset *rs, struct image *img, struct error *err);

/**
 * image_try() - would image_compile() succeed? Makes no image; @warning: IMAGE_WARNING bytes, as in
 * struct image.
 */
int image_try(struct ruleset *rs, char *warning, struct error *err);

/**
 * image_build() - image_compile(), but the image stays in parts until image_fill() writes it where
 * it is to be: without a second copy in between. All of the header but its checksum is there.
 */
int image_build(struct ruleset *rs, struct image *img, struct error *err);
/** image_fill() - into zeroed memory of img->size bytes. */
void image_fill(const struct image *img, void *to);

/**
 * image_one_thread() - from now on image_compile() starts no thread: for a process that may not.
 */
void image_one_thread(void);

/**
 * image_validate() - may this block be given to the evaluator? Every offset, count and bound; for
 * images from files and from the stage 2 child. @size: bytes of the constant part at hand.
 */
int image_validate(const void *data, size_t size, struct error *err);

/**
 * image_borrow() - the image in @data, which a file held; checksum and validation included. @data
 * stays its owner's and must outlive @img; nothing writes to it.
 * @name: for messages.
 */
int image_borrow(struct image *img, const char *name, const void *data, size_t size,
		 struct error *err);
/** image_write() - to a file, through a temporary name in the same directory and rename(). */
int image_write(const struct image *img, const char *path, struct error *err);
void image_free(struct image *img);

/**
 * image_ruleset() - the rule set an image was made of, from its text section, for printing.
 * With @counters the live counters of the run-time part (total_size bytes at @header) are put into
 * the rules and chains, summed over the shards.
 */
int image_ruleset(const struct image_header *header, struct ruleset *rs, bool counters,
		  struct error *err);

/** image_capacity() - index of the smallest capacity that holds @total bytes; -1: none. */
int image_capacity(size_t total);
/** image_capacity_bytes() - size of a capacity. */
size_t image_capacity_bytes(int index);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_INNER_H
#define KERNEL_INNER_H

#include "kernel/kernel.h"

/* An inner map: one image with its state and counters, mapped. */
struct inner {
	int fd;			/* -1: none */
	struct image_header *image;
	size_t size;		/* of the map's value, and of the mapping */
};

/** inner_create() - a map of the size of a capacity, holding an image with its run-time fields set.
 */
int inner_create(struct inner *in, const struct image *img, size_t capacity,
		 enum image_origin origin, struct error *err);

/** inner_map() - map one that exists; takes @fd over, also if it fails. */
int inner_map(struct inner *in, int fd, size_t size, bool writable, struct error *err);

void inner_close(struct inner *in);

/**
 * inner_capacity() - index of the smallest capacity that can hold an image with its counters;
 * -E2BIG.
 */
int inner_capacity(const struct image_header *h, struct error *err);

/** inner_needs() - must a link be at this hook? One for each base chain, whose policy counts. */
bool inner_needs(const struct image_header *h, unsigned int family, unsigned int table,
		 unsigned int hook);

/** inner_check_counters() - have two images the same number of rules in these families? */
int inner_check_counters(const struct image_header *to, const struct image_header *from,
			 unsigned int families, struct error *err);

/**
 * inner_add_counters() - add the counters of some families of an image nobody uses any more to
 * those of another that passed inner_check_counters(). Atomic: the other one is in use.
 */
void inner_add_counters(struct inner *to, const struct inner *from, unsigned int families);

/**
 * inner_carry_state() - before an image is in force: what is in tables that both have by the same
 * name, and the state of the rules of @families, if these have as many cells as before. What the
 * old image writes meanwhile is not carried over.
 */
void inner_carry_state(struct inner *to, const struct inner *from, unsigned int families);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_SLOT_H
#define KERNEL_SLOT_H

#include "kernel/links.h"
#include "kernel/pins.h"

/*
 * One generation of the evaluator, opened by its pins. File descriptors are owned, -1: not there.
 */
struct slot {
	enum generation gen;		/* GEN_A, GEN_B; GENERATIONS: no slot */
	int prog[TABLES];
	int image_fd;			/* the outer map */
	int control_fd;
	int answers_fd;			/* outer map of the ring; -1: no rule of it answers */
	int companions_fd;		/* outer map of the companion's */
	volatile struct control *control;	/* mapped */
	uint32_t groups;		/* IMAGE_F_GROUP()s its programs can do */
	int link[FAMILIES][TABLES][HOOKS];
};

/** slot_none() - a slot that slot_close() can be given. */
void slot_none(struct slot *s);

/** slot_open() - -ENOENT (without a message): not there, or not complete. */
int slot_open(const struct kernel *k, enum generation gen, struct slot *s, struct error *err);

/**
 * slot_current() - the slot that judges; -ENOENT: none. If a crash left both judging, the one whose
 * image is younger. Changes nothing.
 */
int slot_current(const struct kernel *k, struct slot *s, struct error *err);

/**
 * slot_build() - load the evaluator of a capacity, make its maps, pin them; no image, no links yet.
 * @groups: IMAGE_F_GROUP()s of ops it has to know besides the basic ones.
 */
int slot_build(const struct kernel *k, enum generation gen, int capacity_index, uint32_t groups,
	       struct slot *s, struct error *err);

/** slot_add_raw() - load "bf_raw" too, which slot_build() leaves out: few rule sets need it. */
int slot_add_raw(const struct kernel *k, int capacity_index, struct slot *s, struct error *err);

/** slot_attach(), slot_detach() - a link, with its pin. */
int slot_attach(const struct kernel *k, struct slot *s, unsigned int family, unsigned int table,
		unsigned int hook, struct error *err);
int slot_detach(const struct kernel *k, struct slot *s, unsigned int family, unsigned int table,
		unsigned int hook, struct error *err);

/** slot_image() - a descriptor of the inner map in force, and the size of its value. */
int slot_image(const struct slot *s, size_t *size, struct error *err);

/** slot_set_image() - one atomic step; returns after a grace period: nobody reads the old image
 * then. */
int slot_set_image(const struct slot *s, int inner_fd, struct error *err);

/**
 * slot_set_answers() - where the evaluator writes what REJECT, LOG and NFLOG ask for, and the map
 * "companion" (struct companion). Any of them may be -1: as it is. Of a slot whose programs can do
 * OPS_ANSWER; -EINVAL: another.
 */
int slot_set_answers(const struct slot *s, int ring_fd, int companion_fd, struct error *err);

void slot_close(struct slot *s);

/** slot_remove() - stop judging, detach, unpin; also what is left of a half-built one. */
int slot_remove(const struct kernel *k, enum generation gen, struct error *err);

/** filter_unload() - drop what filter_preload() loaded, if nobody took it. */
void filter_unload(struct kernel *k);

#define FOR_EACH_HOOK(f, t, h)						\
	for (unsigned int f = 0; f < FAMILIES; f++)			\
		for (unsigned int t = 0; t < TABLES; t++)		\
			for (unsigned int h = 0; h < HOOKS; h++)

#endif

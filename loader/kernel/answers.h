/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_ANSWERS_H
#define KERNEL_ANSWERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpf/answer.h"
#include "kernel/kernel.h"

/*
 * What evaluators and the companion share, for all generations: DIR/answers/ring and
 * DIR/answers/companion (bpf/answer.h). There while rules need answers.
 *
 *  A1  One companion a namespace: the one that the map names by pid and start time. A process that
 *      finds another one named there ends (loader/answer/companion.c).
 *  A2  It runs before rules that need it are in force, and ends after they no longer are. What an
 *      interrupted command left is removed by the next one that changes rules.
 *  A3  No packet's verdict depends on it.
 */
struct answers {
	int ring_fd, companion_fd;	      /* owned, -1: not there */
	volatile struct companion *companion; /* mapped */
};

void answers_none(struct answers *a);

/** answers_open() - by the pins; with @create made if missing. -ENOENT (no message): not there. */
int answers_open(const struct kernel *k, bool create, struct answers *a, struct error *err);
void answers_close(struct answers *a);

/** answers_pin() - pin a ring and a companion's map that were found otherwise (adoption). */
int answers_pin(const struct kernel *k, int ring_fd, int companion_fd, struct error *err);

/** answers_present() - are there pins? */
bool answers_present(const struct kernel *k);

/** answers_needed() - by the rules of this image; NULL: none. */
bool answers_needed(const struct image_header *image);

/** answers_hold() - has the image an answer of this kind? */
bool answers_hold(const struct image_header *image, enum answer_kind kind);

/** answers_end() - end the companion; what is due is still answered. None is no error. */
int answers_end(const struct answers *a, struct error *err);

/** answers_companion() - the pid of the companion if it runs, else 0. */
pid_t answers_companion(const struct answers *a);

/** answers_companion_of() - that of another namespace, by its cookie; 0: none. */
pid_t answers_companion_of(const char *bpffs, uint64_t cookie);

/** answers_start_time() - of a process, as in struct companion; 0: there is none. */
u64 answers_start_time(pid_t pid);

/** answers_adopt() - pin what a slot was given, if it is not pinned (pins_adopt()). */
int answers_adopt(const struct kernel *k, struct error *err);

/** answers_remove() - end the companion and remove the pins. Not there is no error. */
int answers_remove(const struct kernel *k, struct error *err);

/** answers_settle() - answers_remove() unless the rules in force need it. */
int answers_settle(struct kernel *k, struct error *err);

#endif

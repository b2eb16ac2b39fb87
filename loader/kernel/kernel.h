/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/image.h"
#include "error.h"

/*
 * What is in force in one network namespace: the caller's. Nothing here knows rule texts.
 *
 * Objects, all pinned below BPFFS/bpfilter/<netns cookie>/v1/ (layout version in the name):
 *
 *	deny/		stage 1: program "bf_deny", a link per family and hook at priority -3, map
 *			"gate": one u32, bit 0 IPv4 open, bit 1 IPv6 open
 *	a/, b/		a slot: one generation of the evaluator. Programs "bf_filter", "bf_raw",
 *			their links, map "image" (ARRAY_OF_MAPS with one slot: the image in force)
 *			and map "control" (struct control). Slot a sits at priority -1 (raw: -301),
 *			b at -2 (-302).
 *	answers/	while rules need it: the ring and the map of the companion (answers.h)
 *
 * Invariants:
 *  I1  Between system calls at most one slot has control.judging == 1. During a program change
 *      (bpf/handover.bpf.c) both judge for a moment (a DROP of either wins), never neither.
 *  I2  A slot judges only after all its links, its image and its pins are in place.
 *  I3  The gate of a family is opened only after a slot that judges that family is in force, or
 *      when somebody asked for "open".
 *  I4  No object is touched unless link type, program name and the cookie in the program's
 *      read-only data agree.
 *  I5  A half-built slot (judging == 0 and not the one in force) is removed by the next command.
 */

struct kernel {
	uint64_t cookie;	/* SO_NETNS_COOKIE of the caller's namespace */
	char dir[128];		/* BPFFS/bpfilter/<cookie>/v1; exists after kernel_open(create) */
	char bpffs[64];		/* the bpffs in use: /sys/fs/bpf or /run/bpfilter/bpf */
	int lock_fd;		/* one command at a time per namespace (flock), -1: not taken */
	bool repinned;		/* links were alive without a pin and have been pinned again */
	struct slot *preloaded;	/* by filter_preload(), until filter_prepare() takes it */
};

/** kernel_check() - is this kernel able to do it? Names the missing option (NETFILTER_BPF_LINK...).
 */
int kernel_check(struct error *err);

/**
 * kernel_open() - find (with @create: mount, bind, make) the place of the pins and take the lock.
 * Uses /sys/fs/bpf if it is a bpffs that outlives the command (not one of a private mount namespace
 * made by "ip netns exec"), else /run/bpfilter/bpf, which is a bind mount of it made at the first
 * run. -ENOENT without @create: nothing of ours here. Adopts: if our links exist (found by id)
 * without a pin, they are pinned again.
 */
int kernel_open(struct kernel *k, bool create, struct error *err);

/** kernel_open_other() - the same for another namespace's objects: to remove them, nothing else. */
int kernel_open_other(struct kernel *k, uint64_t cookie, struct error *err);
void kernel_close(struct kernel *k);

/* Stage 1. */

/**
 * deny_install() - default deny for both families at INPUT, FORWARD, OUTPUT; only loopback passes.
 * Needs no bpffs: links are kept by file descriptors until deny_pin(). Milliseconds.
 */
struct deny {
	int links[6];		/* -1: none */
	int gate_fd;
	int prog_fd;
	volatile uint32_t *gate;	/* mmap of the gate */
};
int deny_install(struct deny *d, struct error *err);
int deny_pin(struct deny *d, const struct kernel *k, struct error *err);
/** deny_open() - open the gate for FAMILY_BIT()s in one store; links of wholly open families are
 * removed. */
int deny_open(struct deny *d, const struct kernel *k, unsigned int families, struct error *err);
void deny_close(struct deny *d);	/* file descriptors only; pins stay */

/* Stage 2 and everything later. */

struct apply_options {
	enum image_origin origin;
	unsigned int keep_counters;	/* FAMILY_BIT()s whose counters go on (rules unchanged) */
};

/**
 * filter_preload() - load the evaluator of the smallest capacity before the image is known: while
 * another process makes that. Only if nothing is in force; filter_prepare() takes it if it fits.
 * Worth 9 ms at boot.
 */
int filter_preload(struct kernel *k, struct error *err);

/**
 * filter_prepare() - make an image ready to be in force: program (smallest capacity that fits),
 * maps, links; not judging yet unless the loaded program can take it. filter_commit() puts it in
 * force at one instant.
 * @img: if it comes from elsewhere, validated by the caller with image_validate().
 */
struct filter_change;
struct image;		/* compile/compile.h */
int filter_prepare(struct kernel *k, const struct image *img, const struct apply_options *opt,
		   struct filter_change **change, struct error *err);
/** filter_commit() - one atomic step; then what is no longer needed is removed. Frees @change. */
int filter_commit(struct kernel *k, struct filter_change *change, struct error *err);
void filter_abort(struct kernel *k, struct filter_change *change);

/**
 * filter_off() - stop judging at one instant, then remove everything of this namespace (deny too).
 * @lifted: set when nothing judges any more; an error after that concerns what is left only.
 */
int filter_off(struct kernel *k, bool *lifted, struct error *err);

/* A mapping of the image in force, with live counters. */
struct filter_view {
	const struct image_header *image;	/* NULL: no rule set in force */
	size_t size;
	void *map;			/* what to munmap */
	size_t map_size;
	int map_fd;
	struct control control;		/* copy */
	char slot;			/* 'a' or 'b' */
};
/** filter_view() - -ENOENT if nothing is in force. */
int filter_view(struct kernel *k, struct filter_view *v, struct error *err);
void filter_view_close(struct filter_view *v);

/* For status. */
struct filter_status {
	bool present[2][2][5];		/* [family][table][hook]: a link of the judging slot */
	uint32_t link_id[2][2][5];
	int priority[2][2][5];
	bool deny_present[2];		/* families that stage 1 still denies */
	uint32_t gate;
	uint32_t capacity;		/* bytes of the program's capacity */
	uint64_t memory;	/* bytes of kernel memory of our maps and programs (fdinfo) */
	bool half_done;			/* remains of an interrupted change were seen */
	bool repinned;	/* links were alive without a pin and have been pinned again */
};
int filter_status(struct kernel *k, struct filter_status *st, struct error *err);

/** A namespace other than ours that still has objects of ours. */
struct foreign_namespace {
	uint64_t cookie;
	bool alive;			/* some process or mount still uses it */
	unsigned int links;
};
/**
 * filter_namespaces() - all such. *unseen: some process could not be looked into, so a namespace
 * that is not alive may be in use nevertheless.
 */
int filter_namespaces(struct foreign_namespace **list, size_t *count, bool *unseen,
		      struct error *err);

/**
 * filter_collect() - remove what filters a namespace that filters alone keep alive: by its cookie,
 * for nobody can enter it any more.
 */
int filter_collect(uint64_t cookie, struct error *err);

/** kernel_netns_cookie() - of the caller's network namespace; 0 and -errno in *err if unknown. */
int kernel_netns_cookie(uint64_t *cookie, struct error *err);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_PROGRAM_H
#define COMPILE_PROGRAM_H

#include <stdbool.h>

#include "bpf/image.h"
#include "buffer.h"

/* Ports a packet may have; ICMP has no source and type << 8 | code for the destination. */
struct port_box {
	u16 sport_lo, sport_hi, dport_lo, dport_hi;
};

/* Leaf records a rule may become. */
#define PROGRAM_BOXES	4U

/*
 * The match of one rule while it is compiled: boxes and the ops that must hold besides, in the
 * order the matches are written. Extensions call program_op(); the compiler drops the program again
 * when boxes and trait say it all (trait_absorb()).
 */
struct program {
	u64 ops[2048];		/* struct image_op and payloads; not zeroed beyond @len */
	unsigned int len;	/* in units of 8 bytes */
	unsigned int nr_ops;
	u32 features;		/* IMAGE_F_* the rule needs */
	int failed;		/* 0 or -E2BIG: does not fit */
	const char *why;	/* what to say when a match's compile() fails; NULL: its errno */

	/* The packet's ports have to be in one of these (program_narrow()). */
	struct port_box boxes[PROGRAM_BOXES];
	unsigned int nr_boxes, max_boxes;
	bool l4;		/* a match of ports or types has been seen */
	bool multiport;		/* an OP_MULTIPORT is there: headers cut off need the program */
	bool loose;		/* the boxes do not say all that an OP_MULTIPORT does */
	bool drops;		/* an op may drop packets that have all of their header */

	bool stateful;		/* program_stateful() was called */
	unsigned int residual;	/* where the residual program begins, in units of 8 bytes */

	u32 nr_cells;		/* state cells of the image so far */
	struct buffer *named;	/* struct image_named of the image so far */
};

/** program_start() - an empty one. @max_boxes: 1 to PROGRAM_BOXES. */
void program_start(struct program *p, unsigned int max_boxes);

/**
 * program_stateful() - before the first op of a match that has side effects. It and all that
 * follows it is asked only when the rule is reached, in the order written, once a packet.
 */
void program_stateful(struct program *p);

/** program_cells() - number of the first of @n state cells of this rule alone; zero when loaded. */
u32 program_cells(struct program *p, u32 n);

/**
 * program_table() - state shared by name: number of the table in the image (section "named"), made
 * with @cells cells if there is none of this kind, name and family. @family: 0, 1, or 2 for one
 * that both families share. The first user's @params and @cells hold. A new rule set takes over
 * what is in a table of the same kind, name, family and size. Where its cells are is known once
 * all rules are compiled.
 */
u32 program_table(struct program *p, enum image_named_kind kind, const char *name,
		  unsigned int family, u32 cells, const u64 params[4]);

/**
 * program_table_grow() - the table @number is to have @cells cells and params[0] @param at least.
 */
void program_table_grow(struct program *p, u32 number, u32 cells, u64 param);

/** program_op() - append an op of any group. @payload: @words u64s behind it; NULL with 0. */
void program_op(struct program *p, unsigned int code, unsigned int flags, u32 arg,
		const u64 *payload, unsigned int words);

/**
 * program_narrow() - the ports have to be in one of the @n boxes @to as well. Returns false, and
 * nothing changes, if that makes too many boxes or none, or if what is written before
 * (--tcp-option) drops packets that a narrower box would keep from it.
 */
bool program_narrow(struct program *p, const struct port_box *to, unsigned int n);

/**
 * program_l4() - a match that needs ports begins here: later fragments, which have none, need not
 * ask the program; unless an op before it may drop them.
 */
void program_l4(struct program *p);

/**
 * program_ports() - a match that reads the transport header (tcp, udp, icmp, icmp6) begins here.
 * It emits OP_L4 and narrows the boxes to these ranges. A match that is not inverted passes its
 * ranges; one that is, passes 0..65535 and emits ops. Returns true if the boxes hold the ranges, so
 * that no op for them is needed; false if the caller must emit OP_SPORT, OP_DPORT or OP_ICMP
 * itself.
 */
bool program_ports(struct program *p, u16 sport_lo, u16 sport_hi, u16 dport_lo, u16 dport_hi);

#endif

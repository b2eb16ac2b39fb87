/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMPILE_PROGRAM_H
#define COMPILE_PROGRAM_H

#include "bpf/image.h"

/*
 * The match of one rule while it is compiled: a box and the ops that must hold besides, in the
 * order the matches are written. Extensions call program_op(); the compiler drops the program again
 * when box and trait say it all (trait_absorb()).
 */
struct program {
	u64 ops[2048];		/* struct image_op and payloads; not zeroed beyond @len */
	unsigned int len;	/* in units of 8 bytes */
	unsigned int nr_ops;
	u32 features;		/* IMAGE_F_* the rule needs */
	int failed;		/* 0 or -E2BIG: does not fit */

	/* The L4 part of the box, if an extension could put itself there (program_ports()). */
	int l4;			/* a tcp/udp/icmp match has been seen */
	u16 sport_lo, sport_hi, dport_lo, dport_hi;
};

/** program_op() - append an op. @payload: @words u64s behind it, may be NULL with 0. */
void program_op(struct program *p, enum image_opcode code, unsigned int flags, u32 arg,
		const u64 *payload, unsigned int words);

/**
 * program_ports() - a match that reads the transport header (tcp, udp, icmp, icmp6) begins here.
 * It emits OP_L4 and, for the first such match of a rule, narrows the box to these ranges.
 * A match that is not inverted passes its ranges; one that is, passes 0..65535 and emits ops.
 * ICMP: the destination range is type << 8 | code. Returns true if the box holds the ranges, so
 * that no op for them is needed; false if the caller must emit OP_SPORT, OP_DPORT or OP_ICMP
 * itself.
 */
int program_ports(struct program *p, u16 sport_lo, u16 sport_hi, u16 dport_lo, u16 dport_hi);

#endif

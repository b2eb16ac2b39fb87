/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_TIMING_H
#define BOOT_TIMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where the time of a boot goes: each part gets what has passed since the part before it. Ends up
 * as one line in the kernel's log, which "bpfilter boot --timing" finds there again.
 */
enum timing_part {
	TIMING_START,
	TIMING_DENY,
	TIMING_MOUNTS,
	TIMING_CMDLINE,
	TIMING_PIN,
	TIMING_FORK,
	TIMING_EVALUATOR,
	TIMING_SOURCES,		/* this and the next three: the child, while the evaluator loads */
	TIMING_READ,
	TIMING_COMPILE,
	TIMING_WRITE,
	TIMING_WAIT,
	TIMING_VALIDATE,
	TIMING_CONNTRACK,
	TIMING_IMAGE,
	TIMING_COMPANION,
	TIMING_COMMIT,
	TIMING_OPEN,
	TIMING_STATE,
	TIMING_LOG,
	TIMING_OVERDUE,
	TIMING_PARTS
};

struct timing {
	uint64_t start_ns, last_ns;		/* CLOCK_MONOTONIC */
	uint64_t part_ns[TIMING_PARTS];		/* added up where a part comes twice */
};

void timing_start(struct timing *t, uint64_t now_ns);
/** timing_part() - what has passed since the last call belongs to @part. */
void timing_part(struct timing *t, enum timing_part part);
/** timing_child() - the parts of the child, which may claim anything: at most what we waited. */
void timing_child(struct timing *t, const struct timing *child);
/** timing_total() - ns from the start to the last part's end. */
uint64_t timing_total(const struct timing *t);
const char *timing_name(enum timing_part part);
const char *timing_about(enum timing_part part);
bool timing_is_child(enum timing_part part);
/**
 * timing_slowest() - the longest part of what process 1 waited for: of evaluator and child, which
 * run at the same time, only the one that took longer counts.
 */
enum timing_part timing_slowest(const struct timing *t);

/** timing_log() - the line, TIMING_MARK first; ms. */
void timing_log(const struct timing *t);
#define TIMING_MARK	"timing: "

/** timing_parse() - the line, without the mark; unknown parts are passed over. false: no line. */
bool timing_parse(const char *line, struct timing *t);

/** timing_show() - "bpfilter boot --timing": an exit code. */
int timing_show(bool json);

#endif

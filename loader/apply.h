/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_APPLY_H
#define LOADER_APPLY_H

#include "input.h"

/**
 * apply_rules() - what "bpfilter apply" does with texts that input_read() has read: compile them and
 * make them the rules of their families; the other families keep theirs. So texts of no family put
 * the rules in force once more: links, programs and connection tracking are made good again.
 * Prints what it did, or why it did not. Returns an exit code; unless that is COMMAND_OK nothing
 * has changed, or the message says what has.
 */
int apply_rules(struct input *in, enum image_origin origin);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_FIELDS_H
#define RULES_EXT_FIELDS_H

#include "compile/program.h"

/* Ops that many matches compile to: a number of the packet, under a mask, lies in a range. */

/** field_meta() - what the kernel knows of the packet: OP_META. */
void field_meta(struct program *p, enum image_meta meta, u32 mask, u32 lo, u32 hi, bool invert);

/** field_ip_word() - the word at @offset of the IP header, host order: OP_IP_WORD. */
void field_ip_word(struct program *p, u32 offset, u32 mask, u32 lo, u32 hi, bool invert);

#endif

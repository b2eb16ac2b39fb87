/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_LIST_H
#define RULES_EXT_LIST_H

#include "rules/ext.h"

/* The descriptors, one file each; the table of them is in ../ext.c. */
extern const struct match_ext ext_tcp;
extern const struct match_ext ext_udp;
extern const struct match_ext ext_icmp;
extern const struct match_ext ext_icmp6;
extern const struct match_ext ext_comment;
extern const struct match_ext ext_state;
extern const struct match_ext ext_conntrack;
extern const struct match_ext ext_multiport;

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_PORTS_H
#define RULES_EXT_PORTS_H

#include "compile/program.h"
#include "rules/ext.h"

/* What tcp and udp have in common: two ranges of ports. */

struct port_range {
	uint16_t lo, hi;
	bool invert;
};

/** ports_print() - " ! --sport LO:HI" as tcp_save(), udp_save() of 1.8.11. */
void ports_print(struct buffer *out, const char *option, const struct port_range *r);

/** ports_list() - " spts:!LO:HI" as print_ports() prints for iptables -L. */
void ports_list(struct buffer *out, const char *name, const struct port_range *r, const char *proto,
		bool numeric);

/** ports_compile() - OP_L4 and the ranges: into the box, or as ops. */
void ports_compile(struct program *p, const struct port_range *src, const struct port_range *dst);

#endif

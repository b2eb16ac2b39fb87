/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_PORTS_H
#define RULES_EXT_PORTS_H

#include "compile/program.h"
#include "rules/ext.h"

/* What tcp, udp, sctp, dccp and multiport have in common. */

struct port_range {
	uint16_t lo, hi;
	bool invert;
};

/**
 * port_parse() - xtables_parse_port(): the @len characters at @s are a number, or a service of
 * @proto. Returns 0 or negative, with the message.
 */
int port_parse(struct line_parser *lp, const char *s, size_t len, const char *proto,
	       uint16_t *port);

/**
 * ports_parse() - parse_tcp_ports(), parse_sctp_ports(): "PORT" or "LO:HI", either of which may be
 * left out (0 and 65535). Ports as port_parse() reads them.
 */
int ports_parse(struct line_parser *lp, struct port_range *r, const char *arg, const char *proto,
		bool invert);

/**
 * ports_parse_any() - the same as xtopt_parse_mport() reads it (udp, dccp): decimal numbers alone,
 * or services of any protocol.
 */
int ports_parse_any(struct line_parser *lp, struct port_range *r, const char *arg, bool invert);

/** port_list() - a port as iptables -L prints it: by name, if there is one and not @numeric. */
void port_list(struct buffer *out, uint16_t port, const char *proto, bool numeric);

/** ports_print() - " ! --sport LO:HI" as tcp_save(), udp_save() of 1.8.11. */
void ports_print(struct buffer *out, const char *option, const struct port_range *r);

/** ports_print_all() - the same, of a range that holds every port, too (sctp, dccp). */
void ports_print_all(struct buffer *out, const char *option, const struct port_range *r);

/** ports_list() - " spts:!LO:HI" as print_ports() prints for iptables -L. */
void ports_list(struct buffer *out, const char *name, const struct port_range *r, const char *proto,
		bool numeric);

/** ports_compile() - OP_L4 and the ranges: into the box, or as ops. */
void ports_compile(struct program *p, const struct port_range *src, const struct port_range *dst);

#endif

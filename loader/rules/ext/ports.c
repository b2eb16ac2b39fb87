/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/ports.h"

#include <ctype.h>
#include <string.h>

#include "rules/names.h"

#define PORT_MAX	65535U

int port_parse(struct line_parser *lp, const char *s, size_t len, const char *proto,
	       uint16_t *port)
{
	char buf[64];
	unsigned int n;
	int service;

	if (len >= sizeof(buf))
		return ext_error(lp, "invalid port or service \"%.64s\"", s);
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (!parse_number(buf, NULL, &n, 0, UINT16_MAX)) {
		service = service_parse(buf, proto);
		if (service < 0)
			return ext_error(lp, "invalid port or service \"%s\" (0 to 65535, or a "
					 "service of %s)", buf, proto);
		n = (unsigned int)service;
	}
	*port = (uint16_t)n;
	return 0;
}

int ports_parse(struct line_parser *lp, struct port_range *r, const char *arg, const char *proto,
		bool invert)
{
	const char *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : strlen(arg);

	*r = (struct port_range){ 0, PORT_MAX, invert };
	if ((len || !colon) && port_parse(lp, arg, len, proto, &r->lo))
		return -1;
	if (!colon)
		r->hi = r->lo;
	else if (colon[1] && port_parse(lp, colon + 1, strlen(colon + 1), proto, &r->hi))
		return -1;
	if (r->lo > r->hi)
		return ext_error(lp, "invalid port range (min > max)");
	return 0;
}

/*
 * xtables_getportbyname() (libxtables/xtoptions.c): getaddrinfo(), so decimal numbers alone, and
 * services of any protocol, tcp first. 65536 and above, which getaddrinfo() cuts, are refused.
 */
static int parse_any_port(struct line_parser *lp, const char *s, size_t len,
			  uint16_t *port)
{
	char buf[64];
	unsigned int n = 0;
	const char *p = buf;
	int service;

	if (len >= sizeof(buf))
		return ext_error(lp, "invalid port or service \"%.64s\"", s);
	memcpy(buf, s, len);
	buf[len] = '\0';
	while (isspace((unsigned char)*p))
		p++;
	if (*p == '+')
		p++;
	if (!isdigit((unsigned char)*p))
		n = UINT16_MAX + 1U;
	for (; isdigit((unsigned char)*p) && n <= UINT16_MAX; p++)
		n = n * 10 + (unsigned int)(*p - '0');
	if (*p || n > UINT16_MAX) {
		service = service_parse(buf, NULL);
		if (service < 0)
			return ext_error(lp, "invalid port or service \"%s\"", buf);
		n = (unsigned int)service;
	}
	*port = (uint16_t)n;
	return 0;
}

int ports_parse_any(struct line_parser *lp, struct port_range *r, const char *arg, bool invert)
{
	const char *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : strlen(arg);

	*r = (struct port_range){ 0, PORT_MAX, invert };
	if (colon && strchr(colon + 1, ':'))
		return ext_error(lp, "too many components in \"%.32s\"", arg);
	if (len && parse_any_port(lp, arg, len, &r->lo))
		return -1;
	if (!colon)
		r->hi = r->lo;
	else if (colon[1] && parse_any_port(lp, colon + 1, strlen(colon + 1), &r->hi))
		return -1;
	if (r->lo > r->hi)
		return ext_error(lp, "invalid port range (min > max)");
	return 0;
}

/* skip_ports_match() */
static bool is_any(const struct port_range *r)
{
	return !r->lo && r->hi == PORT_MAX && !r->invert;
}

void ports_print_all(struct buffer *out, const char *option, const struct port_range *r)
{
	buffer_puts(out, r->invert ? " ! --" : " --");
	buffer_puts(out, option);
	buffer_putc(out, ' ');
	buffer_number(out, r->lo);
	if (r->lo != r->hi) {
		buffer_putc(out, ':');
		buffer_number(out, r->hi);
	}
}

void ports_print(struct buffer *out, const char *option, const struct port_range *r)
{
	if (!is_any(r))
		ports_print_all(out, option, r);
}

void port_list(struct buffer *out, uint16_t port, const char *proto, bool numeric)
{
	const char *name = numeric ? NULL : service_name(port, proto);

	if (name)
		buffer_puts(out, name);
	else
		buffer_printf(out, "%u", port);
}

void ports_list(struct buffer *out, const char *name, const struct port_range *r, const char *proto,
		bool numeric)
{
	if (is_any(r))
		return;
	buffer_printf(out, " %s%s:%s", name, r->lo == r->hi ? "" : "s", r->invert ? "!" : "");
	port_list(out, r->lo, proto, numeric);
	if (r->lo == r->hi)
		return;
	buffer_putc(out, ':');
	port_list(out, r->hi, proto, numeric);
}

/* One range as an op, when the box does not hold it. */
static void compile_range(struct program *p, enum image_opcode code, const struct port_range *r,
			  bool in_box)
{
	if (is_any(r) || (in_box && !r->invert))
		return;
	program_op(p, code, r->invert ? OP_INVERT : 0, (u32)r->lo << 16 | r->hi, NULL, 0);
}

void ports_compile(struct program *p, const struct port_range *src, const struct port_range *dst)
{
	bool in_box = program_ports(p, src->invert ? 0 : src->lo,
				    src->invert ? PORT_MAX : src->hi, dst->invert ? 0 : dst->lo,
				    dst->invert ? PORT_MAX : dst->hi);

	compile_range(p, OP_SPORT, src, in_box);
	compile_range(p, OP_DPORT, dst, in_box);
}

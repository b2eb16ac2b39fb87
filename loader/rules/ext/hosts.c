/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/ext/hosts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "rules/address.h"
#include "rules/names.h"

#define TEXT_MAX	64U	/* longer is no address and no service */

/* getaddrinfo() of a numeric address. */
static bool numeric(uint8_t *value, const char *s, enum family f)
{
	struct in_addr in;

	if (f == FAMILY_IPV6)
		return inet_pton(AF_INET6, s, value) == 1;
	if (s[strcspn(s, " \t")] || !inet_aton(s, &in))
		return false;
	memcpy(value, &in, sizeof(in));
	return true;
}

/* xtopt_parse_plenmask(): a number of bits first, so that "16" is no address. */
static bool parse_mask(uint8_t mask[16], const char *s, enum family f)
{
	unsigned int bits, max = f == FAMILY_IPV4 ? 32 : 128;

	memset(mask, 0, 16);
	if (!parse_number(s, NULL, &bits, 0, max))
		return numeric(mask, s, f);
	memset(mask, 0xff, bits / 8);
	if (bits % 8)
		mask[bits / 8] = (uint8_t)(0xff00U >> bits % 8);
	return true;
}

int mask_bits_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		    uint8_t mask[16])
{
	enum family f = ext_family(lp);

	return parse_mask(mask, arg, f) ? 0 :
	       ext_error(lp, "bad mask \"%.64s\" for --%s (0 to %d, or a mask written as an address)",
			 arg, opt->name, f == FAMILY_IPV4 ? 32 : 128);
}

int hostmask_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		   struct address *to)
{
	size_t len = strcspn(arg, "/");
	enum family f = ext_family(lp);
	char host[TEXT_MAX];

	ext_hint_address(lp, arg, len);
	if (len < sizeof(host)) {
		memcpy(host, arg, len);
		host[len] = '\0';
	}
	if (len >= sizeof(host) || !numeric(to->value, host, f))
		return ext_error(lp, "\"%.*s\" of --%s is not an %s address (names cannot be looked "
				 "up)", len > 64 ? 64 : (int)len, arg, opt->name, family_name(f));
	memset(to->mask, 0xff, f == FAMILY_IPV4 ? 4 : 16);
	if (!arg[len])
		return 0;
	ext_point(lp, len + 1);
	return mask_bits_parse(lp, opt, arg + len + 1, to->mask);
}

void hostmask_print(struct buffer *out, const struct address *a, enum family f)
{
	int prefix = address_prefix(a, f);

	address_print(out, a->value, f);
	if (prefix < 0) {
		buffer_putc(out, '/');
		address_print(out, a->mask, f);
	} else if (prefix != (f == FAMILY_IPV4 ? 32 : 128)) {
		buffer_printf(out, "/%d", prefix);
	}
}

/* xtables_getportbyname(): the number is an int in glibc, and -1 in it means "none". */
static bool parse_port(const char *s, uint16_t *port)
{
	char *end;
	long n = (int)strtoul(s, &end, 10);

	if (*end || end == s || n < 0)
		n = service_parse(s, NULL);
	*port = (uint16_t)n;
	return n >= 0;
}

int port_span_parse(struct line_parser *lp, const struct ext_option *opt, const char *arg,
		    uint16_t span[2])
{
	size_t len, at = 0;
	char port[TEXT_MAX];
	unsigned int i;

	span[0] = 0;
	span[1] = UINT16_MAX;
	for (i = 0; i < 2; i++) {
		ext_point(lp, at);
		len = strcspn(arg + at, ":");
		if (len >= sizeof(port))
			break;
		memcpy(port, arg + at, len);
		port[len] = '\0';
		if (len && !parse_port(port, &span[i]))
			break;
		at += len;
		if (!arg[at++])
			goto done;
	}
	return ext_error(lp, "bad port \"%.64s\" for --%s (PORT or LO:HI, numbers or services)", arg,
			 opt->name);
done:
	if (!i)
		span[1] = span[0];
	return span[0] <= span[1] ? 0 :
	       ext_error(lp, "invalid port range %u:%u (the first must not be the larger)", span[0],
			 span[1]);
}

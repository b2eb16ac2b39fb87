/* SPDX-License-Identifier: GPL-2.0-only */
#include "rules/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "rules/names.h"

#define TEXT_MAX	256U	/* xtables_ipparse_multiple(): buf[256] */
#define IPV4_TEXT_MAX	20U	/* __numeric_to_ipaddr(): buf[20] */

static unsigned int address_size(enum family f)
{
	return f == FAMILY_IPV4 ? 4 : 16;
}

bool address_is_zero(const uint8_t *value, enum family f)
{
	static const uint8_t zero[16];

	return !memcmp(value, zero, address_size(f));
}

/*
 * __numeric_to_ipaddr(). A mask needs all four bytes, an address may stop early.
 * Longer texts than 19 bytes are cut by iptables; here they are no number.
 */
static bool parse_ipv4(uint8_t *value, const char *s, bool is_mask)
{
	char buf[IPV4_TEXT_MAX], *p = buf, *dot;
	unsigned int byte;
	int i;

	if (strlen(s) >= sizeof(buf) || (is_mask && !strchr(s, '.')))
		return false;
	strcpy(buf, s);
	memset(value, 0, 4);
	for (i = 0; i < 4; i++, p = dot + 1) {
		dot = i < 3 ? strchr(p, '.') : NULL;
		if (dot)
			*dot = '\0';
		if (!dot && i < 3 && is_mask)
			return false;
		if (!parse_number(p, NULL, &byte, 0, UINT8_MAX))
			return false;
		value[i] = (uint8_t)byte;
		if (!dot)
			return true;
	}
	return true;
}

static bool parse_plain(uint8_t *value, const char *s, enum family f, bool is_mask)
{
	if (f == FAMILY_IPV4)
		return parse_ipv4(value, s, is_mask);
	return inet_pton(AF_INET6, s, value) == 1;
}

/* parse_ipmask(), parse_ip6mask(): an address, or a number of bits. NULL: all bits. */
static bool parse_mask(uint8_t *mask, const char *s, enum family f)
{
	unsigned int bits = address_size(f) * 8;

	if (s && parse_plain(mask, s, f, true))
		return true;
	if (s && !parse_number(s, NULL, &bits, 0, bits))
		return false;
	memset(mask, 0, 16);
	memset(mask, 0xff, bits / 8);
	if (bits % 8)
		mask[bits / 8] = (uint8_t)(0xff00U >> bits % 8);
	return true;
}

/*
 * A decimal number without leading zeros at *@s, which is moved behind it. More than @max: there is
 * none, or a larger one.
 */
static unsigned int usual_number(const char **s, const char *end, unsigned int max)
{
	const char *p = *s;
	unsigned int n = 0;

	for (; p < end && *p >= '0' && *p <= '9' && n <= max; p++) {
		n = n * 10 + (unsigned int)(*p - '0');
		if (!n) {
			*s = p + 1;
			return 0;
		}
	}
	n = p == *s ? max + 1 : n;
	*s = p;
	return n;
}

/* A.B.C.D or A.B.C.D/BITS, as nearly all addresses are written. False: it is something else. */
static bool parse_usual(struct address *a, const char *s, size_t len)
{
	const char *end = s + len;
	uint32_t value = 0, mask;
	unsigned int i, n, bits = 32;

	for (i = 0; i < 4; i++) {
		n = usual_number(&s, end, UINT8_MAX);
		if (n > UINT8_MAX || (i < 3 && (s == end || *s++ != '.')))
			return false;
		value = value << 8 | n;
	}
	if (s < end && *s == '/') {
		s++;
		bits = usual_number(&s, end, 32);
	}
	if (s != end || bits > 32)
		return false;
	mask = htonl(bits ? UINT32_MAX << (32 - bits) : 0);
	value = htonl(value) & mask;
	memcpy(a->value, &value, sizeof(value));
	memcpy(a->mask, &mask, sizeof(mask));
	return true;
}

enum address_error address_parse(struct address *a, const char *s, size_t len, enum family f)
{
	enum family other = f == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	char buf[TEXT_MAX], *slash;
	unsigned int i;

	memset(a, 0, sizeof(*a));
	if (f == FAMILY_IPV4 && parse_usual(a, s, len))
		return ADDRESS_OK;
	if (len >= sizeof(buf))
		return ADDRESS_TOO_LONG;
	memcpy(buf, s, len);
	buf[len] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash++ = '\0';
	if (!parse_mask(a->mask, slash, f))
		return address_is_literal(s, len) & FAMILY_BIT(other) ? ADDRESS_WRONG_FAMILY :
									ADDRESS_BAD_MASK;
	if (address_is_zero(a->mask, f))
		return ADDRESS_OK;
	if (!parse_plain(a->value, buf, f, false))
		return address_is_literal(s, len) & FAMILY_BIT(other) ? ADDRESS_WRONG_FAMILY :
									ADDRESS_NOT_NUMERIC;
	for (i = 0; i < address_size(f); i++)
		a->value[i] &= a->mask[i];
	return ADDRESS_OK;
}

unsigned int address_is_literal(const char *s, size_t len)
{
	char buf[TEXT_MAX], *slash;
	uint8_t value[16];

	if (len >= sizeof(buf))
		return 0;
	memcpy(buf, s, len);
	buf[len] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	if (inet_pton(AF_INET6, buf, value) == 1)
		return FAMILY_BIT(FAMILY_IPV6);
	return parse_ipv4(value, buf, false) ? FAMILY_BIT(FAMILY_IPV4) : 0;
}

int address_prefix(const struct address *a, enum family f)
{
	unsigned int words = address_size(f) / 4, n = 0, i;
	uint32_t mask, rest;

	for (i = 0; i < words; i++) {
		memcpy(&mask, a->mask + 4 * i, sizeof(mask));
		rest = ~ntohl(mask);
		if ((mask && n < 32 * i) || (rest & (rest + 1)))
			return -1;
		n += rest ? (unsigned int)__builtin_clz(rest) : 32;
	}
	return (int)n;
}

static void print_ipv4(struct buffer *out, const uint8_t *v)
{
	char text[16], *p = text;

	for (int i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		if (v[i] >= 100)
			*p++ = (char)('0' + v[i] / 100);
		if (v[i] >= 10)
			*p++ = (char)('0' + v[i] / 10 % 10);
		*p++ = (char)('0' + v[i] % 10);
	}
	*p = '\0';
	buffer_puts(out, text);
}

/*
 * RFC 5952, with glibc's two mixed forms: ::a.b.c.d and ::ffff:a.b.c.d. musl's inet_ntop() prints
 * the first of them in hexadecimal, hence our own.
 */
static void print_ipv6(struct buffer *out, const uint8_t *v)
{
	unsigned int word[8];
	int i, run = 0, best = -1, best_len = 1;

	for (i = 0; i < 8; i++) {
		word[i] = (unsigned int)v[2 * i] << 8 | v[2 * i + 1];
		run = word[i] ? 0 : run + 1;
		if (run > best_len) {
			best_len = run;
			best = i + 1 - run;
		}
	}
	for (i = 0; i < 8; i++) {
		if (i == best) {
			buffer_puts(out, "::");
			i += best_len - 1;
			continue;
		}
		if (i && (best < 0 || i != best + best_len))
			buffer_putc(out, ':');
		if (i == 6 && !best && (best_len == 6 || (best_len == 5 && word[5] == 0xffff))) {
			print_ipv4(out, v + 12);
			return;
		}
		buffer_printf(out, "%x", word[i]);
	}
}

void address_print(struct buffer *out, const uint8_t *value, enum family f)
{
	if (f == FAMILY_IPV4)
		print_ipv4(out, value);
	else
		print_ipv6(out, value);
}

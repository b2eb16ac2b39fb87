/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_LOGTEXT_INTERNAL_H
#define LOADER_ANSWER_LOGTEXT_INTERNAL_H

#include <netinet/in.h>
#include <stdint.h>

#include "answer/logtext.h"

/* glibc has it, musl has not. */
#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

/*
 * The parts of nf_log_syslog.c. Offsets count from the network header, in 32 bits that wrap as the
 * kernel's do: a header may claim to be longer than the packet, and the line then says how many
 * bytes are "left".
 */
struct log_view {
	const struct answer_record *r;
	struct buffer *out;
	bool names_ae;
};

/* log_bytes() - skb_header_pointer(): @n bytes at @off, or NULL. */
static inline const u8 *log_bytes(const struct log_view *v, u32 off, u32 n)
{
	return (u64)off + n <= v->r->captured ? v->r->data + off : NULL;
}

static inline u16 log_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static inline u32 log_be32(const u8 *p)
{
	return (u32)log_be16(p) << 16 | log_be16(p + 2);
}

static inline bool log_asked(const struct log_view *v, u32 flag)
{
	return v->r->rule.flags & flag;
}

static inline void log_puts(const struct log_view *v, const char *s)
{
	buffer_puts(v->out, s);
}

/* log_decimal() - "NAME123 ": @name has its own "=". */
void log_decimal(const struct log_view *v, const char *name, u32 n);

/* log_hex() - @digits (1 to 8) hexadecimal digits at least, in small letters. */
void log_hex(const struct log_view *v, u32 n, unsigned int digits);

/* log_bytes_upper() - each byte as two hexadecimal digits in capitals. */
void log_bytes_upper(const struct log_view *v, const u8 *p, u32 n);

void log_address4(const struct log_view *v, const u8 *p);

/* log_incomplete() - "INCOMPLETE [n bytes] ": what is left of the packet at @off. */
void log_incomplete(const struct log_view *v, u32 off);

/**
 * log_tcp(), log_udp() - a transport header at @off.
 * @fragment: a later one, which has none.
 * Returns false if the line ends with it.
 */
bool log_tcp(const struct log_view *v, bool fragment, u32 off);
bool log_udp(const struct log_view *v, u8 protocol, bool fragment, u32 off);

/* log_spi() - AH and ESP: SPI=, the 32 bits at @at of the @size bytes at @off. */
void log_spi(const struct log_view *v, u32 off, u32 at, u32 size);

/* log_owner_mark() - UID=, GID= and MARK=: the end of a whole line. */
void log_owner_mark(const struct log_view *v);

/**
 * log_ipv4(), log_ipv6() - a packet at @off: the outer one, or the one that an ICMP error quotes,
 * which is not looked into again.
 */
void log_ipv4(const struct log_view *v, u32 off, bool quoted);
void log_ipv6(const struct log_view *v, u32 off, bool quoted);

#endif

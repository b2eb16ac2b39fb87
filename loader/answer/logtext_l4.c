// SPDX-License-Identifier: GPL-2.0-only
/* What IPv4's and IPv6's lines have in common: numbers, TCP, UDP, owner and mark. */
#include "answer/logtext_internal.h"

#define TCP_HEADER 20U
#define UDP_HEADER 8U

static const char digits_lower[] = "0123456789abcdef", digits_upper[] = "0123456789ABCDEF";

void log_decimal(const struct log_view *v, const char *name, u32 n)
{
	log_puts(v, name);
	buffer_number(v->out, n);
	buffer_putc(v->out, ' ');
}

void log_hex(const struct log_view *v, u32 n, unsigned int digits)
{
	unsigned int i = 8;

	while (i > digits && !(n >> (i - 1) * 4))
		i--;
	while (i--)
		buffer_putc(v->out, digits_lower[n >> i * 4 & 15]);
}

void log_bytes_upper(const struct log_view *v, const u8 *p, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		buffer_putc(v->out, digits_upper[p[i] >> 4]);
		buffer_putc(v->out, digits_upper[p[i] & 15]);
	}
}

void log_address4(const struct log_view *v, const u8 *p)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i)
			buffer_putc(v->out, '.');
		buffer_number(v->out, p[i]);
	}
}

void log_incomplete(const struct log_view *v, u32 off)
{
	log_puts(v, "INCOMPLETE [");
	buffer_number(v->out, v->r->len - off);
	log_puts(v, " bytes] ");
}

/* Highest first, as they are written; AE is the lowest bit of the byte before them. */
static void tcp_flags(const struct log_view *v, const u8 *th)
{
	static const char *const names[] = {
		"CWR ", "ECE ", "URG ", "ACK ", "PSH ", "RST ", "SYN ", "FIN ",
	};
	/* TCP_RESERVED_BITS >> 22: the low nibble of the byte, without AE if that has a name. */
	u8 reserved = (u8)((th[12] & (v->names_ae ? 14 : 15)) << 2);
	unsigned int i;

	log_puts(v, "RES=0x");
	log_hex(v, reserved, 2);
	buffer_putc(v->out, ' ');
	if (v->names_ae && th[12] & 1)
		log_puts(v, "AE ");
	for (i = 0; i < 8; i++) {
		if (th[13] & 0x80 >> i)
			log_puts(v, names[i]);
	}
}

/* nf_log_dump_tcp_header() */
bool log_tcp(const struct log_view *v, bool fragment, u32 off)
{
	const u8 *th, *options;
	u32 size;

	log_puts(v, "PROTO=TCP ");
	if (fragment)
		return true;
	th = log_bytes(v, off, TCP_HEADER);
	if (!th) {
		log_incomplete(v, off);
		return false;
	}
	log_decimal(v, "SPT=", log_be16(th));
	log_decimal(v, "DPT=", log_be16(th + 2));
	if (log_asked(v, ANSWER_LOG_TCPSEQ)) {
		log_decimal(v, "SEQ=", log_be32(th + 4));
		log_decimal(v, "ACK=", log_be32(th + 8));
	}
	log_decimal(v, "WINDOW=", log_be16(th + 14));
	tcp_flags(v, th);
	log_decimal(v, "URGP=", log_be16(th + 18));
	size = (th[12] >> 4) * 4U;
	if (!log_asked(v, ANSWER_LOG_TCPOPT) || size <= TCP_HEADER)
		return true;
	size -= TCP_HEADER;
	options = log_bytes(v, off + TCP_HEADER, size);
	if (!options) {
		log_puts(v, "OPT (TRUNCATED)");
		return false;
	}
	log_puts(v, "OPT (");
	log_bytes_upper(v, options, size);
	log_puts(v, ") ");
	return true;
}

/* nf_log_dump_udp_header() */
bool log_udp(const struct log_view *v, u8 protocol, bool fragment, u32 off)
{
	const u8 *uh;

	log_puts(v, protocol == IPPROTO_UDP ? "PROTO=UDP " : "PROTO=UDPLITE ");
	if (fragment)
		return true;
	uh = log_bytes(v, off, UDP_HEADER);
	if (!uh) {
		log_incomplete(v, off);
		return false;
	}
	log_decimal(v, "SPT=", log_be16(uh));
	log_decimal(v, "DPT=", log_be16(uh + 2));
	log_decimal(v, "LEN=", log_be16(uh + 4));
	return true;
}

void log_spi(const struct log_view *v, u32 off, u32 at, u32 size)
{
	const u8 *h = log_bytes(v, off, size);

	if (!h) {
		log_incomplete(v, off);
		return;
	}
	log_puts(v, "SPI=0x");
	log_hex(v, log_be32(h + at), 1);
	buffer_putc(v->out, ' ');
}

void log_owner_mark(const struct log_view *v)
{
	const struct answer_record *r = v->r;

	if (log_asked(v, ANSWER_LOG_UID) && r->flags & RECORD_OWNER) {
		log_decimal(v, "UID=", r->uid);
		log_decimal(v, "GID=", r->gid);
	}
	if (r->mark) {
		log_puts(v, "MARK=0x");
		log_hex(v, r->mark, 1);
		buffer_putc(v->out, ' ');
	}
}

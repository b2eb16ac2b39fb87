// SPDX-License-Identifier: GPL-2.0-only
/* IPv4: dump_ipv4_packet(), nf_log_syslog.c. */
#include <netinet/ip_icmp.h>

#include "answer/logtext_internal.h"

#define IP_HEADER 20U
#define ICMP_HEADER 8U
#define AH_HEADER 12U
#define ESP_HEADER 8U
#define TOS_MASK 0x1e
#define PREC_MASK 0xe0
#define FRAG_CE 0x8000
#define FRAG_DF 0x4000
#define FRAG_MF 0x2000
#define FRAG_OFFSET 0x1fff

/* Bytes that must follow the IP header for more than type and code; 0: none are asked for. */
static const u8 icmp_needs[] = {
	[ICMP_ECHOREPLY] = 4,
	[ICMP_DEST_UNREACH] = ICMP_HEADER + IP_HEADER,
	[ICMP_SOURCE_QUENCH] = ICMP_HEADER + IP_HEADER,
	[ICMP_REDIRECT] = ICMP_HEADER + IP_HEADER,
	[ICMP_ECHO] = 4,
	[ICMP_TIME_EXCEEDED] = ICMP_HEADER + IP_HEADER,
	[ICMP_PARAMETERPROB] = ICMP_HEADER + IP_HEADER,
	[ICMP_TIMESTAMP] = 20,
	[ICMP_TIMESTAMPREPLY] = 20,
	[ICMP_ADDRESS] = 12,
	[ICMP_ADDRESSREPLY] = 12,
};

/* The packet that an error quotes; of a quoted error no more. */
static void quote(const struct log_view *v, u32 off, bool quoted)
{
	if (quoted)
		return;
	buffer_putc(v->out, '[');
	log_ipv4(v, off, true);
	log_puts(v, "] ");
}

/* What follows type and code: @ich are the header's 8 bytes. */
static void icmp_details(const struct log_view *v, const u8 *ich, u32 off, bool quoted)
{
	switch (ich[0]) {
	case ICMP_ECHOREPLY:
	case ICMP_ECHO:
		log_decimal(v, "ID=", log_be16(ich + 4));
		log_decimal(v, "SEQ=", log_be16(ich + 6));
		break;
	case ICMP_PARAMETERPROB:
		log_decimal(v, "PARAMETER=", ich[4]);
		break;
	case ICMP_REDIRECT:
		log_puts(v, "GATEWAY=");
		log_address4(v, ich + 4);
		buffer_putc(v->out, ' ');
		quote(v, off + ICMP_HEADER, quoted);
		break;
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_TIME_EXCEEDED:
		quote(v, off + ICMP_HEADER, quoted);
		if (ich[0] == ICMP_DEST_UNREACH && ich[1] == ICMP_FRAG_NEEDED)
			log_decimal(v, "MTU=", log_be16(ich + 6));
		break;
	default:
		break;
	}
}

static void icmp(const struct log_view *v, bool fragment, u32 off, bool quoted)
{
	const u8 *ich;

	log_puts(v, "PROTO=ICMP ");
	if (fragment)
		return;
	ich = log_bytes(v, off, ICMP_HEADER);
	if (!ich) {
		log_incomplete(v, off);
		return;
	}
	log_decimal(v, "TYPE=", ich[0]);
	log_decimal(v, "CODE=", ich[1]);
	if (ich[0] < sizeof(icmp_needs) && v->r->len - off < icmp_needs[ich[0]])
		log_incomplete(v, off);
	else
		icmp_details(v, ich, off, quoted);
}

/* Returns false if the line ends with it. A later fragment of AH has not even "PROTO=". */
static bool protocol(const struct log_view *v, u8 number, bool fragment, u32 off, bool quoted)
{
	switch (number) {
	case IPPROTO_TCP:
		return log_tcp(v, fragment, off);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return log_udp(v, number, fragment, off);
	case IPPROTO_ICMP:
		icmp(v, fragment, off, quoted);
		return true;
	case IPPROTO_AH:
		if (fragment)
			return true;
		log_puts(v, "PROTO=AH ");
		log_spi(v, off, 4, AH_HEADER);
		return true;
	case IPPROTO_ESP:
		log_puts(v, "PROTO=ESP ");
		if (!fragment)
			log_spi(v, off, 0, ESP_HEADER);
		return true;
	default:
		log_decimal(v, "PROTO=", number);
		return true;
	}
}

/* iph_totlen(): 0 stands for the length of what is segmented later and longer than a packet. */
static u32 total_length(const struct log_view *v, const u8 *ih)
{
	u32 len = log_be16(ih + 2);

	return len || ih[9] != IPPROTO_TCP || v->r->len <= UINT16_MAX ? len : v->r->len;
}

static void fixed_fields(const struct log_view *v, const u8 *ih)
{
	u32 frag = log_be16(ih + 6);

	log_puts(v, "SRC=");
	log_address4(v, ih + 12);
	log_puts(v, " DST=");
	log_address4(v, ih + 16);
	buffer_putc(v->out, ' ');
	log_decimal(v, "LEN=", total_length(v, ih));
	log_puts(v, "TOS=0x");
	log_bytes_upper(v, &(u8){ ih[1] & TOS_MASK }, 1);
	log_puts(v, " PREC=0x");
	log_bytes_upper(v, &(u8){ ih[1] & PREC_MASK }, 1);
	log_decimal(v, " TTL=", ih[8]);
	log_decimal(v, "ID=", log_be16(ih + 4));
	if (frag & FRAG_CE)
		log_puts(v, "CE ");
	if (frag & FRAG_DF)
		log_puts(v, "DF ");
	if (frag & FRAG_MF)
		log_puts(v, "MF ");
	if (frag & FRAG_OFFSET)
		log_decimal(v, "FRAG:", frag & FRAG_OFFSET);
}

void log_ipv4(const struct log_view *v, u32 off, bool quoted)
{
	const u8 *ih = log_bytes(v, off, IP_HEADER), *options;
	u32 size;

	if (!ih) {
		log_puts(v, "TRUNCATED");
		return;
	}
	fixed_fields(v, ih);
	size = (ih[0] & 15) * 4U;
	if (log_asked(v, ANSWER_LOG_IPOPT) && size > IP_HEADER) {
		options = log_bytes(v, off + IP_HEADER, size - IP_HEADER);
		if (!options) {
			log_puts(v, "TRUNCATED");
			return;
		}
		log_puts(v, "OPT (");
		log_bytes_upper(v, options, size - IP_HEADER);
		log_puts(v, ") ");
	}
	if (!protocol(v, ih[9], log_be16(ih + 6) & FRAG_OFFSET, off + size, quoted))
		return;
	if (!quoted)
		log_owner_mark(v);
}

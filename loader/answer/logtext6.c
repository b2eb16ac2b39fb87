// SPDX-License-Identifier: GPL-2.0-only
/* IPv6: dump_ipv6_packet(), nf_log_syslog.c. */
#include <netinet/icmp6.h>

#include "answer/logtext_internal.h"

#define IP6_HEADER 40U
#define EXT_HEADER 2U
#define FRAG_HEADER 8U
#define AH_HEADER 12U
#define ESP_HEADER 8U
#define ICMP6_HEADER 8U
#define FRAG_OFFSET 0xfff8
#define FRAG_FOLLOWS 1

/* Where the walk over extension headers is. */
struct walk {
	const struct log_view *v;
	u32 off;
	u8 next;       /* what is at @off */
	bool fragment; /* a later one: no transport header follows */
	bool options;  /* their contents are asked for */
};

static void address6(const struct log_view *v, const u8 *p)
{
	int i;

	for (i = 0; i < 16; i += 2) {
		if (i)
			buffer_putc(v->out, ':');
		log_hex(v, log_be16(p + i), 4);
	}
}

/* Returns the header's bytes, 0: the line ends. */
static u32 fragment(struct walk *w)
{
	const u8 *fh = log_bytes(w->v, w->off, FRAG_HEADER);
	u32 at;

	log_puts(w->v, "FRAG:");
	if (!fh) {
		log_puts(w->v, "TRUNCATED ");
		return 0;
	}
	at = log_be16(fh + 2);
	log_decimal(w->v, "", at & FRAG_OFFSET);
	if (at & FRAG_FOLLOWS)
		log_puts(w->v, "INCOMPLETE ");
	log_puts(w->v, "ID:");
	log_hex(w->v, log_be32(fh + 4), 8);
	log_puts(w->v, " ");
	if (at & FRAG_OFFSET)
		w->fragment = true;
	return FRAG_HEADER;
}

/* AH or ESP with its options asked for. Returns false if the line ends. */
static bool security(struct walk *w, const char *name, u32 at, u32 size)
{
	const u8 *h = log_bytes(w->v, w->off, size);

	log_puts(w->v, name);
	if (w->fragment) {
		log_puts(w->v, ")");
		return false;
	}
	log_spi(w->v, w->off, at, size);
	if (!h)
		log_puts(w->v, ")");
	return h;
}

/* Returns the bytes of the extension header @h, 0: the line ends. */
static u32 extension(struct walk *w, const u8 *h)
{
	switch (w->next) {
	case IPPROTO_FRAGMENT:
		return fragment(w);
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		if (!w->fragment)
			return (h[1] + 1U) * 8;
		if (w->options)
			log_puts(w->v, ")");
		return 0;
	case IPPROTO_AH:
		if (w->options && !security(w, "AH ", 4, AH_HEADER))
			return 0;
		return (h[1] + 2U) * 4;
	default: /* ESP: what follows cannot be read */
		if (w->options && security(w, "ESP ", 0, ESP_HEADER))
			log_puts(w->v, ")");
		return 0;
	}
}

/* nf_ip6_ext_hdr() but for "none" */
static bool is_extension(u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT ||
	       next == IPPROTO_ESP || next == IPPROTO_AH || next == IPPROTO_DSTOPTS;
}

/* Returns false if the line ends before the transport header. */
static bool extensions(struct walk *w)
{
	const u8 *h;
	u32 size;

	while (is_extension(w->next)) {
		h = log_bytes(w->v, w->off, EXT_HEADER);
		if (!h) {
			log_puts(w->v, "TRUNCATED");
			return false;
		}
		if (w->options)
			log_puts(w->v, "OPT ( ");
		size = extension(w, h);
		if (!size)
			return false;
		if (w->options)
			log_puts(w->v, ") ");
		w->next = h[0];
		w->off += size;
	}
	return true;
}

/* What follows type and code: @ic are the header's 8 bytes. */
static void icmp_details(const struct log_view *v, const u8 *ic, u32 off, bool quoted)
{
	switch (ic[0]) {
	case ICMP6_ECHO_REQUEST:
	case ICMP6_ECHO_REPLY:
		log_decimal(v, "ID=", log_be16(ic + 4));
		log_decimal(v, "SEQ=", log_be16(ic + 6));
		break;
	case ICMP6_PARAM_PROB:
	case ICMP6_DST_UNREACH:
	case ICMP6_PACKET_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
		if (ic[0] == ICMP6_PARAM_PROB) {
			log_puts(v, "POINTER=");
			log_hex(v, log_be32(ic + 4), 8);
			buffer_putc(v->out, ' ');
		}
		if (!quoted) {
			buffer_putc(v->out, '[');
			log_ipv6(v, off + ICMP6_HEADER, true);
			log_puts(v, "] ");
		}
		if (ic[0] == ICMP6_PACKET_TOO_BIG)
			log_decimal(v, "MTU=", log_be32(ic + 4));
		break;
	default:
		break;
	}
}

/* Returns false if the line ends with it. */
static bool icmp(const struct walk *w, bool quoted)
{
	const u8 *ic;

	log_puts(w->v, "PROTO=ICMPv6 ");
	if (w->fragment)
		return true;
	ic = log_bytes(w->v, w->off, ICMP6_HEADER);
	if (!ic) {
		log_incomplete(w->v, w->off);
		return false;
	}
	log_decimal(w->v, "TYPE=", ic[0]);
	log_decimal(w->v, "CODE=", ic[1]);
	icmp_details(w->v, ic, w->off, quoted);
	return true;
}

static bool protocol(const struct walk *w, bool quoted)
{
	switch (w->next) {
	case IPPROTO_TCP:
		return log_tcp(w->v, w->fragment, w->off);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return log_udp(w->v, w->next, w->fragment, w->off);
	case IPPROTO_ICMPV6:
		return icmp(w, quoted);
	default:
		log_decimal(w->v, "PROTO=", w->next);
		return true;
	}
}

/* ipv6_payload_len() and the header: 0 stands for what is segmented later, as in IPv4. */
static u32 total_length(const struct log_view *v, const u8 *ih)
{
	u32 len = log_be16(ih + 4);

	if (!len && v->r->len > UINT16_MAX + IP6_HEADER)
		return v->r->len;
	return len + IP6_HEADER;
}

void log_ipv6(const struct log_view *v, u32 off, bool quoted)
{
	const u8 *ih = log_bytes(v, off, IP6_HEADER);
	struct walk w = { .v = v, .off = off + IP6_HEADER };

	if (!ih) {
		log_puts(v, "TRUNCATED");
		return;
	}
	log_puts(v, "SRC=");
	address6(v, ih + 8);
	log_puts(v, " DST=");
	address6(v, ih + 24);
	log_decimal(v, " LEN=", total_length(v, ih));
	log_decimal(v, "TC=", log_be32(ih) >> 20 & 0xff);
	log_decimal(v, "HOPLIMIT=", ih[7]);
	log_decimal(v, "FLOWLBL=", log_be32(ih) & 0xfffff);
	w.next = ih[6];
	w.options = log_asked(v, ANSWER_LOG_IPOPT);
	if (extensions(&w) && protocol(&w, quoted) && !quoted)
		log_owner_mark(v);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "answer/logtext.h"

#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "answer/logtext_internal.h"

#define ETH_ADDRESS 6U
#define ETH_HEADER 14U

/* The first release that names AE, as 0x(major)(minor): see struct tcphdr, linux/tcp.h. */
#define AE_SINCE 0x60f

bool log_names_ae(const char *release)
{
	unsigned long major, minor = 0;
	char *end;

	major = strtoul(release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	if (minor > 0xff)
		minor = 0xff;
	return major > AE_SINCE >> 8 || (major == AE_SINCE >> 8 && minor >= (AE_SINCE & 0xff));
}

/*
 * log_prefix() - what printk() takes for a level at the start of a message it takes there, however
 * often it comes, and so also at the start of a prefix (printk_parse_prefix(), printk_sprint()).
 */
static void log_prefix(const struct log_view *v)
{
	const char *s = v->r->rule.prefix;
	size_t n = strnlen(s, ANSWER_PREFIX);

	while (n >= 2 && s[0] == '\001' && ((s[1] >= '0' && s[1] <= '7') || s[1] == 'c')) {
		s += 2;
		n -= 2;
	}
	buffer_add(v->out, s, n);
}

static void device(const struct log_view *v, const char *name, const struct record_device *d)
{
	log_puts(v, name);
	buffer_add(v->out, d->name, strnlen(d->name, sizeof(d->name)));
	buffer_putc(v->out, ' ');
}

static bool no_device(const struct record_device *d)
{
	return !d->name[0];
}

/* A port of a bridge is named if the device is not the port itself. */
static void port(const struct log_view *v, const char *name, const struct record_device *d,
		 const struct record_device *above)
{
	if (!no_device(d) &&
	    (d->index != above->index || memcmp(d->name, above->name, sizeof(d->name))))
		device(v, name, d);
}

/* nf_log_dump_packet_common() */
static void devices(const struct log_view *v)
{
	const struct answer_record *r = v->r;

	device(v, "IN=", &r->in);
	device(v, "OUT=", &r->out);
	if (!(r->flags & RECORD_BRIDGED))
		return;
	port(v, "PHYSIN=", &r->phys_in, &r->in);
	port(v, "PHYSOUT=", &r->phys_out, &r->out);
}

static void mac_bytes(const struct log_view *v, const u8 *p, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (i)
			buffer_putc(v->out, ':');
		log_hex(v, p[i], 2);
	}
}

/* dump_mac_header(), NF_LOG_MACDECODE; the tag beside the packet is told only here. */
static void mac_decoded(const struct log_view *v)
{
	const struct answer_record *r = v->r;

	if (!(r->flags & RECORD_MAC) || r->mac_len < ETH_HEADER)
		return;
	log_puts(v, "MACSRC=");
	mac_bytes(v, r->mac + ETH_ADDRESS, ETH_ADDRESS);
	log_puts(v, " MACDST=");
	mac_bytes(v, r->mac, ETH_ADDRESS);
	if (r->vlan_proto) {
		log_puts(v, " VPROTO=");
		log_hex(v, r->vlan_proto, 4);
		buffer_putc(v->out, ' ');
		log_decimal(v, "VID=", r->vlan);
		log_puts(v, "MACPROTO=");
	} else {
		log_puts(v, " MACPROTO=");
	}
	log_hex(v, log_be16(r->mac + 2 * ETH_ADDRESS), 4);
	buffer_putc(v->out, ' ');
}

/*
 * dump_mac_header(): of the device's header as many bytes as its headers have, whether the packet's
 * has more or fewer. The case of ARPHRD_SIT there cannot come about: SIT devices have no header.
 */
static void mac_header(const struct log_view *v)
{
	const struct answer_record *r = v->r;

	if (log_asked(v, ANSWER_LOG_MACDECODE) && r->in.type == ARPHRD_ETHER) {
		mac_decoded(v);
		return;
	}
	log_puts(v, "MAC=");
	if (r->flags & RECORD_MAC)
		mac_bytes(v, r->mac, r->mac_len < ANSWER_MAC ? r->mac_len : ANSWER_MAC);
	buffer_putc(v->out, ' ');
}

void log_text(const struct answer_record *r, bool names_ae, struct buffer *out)
{
	struct log_view v = { r, out, names_ae };
	size_t start = out->len;

	log_prefix(&v);
	devices(&v);
	if (!no_device(&r->in))
		mac_header(&v);
	if (r->family)
		log_ipv6(&v, 0, false);
	else
		log_ipv4(&v, 0, false);
	if (out->len - start > LOG_LINE_MAX) {
		out->len = start + LOG_LINE_MAX;
		out->data[out->len] = '\0';
	}
}

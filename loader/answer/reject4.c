// SPDX-License-Identifier: GPL-2.0-only
/* net/ipv4/netfilter/nf_reject_ipv4.c, net/ipv4/netfilter/ipt_REJECT.c, net/ipv4/icmp.c */
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <string.h>

#include "answer/reject_internal.h"
#include "rules/ruleset.h"

#define IPV4_OFFSET 0x1fffU /* of a fragment */
#define IPV4_DF 0x4000U
/* IPTOS_TOS_MASK, IPTOS_PREC_INTERNETCONTROL */
#define TOS_KEPT 0x1eU
#define TOS_CONTROL 0xc0U
#define ICMP_REPLY 576U /* bytes of an ICMP error, RFC 1812 */
#define DAY_MS 86400000LL

#define RT_BROADCAST 0x10000000U
#define RT_MULTICAST 0x20000000U
#define RT_LOCAL 0x80000000U

/* reject_tg(): ICMP codes by type. */
static const u8 codes[] = {
	[REJECT4_NET_UNREACHABLE] = 0,	 [REJECT4_HOST_UNREACHABLE] = 1,
	[REJECT4_PROTO_UNREACHABLE] = 2, [REJECT4_PORT_UNREACHABLE] = 3,
	[REJECT4_NET_PROHIBITED] = 9,	 [REJECT4_HOST_PROHIBITED] = 10,
	[REJECT4_ADMIN_PROHIBITED] = 13,
};

/*
 * icmp_pointers[].error, as bits: 1 to 7 and 9 to 12, so those without a meaning count as errors,
 * and so do types above NR_ICMP_TYPES.
 */
#define ICMP_ERRORS 0x1efeU
#define ICMP_LAST 18U

/*
 * Senders that no route leads back to. Received packets do not have them: ip_route_input_slow()
 * (net/ipv4/route.c) drops them as martians; a sender on this host can forge them.
 */
static bool nobody(const u8 *address)
{
	return address[0] == 0 || (address[0] & 0xf0) == 224 || get_be32(address) == ~0U;
}

static void header(struct reply *reply, const u8 *source, const u8 *to, u8 ttl)
{
	u8 *p = reply->data;

	memset(p, 0, IPV4_HEADER);
	p[8] = ttl;
	if (source)
		memcpy(p + 12, source, 4);
	memcpy(p + 16, to, 4);
	reply->header_len = IPV4_HEADER;
}

static void header_end(struct reply *reply)
{
	reply->data[0] = (u8)(4 << 4 | reply->header_len / 4);
	reply->data[9] = reply->protocol;
	put_be16(reply->data + 2, reply->len);
}

/* nf_send_reset() */
static enum reject_result reset(const struct answer_record *r, const struct reject_settings *s,
				size_t ihl, struct reply *reply)
{
	const u8 *ip = r->data, *tcp = record_at(r, ihl, TCP_HEADER);

	if (ip[9] != IPPROTO_TCP || !tcp || tcp[13] & TCP_RST)
		return REJECT_NOT_DUE;
	header(reply, ip + 16, ip + 12, s->ttl);
	put_be16(reply->data + 6, IPV4_DF);
	reject_reset(r, tcp, ihl, reply);
	header_end(reply);
	return REJECT_SEND;
}

/* icmp_send(): no error about an error; a type that is not there counts as one. */
static bool about_error(const struct answer_record *r, size_t ihl)
{
	const u8 *icmp = record_at(r, ihl, 1);

	if (r->data[9] != IPPROTO_ICMP)
		return false;
	return !icmp || *icmp > ICMP_LAST || ICMP_ERRORS >> *icmp & 1;
}

/* icmp_send(): the address that the packet was for if it is this host's, else by route. */
static const u8 *source(const struct answer_record *r, const struct reject_settings *s,
			struct reply *reply)
{
	if (r->route_flags & RT_LOCAL)
		return r->data + 16;
	if (s->inbound_ifaddr && r->hook != HOOK_OUTPUT && r->in.index) {
		reply->source_device = r->in.index;
		reply->source_wanted = true;
	}
	return NULL;
}

/*
 * The device that a packet comes in by is exempt from the limit to all if it is the loopback
 * device, where it goes out by from that to one host. What meets REJECT in OUTPUT has no device
 * yet, and its reply stays here.
 */
static u8 limits(const struct answer_record *r)
{
	if (r->hook == HOOK_OUTPUT)
		return REPLY_LIMIT_ALL;
	return r->in.type == ARPHRD_LOOPBACK ? 0 : REPLY_LIMIT_ALL | REPLY_LIMIT_HOST;
}

static u32 of_day(const struct answer_record *r, const struct reject_settings *s)
{
	int64_t ms = ((int64_t)(r->time / 1000) + s->wall_offset / 1000) / 1000 % DAY_MS;

	return (u32)(ms < 0 ? ms + DAY_MS : ms);
}

/*
 * icmp_xmit_lock(): while the kernel sends ICMP itself (icmp_reply()), which no one owns, its
 * socket is locked, and an error about that cannot be sent.
 */
static bool locked(const struct answer_record *r)
{
	return r->hook == HOOK_OUTPUT && r->data[9] == IPPROTO_ICMP && !(r->flags & RECORD_OWNER);
}

/* nf_send_unreach(), icmp_send() */
static enum reject_result unreachable(const struct answer_record *r,
				      const struct reject_settings *s, size_t ihl,
				      struct reply *reply)
{
	const u8 *ip = r->data, *from;

	if (r->pkt_type != PACKET_HOST || about_error(r, ihl) || locked(r))
		return REJECT_NOT_DUE;
	from = source(r, s, reply);
	header(reply, from, ip + 12, s->ttl);
	reply->data[1] = (u8)((ip[1] & TOS_KEPT) | TOS_CONTROL);
	reply->protocol = IPPROTO_ICMP;
	reply->limits = limits(r);
	if (reject_options(r, ihl, of_day(r, s), reply))
		return REJECT_NOT_DUE;
	if (!from && reply->nr_address)
		reply->source_wanted = true;
	reject_quote(r, ICMP_DEST_UNREACH, codes[r->rule.type],
		     ICMP_REPLY - reply->header_len - ICMP_HEADER, reply);
	header_end(reply);
	return REJECT_SEND;
}

enum reject_result reject4_build(const struct answer_record *r, const struct reject_settings *s,
				 struct reply *reply)
{
	const u8 *ip = record_at(r, 0, IPV4_HEADER);
	size_t ihl;

	if (!ip || ip[0] >> 4 != 4)
		return REJECT_NOT_DUE;
	ihl = (ip[0] & 15U) * 4;
	if (ihl < IPV4_HEADER || !record_at(r, 0, ihl))
		return REJECT_NOT_DUE;
	if (get_be16(ip + 6) & IPV4_OFFSET || r->flags & RECORD_BAD_CHECKSUM ||
	    !(r->flags & RECORD_ROUTE) || r->route_flags & (RT_BROADCAST | RT_MULTICAST) ||
	    nobody(ip + 12))
		return REJECT_NOT_DUE;
	return r->rule.type == REJECT4_TCP_RESET ? reset(r, s, ihl, reply) :
						   unreachable(r, s, ihl, reply);
}

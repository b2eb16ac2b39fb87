// SPDX-License-Identifier: GPL-2.0-only
/* net/ipv6/netfilter/nf_reject_ipv6.c, net/ipv6/netfilter/ip6t_REJECT.c, net/ipv6/icmp.c */
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <string.h>

#include "answer/reject_internal.h"
#include "rules/ruleset.h"

#define ICMP6_REPLY 1280U /* bytes of an ICMPv6 error: IPV6_MIN_MTU */
#define ICMP6_INFO 0x80U /* types that are no errors */

/* rt6_flags (linux/ipv6_route.h) */
#define RT6_ANYCAST 0x00100000U
#define RT6_LOCAL 0x80000000U

/* Bits of a flow label; the one that IPV6_FLOWLABEL_STATELESS_FLAG sets. */
#define FLOW_LABEL 0xfffffU
#define FLOW_STATELESS 0x80000U

/* reject_tg6(): ICMPv6 codes by type. */
static const u8 codes[] = {
	[REJECT6_NO_ROUTE] = 0,		[REJECT6_ADM_PROHIBITED] = 1,
	[REJECT6_ADDR_UNREACHABLE] = 3, [REJECT6_PORT_UNREACHABLE] = 4,
	[REJECT6_POLICY_FAIL] = 5,	[REJECT6_REJECT_ROUTE] = 6,
};

enum walk_result exthdr_skip(struct exthdr_walk *w, const u8 *data, size_t captured, size_t len)
{
	const u8 *p;
	size_t need;

	w->fragment = 0;
	for (;;) {
		switch (w->protocol) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_FRAGMENT:
		case IPPROTO_AH:
		case IPPROTO_DSTOPTS:
			break;
		case IPPROTO_NONE:
			return WALK_BROKEN;
		default:
			return WALK_DONE;
		}
		need = w->protocol == IPPROTO_FRAGMENT ? 4 : 2;
		if (w->off > len || len - w->off < need)
			return WALK_BROKEN;
		if (w->off > captured || captured - w->off < need)
			return WALK_UNKNOWN;
		p = data + w->off;
		if (w->protocol == IPPROTO_FRAGMENT) {
			w->fragment = get_be16(p + 2);
			if (w->fragment & ~7U)
				return WALK_DONE;
			w->off += 8;
		} else {
			w->off += w->protocol == IPPROTO_AH ? (p[1] + 2U) * 4 : (p[1] + 1U) * 8;
		}
		w->protocol = p[0];
	}
}

static enum walk_result walk(struct exthdr_walk *w, const struct answer_record *r)
{
	w->protocol = r->data[6];
	w->off = IPV6_HEADER;
	return exthdr_skip(w, r->data, r->captured, r->len);
}

static bool all_zero(const u8 *p, size_t n)
{
	while (n--) {
		if (*p++)
			return false;
	}
	return true;
}

static bool is_multicast(const u8 *a)
{
	return a[0] == 0xff;
}

static bool is_link_local(const u8 *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* ipv6_addr_type() & IPV6_ADDR_UNICAST: neither ::, nor a mapped IPv4 address. */
static bool is_unicast(const u8 *a)
{
	if (is_multicast(a))
		return false;
	if (!all_zero(a, 8))
		return true;
	return get_be32(a + 8) != 0xffff && !all_zero(a + 8, 8);
}

/* ip6_dst_hoplimit() of a route that says nothing itself, on the way the packet came. */
static u8 hop_limit(const struct answer_record *r, const struct reject_settings *s)
{
	const char *name = r->hook == HOOK_OUTPUT ? "lo" : r->in.name;
	unsigned int i;

	for (i = 0; i < s->nr_devices; i++) {
		if (!strcmp(s->device[i].name, name))
			return s->device[i].hop_limit;
	}
	return s->hop_limit;
}

/* icmp6_iif(): the real device; behind the loopback device it is not known. */
static u32 scope(const struct answer_record *r)
{
	const struct record_device *d = r->hook == HOOK_OUTPUT ? &r->out : &r->in;

	return is_link_local(r->data + 8) && d->type != ARPHRD_LOOPBACK ? d->index : 0;
}

static void header(const struct answer_record *r, const struct reject_settings *s, u32 label,
		   const u8 *source, struct reply *reply)
{
	u8 *p = reply->data;

	memset(p, 0, IPV6_HEADER);
	put_be32(p, 6U << 28 | label);
	p[7] = hop_limit(r, s);
	if (source)
		memcpy(p + 8, source, 16);
	memcpy(p + 24, r->data + 8, 16);
	reply->header_len = IPV6_HEADER;
	reply->oif_scope = scope(r);
}

static void header_end(struct reply *reply)
{
	put_be16(reply->data + 4, (u32)reply->len - IPV6_HEADER);
	reply->data[6] = reply->protocol;
}

/* nf_send_reset6(), nf_reject_ip6_tcphdr_get() */
static enum reject_result reset(const struct answer_record *r, const struct reject_settings *s,
				struct reply *reply)
{
	struct exthdr_walk w;
	const u8 *tcp;

	if (!is_unicast(r->data + 8) || !is_unicast(r->data + 24) || walk(&w, r) != WALK_DONE ||
	    w.protocol != IPPROTO_TCP)
		return REJECT_NOT_DUE;
	tcp = record_at(r, w.off, TCP_HEADER);
	if (!tcp || tcp[13] & TCP_RST)
		return REJECT_NOT_DUE;
	header(r, s, 0, r->data + 24, reply);
	reject_reset(r, tcp, w.off, reply);
	header_end(reply);
	return REJECT_SEND;
}

/*
 * icmpv6_xmit_lock(): while the kernel sends ICMPv6 itself, which no one owns, its socket is
 * locked, and an error about that cannot be sent. Neighbour discovery has another socket.
 */
static bool locked(const struct answer_record *r, u8 type)
{
	return r->hook == HOOK_OUTPUT && !(r->flags & RECORD_OWNER) &&
	       (type < ND_ROUTER_SOLICIT || type > ND_REDIRECT);
}

/*
 * reject6_csum_ok(): headers that cannot be walked count as a wrong checksum, except where none is
 * looked at. is_ineligible(): no error about an error, nor about ICMPv6 that cannot be seen.
 */
static bool eligible(const struct answer_record *r)
{
	struct exthdr_walk w;
	enum walk_result result = walk(&w, r);
	const u8 *icmp;

	if (result == WALK_UNKNOWN)
		return false;
	if (!(r->flags & RECORD_PARTIAL) &&
	    (result != WALK_DONE || w.off >= r->len || w.fragment & ~7U))
		return false;
	if (result != WALK_DONE || w.protocol != IPPROTO_ICMPV6)
		return true;
	icmp = record_at(r, w.off, 1);
	if (icmp)
		return *icmp & ICMP6_INFO && !locked(r, *icmp);
	return w.fragment && w.off >= r->len;
}

/*
 * icmp6_send(): the address that the packet was for if it is this host's, or anycast. An address of
 * another link than the device's is not (ipv6_chk_addr()), and the loopback device has none.
 */
static const u8 *source(const struct answer_record *r)
{
	const u8 *to = r->data + 24;
	bool loopback = r->hook == HOOK_OUTPUT || r->in.type == ARPHRD_LOOPBACK;

	if (!(r->flags & RECORD_ROUTE) || !(r->route_flags & (RT6_LOCAL | RT6_ANYCAST)) ||
	    (loopback && is_link_local(to)))
		return NULL;
	return to;
}

/* ip6_make_flowlabel(): a hash of the flow, which a random key keeps from being foreseen. */
static u32 flow_label(const struct answer_record *r, const struct reject_settings *s)
{
	u32 label;

	if (!s->flow_labels)
		return 0;
	label = (u32)keyed_hash(s->key, r->data + 8, 32) & FLOW_LABEL;
	return s->flow_label_ranges ? label | FLOW_STATELESS : label;
}

/* nf_send_unreach6(), icmp6_send() */
static enum reject_result unreachable(const struct answer_record *r,
				      const struct reject_settings *s, struct reply *reply)
{
	const u8 *from;

	if (r->pkt_type != PACKET_HOST || is_multicast(r->data + 24) || is_multicast(r->data + 8) ||
	    all_zero(r->data + 8, 16) || !eligible(r))
		return REJECT_NOT_DUE;
	from = source(r);
	header(r, s, flow_label(r, s), from, reply);
	if (!from) {
		reply->source_wanted = true;
		if (r->hook != HOOK_OUTPUT && r->in.type != ARPHRD_LOOPBACK)
			reply->source_device = r->in.index;
	}
	reply->protocol = IPPROTO_ICMPV6;
	/* OUTPUT: the packet counts as one of the loopback device, which is exempt. */
	if (r->hook != HOOK_OUTPUT && r->in.type != ARPHRD_LOOPBACK)
		reply->limits = REPLY_LIMIT_ALL | REPLY_LIMIT_HOST;
	reject_quote(r, ICMP6_DST_UNREACH, codes[r->rule.type],
		     ICMP6_REPLY - IPV6_HEADER - ICMP_HEADER, reply);
	header_end(reply);
	return REJECT_SEND;
}

enum reject_result reject6_build(const struct answer_record *r, const struct reject_settings *s,
				 struct reply *reply)
{
	const u8 *ip = record_at(r, 0, IPV6_HEADER);

	if (!ip || ip[0] >> 4 != 6 || r->flags & RECORD_BAD_CHECKSUM)
		return REJECT_NOT_DUE;
	return r->rule.type == REJECT6_TCP_RESET ? reset(r, s, reply) : unreachable(r, s, reply);
}

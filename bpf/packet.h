/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_PACKET_H
#define BPF_PACKET_H

#include "bpf/portable.h"

/*
 * Headers -> struct packet: what the rules can ask for, read once per packet. The same source runs
 * in the kernel and in user space; only struct reader differs (bpf/portable.h).
 *
 * "Can this header be read" follows ip_tables.c, ip6_tables.c and xt_tcpudp.c: a header counts as
 * readable if it lies inside skb->len, wherever the bytes are (skb_header_pointer()).
 */

enum l4_state {
	L4_READABLE,		/* ports, type and code, flags are valid, if any */
	L4_FRAGMENT,		/* a later fragment: tcp, udp and icmp matches do not match */
	L4_SHORT,		/* truncated, or TCP in a fragment at offset 1: such matches drop */
};

#define PACKET_FRAGMENT		(1U << 0)	/* IPv4: fragment offset not 0 (-f) */
#define PACKET_UNPARSED		(1U << 1)	/* IPv6: the chain of headers cannot be read */

/* struct packet.own: the companion has sent it. */
#define OWN_SENT	1U	/* it leaves: its socket is the companion's */
#define OWN_RECEIVED	2U	/* it comes in by the loopback device */
#define OWN_MARKED	4U	/* with companion.mark */
#define OWN_RELATED	8U	/* it answers a packet that had a connection */

struct packet {
	union {
		u32 key[16];
		struct {
			u32 src[4], dst[4];	/* host order words; IPv4 uses the first */
			u32 sport, dport;	/* host order; ICMP: 0 and type << 8 | code */
			u32 proto;	/* IPv6: the last header (ipv6_find_hdr(-1)) */
			u32 in, out;	/* intervals of the interface names */
			u32 ct;		/* CT_* bits, always at least one state */
			u32 len;	/* what iptables counts: skb->len */
			u32 unknown;	/* bit by dimension: rules that ask for it may drop */
		};
	};
	u8 family;		/* 0 IPv4, 1 IPv6 */
	u8 l4;			/* enum l4_state */
	u8 flags;		/* PACKET_* */
	u8 tcp_flags;		/* byte 13 of the TCP header */
	u8 ports;		/* enum l4_state for who needs no more than the ports */
	u8 table;		/* 0 filter, 1 raw */
	u8 own;			/* OWN_* (packet_own()) */
	u8 pad;
	u32 l4_at;		/* offset of the transport header from the network header */
#ifdef EVALUATOR_EXTENDED
	u64 scratch[13];		/* of the op that is asked: stack is short */
#endif
};

#define IPPROTO_HOPOPTS_	0
#define IPPROTO_ICMP_		1
#define IPPROTO_TCP_		6
#define IPPROTO_UDP_		17
#define IPPROTO_DCCP_		33
#define IPPROTO_ROUTING_	43
#define IPPROTO_FRAGMENT_	44
#define IPPROTO_ESP_		50
#define IPPROTO_AH_		51
#define IPPROTO_ICMPV6_		58
#define IPPROTO_NONE_		59
#define IPPROTO_DSTOPTS_	60
#define IPPROTO_COMP_		108
#define IPPROTO_SCTP_		132
#define IPPROTO_MH_		135
#define IPPROTO_UDPLITE_	136

/* A packet of 64 KiB has room for no more headers than this. */
#define IPV6_HEADERS_MAX	8192

/*
 * What a match of that protocol has to be able to read: tcphdr, udphdr, icmphdr, ip_auth_hdr,
 * ip6_mh and so on; of UDP-Lite only multiport reads, and only the ports.
 */
static __always_inline u32 header_size(u32 proto)
{
	switch (proto) {
	case IPPROTO_TCP_:
		return 20;
	case IPPROTO_UDP_:
	case IPPROTO_ICMP_:
	case IPPROTO_ICMPV6_:
	case IPPROTO_ESP_:
		return 8;
	case IPPROTO_SCTP_:
	case IPPROTO_DCCP_:
	case IPPROTO_AH_:
		return 12;
	case IPPROTO_MH_:
		return 6;
	case IPPROTO_UDPLITE_:
	case IPPROTO_COMP_:
		return 4;
	}
	return 0;
}

/*
 * The transport header at @off. xt_tcpudp.c asks for the whole header before it looks at a port,
 * xt_multiport.c for the four bytes of the ports.
 */
static __always_inline int packet_l4(hook_ctx *ctx, const struct reader *r, struct packet *p,
				     u32 off)
{
	u32 proto, size, w[1];

	proto = p->proto;
	size = header_size(proto);
	if (!size)
		return 0;
	if ((u64)off + size > r->len)
		p->l4 = L4_SHORT;
	if ((u64)off + 4 > r->len || read_words(ctx, r, off, w, 1)) {
		p->l4 = L4_SHORT;
		p->ports = L4_SHORT;
		return 0;
	}
	p->sport = net32(w[0]) >> 16;
	p->dport = net32(w[0]) & 0xffff;
	if (proto == IPPROTO_ICMP_ || proto == IPPROTO_ICMPV6_) {
		p->dport = p->sport;
		p->sport = 0;
	}
	if (proto != IPPROTO_TCP_ || p->l4 == L4_SHORT)
		return 0;
	if (read_words(ctx, r, off + 12, w, 1)) {
		p->l4 = L4_SHORT;
		return 0;
	}
	p->tcp_flags = (u8)(net32(w[0]) >> 16);
	return 0;
}

/*
 * IPv4: ip_packet_match() and ipt_do_table(). Returns where the transport header is: at ihl * 4,
 * even if ihl < 5.
 */
static __always_inline int packet_ipv4(hook_ctx *ctx, const struct reader *r, struct packet *p)
{
	u32 w[5], fragment;

	if (r->len < 20 || read_words(ctx, r, 0, w, 5))
		return -1;
	p->src[0] = net32(w[3]);
	p->dst[0] = net32(w[4]);
	p->proto = (net32(w[2]) >> 16) & 255;
	fragment = net32(w[1]) & 0x1fff;
	if (fragment) {
		p->flags |= PACKET_FRAGMENT;
		/* xt_tcpudp.c: offset 1 overwrites the flags of a TCP header, "hotdrop" */
		p->l4 = fragment == 1 && p->proto == IPPROTO_TCP_ ? L4_SHORT : L4_FRAGMENT;
		p->ports = L4_FRAGMENT;
	}
	return (int)((net32(w[0]) >> 24) & 15) * 4;
}

static __always_inline int is_extension(u32 next)
{
	return next == IPPROTO_HOPOPTS_ || next == IPPROTO_ROUTING_ ||
	       next == IPPROTO_FRAGMENT_ || next == IPPROTO_AH_ || next == IPPROTO_NONE_ ||
	       next == IPPROTO_DSTOPTS_;
}

/* Bytes of extension header @next, whose second byte is @len: ipv6_authlen(), ipv6_optlen(). */
static __always_inline u32 extension_length(u32 next, u32 len)
{
	if (next == IPPROTO_FRAGMENT_)
		return 8;
	return next == IPPROTO_AH_ ? (len + 2) * 4 : (len + 1) * 8;
}

enum header_result {
	HEADER_FOUND,		/* the last one: the protocol */
	HEADER_FRAGMENT,	/* a later fragment: what follows is data of that protocol */
	HEADER_UNREADABLE,
	HEADER_MORE,
};

/*
 * header_next() - one header of ipv6_find_hdr(skb, &off, -1, &fragoff, NULL),
 * net/ipv6/exthdrs_core.c. Returns the next header's number | its offset from this one << 8 | enum
 * header_result << 32.
 */
static __always_inline u64 header_next(hook_ctx *ctx, const struct reader *r, u32 next, u32 off)
{
	u64 result = HEADER_MORE;
	u16 w[2] = { 0 };
	u32 need = 1, len;

	if (!is_extension(next) || next == IPPROTO_NONE_)
		return next | (u64)HEADER_FOUND << 32;
	if (next == IPPROTO_ROUTING_ || next == IPPROTO_FRAGMENT_)
		need = 2;
	if ((u64)off + need * 2 > r->len || read_halves(ctx, r, off, w, need))
		return next | (u64)HEADER_UNREADABLE << 32;
	len = net16(w[0]) & 255;
	if (next == IPPROTO_FRAGMENT_ && (net16(w[1]) & 0xfff8))
		result = HEADER_FRAGMENT;
	len = extension_length(next, len);
	next = net16(w[0]) >> 8;
	/*
	 * Since 2026 in the stable kernels, too; before, a last header could be longer than the
	 * packet.
	 */
	if (result == HEADER_MORE && r->len - off < len)
		result = HEADER_UNREADABLE;
	/* In a later fragment nothing more can be walked. */
	if (result == HEADER_FRAGMENT && is_extension(next) && next != IPPROTO_NONE_)
		result = HEADER_UNREADABLE;
	return next | len << 8 | result << 32;
}

struct header_walk {
	hook_ctx *ctx;
	const struct reader *r;
	u32 off;
	u32 next;
	u32 result;
	u32 pad;
};

static long header_step(u32 i, struct header_walk *h)
{
	u64 n = header_next(h->ctx, h->r, h->next, h->off);

	(void)i;
	h->next = n & 255;
	h->off += (u32)n >> 8;
	h->result = (u32)(n >> 32);
	return h->result != HEADER_MORE;
}

/*
 * IPv6. ip6tables finds the protocol only in rules that have -p (also -p all); so an unreadable
 * chain is a flag here, and drops where such a rule is reached (TRAIT_PARSED, OP_PARSED).
 */
verified_once int packet_ipv6(hook_ctx *ctx, const struct reader *r, struct packet *p)
{
	struct header_walk h = { .ctx = ctx, .r = r, .off = 40 };
	u32 first;
	int i;

	if (!r || !p)
		return -1;
	if (r->len < 40 || read_words(ctx, r, 4, &first, 1) || read_words(ctx, r, 8, p->src, 4) ||
	    read_words(ctx, r, 24, p->dst, 4))
		return -1;
	for (i = 0; i < 4; i++) {
		p->src[i] = net32(p->src[i]);
		p->dst[i] = net32(p->dst[i]);
	}
	h.next = (net32(first) >> 8) & 255;
	if (is_extension(h.next))
		portable_loop(IPV6_HEADERS_MAX, header_step, &h);
	p->proto = h.next & 255;
	if (h.result == HEADER_FRAGMENT) {
		p->l4 = L4_FRAGMENT;
	} else if (h.result != HEADER_FOUND) {
		p->flags |= PACKET_UNPARSED;
		p->l4 = L4_SHORT;
	}
	p->ports = p->l4;
	return (int)h.off;
}

/* Where the packet does not say it, rules that ask may drop: no tree may hide them. */
static __always_inline u32 packet_unknown(const struct packet *p)
{
	u32 unknown = 0;

	if (p->l4 == L4_SHORT)
		unknown = 1U << DIM_SPORT | 1U << DIM_DPORT;
	if (p->flags & PACKET_UNPARSED)
		unknown |= 1U << DIM_PROTO;
	return unknown;
}

/* packet_headers() - all of it; p->family is set. Returns 0, or -1: not even an IP header. */
static __always_inline int packet_headers(hook_ctx *ctx, const struct reader *r, struct packet *p)
{
	int l4 = p->family ? packet_ipv6(ctx, r, p) : packet_ipv4(ctx, r, p);

	if (l4 < 0)
		return -1;
	p->l4_at = (u32)l4;
	if (p->l4 == L4_READABLE)
		packet_l4(ctx, r, p, (u32)l4);
	p->unknown = packet_unknown(p);
	return 0;
}

#endif

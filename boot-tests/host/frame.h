/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_TESTS_FRAME_H
#define BOOT_TESTS_FRAME_H

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

/*
 * Ethernet frames between the peer (10.77.0.1, fd77::1) and the guest (10.77.0.2, fd77::2), made
 * and understood. Only what the boot tests need; private to flood.c.
 */

#define FRAME_MAX	2048
#define ETH_LEN		14
#define PROBE_SPORT	20000	/* source ports 20000..29999 are probes */

struct frame {
	uint8_t data[FRAME_MAX];
	size_t len;
};

/* What a probe is aimed at. Port 0 and protocol ICMP or ICMPv6: an echo request. */
struct target {
	bool six;
	uint8_t proto;
	uint16_t port;
};

struct answer {
	struct target target;
	const char *what;
};

static const uint8_t peer_mac[6] = { 0x02, 0, 0, 0, 0, 0x01 };
static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0x77, 0, 0x02 };
static const uint8_t peer4[4] = { 10, 77, 0, 1 }, guest4[4] = { 10, 77, 0, 2 };
static const uint8_t peer6[16] = { 0xfd, 0x77, [15] = 1 }, guest6[16] = { 0xfd, 0x77, [15] = 2 };

static inline bool target_equal(const struct target *a, const struct target *b)
{
	return a->six == b->six && a->proto == b->proto && a->port == b->port;
}

/* "tcp4/22", "udp6/53", "icmp4", "icmp6" */
static inline int target_parse(struct target *t, const char *s)
{
	size_t n = strcspn(s, "46");
	long port = 0;
	char *end;

	if (!s[n])
		return -1;
	t->six = s[n] == '6';
	if (!strncmp(s, "icmp", n) && n == 4 && !s[n + 1]) {
		t->proto = t->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		t->port = 0;
		return 0;
	}
	if (n != 3 || s[n + 1] != '/')
		return -1;
	t->proto = !strncmp(s, "tcp", 3) ? IPPROTO_TCP : !strncmp(s, "udp", 3) ? IPPROTO_UDP : 0;
	port = strtol(s + n + 2, &end, 10);
	t->port = (uint16_t)port;
	return !t->proto || *end || port < 1 || port > 65535 ? -1 : 0;
}

/* RFC 1071; @sum: of a pseudo header, or 0. */
static inline uint16_t checksum(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static inline uint32_t pseudo(const struct target *t, uint8_t proto, size_t len)
{
	uint32_t sum = proto + (uint32_t)len;
	unsigned int i;

	for (i = 0; i < (t->six ? 16U : 4U); i += 2) {
		sum += t->six ? (uint32_t)(peer6[i] << 8 | peer6[i + 1]) :
				(uint32_t)(peer4[i] << 8 | peer4[i + 1]);
		sum += t->six ? (uint32_t)(guest6[i] << 8 | guest6[i + 1]) :
				(uint32_t)(guest4[i] << 8 | guest4[i + 1]);
	}
	return sum;
}

static inline void ethernet(struct frame *x, const uint8_t *to, uint16_t type)
{
	memset(x->data, 0, sizeof(x->data));
	memcpy(x->data, to, 6);
	memcpy(x->data + 6, peer_mac, 6);
	x->data[12] = (uint8_t)(type >> 8);
	x->data[13] = (uint8_t)type;
}

/* IP header for @len bytes of payload; returns where the payload goes. */
static inline uint8_t *ip_header(struct frame *x, const struct target *t, size_t len)
{
	struct ip6_hdr *h6 = (struct ip6_hdr *)(void *)(x->data + ETH_LEN);
	struct ip *h4 = (struct ip *)(void *)(x->data + ETH_LEN);

	ethernet(x, guest_mac, t->six ? 0x86dd : 0x0800);
	if (t->six) {
		h6->ip6_flow = htonl(6U << 28);
		h6->ip6_plen = htons((uint16_t)len);
		h6->ip6_nxt = t->proto;
		h6->ip6_hlim = 255;
		memcpy(&h6->ip6_src, peer6, 16);
		memcpy(&h6->ip6_dst, guest6, 16);
		x->len = ETH_LEN + sizeof(*h6) + len;
		return (uint8_t *)(h6 + 1);
	}
	h4->ip_v = 4;
	h4->ip_hl = 5;
	h4->ip_len = htons((uint16_t)(sizeof(*h4) + len));
	h4->ip_ttl = 64;
	h4->ip_p = t->proto;
	memcpy(&h4->ip_src, peer4, 4);
	memcpy(&h4->ip_dst, guest4, 4);
	h4->ip_sum = checksum(h4, sizeof(*h4), 0);
	x->len = ETH_LEN + sizeof(*h4) + len;
	return (uint8_t *)(h4 + 1);
}

static inline void tcp_segment(struct frame *x, const struct target *t, uint16_t sport,
			       uint16_t dport, uint32_t seq, uint32_t ack, uint8_t flags)
{
	struct tcphdr *h = (struct tcphdr *)(void *)ip_header(x, t, sizeof(*h));

	h->th_sport = htons(sport);
	h->th_dport = htons(dport);
	h->th_seq = htonl(seq);
	h->th_ack = htonl(ack);
	h->th_off = 5;
	h->th_flags = flags;
	h->th_win = htons(65535);
	h->th_sum = checksum(h, sizeof(*h), pseudo(t, IPPROTO_TCP, sizeof(*h)));
}

/* A probe; each round has a source port of its own, so that each is a new flow. */
static inline void frame_probe(struct frame *x, const struct target *t, uint16_t round)
{
	uint16_t sport = (uint16_t)(PROBE_SPORT + round % 10000);
	struct udphdr *u;
	struct icmp6_hdr *i;
	size_t len;

	if (t->proto == IPPROTO_TCP) {
		tcp_segment(x, t, sport, t->port, round * 1000U, 0, TH_SYN);
	} else if (t->proto == IPPROTO_UDP) {
		len = sizeof(*u) + 8;
		u = (struct udphdr *)(void *)ip_header(x, t, len);
		u->uh_sport = htons(sport);
		u->uh_dport = htons(t->port);
		u->uh_ulen = htons((uint16_t)len);
		memcpy(u + 1, "bpfilter", 8);
		u->uh_sum = checksum(u, len, pseudo(t, IPPROTO_UDP, len));
	} else {
		/* ICMP and ICMPv6 echo requests differ in type and checksum only. */
		len = sizeof(*i) + 8;
		i = (struct icmp6_hdr *)(void *)ip_header(x, t, len);
		i->icmp6_type = t->six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
		i->icmp6_id = htons(77);
		i->icmp6_seq = htons(round);
		memcpy(i + 1, "bpfilter", 8);
		i->icmp6_cksum = checksum(i, len, t->six ? pseudo(t, IPPROTO_ICMPV6, len) : 0);
	}
}

static inline void frame_arp_request(struct frame *x)
{
	static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	ethernet(x, everybody, 0x0806);
	memcpy(x->data + ETH_LEN, head, sizeof(head));
	memcpy(x->data + 22, peer_mac, 6);
	memcpy(x->data + 28, peer4, 4);
	memcpy(x->data + 38, guest4, 4);
	x->len = 60;
}

static inline uint16_t word(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The payload of an IP packet from the guest, its protocol in @t; NULL: not one, or too short. */
static inline const uint8_t *payload(const struct frame *x, struct target *t, size_t *len)
{
	const uint8_t *p = x->data + ETH_LEN;
	size_t header;

	if (x->len < ETH_LEN + 20)
		return NULL;
	t->six = word(x->data + 12) == 0x86dd;
	if (!t->six && word(x->data + 12) != 0x0800)
		return NULL;
	header = t->six ? 40 : (size_t)(p[0] & 15) * 4;
	if (header < 20 || x->len < ETH_LEN + header + 8)
		return NULL;
	t->proto = t->six ? p[6] : p[9];
	*len = x->len - ETH_LEN - header;
	return p + header;
}

/* An ICMP error quotes the packet it is about: that is the probe it answers. */
static inline bool quoted_probe(const uint8_t *q, size_t len, struct answer *a)
{
	size_t header = a->target.six ? 40 : (size_t)(q[0] & 15) * 4;

	if (len < 20 || header < 20 || len < header + 8)
		return false;
	a->target.proto = a->target.six ? q[6] : q[9];
	a->target.port = 0;
	if (a->target.proto == IPPROTO_TCP || a->target.proto == IPPROTO_UDP)
		a->target.port = word(q + header + 2);
	a->what = "ICMP error";
	return true;
}

/* frame_answer() - is this an answer to a probe of ours? */
static inline bool frame_answer(const struct frame *x, struct answer *a)
{
	const uint8_t *p;
	size_t len;
	bool error;

	p = payload(x, &a->target, &len);
	if (!p)
		return false;
	if (a->target.proto == IPPROTO_TCP || a->target.proto == IPPROTO_UDP) {
		a->target.port = word(p);
		a->what = a->target.proto == IPPROTO_UDP ? "UDP reply" :
			  len > 13 && p[13] & TH_RST	 ? "RST" :
							   "SYN-ACK";
		return word(p + 2) >= PROBE_SPORT && word(p + 2) < PROBE_SPORT + 10000;
	}
	a->target.port = 0;
	a->what = "echo reply";
	if (a->target.proto == IPPROTO_ICMP && !a->target.six) {
		error = p[0] == ICMP_UNREACH || p[0] == ICMP_TIMXCEED || p[0] == ICMP_PARAMPROB;
		return p[0] == ICMP_ECHOREPLY || (error && quoted_probe(p + 8, len - 8, a));
	}
	if (a->target.proto == IPPROTO_ICMPV6 && a->target.six)
		return p[0] == ICMP6_ECHO_REPLY || (p[0] < 128 && quoted_probe(p + 8, len - 8, a));
	return false;
}

static inline bool reply_arp(const struct frame *x, struct frame *out)
{
	const uint8_t *p = x->data + ETH_LEN;

	if (x->len < 42 || word(x->data + 12) != 0x0806 || word(p + 6) != 1 ||
	    memcmp(p + 24, peer4, 4))
		return false;
	frame_arp_request(out);
	memcpy(out->data, x->data + 6, 6);
	out->data[ETH_LEN + 7] = 2;
	memcpy(out->data + 32, p + 8, 6);
	memcpy(out->data + 38, p + 14, 4);
	return true;
}

/* Neighbour solicitation for fd77::1 (RFC 4861, 4.3): advertise. */
static inline bool reply_neighbour(const struct frame *x, const uint8_t *p, size_t len,
				   struct frame *out)
{
	struct target t = { .six = true, .proto = IPPROTO_ICMPV6 };
	uint8_t *n;

	if (len < 24 || p[0] != ND_NEIGHBOR_SOLICIT || memcmp(p + 8, peer6, 16) ||
	    memcmp(x->data + ETH_LEN + 8, guest6, 16))
		return false;
	n = ip_header(out, &t, 32);
	n[0] = ND_NEIGHBOR_ADVERT;
	n[4] = 0x60;			/* solicited, override */
	memcpy(n + 8, peer6, 16);
	n[24] = ND_OPT_TARGET_LINKADDR;
	n[25] = 1;
	memcpy(n + 26, peer_mac, 6);
	memset(n + 2, 0, 2);
	*(uint16_t *)(void *)(n + 2) = checksum(n, 32, pseudo(&t, IPPROTO_ICMPV6, 32));
	return true;
}

/* A segment of the guest: take its connections to port 7, give up the ones our probes began. */
static inline bool reply_tcp(const struct target *t, const uint8_t *p, struct frame *out)
{
	uint16_t sport = word(p), dport = word(p + 2);
	uint32_t seq, ack;

	memcpy(&seq, p + 4, 4);
	memcpy(&ack, p + 8, 4);
	if (dport == 7 && (p[13] & (TH_SYN | TH_ACK)) == TH_SYN) {
		tcp_segment(out, t, dport, sport, 7000, ntohl(seq) + 1, TH_SYN | TH_ACK);
		return true;
	}
	if (dport >= PROBE_SPORT && (p[13] & (TH_SYN | TH_ACK)) == (TH_SYN | TH_ACK)) {
		tcp_segment(out, t, dport, sport, ntohl(ack), 0, TH_RST);
		return true;
	}
	return false;
}

/* frame_reply() - what the peer answers to a frame of the guest; false: nothing. */
static inline bool frame_reply(const struct frame *x, struct frame *out)
{
	struct target t;
	const uint8_t *p;
	size_t len;

	if (reply_arp(x, out))
		return true;
	p = payload(x, &t, &len);
	if (!p)
		return false;
	if (t.proto == IPPROTO_ICMPV6 && t.six)
		return reply_neighbour(x, p, len, out);
	return t.proto == IPPROTO_TCP && len >= sizeof(struct tcphdr) && reply_tcp(&t, p, out);
}

#endif

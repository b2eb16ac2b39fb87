/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_REJECT_INTERNAL_H
#define LOADER_ANSWER_REJECT_INTERNAL_H

#include <linux/netfilter.h>

#include "answer/reject.h"

/* Headers without options. */
#define IPV4_HEADER 20U
#define IPV6_HEADER 40U
#define TCP_HEADER 20U
#define ICMP_HEADER 8U

/* glibc has them, musl has not all. */
#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif
#ifndef IPPROTO_DCCP
#define IPPROTO_DCCP 33
#endif

/* Flags of TCP, byte 13. */
#define TCP_FIN 1U
#define TCP_SYN 2U
#define TCP_RST 4U
#define TCP_ACK 16U

static inline u16 get_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static inline u32 get_be32(const u8 *p)
{
	return (u32)get_be16(p) << 16 | get_be16(p + 2);
}

static inline void put_be16(u8 *p, u32 n)
{
	p[0] = (u8)(n >> 8);
	p[1] = (u8)n;
}

static inline void put_be32(u8 *p, u32 n)
{
	put_be16(p, n >> 16);
	put_be16(p + 2, n);
}

/* A number from bytes that who does not know the key cannot aim at. */
static inline u64 keyed_hash(u64 key, const void *data, size_t len)
{
	const u8 *p = data;
	u64 h = key ^ 0x9e3779b97f4a7c15ULL;

	while (len--) {
		h = (h ^ *p++) * 0x100000001b3ULL;
		h ^= h >> 29;
	}
	h = (h ^ key) * 0xbf58476d1ce4e5b9ULL;
	return h ^ h >> 32;
}

enum walk_result {
	WALK_DONE,
	WALK_BROKEN,  /* ipv6_skip_exthdr() fails */
	WALK_UNKNOWN, /* it went on behind what was captured */
};

struct exthdr_walk {
	u8 protocol;  /* of the header at off */
	u16 fragment; /* frag_off of the last fragment header met, host order */
	size_t off;
};

/**
 * exthdr_skip() - ipv6_skip_exthdr() (net/ipv6/exthdrs_core.c): extension headers up to the first
 * that is none, or a fragment header of another than the first fragment.
 * @captured: bytes there are at @data, of a packet of @len.
 */
enum walk_result exthdr_skip(struct exthdr_walk *w, const u8 *data, size_t captured, size_t len);

/* The two families. */
enum reject_result reject4_build(const struct answer_record *r, const struct reject_settings *s,
				 struct reply *reply);
enum reject_result reject6_build(const struct answer_record *r, const struct reject_settings *s,
				 struct reply *reply);

/**
 * reject_reset() - the TCP header of a RST at reply->header_len, for the segment at @off of @r.
 * @tcp: its first TCP_HEADER bytes.
 */
void reject_reset(const struct answer_record *r, const u8 *tcp, size_t off, struct reply *reply);

/** reject_quote() - an ICMP header and as much of the packet as @room bytes hold. */
void reject_quote(const struct answer_record *r, u8 type, u8 code, size_t room,
		  struct reply *reply);

/** reject_options() - IP options of the reply: __ip_options_echo() (net/ipv4/ip_options.c).
 * @ihl: bytes of the packet's header. -1: no reply.
 */
int reject_options(const struct answer_record *r, size_t ihl, u32 now_ms, struct reply *reply);

/** reply_checksums() - all that the reply has. */
void reply_checksums(struct reply *reply);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* What both families share: the RST, the quoting, checksums. */
#include <netinet/in.h>
#include <string.h>

#include "answer/checksum.h"
#include "answer/reject_internal.h"

/* INADDR_DUMMY of the kernel, RFC 7600: a source for those who have none. */
static const u8 dummy[4] = { 192, 0, 0, 8 };

/*
 * nf_reject_ip_tcphdr_put(), nf_reject_ip6_tcphdr_put(): a segment with ACK is answered at the
 * number that it acknowledges, one without by acknowledging all it has. Numbers wrap, also where
 * the TCP header claims to be longer than the packet.
 */
void reject_reset(const struct answer_record *r, const u8 *tcp, size_t off, struct reply *reply)
{
	u8 *p = reply->data + reply->header_len;
	u8 flags = tcp[13];
	u32 end = get_be32(tcp + 4) + r->len - (u32)off - (tcp[12] >> 4) * 4U;

	memset(p, 0, TCP_HEADER);
	memcpy(p, tcp + 2, 2);
	memcpy(p + 2, tcp, 2);
	if (flags & TCP_ACK)
		memcpy(p + 4, tcp + 8, 4);
	else
		put_be32(p + 8, end + !!(flags & TCP_SYN) + !!(flags & TCP_FIN));
	p[12] = TCP_HEADER / 4 << 4;
	p[13] = flags & TCP_ACK ? TCP_RST : TCP_RST | TCP_ACK;
	reply->protocol = IPPROTO_TCP;
	reply->reset = true;
	reply->len = (u16)(reply->header_len + TCP_HEADER);
}

void reject_quote(const struct answer_record *r, u8 type, u8 code, size_t room, struct reply *reply)
{
	u8 *p = reply->data + reply->header_len;
	size_t n = r->captured < room ? r->captured : room;

	memset(p, 0, ICMP_HEADER);
	p[0] = type;
	p[1] = code;
	memcpy(p + ICMP_HEADER, r->data, n);
	reply->len = (u16)(reply->header_len + ICMP_HEADER + n);
}

static size_t checksum_offset(const struct reply *reply)
{
	return reply->header_len + (reply->protocol == IPPROTO_TCP ? 16U : 2U);
}

void reply_checksums(struct reply *reply)
{
	u8 *p = reply->data, *sum = p + checksum_offset(reply);
	u32 len = (u32)reply->len - reply->header_len;
	u64 pseudo = 0;

	if (reply->family == RECORD_IPV6) {
		pseudo = checksum_pseudo(RECORD_IPV6, p + 8, reply->protocol, len);
	} else {
		put_be16(p + 10, 0);
		put_be16(p + 10, checksum_end(checksum_add(0, p, reply->header_len)));
		if (reply->protocol == IPPROTO_TCP)
			pseudo = checksum_pseudo(RECORD_IPV4, p + 12, reply->protocol, len);
	}
	put_be16(sum, 0);
	put_be16(sum, checksum_end(checksum_add(pseudo, p + reply->header_len, len)));
}

void reply_set_source(struct reply *reply, const void *address)
{
	unsigned int i;

	if (reply->family == RECORD_IPV6) {
		memcpy(reply->data + 8, address, 16);
	} else {
		memcpy(reply->data + 12, address, 4);
		if (!get_be32(reply->data + 12))
			memcpy(reply->data + 12, dummy, 4);
		for (i = 0; i < reply->nr_address; i++)
			memcpy(reply->data + reply->address[i], reply->data + 12, 4);
	}
	reply->source_wanted = false;
	reply->source_by_route = true;
	reply_checksums(reply);
}

void reply_set_hop_limit(struct reply *reply, u8 hop_limit)
{
	reply->data[reply->family == RECORD_IPV6 ? 7 : 8] = hop_limit;
	reply_checksums(reply);
}

const u8 *reply_destination(const struct reply *reply)
{
	return reply->data + (reply->family == RECORD_IPV6 ? 24 : 16);
}

enum reject_result reject_build(const struct answer_record *r, const struct reject_settings *s,
				struct reply *reply)
{
	enum reject_result result;

	/* All but data, of which every byte up to len is written. */
	memset(reply, 0, offsetof(struct reply, data));
	reply->family = r->family;
	if (s->reflect_mark[r->family])
		reply->mark = r->mark;
	result = r->family == RECORD_IPV6 ? reject6_build(r, s, reply) : reject4_build(r, s, reply);
	if (result == REJECT_SEND && !reply->source_wanted)
		reply_checksums(reply);
	return result;
}

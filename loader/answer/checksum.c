// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>

#include "answer/checksum.h"
#include "answer/reject_internal.h"

u64 checksum_add(u64 sum, const void *data, size_t len)
{
	const u8 *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += get_be16(p);
	return len ? sum + ((u64)*p << 8) : sum;
}

u16 checksum_end(u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

u64 checksum_pseudo(u8 family, const void *addresses, u8 protocol, u32 len)
{
	u64 sum = checksum_add(0, addresses, family == RECORD_IPV6 ? 32 : 8);

	return sum + protocol + (len >> 16) + (len & 0xffff);
}

/* nf_reject_verify_csum(): what has no checksum, or one that covers a part only. */
static bool unverified(u8 protocol, const u8 *head, size_t len)
{
	switch (protocol) {
	case IPPROTO_UDP:
		return len >= 8 && !get_be16(head + 6);
	case IPPROTO_GRE:
	case IPPROTO_AH:
	case IPPROTO_ESP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return true;
	default:
		return false;
	}
}

/* nf_ip_checksum() sums from skb->data on, which is the IP header: that has to add up, too. */
static bool bad4(const u8 *whole, size_t len, bool reset)
{
	size_t off;
	u64 sum = 0;
	u8 protocol;

	if (len < IPV4_HEADER)
		return true;
	off = (whole[0] & 15U) * 4;
	protocol = whole[9];
	if (len < off || (!reset && unverified(protocol, whole + off, len - off)))
		return len < off;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		sum = checksum_pseudo(RECORD_IPV4, whole + 12, protocol, (u32)(len - off));
	return checksum_end(checksum_add(sum, whole, len));
}

/*
 * nf_ip6_checksum() takes the header's own bytes out of the sum again, and has a pseudo header for
 * each protocol.
 */
static bool bad6(const u8 *whole, size_t len, bool reset)
{
	struct exthdr_walk w = { .protocol = len < IPV6_HEADER ? 0 : whole[6], .off = IPV6_HEADER };

	if (len < IPV6_HEADER || exthdr_skip(&w, whole, len, len) != WALK_DONE || w.off >= len ||
	    w.fragment & ~7U)
		return true;
	if (!reset && unverified(w.protocol, whole + w.off, len - w.off))
		return false;
	return checksum_end(checksum_add(checksum_pseudo(RECORD_IPV6, whole + 8, w.protocol,
							 (u32)(len - w.off)),
					 whole + w.off, len - w.off));
}

bool checksum_bad(u8 family, const u8 *whole, size_t len, bool reset)
{
	return family == RECORD_IPV6 ? bad6(whole, len, reset) : bad4(whole, len, reset);
}

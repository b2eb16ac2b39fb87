/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_CHECKSUM_H
#define LOADER_ANSWER_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

#include "answer/record.h"

/*
 * The Internet checksum (RFC 1071): the complement of the one's complement sum of the bytes as big
 * endian numbers of 16 bits. Values are numbers in host order; write them big endian.
 */

/** checksum_add() - @sum and these bytes; 0 is an empty sum. An odd last byte is a high one. */
u64 checksum_add(u64 sum, const void *data, size_t len);

/** checksum_end() - fold and complement. Over data with its checksum in place: 0 if it is right. */
u16 checksum_end(u64 sum);

/**
 * checksum_pseudo() - the sum of the pseudo header of TCP, UDP and ICMPv6.
 * @family: RECORD_IPV4 or RECORD_IPV6; @addresses: source and destination side by side, as in the
 * IP header; @len: bytes from the transport header on.
 */
u64 checksum_pseudo(u8 family, const void *addresses, u8 protocol, u32 len);

/**
 * checksum_bad() - is the checksum of the packet wrong, as REJECT sees it (nf_ip_checksum() in
 * net/netfilter/utils.c, nf_reject_verify_csum())? IPv4's sum has the IP header in it.
 * @whole: the packet from its IP header on, all @len bytes.
 * @reset: REJECT sends a TCP RST, for which no protocol is spared.
 * Says nothing of what ip_summed says: ask only if that is CHECKSUM_NONE or CHECKSUM_COMPLETE.
 */
bool checksum_bad(u8 family, const u8 *whole, size_t len, bool reset);

#endif

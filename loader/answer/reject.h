/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_REJECT_H
#define LOADER_ANSWER_REJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "answer/record.h"

/*
 * REJECT: a record becomes the packet that the kernel's own target would send. Nothing here asks
 * the kernel but reject_settings_read(). Rules of behaviour are those of Linux 6.6 to 6.18:
 * nf_reject_ipv4.c and nf_reject_ipv6.c (net/ipv[46]/netfilter/), icmp.c (net/ipv4/, net/ipv6/).
 *
 * What those know and a record does not say, so that it differs here:
 * - the route back: its own hop limit (see reply_set_hop_limit()), an MTU below 576;
 * - a sender that is an anycast address of this host (IPv6): the kernel keeps silent;
 * - timestamp options with given addresses are returned as they are;
 * - bridged packets are answered by route, not on the port of the bridge with the MAC address of
 *   the destination.
 */

/* Devices whose hop limit is not the default. */
#define REJECT_DEVICES 32

/* What sysctls of the network namespace say. */
struct reject_settings {
	u8 ttl;				/* net.ipv4.ip_default_ttl */
	bool inbound_ifaddr;		/* net.ipv4.icmp_errors_use_inbound_ifaddr */
	bool reflect_mark[IMAGE_FAMILIES];	/* net.ipv4.fwmark_reflect, net.ipv6. */
	u8 hop_limit;			/* net.ipv6.conf.default.hop_limit */
	u8 nr_devices;
	struct {
		char name[16];
		u8 hop_limit;		/* net.ipv6.conf.NAME.hop_limit */
	} device[REJECT_DEVICES];
	bool flow_labels;		/* net.ipv6.auto_flowlabels is not 0 */
	bool flow_label_ranges;		/* net.ipv6.flowlabel_state_ranges */
	u32 ratelimit[IMAGE_FAMILIES];	/* ms between errors to one host; 0: no limit */
	u32 ratemask4;			/* ICMP types that are limited */
	u32 ratemask6[8];
	u32 msgs_per_sec, msgs_burst;	/* net.ipv4.icmp_msgs_per_sec, icmp_msgs_burst */
	int64_t wall_offset;		/* CLOCK_REALTIME - CLOCK_BOOTTIME, ns */
	u64 key;			/* random: of flow labels and of the table of rates */
};

/* struct reply.limits */
#define REPLY_LIMIT_ALL		1U	/* counts for icmp_msgs_per_sec */
#define REPLY_LIMIT_HOST	2U	/* counts for its destination's icmp_ratelimit */

#define REPLY_ADDRESSES 2

struct reply {
	u8 family;		/* RECORD_IPV4, RECORD_IPV6 */
	u8 protocol;		/* IPPROTO_TCP, _ICMP, _ICMPV6 */
	bool reset;		/* a TCP RST, no ICMP error */
	/*
	 * The source address is missing and has to be filled in with reply_set_source(): IPv6,
	 * whose checksum needs it, or an IPv4 option that records it. It is the address that the
	 * kernel chooses for the destination; on source_device, if that is not 0. If IPv4's source
	 * is missing but not wanted, the kernel fills it in for a raw socket.
	 */
	bool source_wanted;
	u32 source_device;	/* ifindex; 0: by route */
	bool source_by_route;	/* it was filled in: the route has chosen it, it chooses no route */
	u32 oif_scope;		/* IPv6: ifindex of a link-local destination's link, else 0 */
	u32 mark;		/* SO_MARK if not 0: fwmark_reflect */
	u8 limits;		/* REPLY_LIMIT_*: what ratelimit_allow() asks */
	u8 header_len;		/* of IP, with options */
	u8 address[REPLY_ADDRESSES];	/* offsets in data: where IPv4 options want the source */
	u8 nr_address;
	u16 len;		/* bytes of data; 1280 at most */
	u8 data[1500];		/* the whole packet from its IP header on, for IP_HDRINCL; the IPv4
				 * identifier is 0: the kernel chooses */
};

enum reject_result {
	REJECT_SEND,
	REJECT_NOT_DUE,		/* the kernel would not send one either */
};

/**
 * reject_settings_read() - the settings of the network namespace that @dir is of; the kernel's
 * defaults for what cannot be read. The random key is made anew only if it is 0.
 * @dir: of /proc/sys/net, open (O_PATH will do); kept open by the caller.
 */
void reject_settings_read(struct reject_settings *s, int dir);

/**
 * reject_build() - the reply to a packet that met REJECT.
 * @r: record_check() has let it pass and its kind is ANSWER_REJECT.
 * @reply: complete with checksums if REJECT_SEND comes back, but for the source (see there).
 * Does not look at rates: ratelimit_allow() does.
 */
enum reject_result reject_build(const struct answer_record *r, const struct reject_settings *s,
				struct reply *reply);

/**
 * reply_set_source() - fill in the source address and redo the checksums. The kernel's choice is
 * what getsockname() says of a UDP socket that was connected to the destination: bound to
 * source_device, or, if no route leaves by that or it is 0, to none.
 * @address: 4 or 16 bytes, in network byte order. IPv4 0.0.0.0 (no address anywhere) becomes
 * 192.0.0.8 as in icmp_send().
 */
void reply_set_source(struct reply *reply, const void *address);

/**
 * reply_set_hop_limit() - IPv6: another than the device's, if a route says so: what getsockopt()
 * IPV6_UNICAST_HOPS says of a UDP socket that is connected to the destination. IPv4: the TTL.
 */
void reply_set_hop_limit(struct reply *reply, u8 hop_limit);

/** reply_destination() - 4 or 16 bytes, network byte order: where to send it. */
const u8 *reply_destination(const struct reply *reply);

#endif

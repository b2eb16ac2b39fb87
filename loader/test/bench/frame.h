/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_BENCH_FRAME_H
#define TEST_BENCH_FRAME_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "flows.h"

/* An Ethernet frame as short as they come; behind the IPv4 header: UDP, or TCP with a SYN. */
struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	unsigned char rest[30];
} __attribute__((packed));

/** frame_init() - without addresses and ports; checksums are left out. */
static inline void frame_init(struct frame *f)
{
	memset(f, 0, sizeof(*f));
	f->eth.h_source[0] = 2;
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.ttl = 64;
	f->ip.tot_len = htons(sizeof(*f) - sizeof(f->eth));
	f->rest[5] = 30;	/* length of UDP */
	f->rest[12] = 0x50;	/* of a TCP header; SYN */
	f->rest[13] = 2;
}

/** frame_of() - the frame of a flow. */
static inline void frame_of(struct frame *f, const struct flow *flow)
{
	f->ip.saddr = flow->src;
	f->ip.daddr = flow->dst;
	f->ip.protocol = (uint8_t)flow->proto;
	memcpy(f->rest, &flow->sport, 2);
	memcpy(f->rest + 2, &flow->dport, 2);
}

/**
 * read_flows() - lines "SRC DST SPORT DPORT PROTO" of @path, at most FLOWS_MAX. How many, or -1 if
 * the file cannot be read.
 */
static inline int read_flows(const char *path, struct flow *flows)
{
	unsigned int sport, dport, proto, n = 0;
	char src[64], dst[64];
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	while (n < FLOWS_MAX &&
	       fscanf(f, "%63s %63s %u %u %u", src, dst, &sport, &dport, &proto) == 5)
		flows[n++] = (struct flow){ .src = inet_addr(src), .dst = inet_addr(dst),
					    .sport = htons((uint16_t)sport),
					    .dport = htons((uint16_t)dport), .proto = proto };
	fclose(f);
	return (int)n;
}

#endif

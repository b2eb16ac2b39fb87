/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DIFFERENTIAL_RECORD_H
#define DIFFERENTIAL_RECORD_H

/* A packet at a hook, as record.bpf.c hands it to simulate.c. */

#define RECORD_MAX	4096U	/* power of two */
#define RECORD_NAME	16

struct record {
	unsigned long long nfct;	/* skb->_nfct */
	unsigned int len;		/* of the packet; RECORD_MAX + 1: not readable */
	unsigned char family;		/* 0 IPv4, 1 IPv6 */
	unsigned char hook;		/* enum nf_inet_hooks */
	unsigned char raw;		/* 1: at table raw's place, 0: at table filter's */
	unsigned char passed;		/* 0: about to meet the filter, 1: has passed it */
	char in[RECORD_NAME], out[RECORD_NAME];
	unsigned char data[RECORD_MAX];	/* from the network header on */
};

#endif

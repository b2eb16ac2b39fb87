/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_ANSWER_H
#define BPF_ANSWER_H

#include "bpf/image.h"

/*
 * Answers: what REJECT, LOG and NFLOG ask for, which a netfilter BPF program cannot do itself. The
 * evaluator writes a record into a ring; the companion (loader/answer/) reads it and answers. This
 * file is the contract between the two, and of the image's section of answers.
 */

enum answer_kind { ANSWER_REJECT = 1, ANSWER_LOG, ANSWER_NFLOG, ANSWER_KINDS };

/* REJECT: numbers of enum ipt_reject_with; those that iptables cannot ask for are left out. */
enum reject4_type {
	REJECT4_NET_UNREACHABLE, REJECT4_HOST_UNREACHABLE, REJECT4_PROTO_UNREACHABLE,
	REJECT4_PORT_UNREACHABLE, REJECT4_NET_PROHIBITED = 5, REJECT4_HOST_PROHIBITED,
	REJECT4_TCP_RESET, REJECT4_ADMIN_PROHIBITED,
};

/* Numbers of enum ip6t_reject_with. */
enum reject6_type {
	REJECT6_NO_ROUTE, REJECT6_ADM_PROHIBITED, REJECT6_ADDR_UNREACHABLE = 3,
	REJECT6_PORT_UNREACHABLE, REJECT6_TCP_RESET = 6, REJECT6_POLICY_FAIL,
	REJECT6_REJECT_ROUTE,
};

#define ANSWER_PREFIX	64U

/* LOG: bits as XT_LOG_* (linux/netfilter/xt_LOG.h). */
#define ANSWER_LOG_TCPSEQ	1U
#define ANSWER_LOG_TCPOPT	2U
#define ANSWER_LOG_IPOPT	4U
#define ANSWER_LOG_UID		8U
#define ANSWER_LOG_MACDECODE	32U
#define ANSWER_LOG_ALL		(15U | ANSWER_LOG_MACDECODE)

/* NFLOG: --nflog-size was given; size counts, also if it is 0: nothing of the packet. */
#define ANSWER_NFLOG_SIZE	1U

/* What a rule says: a record of the image's section "answers", and part of each ring record. */
struct image_answer {
	u8 kind;		/* enum answer_kind */
	u8 type;		/* REJECT: enum reject4_type or reject6_type */
	u8 level;		/* LOG: 0 to 7 */
	u8 flags;		/* LOG: ANSWER_LOG_*; NFLOG: ANSWER_NFLOG_SIZE */
	u16 group, threshold;	/* NFLOG */
	u32 size;		/* NFLOG: bytes of the packet at most; ANSWER_NFLOG_SIZE, else 0 */
	u32 pad;
	char prefix[ANSWER_PREFIX];	/* LOG, NFLOG: NUL terminated, zeroes behind it */
};

/* Bytes of a link layer header that are kept. */
#define ANSWER_MAC	32U

/* struct answer_record.flags */
#define RECORD_MAC		(1U << 0)	/* there is a MAC header: mac_len, mac */
#define RECORD_OWNER		(1U << 1)	/* a full socket with a file: uid, gid */
#define RECORD_BAD_CHECKSUM	(1U << 2)	/* REJECT: the transport checksum is wrong */
#define RECORD_ROUTE		(1U << 3)	/* the packet has a route: route_flags, route_iif */
#define RECORD_PARTIAL		(1U << 4)	/* its transport checksum is not filled in yet */
#define RECORD_BRIDGED		(1U << 5)	/* nf_bridge_info: physin, physout */

struct record_device {
	char name[16];		/* zeroes: none */
	u32 index;		/* 0: none */
	u32 type;		/* ARPHRD_* */
};

/*
 * One packet that met such a rule. Host byte order but for the packet's bytes. Offsets count from
 * the network header.
 */
struct answer_record {
	struct image_answer rule;
	u64 time;		/* CLOCK_BOOTTIME, ns (bpf_ktime_get_boot_ns) */
	u8 family;		/* 0 IPv4, 1 IPv6 */
	u8 table;		/* 0 filter, 1 raw */
	u8 hook;		/* enum nf_inet_hooks */
	u8 pkt_type;		/* PACKET_*, of skb->pkt_type */
	u16 protocol;		/* skb->protocol, host order */
	u16 vlan;		/* skb->vlan_tci; with vlan_proto */
	u16 vlan_proto;		/* host order; 0: no tag beside the packet */
	u8 flags;		/* RECORD_* */
	u8 mac_len;		/* of mac: dev->hard_header_len at most */
	u32 mark;
	u32 uid, gid;		/* of the initial user namespace, RECORD_OWNER */
	u32 route_flags;	/* rt->rt_flags (RTCF_*) or rt6_flags */
	u32 route_iif;		/* rt->rt_iif; IPv6: 0 */
	struct record_device in, out, phys_in, phys_out;
	u32 ct_info;		/* skb->_nfct & 7; 8: the packet has no connection */
	u32 len;		/* skb->len: the packet's bytes from the network header */
	u32 captured;		/* of them in data; captured <= len */
	u8 mac[ANSWER_MAC];	/* from the MAC header on */
	u8 data[];		/* the packet from its network header on, as it was at the rule */
};

/*
 * Records have fixed sizes (a ring's record must be of constant size in a BPF program): the
 * smallest that holds what the answer needs.
 */
#define RECORD_SIZE_0	512U
#define RECORD_SIZE_1	2048U
#define RECORD_SIZE_2	16384U
#define RECORD_SIZE_3	(65536U + 512U)

/* Bytes of the packet that answers need. */
#define RECORD_NEED_LOG		128U	/* from the transport header on */
#define RECORD_NEED_LOG6	256U	/* of ICMPv6 so much more */
#define RECORD_NEED_RESET	128U	/* from the transport header on */
#define RECORD_NEED_ICMP4	576U	/* icmp_send(): a reply of 576 bytes at most */
#define RECORD_NEED_ICMP6	1280U	/* RFC 4443 2.4 (c): as much as fits the minimum MTU */

/* Bytes of the ring: a power of two. */
#define ANSWER_RING	(4U << 20)

/*
 * The companion as programs and commands see it: the value of the map "companion" (an array of one,
 * mmap-able, pinned beside the slots). One companion a network namespace. Counters only grow.
 */
#define COMPANION_RELATED	4	/* IPv4, IPv6; the same for local destinations */
/* The same again for replies to packets without a connection: nf_ct_attach() has none to give. */
#define COMPANION_SOCKETS	(2 * COMPANION_RELATED)

enum companion_count {
	COMPANION_RECORDS,		/* records read from the ring */
	COMPANION_RESETS,		/* TCP resets sent */
	COMPANION_ERRORS,		/* ICMP errors sent */
	COMPANION_NOT_DUE,		/* no reply: the kernel would not send one either */
	COMPANION_LIMITED,		/* no reply: icmp_ratelimit, icmp_msgs_per_sec */
	COMPANION_NOT_SENT,		/* no reply: the socket refused */
	COMPANION_LINES,		/* LOG lines written */
	COMPANION_LINES_LOST,		/* not written */
	COMPANION_NFLOG,		/* packets handed on for NFLOG */
	COMPANION_NFLOG_LOST,
	COMPANION_BAD,			/* records that make no sense */
	COMPANION_COUNTS,
};

struct companion {
	/* Of its sockets: what the first COMPANION_RELATED send counts as RELATED. */
	u64 cookie[COMPANION_SOCKETS];
	u32 mark;			/* of what is RELATED to local destinations; 0: none runs */
	u32 pid;			/* as it sees itself; 0: none runs */
	u64 start_time;			/* of the process: /proc/PID/stat; no other is meant */
	u64 count[COMPANION_COUNTS];	/* enum companion_count; written by the companion */
	u64 lost[ANSWER_KINDS];		/* by the evaluator: the ring was full, or there is none */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_IMAGE_H
#define BPF_IMAGE_H

#ifdef __bpf__
#include <linux/types.h>
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
#else
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#endif

/*
 * The image: a rule set as data. This file is the contract between the compiler, the validator and
 * the evaluator (in the kernel and in user space).
 *
 * An image is one block without pointers. All offsets are bytes from its start, multiples of 8.
 * Host byte order; addresses, ports and interface names are compared in host order words, so that
 * ranges work. It lies in one value of an mmap-able array map. Two parts:
 *
 *	[0, size)		header and tables: constant, what an image file holds, covered by
 *				the checksum (which is taken with the run-time fields zero)
 *	[size, total_size)	state: state cells, counters; laid out and zeroed when it is loaded
 *
 * Rule numbers (ids) are unique in the whole image and ascend within a chain in the order of
 * evaluation, so "the next rule" is id + 1 and one query answers everything: first(chain, from) is
 * the smallest id >= from in this chain whose rule matches.
 */

#define IMAGE_MAGIC	0x31474d4946504221ULL	/* "!BPFIMG1" */
#define IMAGE_VERSION	1U

/* Capacities: sizes of the map value that holds an image. Programs are built once for each. */
#define IMAGE_CAPACITIES	4
#define IMAGE_CAPACITY_0	(1U << 20)
#define IMAGE_CAPACITY_1	(16U << 20)
#define IMAGE_CAPACITY_2	(128U << 20)
#define IMAGE_CAPACITY_3	(480U << 20)

#define IMAGE_FAMILIES	2	/* 0 IPv4, 1 IPv6 */
#define IMAGE_TABLES	2	/* 0 filter, 1 raw */
#define IMAGE_HOOKS	5	/* enum nf_inet_hooks */
#define IMAGE_NONE	0xffffffffU

/* Jumps that may be pending at once; deeper nesting is refused by the compiler. */
#define IMAGE_STACK	16
/* Steps (rules matched + chains entered) after which a packet is dropped as an error. */
#define IMAGE_BUDGET	(1U << 20)
/* Ops of one match program. */
#define IMAGE_OPS_MAX	256

/* Feature bits: what an image needs. An evaluator refuses bits it does not know. */
#define IMAGE_F_CONNTRACK	(1U << 0)	/* a rule asks for connection tracking states */
#define IMAGE_F_INTERFACES	(1U << 1)	/* a rule names an interface: look the names up */
#define IMAGE_F_NAT_STATE	(1U << 2)	/* a rule asks for SNAT or DNAT (nf_conn.status) */
#define IMAGE_F_RESIDUAL	(1U << 3)	/* stateful matches; reserved */
#define IMAGE_F_TCP_OPTIONS	(1U << 4)	/* a rule asks for a TCP option: read them */
#define IMAGE_F_KNOWN		(IMAGE_F_CONNTRACK | IMAGE_F_INTERFACES | IMAGE_F_NAT_STATE | \
				 IMAGE_F_TCP_OPTIONS)

/* A section: @count records of a size given by the section. */
struct image_section {
	u32 offset;
	u32 count;
};

struct image_header {
	u64 magic;
	u32 version;
	u32 header_size;	/* sizeof(struct image_header) */
	u32 size;		/* bytes of the constant part */
	u32 total_size;		/* with state and counters; run-time field */
	u64 checksum;		/* CRC-32 (zlib) of the constant part, run-time fields and this 0 */
	u8 digest[32];		/* SHA-256 of the canonical text of the rules: names a rule set */
	u32 features;		/* IMAGE_F_* */
	u32 families;		/* bit 0 IPv4, bit 1 IPv6: given; a family not given has no base */
	u32 base[IMAGE_FAMILIES][IMAGE_TABLES][IMAGE_HOOKS];	/* chain number or IMAGE_NONE */
	u32 nr_rules[IMAGE_FAMILIES][IMAGE_TABLES];		/* as written, for people */

	struct image_section chains;	/* struct image_chain */
	struct image_section trees;	/* struct image_tree */
	struct image_section nodes;	/* struct image_node */
	struct image_section rules4;	/* struct image_rule4: leaf records */
	struct image_section rules6;	/* struct image_rule6 */
	struct image_section acts;	/* u32 by rule id: ACT_* | argument << ACT_SHIFT */
	struct image_section programs;	/* bytes: match programs, struct image_op after op */
	struct image_section residuals;	/* bytes: residual programs; reserved */
	struct image_section sets;	/* bytes: static sets; reserved */
	struct image_section ifaces;	/* struct image_iface: borders, see below */
	struct image_section text;	/* bytes: canonical text, zlib; count = compressed size */
	u32 text_size;			/* of the text uncompressed */
	u32 nr_counters;		/* rule ids, then one for each base chain's policy */
	u32 nr_state;			/* state cells of 64 bytes; reserved */
	u32 pad0;

	/* Run-time fields: zero in a file, set by image_load(). */
	u32 counters;			/* offset of shard 0: struct image_counter[nr_counters] */
	u32 nr_shards;			/* power of two */
	u32 shard_stride;		/* bytes from shard to shard */
	u32 state;			/* offset of the state cells */
	u64 loaded_at;			/* CLOCK_BOOTTIME ns */
	u32 origin;			/* enum image_origin: who loaded it */
	u32 pad1;
	u8 reserved[64];
};

enum image_origin { IMAGE_ORIGIN_BOOT = 1, IMAGE_ORIGIN_APPLY, IMAGE_ORIGIN_RESCUE };

struct image_chain {
	u32 first;		/* id of its first rule */
	u32 count;		/* rules; ids first .. first + count - 1 */
	u32 leaf;		/* index of its first leaf record, when it is one leaf (no trees) */
	u32 nr_leaf;		/* leaf records of it; several may carry one id */
	u32 tree;		/* index of its first tree; reserved until trees are built */
	u32 nr_trees;		/* 0: the chain is one leaf, sorted by id */
	u32 policy;		/* base chain: NF_DROP 0 or NF_ACCEPT 1; user chain: IMAGE_NONE */
	u32 policy_counter;	/* number of the counter; base chains only */
};

/* One tree of a chain's forest; sorted by min_id. */
struct image_tree {
	u32 root;
	u32 min_id, max_id;
	u32 pad;
};

/* An inner node, one cache line: 14 children behind 13 splits. */
struct image_node {
	u32 base;
	u32 min_id;
	u8 kind, dim;
	u16 count;
	u32 split[13];
};

/*
 * A leaf record: the box a packet has to lie in. @check then decides the rest in the order written:
 * 0 nothing more to check; else the offset of a match program from the start of the section, plus 8
 * (bit 31 is reserved for checks small enough to be written here).
 *
 * The box is necessary, never sufficient where @check is set. What may be in it: addresses with
 * prefix masks, interface intervals, the protocol, and the ports of the *first* tcp/udp/icmp match.
 */
struct image_rule4 {
	u32 src, dst;
	u16 sport_lo, sport_hi;
	u16 dport_lo, dport_hi;	/* ICMP: type << 8 | code */
	u8 src_shift, dst_shift;/* 32 - prefix length */
	u8 proto, flags;	/* BOX_* */
	u8 in_lo, in_hi, out_lo, out_hi;	/* interface intervals, 255: and all behind */
	u32 id;
	u32 check;
};

struct image_rule6 {
	u32 src[4], dst[4];	/* most significant word first */
	u16 sport_lo, sport_hi;
	u16 dport_lo, dport_hi;
	u8 src_len, dst_len;	/* prefix lengths */
	u8 proto, flags;
	u8 in_lo, in_hi, out_lo, out_hi;
	u32 id;
	u32 check;
};

#define BOX_PROTO	(1U << 0)	/* @proto must be the packet's */
#define BOX_L4		(1U << 1)	/* a tcp/udp/icmp match: header needed, ports compared */
#define BOX_PARSED	(1U << 2)	/* IPv6 with -p: headers that cannot be read drop */
#define BOX_RESIDUAL	(1U << 3)	/* reserved */

/*
 * Interface names cut the space of 16-byte names into intervals. Border i is the first name of
 * interval i + 1, as two big-endian numbers; a packet's interval is the number of borders <= its
 * device's name. "No device" is the empty name and lies in interval 0.
 */
struct image_iface {
	u64 hi, lo;
};

struct image_counter {
	u64 packets, bytes;
};

/* What a matched rule does. */
enum image_act {
	ACT_CONTINUE,		/* no target: count, next rule */
	ACT_ACCEPT,
	ACT_DROP,
	ACT_RETURN,
	ACT_JUMP,		/* argument: chain number */
	ACT_GOTO,
	ACT_LAST = ACT_GOTO,
};
#define ACT_SHIFT	4
#define ACT_MASK	15U

/* Match programs: ops in the order written in the rule; all must hold. */
struct image_op {
	u8 code;		/* enum image_opcode */
	u8 flags;		/* OP_INVERT */
	u8 size;		/* of the op with its payload, in units of 8 bytes */
	u8 pad;
	u32 arg;
};

#define OP_INVERT	1U

enum image_opcode {
	OP_END,		/* the rule matches */
	OP_PARSED,	/* IPv6: drop if the header chain could not be read */
	OP_L4,		/* drop if the transport header is short, no match in a later fragment */
	OP_SPORT,	/* arg: lo << 16 | hi */
	OP_DPORT,	/* arg: lo << 16 | hi */
	OP_ICMP,	/* arg: type << 16 | code_lo << 8 | code_hi; type 255 with OP_ANY: all */
	OP_TCP_FLAGS,	/* arg: mask << 8 | compare */
	OP_TCP_OPTION,	/* arg: option number; drop if the options cannot be read */
	OP_CT_STATE,	/* arg: CT_* mask */
	OP_PROTO,	/* arg: protocol (used for ! -p) */
	OP_FRAGMENT,	/* IPv4: not the first fragment */
	OP_SRC4,	/* arg: value; payload: u32 mask, u32 0 */
	OP_DST4,	/* as OP_SRC4 */
	OP_SRC6,	/* payload: u32 value[4], u32 mask[4] */
	OP_DST6,	/* as OP_SRC6 */
	OP_IN,		/* arg: first interval << 16 | last interval, of interface names */
	OP_OUT,		/* as OP_IN */
	OP_NEVER,	/* matches nothing (! -s 0/0, ! -i +); OP_INVERT: everything */
	OP_LAST = OP_NEVER,
};

#define OP_ANY		2U	/* OP_ICMP: any type */

/* Connection tracking states; numbers of xt_conntrack (XT_CONNTRACK_STATE_*). */
#define CT_INVALID	(1U << 0)
#define CT_ESTABLISHED	(1U << 1)
#define CT_RELATED	(1U << 2)
#define CT_NEW		(1U << 3)
#define CT_SNAT		(1U << 6)
#define CT_DNAT		(1U << 7)
#define CT_UNTRACKED	(1U << 8)
#define CT_ALL		(CT_INVALID | CT_ESTABLISHED | CT_RELATED | CT_NEW | CT_SNAT | CT_DNAT | \
			 CT_UNTRACKED)

/*
 * Why the evaluator dropped a packet that no rule dropped. Counted, shown by "bpfilter status".
 * DROP_HOTDROP is no error: iptables drops there too (a match could not read its header).
 */
enum drop_reason {
	DROP_HOTDROP,
	DROP_NO_IMAGE,		/* the map has none: cannot happen once loaded */
	DROP_BAD_IMAGE,		/* an offset outside: the validator has let something through */
	DROP_BUDGET,		/* IMAGE_BUDGET steps */
	DROP_STACK,		/* jumps nested too deep */
	DROP_UNREADABLE,	/* IP header not readable */
	DROP_NO_TRACKING,	/* rules need connection tracking and it is off */
	DROP_REASONS,
};

/* What a program's control map holds (its .bss): one writer, the commands; counters by programs. */
struct control {
	u32 judging;		/* 0: pass everything on, 1: judge */
	u32 ct_status;		/* offset of nf_conn.status in this kernel; 0: unknown */
	u64 drops[DROP_REASONS];
};

/*
 * What bpf/handover.bpf.c is given. Drops that the old program counts during the change are lost:
 * its control is written as a whole.
 */
struct handover {
	u32 next_fd, current_fd;	/* control maps of the two slots */
	u32 image_fd, inner_fd;		/* the next one's outer map, and the image that is in it */
	struct control next, current;	/* as they are, and with judging 0 */
};

#endif

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
#define IMAGE_VERSION	3U

/* Capacities: sizes of the map value that holds an image. Programs are built once for each. */
#define IMAGE_CAPACITIES	6
#define IMAGE_CAPACITY_0	(1U << 20)
#define IMAGE_CAPACITY_1	(16U << 20)
#define IMAGE_CAPACITY_2	(60U << 20)
#define IMAGE_CAPACITY_3	(120U << 20)
#define IMAGE_CAPACITY_4	(240U << 20)
#define IMAGE_CAPACITY_5	(480U << 20)
#define IMAGE_CAPACITY_MAX	IMAGE_CAPACITY_5
/* Bytes at its end that stay unused, so that a leaf's bounds can be checked at once. */
#define IMAGE_SLACK		1024U

#define IMAGE_FAMILIES	2	/* 0 IPv4, 1 IPv6 */
#define IMAGE_TABLES	2	/* 0 filter, 1 raw */
#define IMAGE_HOOKS	5	/* enum nf_inet_hooks */
#define IMAGE_NONE	0xffffffffU

/* Jumps that may be pending at once; deeper nesting is refused by the compiler. */
#define IMAGE_STACK	16
/* Steps (leaves looked at, mostly) after which a packet is dropped as an error; BPF_MAX_LOOPS. */
#define IMAGE_BUDGET	(8U << 20)
/* Leaf records that are looked at one by one; a chain of so many needs no tree. */
#define IMAGE_LEAF	16
/* Nodes on the way from a root to a leaf. */
#define IMAGE_LEVELS	12
/* Rules of one image. */
#define IMAGE_RULES_MAX	(4U << 20)
/* State cells of one image. */
#define IMAGE_CELLS_MAX	(5U << 20)
/* Ops of one match program. */
#define IMAGE_OPS_MAX	256

/* Feature bits: what an image needs. An evaluator refuses bits it does not know. */
#define IMAGE_F_CONNTRACK	(1U << 0)	/* a rule asks for connection tracking states */
#define IMAGE_F_INTERFACES	(1U << 1)	/* a rule names an interface: look the names up */
#define IMAGE_F_NAT_STATE	(1U << 2)	/* a rule asks for SNAT or DNAT (nf_conn.status) */
#define IMAGE_F_RESIDUAL	(1U << 3)	/* a rule has a residual program */
#define IMAGE_F_KERNEL		(1U << 4)	/* an op asks what only the kernel knows */
#define IMAGE_F_JIFFIES		(1U << 5)	/* an op needs the header's hz */
#define IMAGE_F_ACCOUNTING	(1U << 6)	/* an op needs the counters of connections */
/* Ops of a group (enum op_group): the evaluator has to be loaded with them. */
#define IMAGE_F_GROUP(group)	(1U << (8 + (group)))
#define IMAGE_F_GROUPS		(IMAGE_F_GROUP(OPS_GROUPS) - IMAGE_F_GROUP(OPS_FIELD))
#define IMAGE_F_BASIC		(IMAGE_F_CONNTRACK | IMAGE_F_INTERFACES | IMAGE_F_NAT_STATE)
#define IMAGE_F_KNOWN		(IMAGE_F_BASIC | IMAGE_F_RESIDUAL | IMAGE_F_KERNEL | \
				 IMAGE_F_JIFFIES | IMAGE_F_ACCOUNTING | IMAGE_F_GROUPS)

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
	struct image_section traits;	/* struct image_trait */
	struct image_section programs;	/* bytes: match programs, struct image_op after op */
	struct image_section named;	/* struct image_named */
	struct image_section sets;	/* struct image_set; their nodes lie behind them */
	struct image_section ifaces;	/* struct image_iface: borders, see below */
	struct image_section text;	/* bytes: canonical text, zlib; count = compressed size */
	u32 text_size;			/* of the text uncompressed */
	u32 nr_ids;			/* rules; ids below */
	u32 nr_counters;		/* rule ids, then one for each base chain's policy */
	u32 nr_hot;			/* counters that each shard has */
	u32 nr_state;			/* struct image_cell: of rules, then of named tables */
	u32 nr_state4;			/* of them of IPv4 rules, the first ones */

	/* Run-time fields: zero in a file, set by image_load(). */
	u32 counters;			/* offset: struct image_counter[nr_counters] */
	u32 hot;			/* offset of shard 1: struct image_counter[nr_hot] */
	u32 nr_shards;			/* power of two; number 0 is @counters itself */
	u32 shard_stride;		/* bytes from shard to shard */
	u32 state;			/* offset of the state cells */
	u64 loaded_at;			/* CLOCK_BOOTTIME ns */
	u32 origin;			/* enum image_origin: who loaded it */
	u32 hz;				/* jiffies a second of this kernel; with IMAGE_F_JIFFIES */
	u64 jiffies;			/* at loading; with IMAGE_F_JIFFIES */
	u64 clock_offset;		/* kernel address: CLOCK_REALTIME - CLOCK_MONOTONIC, ns */

	/* struct image_answer (bpf/answer.h); both fields 0: there are none. */
	struct image_section answers;
	u8 reserved[32];
};

enum image_origin { IMAGE_ORIGIN_BOOT = 1, IMAGE_ORIGIN_APPLY, IMAGE_ORIGIN_RESCUE };

/*
 * A chain's counters: rule @first + i has counter number @first + i. The first @nr_hot of them and,
 * behind these, the policy's have a place in each shard as well, from @hot on, so that CPUs do not
 * fight for the lines that nearly every packet counts in.
 */
struct image_chain {
	u32 first;		/* id of its first rule */
	u32 count;		/* rules; ids first .. first + count - 1 */
	u32 leaf;		/* index of its first leaf record */
	u32 nr_leaf;		/* leaf records of it; several may carry one id */
	u32 tree;		/* index of its first tree */
	u32 nr_trees;		/* 0: its records are one leaf of at most IMAGE_LEAF */
	u32 policy;		/* base chain: NF_DROP 0 or NF_ACCEPT 1; user chain: IMAGE_NONE */
	u32 policy_counter;	/* number of the counter; base chains only */
	u32 hot;
	u32 nr_hot;
};

/*
 * One tree of a chain's forest; sorted by min_id. Each rule of the chain is in one of them (in
 * several, or more than once in one, where that was cheaper), so all are asked, until one begins
 * behind the best answer so far.
 */
struct image_tree {
	u32 at;			/* the root: a node; or the first record of the only leaf */
	u32 min_id, max_id;
	u32 nr_leaf;		/* 0: a node; else records of that leaf */
};

/*
 * A node, one cache line. It cuts one dimension of the packet (enum image_dim) at its splits: the
 * child is the number of splits < the packet's value. Unused splits are 0xffffffff.
 */
struct image_node {
	u32 base;		/* first child, or first record */
	u32 min_id;		/* nothing below has a smaller id; IMAGE_NONE: empty */
	u8 kind, dim;
	u8 count;		/* splits; NODE_LEAF: records */
	u8 pad;
	union {
		u32 split[13];	/* NODE_INNER */
		struct {	/* NODE_LEAVES: leaf q is records base + off[q] .. off[q + 1] - 1 */
			u8 off[12];
			u32 cut[10];
		};
	};
};

/* What a tree can cut: index of struct packet.key. IPv4 uses the first word of an address. */
enum image_dim {
	DIM_SRC,
	DIM_DST = 4,
	DIM_SPORT = 8,
	DIM_DPORT,
	DIM_PROTO,
	DIM_IN,
	DIM_OUT,
	DIM_COUNT,
};

enum image_node_kind { NODE_INNER, NODE_LEAF, NODE_LEAVES };
#define NODE_SPLITS	13
#define NODE_CUTS	10

/*
 * A leaf record: the addresses and ports a packet has to have; sorted by id within a leaf. The rest
 * of the rule is its trait. Where the trait has no program, both decide. Else the box is necessary
 * and the program sufficient. What may be in a box: addresses with prefix masks, and the ports that
 * the tcp, udp, icmp and multiport matches ask for; several records make several boxes.
 */
struct image_rule4 {
	u32 src, dst;
	u16 sport_lo, sport_hi;
	u16 dport_lo, dport_hi;	/* ICMP: type << 8 | code */
	u32 id;
	u32 rest;		/* trait << 12 | dst shift << 6 | src shift (32 - prefix length) */
};

#define RULE4_TRAIT	12
#define RULE4_SHIFT	6

struct image_rule6 {
	u32 src[4], dst[4];	/* most significant word first */
	u16 sport_lo, sport_hi;
	u16 dport_lo, dport_hi;
	u32 id;
	u32 trait;
	u8 src_shift[2], dst_shift[2];	/* bits of each half that are not compared, 0 to 64 */
	u8 pad[4];
};

/* What thousands of rules have in common: everything but addresses, ports and number. */
struct image_trait {
	u16 in_lo, in_hi, out_lo, out_hi;	/* intervals of names; with TRAIT_INTERFACE */
	u16 flags;		/* TRAIT_* */
	u16 ct;			/* CT_* states, one of which must be the packet's; 0: any */
	u8 proto;
	u8 tcp_mask, tcp_flags;
	u8 pad;
	u32 program;		/* 0: none; else offset of a match program in its section + 8 */
	u32 act;		/* ACT_* | argument << ACT_SHIFT */
	u32 residual;		/* as program: what is left to ask once the rule is reached */
	u32 pad1;
};

#define TRAIT_PROTO	(1U << 0)	/* @proto must be the packet's */
#define TRAIT_L4	(1U << 1)	/* a match of ports or types: header needed, box compared */
#define TRAIT_PARSED	(1U << 2)	/* IPv6 with -p: headers that cannot be read drop */
#define TRAIT_NOT_IN	(1U << 3)	/* ! -i */
#define TRAIT_NOT_OUT	(1U << 4)
#define TRAIT_FRAGMENT	(1U << 5)	/* -f */
#define TRAIT_WHOLE	(1U << 6)	/* ! -f */
#define TRAIT_TCP	(1U << 7)	/* the flags under @tcp_mask must be @tcp_flags */
#define TRAIT_NOT_TCP	(1U << 8)	/* must not */
#define TRAIT_CT_FIRST	(1U << 9)	/* @ct is written before the match of TRAIT_L4 */
#define TRAIT_WHOLE_L4	(1U << 10)	/* TRAIT_L4: the program is for headers cut off alone */
#define TRAIT_INTERFACE	(1U << 11)	/* @in_lo and so on are not simply everything */
#define TRAIT_ALL	((1U << 12) - 1)

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

/* State of a rule; zero when an image is loaded. Written with atomic operations alone. */
struct image_cell {
	u64 word[8];
};

/* A table of state that rules share by its name, and that a new rule set takes over. */
struct image_named {
	char name[256];		/* NUL terminated, zeroes behind it */
	u8 kind;		/* enum image_named_kind */
	u8 family;		/* 0 IPv4, 1 IPv6, 2 both */
	u16 pad;
	u32 first, count;	/* its cells */
	u32 pad1;
	u64 params[4];		/* up to its kind */
};

enum image_named_kind {
	NAMED_RECENT = 1,
	NAMED_HASHLIMIT,
	NAMED_CONNLIMIT,
	NAMED_LAST = NAMED_CONNLIMIT
};

/*
 * A static set. Its entries cut the space of keys into intervals, each of which is in the set, or
 * not, or excepted (nomatch). A key is @words words: the address, least significant word first, and
 * above it protocol << 16 | port. Borders are the first keys of the intervals, in a tree of nodes
 * without pointers: of a node with k keys, child c is number * (k + 1) + c + 1.
 */
struct image_set {
	u32 at;			/* its nodes: bytes from the start of the section */
	u32 nodes;
	u32 borders;		/* as built, for people */
	u8 has;			/* SET_HAS_* */
	u8 words;		/* of a key: 1, 2, 4 or 5 */
	u8 pad[2];
};

#define SET_HAS_ADDRESS	1U
#define SET_HAS_PORT	2U	/* with SET_HAS_ADDRESS in the second direction */
#define SET_HAS_NOMATCH	4U	/* it knows --return-nomatch */

#define SET_KEY_WORDS	5U
#define SET_NODE_WORDS	30U
/* Nodes on the way from the root: 7^9 of them have more borders than an image has room for. */
#define SET_LEVELS	9U

/* Where there are no more borders the last is repeated with the largest key there is. */
struct image_set_node {
	u64 values;		/* two bits a key: enum set_value of what begins there */
	u32 word[SET_NODE_WORDS];	/* keys, ascending */
};

enum set_value { SET_OUT, SET_IN, SET_EXCEPTED, SET_WRONG };

/* What a matched rule does. */
enum image_act {
	ACT_CONTINUE,		/* no target: count, next rule */
	ACT_ACCEPT,
	ACT_DROP,
	ACT_RETURN,
	ACT_JUMP,		/* argument: chain number */
	ACT_GOTO,
	ACT_REJECT,		/* argument: number of an answer; then drops */
	ACT_ANSWER,		/* argument: number of an answer; then as ACT_CONTINUE */
	ACT_LAST = ACT_ANSWER,
};
#define ACT_SHIFT	4
#define ACT_MASK	15U

/*
 * Match programs: ops in the order written in the rule; all must hold. From the first op with a
 * side effect on they are the rule's residual program, which runs only when the rule is reached.
 */
struct image_op {
	u8 code;		/* enum image_opcode, or of another group */
	u8 flags;		/* OP_INVERT */
	u8 size;		/* of the op with its payload, in units of 8 bytes */
	u8 pad;
	u32 arg;
};

#define OP_INVERT	1U

/*
 * Ops come in groups of 16 numbers. The basic ones are in every evaluator; each other group is a
 * file bpf/ops_*.h, and in an evaluator whose image asks for it.
 */
enum op_group {
	OPS_BASIC,		/* two groups */
	OPS_FIELD = 2,
	OPS_CT,
	OPS_RATE,
	OPS_RECENT,
	OPS_PAYLOAD,
	OPS_HEADER,
	OPS_OBJECT,
	OPS_SET,
	OPS_TRANSPORT,
	OPS_SRH,
	OPS_CONNLIMIT,
	OPS_ANSWER,		/* no ops: ACT_REJECT and ACT_ANSWER, bpf/ops_answer.h */
	OPS_GROUPS,
};
#define OP_GROUP(code)	((code) >> 4)
#define OP_CODE(group, n)	((group) << 4 | (n))

/* OPS_BASIC */
enum image_opcode {
	OP_END,		/* the rule matches */
	OP_PARSED,	/* IPv6: drop if the header chain could not be read */
	OP_L4,		/* drop if the transport header is short, no match in a later fragment */
	OP_SPORT,	/* arg: lo << 16 | hi */
	OP_DPORT,	/* arg: lo << 16 | hi */
	OP_ICMP,	/* arg: type << 16 | code_lo << 8 | code_hi; type 255 with OP_ANY: all */
	OP_TCP_FLAGS,	/* arg: mask << 8 | compare */
	OP_CT_STATE,	/* arg: CT_* mask */
	OP_PROTO,	/* arg: protocol (used for ! -p) */
	OP_FRAGMENT,	/* IPv4: not the first fragment */
	OP_SRC4,	/* arg: value; payload: u32 mask, u32 0 */
	OP_DST4,	/* as OP_SRC4 */
	OP_SRC6,	/* payload: u32 value[4], u32 mask[4] */
	OP_DST6,	/* as OP_SRC6 */
	OP_NEVER,	/* matches nothing (! -s 0/0, ! -i +); OP_INVERT: everything */
	OP_MULTIPORT,	/* arg: MULTIPORT_* | words << 8; payload: two lo << 16 | hi a word */
	OP_LAST = OP_MULTIPORT,
};

/*
 * OP_MULTIPORT: one of these ports must be in one of the ranges. Without the ports: drop, no match
 * in a later fragment.
 */
#define MULTIPORT_SOURCE	1U
#define MULTIPORT_DESTINATION	2U
#define MULTIPORT_WORDS		8U	/* at most */

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

/*
 * Where the fields of a connection (struct nf_conn and what it leads to) are in this kernel. Set
 * before the program judges. Addresses and ports: original source, original destination, reply
 * source, reply destination.
 */
struct ct_layout {
	u16 status;		/* all the others: with IMAGE_F_GROUP(OPS_CT) only */
	u16 timeout;
	u16 mark;
	u16 master;
	u16 ext;
	u16 address[4];
	u16 port[4];
	u16 proto;
	u16 acct_id, help_id;	/* in struct nf_ct_ext: the byte that is the extension's offset */
	u16 acct_packets, acct_bytes, acct_size;	/* of the counters of one direction */
	u16 help_helper;	/* in struct nf_conn_help */
	u16 helper_name;	/* in struct nf_conntrack_helper */
	u16 tcp_state;
	u16 net, zone;		/* 0: this kernel has none */
	u16 pad[2];
};

/* What a program's control map holds (its .bss): one writer, the commands; counters by programs. */
struct control {
	u32 judging;		/* 0: pass everything on, 1: judge */
	u32 pad;
	struct ct_layout ct;	/* zero: no rule needs it */
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

#include "bpf/image_ops.h"

#endif

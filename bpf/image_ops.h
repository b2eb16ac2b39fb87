/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_IMAGE_OPS_H
#define BPF_IMAGE_OPS_H

/*
 * The ops beyond the basic ones, by group (enum op_group): numbers, arguments, payloads. A part of
 * bpf/image.h, which includes it.
 */

/* OPS_TRANSPORT */
/* arg: option number; drop if the options cannot be read */
#define OP_TCP_OPTION	OP_CODE(OPS_TRANSPORT, 0)

/* OPS_SRH: one test of the segment routing header. arg: enum srh_test | number << 8 */
#define OP_SRH		OP_CODE(OPS_SRH, 0)

enum srh_test {
	SRH_NEXT, SRH_LENGTH_IS, SRH_LENGTH_ABOVE, SRH_LENGTH_BELOW, SRH_LEFT_IS, SRH_LEFT_ABOVE,
	SRH_LEFT_BELOW, SRH_LAST_IS, SRH_LAST_ABOVE, SRH_LAST_BELOW, SRH_TAG,
	SRH_PREVIOUS,		/* payload of these three: u32 address[4], mask[4], host order */
	SRH_FOLLOWING,
	SRH_FINAL,
	SRH_THERE,		/* there is such a header */
	SRH_HAS_PREVIOUS,	/* there is such a segment; in the order of SRH_PREVIOUS */
	SRH_HAS_FOLLOWING,
	SRH_HAS_FINAL,
};

/*
 * OPS_OBJECT: what the kernel keeps beside the packet. xt_owner.c, xt_cgroup.c, xt_physdev.c,
 * xt_policy.c and xt_addrtype.c in net/netfilter.
 */
/* arg: OWNER_* | inverted ones << 8; payload: u64 of the users, of the groups: max << 32 | min */
#define OP_OWNER	OP_CODE(OPS_OBJECT, 0)
#define OP_SOCKET	OP_CODE(OPS_OBJECT, 1)	/* there is a full socket of this namespace */
#define OP_CLASSID	OP_CODE(OPS_OBJECT, 2)	/* behind OP_SOCKET; arg: net_cls class */
#define OP_PHYSDEV	OP_CODE(OPS_OBJECT, 3)	/* arg: PHYSDEV_* | inverted ones << 8; payload:
						 * name[16], mask[16] for IN, the same for OUT */
#define OP_POLICY	OP_CODE(OPS_OBJECT, 4)	/* arg: POLICY_OUT and so on | elements << 8;
						 * payload: the elements, POLICY_WORDS each */
#define OP_ADDRTYPE	OP_CODE(OPS_OBJECT, 5)	/* arg: bits of types (RTN_*) | ADDRTYPE_* */
#define OP_LOCAL6	OP_CODE(OPS_OBJECT, 6)	/* OP_ADDRTYPE of IPv6, LOCAL among the types */
#define OP_OBJECT_LAST	OP_LOCAL6

#define OWNER_UID		1U
#define OWNER_GID		2U
#define OWNER_SOCKET		4U
#define OWNER_GROUPS		8U	/* with OWNER_GID: or one of the supplementary groups */
#define OWNER_ALL		15U
#define OWNER_WORDS		2U

#define PHYSDEV_IN		1U
#define PHYSDEV_OUT		2U
#define PHYSDEV_IS_IN		4U
#define PHYSDEV_IS_OUT		8U
#define PHYSDEV_BRIDGED		16U
#define PHYSDEV_ALL		31U
#define PHYSDEV_WORDS		8U

#define POLICY_OUT		1U	/* else in */
#define POLICY_NONE		2U	/* matches packets without any */
#define POLICY_STRICT		4U	/* all elements, in this order */
#define POLICY_ELEMENTS		4U	/* at most */
#define POLICY_DEPTH		6U	/* XFRM_MAX_DEPTH: transformations of a packet */
/*
 * An element: u64 (what is asked | inverted << POLICY_INVERT | protocol << 32 | mode << 40), u64
 * (SPI | reqid << 32), source[16], mask[16], destination[16], mask[16]. Addresses in network byte
 * order.
 */
#define POLICY_WORDS		10U
#define POLICY_INVERT		16U
#define POLICY_SRC		1U
#define POLICY_DST		2U
#define POLICY_PROTO		4U
#define POLICY_MODE		8U
#define POLICY_SPI		16U
#define POLICY_REQID		32U

#define ADDRTYPE_TYPES		0xfffU
#define ADDRTYPE_SOURCE		(1U << 16)	/* else the destination */
#define ADDRTYPE_LIMIT_IN	(1U << 17)	/* only routes of the device it came from */
#define ADDRTYPE_LIMIT_OUT	(1U << 18)	/* or leaves by */
#define ADDRTYPE_ALL		(ADDRTYPE_TYPES | ADDRTYPE_SOURCE | ADDRTYPE_LIMIT_IN | \
				 ADDRTYPE_LIMIT_OUT)

/* OPS_FIELD: what stands in the IP header, and what the kernel knows of a packet. */
enum image_op_field {
	OP_IP_WORD = OP_CODE(OPS_FIELD, 0),	/* arg: offset in the IP header; struct op_range */
	OP_META,	/* arg: enum image_meta; struct op_range */
	OP_LENGTH,	/* arg: lo << 16 | hi: total length (IPv4), of the packet (IPv6) */
	OP_RANGE4,	/* arg: 0 source, 1 destination address; payload: u32 lo, u32 hi */
	OP_RANGE6,	/* the same; payload: u32 lo[4], u32 hi[4] */
	OP_MAC,		/* arg: 1 for another address; payload: 6 bytes, 2 zero */
	OP_EUI64,	/* drop if an Ethernet device's packet has no MAC header */
	OP_TCP_ECN,	/* arg: mask << 8 | compare, of byte 13; no match without the header */
	OP_TCP_MSS,	/* arg: lo << 16 | hi; drop without the header or the options */
	OP_U32,		/* payload: struct op_u32 after op_u32 */
};

/* OP_IP_WORD, OP_META: a number under @mask lies between @lo and @hi. */
struct op_range {
	u32 mask, lo, hi, pad;
};

enum image_meta {
	META_MARK,
	META_CPU,
	META_PKTTYPE,		/* PACKET_*, as xt_pkttype sees it */
	META_IN_GROUP,		/* device group */
	META_OUT_GROUP,
	META_REALM,		/* of the route */
	META_COUNT,
};

/*
 * OP_U32: steps and ranges of xt_u32, test after test. A test begins with U32_LOAD; its last step
 * says how many ranges follow, in one of which the value has to lie.
 */
struct op_u32 {
	union {
		struct {
			u32 number;
			u8 op, ranges;	/* enum u32_op */
			u16 pad;
		};
		struct {
			u32 lo, hi;
		};
	};
};

enum u32_op {
	U32_LOAD,		/* value := word at @number; base := 0 */
	U32_AND,
	U32_LEFT,
	U32_RIGHT,
	U32_AT,			/* base += value; value := word at base + @number */
	U32_LAST = U32_AT,
};

/*
 * OPS_CT: of the packet's connection. CT_WITHOUT in arg: it holds for a packet that has none, also
 * under OP_INVERT; else it does not.
 */
#define OP_CT_DIRECTION	OP_CODE(OPS_CT, 0)	/* arg: 0 original, 1 reply */
#define OP_CT_ADDRESS OP_CODE(OPS_CT, 1) /* arg: 0 to 3, as struct ct_layout; payload as OP_SRC6 */
#define OP_CT_PORT	OP_CODE(OPS_CT, 2)	/* arg: as OP_CT_ADDRESS; payload: u32 lo, hi */
#define OP_CT_PROTO	OP_CODE(OPS_CT, 3)	/* arg: protocol */
#define OP_CT_STATUS	OP_CODE(OPS_CT, 4)	/* arg: CT_STATUS_*, one of which must be set */
#define OP_CT_EXPIRE	OP_CODE(OPS_CT, 5)	/* payload: u32 lo, hi, in seconds */
#define OP_CT_MARK	OP_CODE(OPS_CT, 6)	/* payload: u32 value, mask */
#define OP_CT_BYTES	OP_CODE(OPS_CT, 7)	/* arg: CT_BYTES_*; payload: from, to */
#define OP_CT_HELPER	OP_CODE(OPS_CT, 8)	/* payload: name, 32 bytes; "": any */

#define CT_WITHOUT	(1U << 31)

/* Bits of nf_conn.status (enum ip_conntrack_status). */
#define CT_STATUS_EXPECTED	(1U << 0)
#define CT_STATUS_SEEN_REPLY	(1U << 1)
#define CT_STATUS_ASSURED	(1U << 2)
#define CT_STATUS_CONFIRMED	(1U << 3)
#define CT_STATUS_ALL		15U

/* OP_CT_BYTES: directions as bits, and what << 2. From > to: less than to or more than from. */
#define CT_BYTES_ORIGINAL	1U
#define CT_BYTES_REPLY		2U
enum ct_bytes { CT_BYTES_PACKETS, CT_BYTES_BYTES, CT_BYTES_AVERAGE };

#define CT_HELPER_NAME	16	/* NF_CT_HELPER_NAME_LEN */
/*
 * OPS_SET: net/netfilter/xt_set.c. arg: SET_* | sets << SET_COUNT; payload: numbers of sets, two a
 * word, one of which has to match.
 */
#define OP_SET		OP_CODE(OPS_SET, 0)
#define SET_ONE_SRC	1U	/* the first direction is src */
#define SET_TWO_SRC	2U	/* the second one */
#define SET_NOMATCH	4U	/* --return-nomatch: entries with nomatch, and no others */
#define SET_COUNT	8
#define SET_COUNT_MAX	64U

/*
 * OPS_RECENT: net/netfilter/xt_recent.c. OP_RECENT: arg: a table (RECENT_TABLE) and what to do,
 * none of SET, REMOVE and UPDATE: look only; payload: u32 seconds, u32 hits, 0: any.
 */
#define OP_RECENT	OP_CODE(OPS_RECENT, 0)
#define OP_RECENT_TTL	OP_CODE(OPS_RECENT, 1)	/* the same; the TTL has to be the entry's */
#define RECENT_TABLE	0xffffU
#define RECENT_DEST	(1U << 16)	/* the destination's address */
#define RECENT_REAP	(1U << 17)
#define RECENT_SET	(1U << 18)
#define RECENT_REMOVE	(1U << 19)
#define RECENT_UPDATE	(1U << 20)
#define RECENT_ALL	((1U << 21) - 1)

/* OPS_PAYLOAD: net/netfilter/xt_string.c and xt_bpf.c. */
#define OP_STRING	OP_CODE(OPS_PAYLOAD, 0)	/* arg: from << 16 | to; payload: image_string */
#define OP_STRING_BM	OP_CODE(OPS_PAYLOAD, 1)	/* the same; not across the blocks of a packet */
#define OP_CBPF		OP_CODE(OPS_PAYLOAD, 2)	/* payload: struct image_cbpf each word */
#define OP_CBPF_KERNEL	OP_CODE(OPS_PAYLOAD, 3)	/* the same, with loads of SKF_AD_* or SKF_LL_OFF */

#define STRING_MAX	128U

/* What to look for, and how far to go on when a byte does not fit: lib/ts_bm.c. */
struct image_string {
	u8 len;			/* 1 to STRING_MAX */
	u8 caseless;		/* 1: @pattern is in upper case */
	u8 pad[6];
	u8 pattern[STRING_MAX];
	u8 bad[256];		/* by the byte of the text */
	u8 good[STRING_MAX];	/* by the bytes that did fit, from the end */
};

/* One instruction of classic BPF: struct sock_filter. */
struct image_cbpf {
	u16 code;
	u8 jt, jf;
	u32 k;
};

#define IMAGE_CBPF_MAX	64U

/*
 * OPS_HEADER: transport headers, after an OP_L4; and extension headers of IPv6. A header that is
 * asked for and cannot be read drops. A number: u32 lo, hi in the payload.
 */
#define OP_SPI		OP_CODE(OPS_HEADER, 0)	/* arg: offset of the number */
#define OP_MH		OP_CODE(OPS_HEADER, 1)	/* arg: type_lo << 8 | type_hi */
#define OP_SCTP_CHUNKS	OP_CODE(OPS_HEADER, 2)	/* arg: SCTP_*; payload: struct sctp_chunks */
#define OP_DCCP_TYPE	OP_CODE(OPS_HEADER, 3)	/* arg: a bit for each type */
#define OP_DCCP_OPTION	OP_CODE(OPS_HEADER, 4)	/* arg: option number */
/* arg: HEADER_* and those below; flags there instead of OP_INVERT, for each part of the match */
#define OP_AH6		OP_CODE(OPS_HEADER, 5)	/* number: SPI; u32 length, 0 */
#define OP_FRAG		OP_CODE(OPS_HEADER, 6)	/* number: identification */
#define OP_RT		OP_CODE(OPS_HEADER, 7)	/* segments left; u32 type, length; addresses */
#define OP_TLV		OP_CODE(OPS_HEADER, 8)	/* u32 length, 0; u16[TLV_MAX] type << 8 | length */
#define OP_IPV6HEADER	OP_CODE(OPS_HEADER, 9)	/* arg: HEADERS_* */

#define HEADER_NOT_NUMBER	(1U << 0)
#define HEADER_LENGTH		(1U << 1)	/* bytes of the header */
#define HEADER_NOT_LENGTH	(1U << 2)
#define HEADER_RESERVED		(1U << 3)	/* reserved bits have to be 0 */
#define FRAG_FIRST		(1U << 4)
#define FRAG_MORE		(1U << 5)
#define FRAG_LAST		(1U << 6)
#define RT_TYPE			(1U << 4)
#define RT_NOT_TYPE		(1U << 5)
#define RT_ADDRESSES		(1U << 6)	/* arg: how many << 8 */
#define RT_NOT_STRICT		(1U << 7)
#define RT_ADDRESSES_MAX	16U
#define TLV_DST			(1U << 4)	/* destination options, not hop-by-hop options */
#define TLV_GIVEN		(1U << 5)	/* arg: how many << 8; length 255: any */
#define TLV_MAX			16U

/* The headers of a packet, as bits: MASK_* of linux/netfilter_ipv6/ip6t_ipv6header.h. */
#define HEADERS_PROTO		(1U << 0)
#define HEADERS_NONE		(1U << 1)
#define HEADERS_ESP		(1U << 2)
#define HEADERS_AH		(1U << 3)
#define HEADERS_FRAGMENT	(1U << 4)
#define HEADERS_ROUTING		(1U << 5)
#define HEADERS_DSTOPTS		(1U << 6)
#define HEADERS_HOPOPTS		(1U << 7)
#define HEADERS_MASK		255U
#define HEADERS_SOFT		(1U << 8)	/* all of these, and others */
#define HEADERS_NOT		(1U << 9)

/* Which SCTP chunks a packet must have: one of the list, all of them, none but them. */
#define SCTP_ANY		0U
#define SCTP_ALL		1U
#define SCTP_ONLY		2U
#define SCTP_WHICH		3U
#define SCTP_EVERY		(1U << 2)	/* each type is in the list */

/* Types that have names are in a list as bits; no other type has such a number. */
#define SCTP_NAMED(type)	(!((type) & 0x30))
#define SCTP_BIT(type)		((type) >> 6 << 4 | ((type) & 15))
#define SCTP_FLAGS		4U

struct sctp_chunks {
	u64 types;
	struct {		/* of these types the flags under @mask have to be @value */
		u8 used, type, mask, value;
	} flags[SCTP_FLAGS];
};

/*
 * OPS_CONNLIMIT: net/netfilter/xt_connlimit.c: more connections than the limit? arg: the first of
 * CONNLIMIT_CELLS(slots) state cells.
 */
#define OP_CONNLIMIT	OP_CODE(OPS_CONNLIMIT, 0)	/* payload: struct op_connlimit */

struct op_connlimit {
	u32 limit;
	u32 dest;		/* 1: the destination's address is the key */
	u32 mask[4];		/* host order */
	u32 slots;		/* a power of two */
	u32 pad;
};

/*
 * Its cells: the head; words of the slots; their numbers; how far entries are from their slot; the
 * entries. A connection is an entry, and so is an address.
 */
#define CONNLIMIT_WORDS		1U
#define CONNLIMIT_STAMPS(slots)		(CONNLIMIT_WORDS + (slots) / 8)
#define CONNLIMIT_REACH(slots)		(CONNLIMIT_STAMPS(slots) + (slots) / 8)
#define CONNLIMIT_ENTRIES(slots)	(CONNLIMIT_REACH(slots) + (slots) / 16)
#define CONNLIMIT_CELLS(slots)		(CONNLIMIT_ENTRIES(slots) + (slots))
/* As many connections as machines track; an address takes a slot, too. */
#define CONNLIMIT_SLOTS		65536U

#endif

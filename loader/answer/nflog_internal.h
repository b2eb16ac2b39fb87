/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ANSWER_NFLOG_INTERNAL_H
#define ANSWER_NFLOG_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "answer/nflog.h"

#define NSEC_PER_SEC 1000000000ULL

struct nflog_out {
	const struct nflog_ops *ops;
	struct nflog_counts counts;
};

/* What an output does. Its own structure begins with struct nflog_out. */
struct nflog_ops {
	size_t size; /* of its structure, which is the caller's and zeroed before open() */
	/* Before an error too everything is set so that close() can be called. */
	int (*open)(struct nflog_out *out, const struct nflog_spec *spec, struct error *err);
	int (*settle)(struct nflog_out *out); /* NULL: nothing to do */
	void (*write)(struct nflog_out *out, const struct answer_record *r, u64 boot, u64 real);
	u64 (*due)(const struct nflog_out *out); /* NULL: nothing ever waits */
	void (*flush)(struct nflog_out *out, u64 now);
	void (*close)(struct nflog_out *out);
};

extern const struct nflog_ops nflog_netlink, nflog_pcapng, nflog_socket;

/* Attribute lengths have 16 bits: NFULNL_COPY_RANGE_MAX of nfnetlink_log.c. */
#define NFLOG_COPY_MAX (0xffffU - 4U)
/* No message is longer: what is in front of the payload takes less than 512 bytes. */
#define NFLOG_MESSAGE_MAX (0x10000U + 512U)
#define NFLOG_HEADER 16U /* struct nlmsghdr */

struct nflog_how {
	u64 real;      /* when the packet came: CLOCK_REALTIME, ns */
	u32 copy;      /* bytes of the packet at most */
	bool numbered; /* NFULA_SEQ_GLOBAL: */
	u32 number;
};

/**
 * nflog_encode() - a message as nfnetlink_log sends it: struct nlmsghdr, struct nfgenmsg,
 * attributes. Pure.
 * @buf: of NFLOG_MESSAGE_MAX bytes.
 * Returns the bytes used, nlmsg_len: a multiple of 4, as the last attribute is padded.
 */
size_t nflog_encode(const struct answer_record *r, const struct nflog_how *how, u8 *buf);

/** nflog_done() - the message behind more than one packet, NFLOG_DONE bytes. Returns them. */
size_t nflog_done(u16 group, u8 *buf);
#define NFLOG_DONE 20U

/** nflog_payload() - bytes of the packet that a message holds. */
u32 nflog_payload(const struct answer_record *r, u32 copy);

/* pcapng (draft-ietf-opsawg-pcapng): blocks in host byte order. Pure. */
#define PCAPNG_SECTION_MAX 128U
#define PCAPNG_PACKET_MAX (NFLOG_MESSAGE_MAX + 256U)

/** pcapng_section() - section header and interface description; @buf: PCAPNG_SECTION_MAX. */
size_t pcapng_section(u8 *buf);

/** pcapng_packet() - an enhanced packet block; @buf: PCAPNG_PACKET_MAX bytes. */
size_t pcapng_packet(const struct answer_record *r, u64 real, u8 *buf);

/* A line of /proc/net/netfilter/nfnetlink_log (nfnetlink_log.c seq_show()). */
struct nflog_listener {
	u32 port;    /* 0: nobody */
	u32 copy;    /* bytes of a packet it wants at most */
	u32 timeout; /* for how long packets may wait, 10 ms */
};

/** nflog_listener_find() - who is bound to @group. @text: NUL terminated. Pure. */
struct nflog_listener nflog_listener_find(const char *text, u16 group);

#endif

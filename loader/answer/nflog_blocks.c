// SPDX-License-Identifier: GPL-2.0-only
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "answer/nflog_internal.h"

/*
 * draft-ietf-opsawg-pcapng: a block is its type, its length, its body, options, and its length
 * again; all padded to 4 bytes. There is one interface: NFLOG messages tell the real ones by
 * number, so their names are added as a comment, for whoever reads the file elsewhere.
 */

#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET 6U
#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define LINKTYPE_NFLOG 239U

enum {
	OPTION_END,
	OPTION_COMMENT,
	OPTION_INTERFACE_NAME = 2,
	OPTION_PACKET_FLAGS = 2,
	OPTION_APPLICATION = 4,
	OPTION_RESOLUTION = 9,
};

/* Behind the block's type and length: of an enhanced packet block up to the packet. */
#define PACKET_OFFSET 28U

struct block {
	u8 *start, *at;
};

static void add(struct block *b, const void *data, size_t len)
{
	memcpy(b->at, data, len);
	b->at += len;
	while ((b->at - b->start) % 4)
		*b->at++ = 0;
}

static void add_u32(struct block *b, u32 value)
{
	add(b, &value, sizeof(value));
}

static void add_u16s(struct block *b, u16 first, u16 second)
{
	const u16 both[] = { first, second };

	add(b, both, sizeof(both));
}

static void add_option(struct block *b, u16 code, const void *data, size_t len)
{
	add_u16s(b, code, (u16)len);
	add(b, data, len);
}

static void begin(struct block *b, u32 type)
{
	b->start = b->at;
	add_u32(b, type);
	add_u32(b, 0);
}

static void end(struct block *b)
{
	u32 len = (u32)(b->at - b->start) + 8; /* with what is added here */

	add_u16s(b, OPTION_END, 0);
	memcpy(b->start + 4, &len, sizeof(len));
	add_u32(b, len);
}

size_t pcapng_section(u8 *buf)
{
	static const char application[] = "bpfilter " BPFILTER_VERSION, name[] = "nflog";
	const u8 nanoseconds = 9;
	struct block b = { .at = buf };

	begin(&b, BLOCK_SECTION);
	add_u32(&b, BYTE_ORDER_MAGIC);
	add_u16s(&b, 1, 0);	  /* version */
	add_u32(&b, 0xffffffffU); /* the section's length: not told */
	add_u32(&b, 0xffffffffU);
	add_option(&b, OPTION_APPLICATION, application, sizeof(application) - 1);
	end(&b);
	begin(&b, BLOCK_INTERFACE);
	add_u16s(&b, LINKTYPE_NFLOG, 0);
	add_u32(&b, 0); /* packets have any length */
	add_option(&b, OPTION_INTERFACE_NAME, name, sizeof(name) - 1);
	add_option(&b, OPTION_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
	end(&b);
	return (size_t)(b.at - buf);
}

/* Bits 0 and 1: the direction; 2 to 4: to whom. */
static u32 packet_flags(const struct answer_record *r)
{
	static const u8 reception[] = {
		[PACKET_HOST] = 1,
		[PACKET_BROADCAST] = 3,
		[PACKET_MULTICAST] = 2,
		[PACKET_OTHERHOST] = 4,
	};
	u32 flags = 0;

	if (r->hook == NF_INET_PRE_ROUTING || r->hook == NF_INET_LOCAL_IN)
		flags = 1;
	else if (r->hook == NF_INET_LOCAL_OUT)
		return 2;
	return r->pkt_type < sizeof(reception) ? flags | (u32)reception[r->pkt_type] << 2 : flags;
}

static void add_comment(struct block *b, const struct answer_record *r)
{
	char text[96];
	int len = snprintf(text, sizeof(text), "in %.15s out %.15s", r->in.index ? r->in.name : "-",
			   r->out.index ? r->out.name : "-");

	if ((r->flags & RECORD_BRIDGED) && len > 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				" physin %.15s physout %.15s",
				r->phys_in.index ? r->phys_in.name : "-",
				r->phys_out.index ? r->phys_out.name : "-");
	if (len > 0 && (size_t)len < sizeof(text))
		add_option(b, OPTION_COMMENT, text, (size_t)len);
}

size_t pcapng_packet(const struct answer_record *r, u64 real, u8 *buf)
{
	const struct nflog_how how = { .real = real, .copy = NFLOG_COPY_MAX };
	/* LINKTYPE_NFLOG begins with struct nfgenmsg; what is in front is written over below. */
	size_t len = nflog_encode(r, &how, buf + PACKET_OFFSET - NFLOG_HEADER) - NFLOG_HEADER;
	u32 payload = nflog_payload(r, NFLOG_COPY_MAX), flags = packet_flags(r);
	u64 whole = len + (r->len > payload ? r->len - payload : 0);
	struct block b = { .at = buf };

	begin(&b, BLOCK_PACKET);
	add_u32(&b, 0); /* interface */
	add_u32(&b, (u32)(real >> 32));
	add_u32(&b, (u32)real);
	add_u32(&b, (u32)len);
	add_u32(&b, whole < UINT32_MAX ? (u32)whole : UINT32_MAX);
	b.at += len;
	add_option(&b, OPTION_PACKET_FLAGS, &flags, sizeof(flags));
	add_comment(&b, r);
	end(&b);
	return (size_t)(b.at - buf);
}

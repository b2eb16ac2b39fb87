// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <endian.h>
#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <string.h>

#include "answer/nflog_internal.h"

/*
 * Which attributes there are, and in which order, is net/netfilter/nfnetlink_log.c
 * __build_packet_message(); that all have a prefix, if need be an empty one, is xt_NFLOG.c.
 * NFULA_SEQ, NFULA_SEQ_GLOBAL and NFULA_CT come only if the listener asked for them, which no
 * other process is told, so they are left out.
 */

struct message {
	u8 *start, *at;
};

static void *reserve(struct message *m, u16 type, size_t len)
{
	struct nlattr attr = { .nla_type = type, .nla_len = (u16)(sizeof(attr) + len) };
	size_t padded = (len + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO;
	u8 *data = m->at + sizeof(attr);

	memcpy(m->at, &attr, sizeof(attr));
	memset(data + len, 0, padded - len);
	m->at = data + padded;
	return data;
}

static void put(struct message *m, u16 type, const void *data, size_t len)
{
	memcpy(reserve(m, type, len), data, len);
}

static void put_be16(struct message *m, u16 type, u16 value)
{
	value = htons(value);
	put(m, type, &value, sizeof(value));
}

static void put_be32(struct message *m, u16 type, u32 value)
{
	value = htonl(value);
	put(m, type, &value, sizeof(value));
}

static void put_header(struct message *m, u16 type, u8 family, u16 group)
{
	struct nlmsghdr header = { .nlmsg_type = type };
	struct nfgenmsg general = { .nfgen_family = family, .version = NFNETLINK_V0 };

	general.res_id = htons(group);
	m->start = m->at;
	memcpy(m->at, &header, sizeof(header));
	memcpy(m->at + sizeof(header), &general, sizeof(general));
	m->at += sizeof(header) + sizeof(general);
}

static size_t finish(struct message *m)
{
	u32 len = (u32)(m->at - m->start);

	memcpy(m->start + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
	return len;
}

static void put_prefix(struct message *m, const char *prefix)
{
	size_t len = strnlen(prefix, ANSWER_PREFIX - 1);
	u8 *data = reserve(m, NFULA_PREFIX, len + 1);

	memcpy(data, prefix, len);
	data[len] = 0;
}

static void put_devices(struct message *m, const struct answer_record *r)
{
	bool bridged = r->flags & RECORD_BRIDGED;

	if (r->in.index) {
		put_be32(m, NFULA_IFINDEX_INDEV, r->in.index);
		if (bridged && r->phys_in.index)
			put_be32(m, NFULA_IFINDEX_PHYSINDEV, r->phys_in.index);
	}
	if (r->out.index) {
		put_be32(m, NFULA_IFINDEX_OUTDEV, r->out.index);
		if (bridged && r->phys_out.index)
			put_be32(m, NFULA_IFINDEX_PHYSOUTDEV, r->phys_out.index);
	}
}

/*
 * The sender's address is what dev_parse_header() finds: eth_header_parse() for Ethernet and the
 * loopback device. The devices of IP tunnels and PPP have none.
 */
static void put_source(struct message *m, const struct answer_record *r)
{
	struct nfulnl_msg_packet_hw hw = { .hw_addrlen = htons(6) };

	if (r->mac_len < 14 || (r->in.type != ARPHRD_ETHER && r->in.type != ARPHRD_LOOPBACK))
		return;
	memcpy(hw.hw_addr, r->mac + 6, 6);
	put(m, NFULA_HWADDR, &hw, sizeof(hw));
}

/* What came in by a device has a MAC header, be it an empty one. */
static void put_link(struct message *m, const struct answer_record *r)
{
	u8 len = r->mac_len < ANSWER_MAC ? r->mac_len : ANSWER_MAC;

	if (!r->in.index)
		return;
	put_source(m, r);
	put_be16(m, NFULA_HWTYPE, (u16)r->in.type);
	put_be16(m, NFULA_HWLEN, len);
	put(m, NFULA_HWHEADER, r->mac, len);
}

static void put_time(struct message *m, u64 real)
{
	struct nfulnl_msg_packet_timestamp time = {
		.sec = htobe64(real / NSEC_PER_SEC),
		.usec = htobe64(real % NSEC_PER_SEC / 1000),
	};

	put(m, NFULA_TIMESTAMP, &time, sizeof(time));
}

u32 nflog_payload(const struct answer_record *r, u32 copy)
{
	if (copy > NFLOG_COPY_MAX)
		copy = NFLOG_COPY_MAX;
	if ((r->rule.flags & ANSWER_NFLOG_SIZE) && copy > r->rule.size)
		copy = r->rule.size;
	return copy < r->captured ? copy : r->captured;
}

size_t nflog_encode(const struct answer_record *r, const struct nflog_how *how, u8 *buf)
{
	struct nfulnl_msg_packet_hdr packet = { .hook = r->hook };
	u32 len = nflog_payload(r, how->copy);
	struct message m = { .at = buf };

	put_header(&m, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET,
		   r->family ? NFPROTO_IPV6 : NFPROTO_IPV4, r->rule.group);
	packet.hw_protocol = htons(r->protocol);
	put(&m, NFULA_PACKET_HDR, &packet, sizeof(packet));
	put_prefix(&m, r->rule.prefix);
	put_devices(&m, r);
	if (r->mark)
		put_be32(&m, NFULA_MARK, r->mark);
	put_link(&m, r);
	if (r->hook <= NF_INET_FORWARD)
		put_time(&m, how->real);
	if (r->flags & RECORD_OWNER) {
		put_be32(&m, NFULA_UID, r->uid);
		put_be32(&m, NFULA_GID, r->gid);
	}
	if (how->numbered)
		put_be32(&m, NFULA_SEQ_GLOBAL, how->number);
	if (len)
		put(&m, NFULA_PAYLOAD, r->data, len);
	return finish(&m);
}

size_t nflog_done(u16 group, u8 *buf)
{
	struct message m = { .at = buf };

	put_header(&m, NLMSG_DONE, AF_UNSPEC, group);
	return finish(&m);
}

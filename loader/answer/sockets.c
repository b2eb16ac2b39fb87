// SPDX-License-Identifier: GPL-2.0-only
#include "answer/sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

/*
 * IPPROTO_RAW: packets are given with their IP header (IP_HDRINCL, IPV6_HDRINCL). Such a socket
 * gets what comes in with protocol 255; the filter lets none of it pass.
 */
static int open_one(int family, u32 mark)
{
	static const struct sock_filter nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sock_fprog prog = { .len = 1,
					 .filter = (struct sock_filter *)(uintptr_t)nothing };
	const int yes = 1;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ||
	    (mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark))))
		return -errno;
	/* A packet's source can be a broadcast address; icmp_send() answers it all the same. */
	if (family == AF_INET && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes)))
		return -errno;
	/* Sources are others' addresses, too: those of packets that are forwarded. */
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof(yes));
	return fd;
}

/* Asked for once, it stays the same. */
static int read_cookie(int fd, u64 *cookie)
{
	socklen_t len = sizeof(*cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &len) ? -errno : 0;
}

int sockets_open(struct sockets *s, u32 mark, u64 cookies[COMPANION_SOCKETS], struct error *err)
{
	for (int i = 0; i < COMPANION_SOCKETS; i++) {
		int family = i & 1 ? AF_INET6 : AF_INET;
		int ret = 0;

		cookies[i] = 0;
		s->send[i] = open_one(family, i < COMPANION_RELATED && i & 2 ? mark : 0);
		if (i < IMAGE_FAMILIES)
			s->ask[i] = open_one(family, 0);
		/* A kernel without IPv6 has nothing to answer there. */
		if (s->send[i] == -EAFNOSUPPORT && family == AF_INET6)
			continue;
		if (s->send[i] >= 0)
			ret = read_cookie(s->send[i], &cookies[i]);
		if (s->send[i] < 0 || ret)
			return error_errno(err, ret ? ret : s->send[i],
					   "cannot open the companion's sockets");
	}
	return 0;
}

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Returns its length. */
static socklen_t destination(const struct reply *reply, union address *to)
{
	const u8 *address = reply_destination(reply);

	memset(to, 0, sizeof(*to));
	if (reply->family == RECORD_IPV6) {
		to->in6.sin6_family = AF_INET6;
		to->in6.sin6_scope_id = reply->oif_scope;
		memcpy(&to->in6.sin6_addr, address, sizeof(to->in6.sin6_addr));
		return sizeof(to->in6);
	}
	to->in.sin_family = AF_INET;
	memcpy(&to->in.sin_addr, address, sizeof(to->in.sin_addr));
	return sizeof(to->in);
}

/* Without a route that leaves by @device it is by the one there is. */
static int connect_to(int fd, const union address *to, socklen_t len, u32 device)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	int index = (int)device;

	/* Forgets the last one's address, and the device. */
	(void)connect(fd, &nowhere, sizeof(nowhere));
	if (device && !setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index))) {
		if (!connect(fd, &to->any, len))
			return 0;
		(void)connect(fd, &nowhere, sizeof(nowhere));
	}
	return connect(fd, &to->any, len) ? -errno : 0;
}

static void set_hop_limit(int fd, struct reply *reply)
{
	socklen_t len = sizeof(int);
	int hops = 0;

	if (!getsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, &len) && hops > 0 && hops < 256)
		reply_set_hop_limit(reply, (u8)hops);
}

/*
 * A socket that is connected to a mapped IPv4 address is one of IPv4 (__ip6_datagram_connect()).
 * The kernel routes an error to such an address as to any; the neighbouring ::fffe:0:0/96 is asked
 * about instead, for which it chooses a source alike.
 */
static void unmap(union address *to)
{
	u8 *a = to->in6.sin6_addr.s6_addr;

	if (to->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&to->in6.sin6_addr))
		a[11] = 0xfe;
}

void sockets_hop_limit(const struct sockets *s, struct reply *reply)
{
	int fd = s->ask[reply->family];
	union address to;
	socklen_t len = destination(reply, &to);

	unmap(&to);
	if (!connect_to(fd, &to, len, 0))
		set_hop_limit(fd, reply);
}

int sockets_source(const struct sockets *s, struct reply *reply)
{
	int fd = s->ask[reply->family], ret;
	union address to, own;
	socklen_t len = destination(reply, &to);

	unmap(&to);
	ret = connect_to(fd, &to, len, reply->source_device);
	len = sizeof(own);
	if (!ret && getsockname(fd, &own.any, &len))
		ret = -errno;
	if (ret)
		return ret;
	if (reply->family == RECORD_IPV6) {
		reply_set_source(reply, &own.in6.sin6_addr);
		sockets_hop_limit(s, reply);
	} else {
		reply_set_source(reply, &own.in.sin_addr);
	}
	return 0;
}

struct controls {
	struct msghdr *m;
	_Alignas(struct cmsghdr)
		u8 buf[CMSG_SPACE(sizeof(u32)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static void add_control(struct controls *c, int level, int type, const void *data, size_t len)
{
	struct cmsghdr h = { .cmsg_len = (socklen_t)CMSG_LEN(len),
			     .cmsg_level = level,
			     .cmsg_type = type };
	u8 *at = c->buf + c->m->msg_controllen;

	memcpy(at, &h, sizeof(h));
	memcpy(at + CMSG_LEN(0), data, len);
	c->m->msg_control = c->buf;
	c->m->msg_controllen += (socklen_t)CMSG_SPACE(len);
}

/*
 * The source takes part in the choice of the route ("ip rule ... from"), as in
 * ip_route_me_harder(), icmp_route_lookup(), nf_send_reset6() and icmp6_send(); the header that is
 * sent does not. A link-local one needs its link, which the destination has told if it is one, too.
 */
static void add_source(struct controls *c, const struct reply *reply)
{
	static const u8 none[4];
	const u8 *source = reply->data + (reply->family == RECORD_IPV6 ? 8 : 12);
	struct in6_pktinfo six = { .ipi6_ifindex = 0 };
	struct in_pktinfo four = { .ipi_ifindex = 0 };

	if (reply->source_by_route)
		return;
	if (reply->family == RECORD_IPV6) {
		memcpy(&six.ipi6_addr, source, sizeof(six.ipi6_addr));
		if (!IN6_IS_ADDR_LINKLOCAL(&six.ipi6_addr))
			add_control(c, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof(six));
	} else if (memcmp(source, none, sizeof(none))) {
		memcpy(&four.ipi_spec_dst, source, sizeof(four.ipi_spec_dst));
		add_control(c, IPPROTO_IP, IP_PKTINFO, &four, sizeof(four));
	}
}

int sockets_send(const struct sockets *s, const struct reply *reply, bool local, bool related)
{
	int fd = s->send[(related ? 0 : COMPANION_RELATED) + (local ? IMAGE_FAMILIES : 0) +
			 reply->family];
	union address to;
	struct iovec part = { (void *)(uintptr_t)reply->data, reply->len };
	struct msghdr m = { .msg_name = &to, .msg_iov = &part, .msg_iovlen = 1 };
	struct controls c = { .m = &m };

	m.msg_namelen = destination(reply, &to);
	/* To local destinations the mark is the one by which we are known. */
	if (reply->mark && !(local && related))
		add_control(&c, SOL_SOCKET, SO_MARK, &reply->mark, sizeof(reply->mark));
	add_source(&c, reply);
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

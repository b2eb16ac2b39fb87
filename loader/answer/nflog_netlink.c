// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer/nflog_internal.h"

/*
 * A process that is bound to an nfnetlink_log group is a netlink socket with a port, which
 * /proc/net/netfilter/nfnetlink_log tells, and with CAP_NET_ADMIN another may send to it
 * (af_netlink.c netlink_sendmsg(), netlink_allowed()). Messages are what the kernel would send;
 * only the sender's address tells them apart, at which tcpdump, tshark and ulogd do not look.
 *
 * Packets wait as in nfulnl_log_packet(): until there are as many as the threshold, or no more
 * fit into a buffer of the kernel's size, or the listener's time is over. A listener's own
 * threshold is told to nobody, so it counts as the default.
 */

#define LISTENERS "/proc/net/netfilter/nfnetlink_log"
#define LISTENERS_MAX 32768U		  /* bytes of it that are read: about 850 groups */
#define LISTENERS_AGE (NSEC_PER_SEC / 10) /* for how long it is taken as true */

#define THRESHOLD 100U /* NFULNL_QTHRESH_DEFAULT */
#define BUFFER 3776U   /* NFULNL_NLBUFSIZ_DEFAULT: a page less struct skb_shared_info */
#define QUEUES 16U     /* groups whose packets can wait at a time */

struct queue {
	struct nflog_listener listener;
	u64 age;  /* of the list that it is from; 0: the queue is unused */
	u64 due;  /* CLOCK_BOOTTIME, ns */
	u64 used; /* likewise: the last packet */
	u16 group;
	u32 packets;
	size_t len;
	u8 data[BUFFER];
};

struct netlink {
	struct nflog_out out; /* first */
	int socket, list;
	u64 age;  /* number of the list in @text; the first is 1 */
	u64 read; /* when it was read, CLOCK_BOOTTIME, ns */
	struct queue queues[QUEUES];
	u8 message[NFLOG_MESSAGE_MAX];
	char text[LISTENERS_MAX];
};

static struct netlink *of(struct nflog_out *out)
{
	return (struct netlink *)out;
}

/* A list that cannot be read has nobody in it. */
static void read_list(struct netlink *n, u64 now)
{
	size_t len = 0;
	ssize_t got;

	if (n->age && now - n->read < LISTENERS_AGE)
		return;
	do {
		got = pread(n->list, n->text + len, sizeof(n->text) - 1 - len, (off_t)len);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && len < sizeof(n->text) - 1);
	n->text[len] = 0;
	n->age++;
	n->read = now;
}

static void send_message(struct netlink *n, struct queue *q, const u8 *data, size_t len,
			 u32 packets)
{
	const struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = q->listener.port };
	ssize_t sent = -1;

	/* Port 0 is the kernel. */
	if (to.nl_pid)
		sent = sendto(n->socket, data, len, MSG_DONTWAIT, (const struct sockaddr *)&to,
			      sizeof(to));
	if (sent == (ssize_t)len) {
		n->out.counts.sent += packets;
		return;
	}
	n->out.counts.lost += packets;
	if (to.nl_pid && errno == ECONNREFUSED)
		n->read = 0; /* it has ended; there may be another */
}

static void flush_queue(struct netlink *n, struct queue *q)
{
	if (!q->packets)
		return;
	if (q->packets > 1)
		q->len += nflog_done(q->group, q->data + q->len);
	send_message(n, q, q->data, q->len, q->packets);
	q->packets = 0;
	q->len = 0;
}

/* The queue of a group, else an unused one, else that of the group that was silent for longest. */
static struct queue *find_queue(struct netlink *n, u16 group, u64 now)
{
	struct queue *q = &n->queues[0];

	for (unsigned int i = 0; i < QUEUES; i++) {
		struct queue *other = &n->queues[i];

		if (other->age && other->group == group) {
			q = other;
			break;
		}
		if (other->used < q->used)
			q = other;
	}
	if (q->group != group) {
		flush_queue(n, q);
		q->group = group;
		q->age = 0;
	}
	q->used = now;
	return q;
}

static void update(struct netlink *n, struct queue *q)
{
	struct nflog_listener l;

	if (q->age == n->age)
		return;
	l = nflog_listener_find(n->text, q->group);
	if (l.port != q->listener.port)
		flush_queue(n, q); /* for the old one */
	q->listener = l;
	q->age = n->age;
}

static u32 threshold(const struct answer_record *r)
{
	return r->rule.threshold && r->rule.threshold < THRESHOLD ? r->rule.threshold : THRESHOLD;
}

static void netlink_write(struct nflog_out *out, const struct answer_record *r, u64 boot, u64 real)
{
	struct netlink *n = of(out);
	struct queue *q = find_queue(n, r->rule.group, boot);
	struct nflog_how how = { .real = real };
	size_t len;

	read_list(n, boot);
	update(n, q);
	if (!q->listener.port) {
		out->counts.lost++;
		return;
	}
	how.copy = q->listener.copy;
	len = nflog_encode(r, &how, n->message);
	if (q->len + len + NFLOG_DONE > BUFFER)
		flush_queue(n, q);
	if (len + NFLOG_DONE > BUFFER) {
		send_message(n, q, n->message, len, 1);
		return;
	}
	memcpy(q->data + q->len, n->message, len);
	q->len += len;
	if (!q->packets++)
		q->due = boot + q->listener.timeout * (NSEC_PER_SEC / 100);
	if (q->packets >= threshold(r))
		flush_queue(n, q);
}

static u64 netlink_due(const struct nflog_out *out)
{
	const struct netlink *n = (const struct netlink *)out;
	u64 due = 0;

	for (unsigned int i = 0; i < QUEUES; i++)
		if (n->queues[i].packets && (!due || n->queues[i].due < due))
			due = n->queues[i].due;
	return due;
}

static void netlink_flush(struct nflog_out *out, u64 now)
{
	struct netlink *n = of(out);

	for (unsigned int i = 0; i < QUEUES; i++)
		if (n->queues[i].due <= now)
			flush_queue(n, &n->queues[i]);
}

static void netlink_close(struct nflog_out *out)
{
	struct netlink *n = of(out);

	if (n->socket >= 0)
		close(n->socket);
	if (n->list >= 0)
		close(n->list);
}

static int netlink_open(struct nflog_out *out, const struct nflog_spec *spec, struct error *err)
{
	const struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	struct netlink *n = of(out);

	(void)spec;
	n->socket = -1;
	n->list = open(LISTENERS, O_RDONLY | O_CLOEXEC);
	if (n->list < 0)
		return error_errno(err, -errno, "NFLOG: cannot open " LISTENERS);
	n->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	if (n->socket < 0 || bind(n->socket, (const struct sockaddr *)&own, sizeof(own)))
		return error_errno(err, -errno, "NFLOG: cannot make a netlink socket");
	return 0;
}

const struct nflog_ops nflog_netlink = {
	.size = sizeof(struct netlink),
	.open = netlink_open,
	.write = netlink_write,
	.due = netlink_due,
	.flush = netlink_flush,
	.close = netlink_close,
};

// SPDX-License-Identifier: GPL-2.0-only
/* Netlink by hand: five messages do not need a library. include/uapi/linux/netfilter/nf_tables.h */
#include "kernel/nftchain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TABLE	"bpfilter"
#define CHAIN	"tracking"

/* Messages in one buffer, sent at once; sequence numbers from 1. */
struct batch {
	_Alignas(struct nlmsghdr) char data[2048];
	size_t len;
	uint32_t seq;
	uint32_t last_acked;	/* sequence number of the last message that asked for an ACK */
	struct nlmsghdr *msg;
};

static void *put(struct batch *b, const void *data, size_t len)
{
	char *at = b->data + b->len;

	if (len)
		memcpy(at, data, len);
	while (len % NLMSG_ALIGNTO)
		at[len++] = 0;
	b->len += len;
	return at;
}

static void message(struct batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t res)
{
	struct nlmsghdr n = { .nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
			      .nlmsg_seq = ++b->seq };
	struct nfgenmsg g = { .nfgen_family = family,
			      .version = NFNETLINK_V0,
			      .res_id = htons(res) };

	b->msg = put(b, &n, sizeof(n));
	put(b, &g, sizeof(g));
	if (flags & NLM_F_ACK)
		b->last_acked = b->seq;
}

static void finish(struct batch *b)
{
	b->msg->nlmsg_len = (uint32_t)(b->data + b->len - (char *)b->msg);
}

static struct nlattr *attribute(struct batch *b, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + len), .nla_type = type };
	struct nlattr *at = put(b, &a, sizeof(a));

	if (len)
		put(b, data, len);
	return at;
}

static void string(struct batch *b, uint16_t type, const char *s)
{
	attribute(b, type, s, strlen(s) + 1);
}

static struct nlattr *nest(struct batch *b, uint16_t type)
{
	return attribute(b, type | NLA_F_NESTED, NULL, 0);
}

static void unnest(struct batch *b, struct nlattr *a)
{
	a->nla_len = (uint16_t)(b->data + b->len - (char *)a);
}

static void begin(struct batch *b, uint16_t type)
{
	message(b, type, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	finish(b);
}

static void nft_message(struct batch *b, uint16_t type, uint16_t flags)
{
	message(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), (uint16_t)(flags | NLM_F_ACK),
		NFPROTO_INET, 0);
}

static void table(struct batch *b, uint16_t type, uint16_t flags)
{
	nft_message(b, type, flags);
	string(b, NFTA_TABLE_NAME, TABLE);
	finish(b);
}

static void chain(struct batch *b)
{
	nft_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	string(b, NFTA_CHAIN_TABLE, TABLE);
	string(b, NFTA_CHAIN_NAME, CHAIN);
	finish(b);
}

/* "ct state" into a register: enough to need tracking. */
static void rule(struct batch *b)
{
	uint32_t reg = htonl(NFT_REG32_00), key = htonl(NFT_CT_STATE);
	struct nlattr *list, *element, *data;

	nft_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	string(b, NFTA_RULE_TABLE, TABLE);
	string(b, NFTA_RULE_CHAIN, CHAIN);
	list = nest(b, NFTA_RULE_EXPRESSIONS);
	element = nest(b, NFTA_LIST_ELEM);
	string(b, NFTA_EXPR_NAME, "ct");
	data = nest(b, NFTA_EXPR_DATA);
	attribute(b, NFTA_CT_DREG, &reg, sizeof(reg));
	attribute(b, NFTA_CT_KEY, &key, sizeof(key));
	unnest(b, data);
	unnest(b, element);
	unnest(b, list);
	finish(b);
}

/* Read answers until the last message is acknowledged; the first error ends it. */
static int answers(int fd, uint32_t last)
{
	_Alignas(struct nlmsghdr) char data[8192];
	const struct nlmsgerr *e;
	struct nlmsghdr *n;
	ssize_t len;
	int error;

	for (;;) {
		len = recv(fd, data, sizeof(data), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		for (n = (struct nlmsghdr *)data; NLMSG_OK(n, len); n = NLMSG_NEXT(n, len)) {
			if (n->nlmsg_type != NLMSG_ERROR)
				return n->nlmsg_seq == last ? 0 : -EPROTO;
			/* The code need not be aligned behind an odd header. */
			e = NLMSG_DATA(n);
			memcpy(&error, &e->error, sizeof(error));
			if (error)
				return error;
			if (n->nlmsg_seq == last)
				return 0;
		}
	}
}

static int talk(const struct batch *b)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	int ret = 0;

	if (fd < 0)
		return -errno;
	/* The kernel answers inside sendto(); a lost answer must not stall a boot. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    sendto(fd, b->data, b->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		ret = -errno;
	if (!ret)
		ret = answers(fd, b->last_acked);
	close(fd);
	return ret;
}

int nftchain_install(struct error *err)
{
	struct batch b = { .len = 0 };
	int ret;

	begin(&b, NFNL_MSG_BATCH_BEGIN);
	/*
	 * Make it, so that it can be deleted, so that it is new: one transaction, tracking never
	 * ends.
	 */
	table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	table(&b, NFT_MSG_DELTABLE, 0);
	table(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	chain(&b);
	rule(&b);
	begin(&b, NFNL_MSG_BATCH_END);
	ret = talk(&b);
	if (ret) {
		error_errno(err, ret,
			    "nf_tables refuses the chain that keeps connection tracking on");
		error_hint(err, "the kernel needs CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET and "
			   "CONFIG_NFT_CT, or nf_conntrack.enable_hooks=1 on its command line");
	}
	return ret;
}

int nftchain_remove(struct error *err)
{
	struct batch b = { .len = 0 };
	int ret;

	begin(&b, NFNL_MSG_BATCH_BEGIN);
	table(&b, NFT_MSG_DELTABLE, 0);
	begin(&b, NFNL_MSG_BATCH_END);
	ret = talk(&b);
	/* No table; or no nf_tables at all, then there is none either. */
	if (ret == -ENOENT || ret == -EPROTONOSUPPORT || ret == -EINVAL || ret == -EOPNOTSUPP)
		return 0;
	if (ret)
		error_errno(err, ret, "removing the nf_tables table %s", TABLE);
	return ret;
}

bool nftchain_present(void)
{
	struct batch b = { .len = 0 };

	nft_message(&b, NFT_MSG_GETCHAIN, 0);
	string(&b, NFTA_CHAIN_TABLE, TABLE);
	string(&b, NFTA_CHAIN_NAME, CHAIN);
	finish(&b);
	return talk(&b) == 0;
}

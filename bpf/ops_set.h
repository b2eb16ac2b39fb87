/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_OPS_SET_H
#define BPF_OPS_SET_H

/* OPS_SET: static sets. Included by bpf/match.h. */

struct set_key {
	u32 word[SET_KEY_WORDS + 1];	/* as in struct image_set */
};

/* One word of a comparison: 1 if the key's, less what the words below borrow, is the smaller. */
static __always_inline u64 word_less(u32 key, u32 border, u64 borrow)
{
	u64 d = (u64)key - border - borrow;

	/* A difference for the reason given at outside() in match.h. */
	barrier_var(d);
	return d >> 63;
}

/* How many of a node's keys of @words words (constant) are not above @key. */
static __always_inline u32 keys_reached(const struct image_set_node *n, const struct set_key *key,
					const u32 words)
{
	const u32 keys = SET_NODE_WORDS / words, *k = key->word;
	u64 above = 0, less;
	u32 i;

	portable_unroll
	for (i = 0; i < keys; i++) {
		const u32 *w = &n->word[i * words];

		less = word_less(k[0], w[0], 0);
		if (words > 1)
			less = word_less(k[1], w[1], less);
		if (words > 2)
			less = word_less(k[3], w[3], word_less(k[2], w[2], less));
		if (words > 4)
			less = word_less(k[4], w[4], less);
		above += less;
		barrier_var(above);
	}
	return keys - (u32)above;
}

static __always_inline const struct image_set *set_at(struct image_space *img, u32 number)
{
	return image_at(img, (u64)header_of(img)->sets.offset +
			     (u64)number * sizeof(struct image_set), sizeof(struct image_set));
}

/*
 * set_find() - in which interval of the set does the key lie? enum set_value. Verified once, not
 * for each way to make a key.
 */
verified_once u32 set_find(struct image_space *img, const struct set_key *key, u32 set)
{
	u32 level, keys, reached, value = SET_OUT, words;
	const struct image_set_node *n;
	u64 base, nodes, number = 0;
	const struct image_set *s;

	if (!group_in(OPS_SET) || !img || !key)
		return SET_WRONG;
	s = set_at(img, set);
	if (!s)
		return SET_WRONG;
	base = (u64)header_of(img)->sets.offset + s->at;
	nodes = s->nodes;
	words = s->words;
	if (!words)
		return SET_WRONG;
	keys = SET_NODE_WORDS / words;
	portable_rolled
	for (level = 0; level < SET_LEVELS; level++) {
		if (number >= nodes)
			return value;
		n = image_at(img, base + number * sizeof(*n), sizeof(*n));
		if (!n)
			return SET_WRONG;
		if (words == 1)
			reached = keys_reached(n, key, 1);
		else if (words == 2)
			reached = keys_reached(n, key, 2);
		else if (words == 4)
			reached = keys_reached(n, key, 4);
		else
			reached = keys_reached(n, key, 5);
		/* none reached: what was found above; without a branch */
		value = (u32)((n->values << 2 | value) >> (reached * 2 & 63)) & 3;
		number = number * (keys + 1) + reached + 1;
	}
	return number >= nodes ? value : SET_WRONG;
}

#define SET_NO_PORT	0xffffffffU

/*
 * set_port() - protocol << 16 | port as ip_set_get_ip4_port() and ip_set_get_ip6_port() read them
 * (ip_set_getport.c). SET_NO_PORT: they do not say one. A later fragment has none, but in IPv4 for
 * the protocols without ports it has the protocol.
 */
static __always_inline u32 set_port(const struct packet *p, u32 source)
{
	u32 proto = p->proto, need, left = p->len - p->l4_at;

	if (p->flags & PACKET_UNPARSED) {
		/*
		 * ipv6_skip_exthdr() does not look whether the last header it skips ends in the
		 * packet. Behind one that does not nothing can be read.
		 */
		if (p->l4_at <= p->len || is_extension(proto))
			return SET_NO_PORT;
		left = 0;
	} else if (p->family && (p->l4 == L4_FRAGMENT || proto == IPPROTO_NONE_)) {
		return SET_NO_PORT;
	}
	if (!p->family && !proto)
		return SET_NO_PORT;
	need = proto == IPPROTO_TCP_ ? 20 : proto == IPPROTO_SCTP_ ? 12 : 8;
	if (proto != IPPROTO_TCP_ && proto != IPPROTO_SCTP_ && proto != IPPROTO_UDP_ &&
	    proto != IPPROTO_UDPLITE_ && proto != IPPROTO_ICMP_ && proto != IPPROTO_ICMPV6_)
		return proto << 16;
	if (!p->family && (p->flags & PACKET_FRAGMENT))
		return proto == IPPROTO_ICMPV6_ ? proto << 16 : SET_NO_PORT;
	if (left < need || p->len < p->l4_at)
		return SET_NO_PORT;
	if (proto == IPPROTO_ICMP_ || proto == IPPROTO_ICMPV6_)
		return proto << 16 | p->dport;
	return proto << 16 | (source ? p->sport : p->dport);
}

/* Fill in the port where the set has one. 0: the packet has none that could be in it. */
static __always_inline int set_key_port(const struct packet *p, const struct image_set *s, u32 arg,
					struct set_key *key)
{
	u32 address = s->has & SET_HAS_ADDRESS;
	u32 port = set_port(p, arg & (address ? SET_TWO_SRC : SET_ONE_SRC));

	if (port == SET_NO_PORT)
		return 0;
	if (address) {
		key->word[s->words == 5 ? 4 : 1] = port;
		return 1;
	}
	/* bitmap:port: without the protocol, which must be one of two */
	key->word[0] = port & 0xffff;
	return port >> 16 == IPPROTO_TCP_ || port >> 16 == IPPROTO_UDP_;
}

/* set_test() - ip_set_test(): enum match_result */
verified_once u32 set_test(struct image_space *img, const struct packet *p, u32 number, u32 arg)
{
	struct set_key key = { { 0 } };
	const struct image_set *s;
	const u32 *a;
	u32 value;

	if (!group_in(OPS_SET) || !img || !p)
		return MATCH_BAD;
	s = set_at(img, number);
	if (!s)
		return MATCH_BAD;
	if (s->has & SET_HAS_ADDRESS) {
		a = arg & SET_ONE_SRC ? p->src : p->dst;
		key.word[0] = p->family ? a[3] : a[0];
		if (p->family) {
			key.word[1] = a[2];
			key.word[2] = a[1];
			key.word[3] = a[0];
		}
	}
	if ((s->has & SET_HAS_PORT) && !set_key_port(p, s, arg, &key))
		return MATCH_NO;
	value = set_find(img, &key, number);
	if (value == SET_WRONG)
		return MATCH_BAD;
	return value == ((arg & SET_NOMATCH) && (s->has & SET_HAS_NOMATCH) ? SET_EXCEPTED : SET_IN);
}

/* OP_SET: one of the sets has to match. */
verified_once u32 ops_set(hook_ctx *ctx, struct image_space *img, const struct packet *p, u64 at)
{
	const struct image_op *op;
	u32 i, arg, match;
	const u32 *pair;

	barrier_var(ctx);
	if (!group_in(OPS_SET) || !img || !p)
		return MATCH_BAD;
	op = image_at(img, at, sizeof(*op));
	if (!op || op->code != OP_SET)
		return MATCH_BAD;
	arg = op->arg;
	portable_rolled
	for (i = 0; i < SET_COUNT_MAX; i++) {
		if (i >= arg >> SET_COUNT)
			return MATCH_NO;
		pair = image_at(img, at + 8 + i / 2 * 8, 8);
		if (!pair)
			return MATCH_BAD;
		match = set_test(img, p, pair[i & 1], arg);
		if (match != MATCH_NO)
			return match;
	}
	return MATCH_NO;
}

#endif

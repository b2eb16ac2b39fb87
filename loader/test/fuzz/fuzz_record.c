// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as what came out of the ring. Input: 8 bytes of settings, then the record. Whatever
 * record_check() lets pass is answered without reading or writing outside, and a reply is a whole
 * packet to the sender, with right checksums. A reply that meets REJECT in turn, there or here,
 * gets none: else two hosts, or a host and itself, would go on for ever.
 */
#include <stdlib.h>
#include <string.h>

#include "answer/checksum.h"
#include "answer/ratelimit.h"
#include "answer/reject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_reply(const struct answer_record *r, struct reply *reply)
{
	static const u8 source[16] = { 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	size_t from = reply->header_len, rest = reply->len - from;
	const u8 *p = reply->data;
	bool six = r->family == RECORD_IPV6;
	u64 sum = 0;

	require(reply->family == r->family && reply->len <= (six ? 1280 : 576) && rest >= 8);
	if (reply->source_wanted)
		reply_set_source(reply, source);
	if (six) {
		require(p[0] >> 4 == 6 && (size_t)(p[4] << 8 | p[5]) == rest && from == 40);
		require(!memcmp(reply_destination(reply), r->data + 8, 16));
	} else {
		require(p[0] == (0x40 | from / 4) && (p[2] << 8 | p[3]) == reply->len);
		require(!checksum_end(checksum_add(0, p, from)));
	}
	require(p[six ? 6 : 9] == reply->protocol);
	if (six || reply->reset)
		sum = checksum_pseudo(reply->family, p + (six ? 8 : 12), reply->protocol,
				      (u32)rest);
	require(!checksum_end(checksum_add(sum, p + from, rest)));
}

static void require_last(const struct answer_record *r, const struct reject_settings *s,
			 const struct reply *reply)
{
	struct answer_record *back = malloc(sizeof(*back) + reply->len);
	struct reply other;

	if (!back)
		return;
	*back = *r;
	back->flags &= (u8)~RECORD_BAD_CHECKSUM;
	back->len = back->captured = reply->len;
	memcpy(back->data, reply->data, reply->len);
	require(reject_build(back, s, &other) != REJECT_SEND);
	free(back);
}

static void reject(const struct answer_record *r, const uint8_t *choice)
{
	static struct ratelimit rl;
	struct reject_settings s = { .key = 1 };
	struct reply reply;

	s.ttl = choice[0];
	s.hop_limit = choice[1];
	s.inbound_ifaddr = choice[2] & 1;
	s.reflect_mark[0] = s.reflect_mark[1] = choice[2] & 2;
	s.flow_labels = choice[2] & 4;
	s.flow_label_ranges = choice[2] & 8;
	s.ratelimit[0] = s.ratelimit[1] = choice[3];
	s.ratemask4 = s.ratemask6[0] = choice[4];
	s.msgs_per_sec = s.msgs_burst = choice[5];
	s.wall_offset = (int64_t)((uint64_t)choice[6] << 56);
	memset(&reply, 0xa5, sizeof(reply));
	if (reject_build(r, &s, &reply) != REJECT_SEND)
		return;
	check_reply(r, &reply);
	require_last(r, &s, &reply);
	ratelimit_settings(&rl, &s);
	ratelimit_allow(&rl, &reply, r->time);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer_record *r;
	u8 *copy;

	if (size < 8)
		return 0;
	/* Of its own size, so that each byte behind it is one too many. */
	copy = malloc(size - 8 ? size - 8 : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 8, size - 8);
	r = (void *)copy;
	if (!record_check(r, size - 8) && r->rule.kind == ANSWER_REJECT)
		reject(r, data);
	free(copy);
	return 0;
}

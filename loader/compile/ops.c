// SPDX-License-Identifier: GPL-2.0-only
/* The ops of match programs, one line each. */
#include "compile/ops.h"

#include <stddef.h>
#include <string.h>

#include "bpf/rates.h"

static bool multiport_good(const struct image_op *op, const u64 *payload)
{
	u32 which = op->arg & 255;

	(void)payload;
	return which && which <= (MULTIPORT_SOURCE | MULTIPORT_DESTINATION) &&
	       op->arg >> 8 == op->size - 1U;
}

/* What is asked, and which of it inverted. */
static bool asked_good(u32 arg, u32 all)
{
	u32 given = arg & 255, invert = arg >> 8;

	return given && !(given & ~all) && !(invert & ~given);
}

static bool owner_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return asked_good(op->arg, OWNER_ALL);
}

static bool physdev_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return asked_good(op->arg, PHYSDEV_ALL);
}

static bool policy_good(const struct image_op *op, const u64 *payload)
{
	u32 count = op->arg >> 8;

	(void)payload;
	return op->size - 1U == count * POLICY_WORDS &&
	       !(op->arg & 255 & ~(POLICY_OUT | POLICY_NONE | POLICY_STRICT));
}

static bool addrtype_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg & ADDRTYPE_TYPES && !(op->arg & ~ADDRTYPE_ALL);
}

/* The divisor. */
static bool nth_good(const struct image_op *op, const u64 *payload)
{
	(void)op;
	return payload[0] >> 32 > (u32)payload[0];
}

/* What depends on clocks. */
#define CLOCK			(IMAGE_F_KERNEL | IMAGE_F_JIFFIES)

/* OP_IP_WORD: a word of the longer of the two headers, that of IPv6. */
static bool ip_word_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg <= 36 && !(op->arg % 4);
}

static bool meta_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg < META_COUNT;
}

/* 0 or 1: source or destination, inverted or not. */
static bool one_bit(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg <= 1;
}

/* Each test: U32_LOAD, other steps, and as many ranges as the last step says. */
static bool u32_good(const struct image_op *op, const u64 *payload)
{
	struct op_u32 word;
	unsigned int i, nr_steps = 0;

	for (i = 0; i < op->size - 1U; i++) {
		memcpy(&word, &payload[i], sizeof(word));
		if (word.op > U32_LAST || (word.op == U32_LOAD) != !nr_steps || word.pad ||
		    word.ranges >= op->size - 1U - i)
			return false;
		nr_steps = word.ranges ? 0 : nr_steps + 1;
		i += word.ranges;
	}
	return !nr_steps;
}

static bool set_good(const struct image_op *op, const u64 *payload)
{
	u32 count = op->arg >> SET_COUNT;

	(void)payload;
	return count && count <= SET_COUNT_MAX && (count + 1) / 2 + 1 == op->size &&
	       !(op->arg & 255 & ~(SET_ONE_SRC | SET_TWO_SRC | SET_NOMATCH));
}

static bool connlimit_good(const struct image_op *op, const u64 *payload)
{
	struct op_connlimit limit;

	(void)op;
	memcpy(&limit, payload, sizeof(limit));
	return limit.slots == CONNLIMIT_SLOTS && limit.dest <= 1;
}

static bool recent_good(const struct image_op *op, const u64 *payload)
{
	u32 actions = op->arg & (RECENT_SET | RECENT_REMOVE | RECENT_UPDATE);

	(void)payload;
	return !(op->arg & ~RECENT_ALL) && !(actions & (actions - 1));
}

#define STRING_WORDS	(sizeof(struct image_string) / sizeof(u64))

static bool string_good(const struct image_op *op, const u64 *payload)
{
	struct image_string s;

	(void)op;
	memcpy(&s, payload, sizeof(s));
	return s.len && s.len <= STRING_MAX && s.caseless <= 1;
}

static bool spi_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg <= 4;
}

static bool chunks_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return (op->arg & SCTP_WHICH) <= SCTP_ONLY && op->arg <= (SCTP_WHICH | SCTP_EVERY);
}

static bool rt_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg >> 8 == (op->size - 3U) / 2 && op->size & 1;
}

static bool tlv_good(const struct image_op *op, const u64 *payload)
{
	(void)payload;
	return op->arg >> 8 <= TLV_MAX;
}

#define SCTP_WORDS	(sizeof(struct sctp_chunks) / sizeof(u64))
#define TLV_WORDS	(1 + TLV_MAX * sizeof(u16) / sizeof(u64))

/* Tests of addresses have one, the others have none. */
static bool srh_good(const struct image_op *op, const u64 *payload)
{
	u32 test = op->arg & 255;

	(void)payload;
	return test <= SRH_HAS_FINAL &&
	       (op->size == 5) == (test >= SRH_PREVIOUS && test <= SRH_FINAL) && op->arg >> 24 == 0;
}

#define PLAIN(code)		[code] = { .name = #code }
#define PAYLOAD(code, words)	[code] = { .name = #code, .min = (words), .max = (words) }

/* OPS_CT: the argument of each, without CT_WITHOUT where that is allowed. */
#define CT_GOOD(name, condition)						\
	static bool name(const struct image_op *op, const u64 *payload)		\
	{									\
		u32 arg = op->arg & ~CT_WITHOUT;				\
										\
		(void)payload;							\
		(void)arg;							\
		return condition;						\
	}

CT_GOOD(direction_good, arg <= 1 && !(op->flags & OP_INVERT))
CT_GOOD(tuple_good, arg <= 3)
CT_GOOD(proto_good, arg <= UINT8_MAX)
CT_GOOD(status_good, arg <= CT_STATUS_ALL)
CT_GOOD(plain_good, !arg)
CT_GOOD(zero_good, !op->arg)
CT_GOOD(bytes_good, (arg & 3) && arg >> 2 <= CT_BYTES_AVERAGE && arg == op->arg &&
		    !(op->flags & OP_INVERT))

#define CT_OP(code, words, extra, check)	[code] = { .name = #code, .min = (words),	\
	.max = (words), .features = IMAGE_F_CONNTRACK | IMAGE_F_KERNEL | (extra), .good = (check) }

static const struct op_info infos[256] = {
	PLAIN(OP_END), PLAIN(OP_PARSED), PLAIN(OP_L4), PLAIN(OP_SPORT), PLAIN(OP_DPORT),
	PLAIN(OP_ICMP), PLAIN(OP_TCP_FLAGS), PLAIN(OP_PROTO), PLAIN(OP_FRAGMENT), PLAIN(OP_NEVER),
	PAYLOAD(OP_SRC4, 1), PAYLOAD(OP_DST4, 1), PAYLOAD(OP_SRC6, 4), PAYLOAD(OP_DST6, 4),
	[OP_CT_STATE] = { .name = "OP_CT_STATE", .features = IMAGE_F_CONNTRACK },
	[OP_MULTIPORT] = { .name = "OP_MULTIPORT", .min = 1, .max = MULTIPORT_WORDS,
			   .good = multiport_good },

	/* OPS_TRANSPORT */
	[OP_TCP_OPTION] = { .name = "OP_TCP_OPTION", .drops = true },

	/* OPS_SRH */
	[OP_SRH] = { .name = "OP_SRH", .max = 4, .good = srh_good },

	/* OPS_FIELD */
	[OP_IP_WORD] = { .name = "OP_IP_WORD", .min = 2, .max = 2, .good = ip_word_good },
	[OP_META] = { .name = "OP_META", .min = 2, .max = 2, .features = IMAGE_F_KERNEL,
		      .good = meta_good },
	PLAIN(OP_LENGTH), PLAIN(OP_TCP_ECN),
	[OP_RANGE4] = { .name = "OP_RANGE4", .min = 1, .max = 1, .good = one_bit },
	[OP_RANGE6] = { .name = "OP_RANGE6", .min = 4, .max = 4, .good = one_bit },
	[OP_MAC] = { .name = "OP_MAC", .min = 1, .max = 1, .features = IMAGE_F_KERNEL,
		     .good = one_bit },
	[OP_EUI64] = { .name = "OP_EUI64", .drops = true, .features = IMAGE_F_KERNEL },
	[OP_TCP_MSS] = { .name = "OP_TCP_MSS", .drops = true },
	[OP_U32] = { .name = "OP_U32", .min = 2, .max = 254, .good = u32_good },

	/* OPS_CT */
	CT_OP(OP_CT_DIRECTION, 0, 0, direction_good), CT_OP(OP_CT_ADDRESS, 4, 0, tuple_good),
	CT_OP(OP_CT_PORT, 1, 0, tuple_good), CT_OP(OP_CT_PROTO, 0, 0, proto_good),
	CT_OP(OP_CT_STATUS, 0, 0, status_good), CT_OP(OP_CT_EXPIRE, 1, IMAGE_F_JIFFIES, plain_good),
	CT_OP(OP_CT_MARK, 1, 0, zero_good), CT_OP(OP_CT_BYTES, 2, IMAGE_F_ACCOUNTING, bytes_good),
	CT_OP(OP_CT_HELPER, 4, 0, zero_good),

	/* OPS_RATE */
	[OP_LIMIT] = { .name = "OP_LIMIT", .min = 1, .max = 1, .features = CLOCK },
	[OP_QUOTA] = { .name = "OP_QUOTA", .min = 1, .max = 1 },
	[OP_NTH] = { .name = "OP_NTH", .min = 1, .max = 1, .good = nth_good },
	[OP_RANDOM] = { .name = "OP_RANDOM", .features = IMAGE_F_KERNEL },
	[OP_HASHLIMIT] = { .name = "OP_HASHLIMIT", .features = CLOCK },
	[OP_TIME] = { .name = "OP_TIME", .min = TIME_WORDS, .max = TIME_WORDS, .features = CLOCK },

	/* OPS_RECENT */
	[OP_RECENT] = { .name = "OP_RECENT", .min = 1, .max = 1, .features = IMAGE_F_JIFFIES,
			.good = recent_good },
	[OP_RECENT_TTL] = { .name = "OP_RECENT_TTL", .min = 1, .max = 1,
			    .features = IMAGE_F_JIFFIES | IMAGE_F_KERNEL, .good = recent_good },

	/* OPS_PAYLOAD */
	[OP_STRING] = { .name = "OP_STRING", .min = STRING_WORDS, .max = STRING_WORDS,
			.good = string_good },
	[OP_STRING_BM] = { .name = "OP_STRING_BM", .min = STRING_WORDS, .max = STRING_WORDS,
			   .features = IMAGE_F_KERNEL, .good = string_good },
	[OP_CBPF] = { .name = "OP_CBPF", .min = 1, .max = IMAGE_CBPF_MAX },
	[OP_CBPF_KERNEL] = { .name = "OP_CBPF_KERNEL", .min = 1, .max = IMAGE_CBPF_MAX,
			     .features = IMAGE_F_KERNEL },

	/* OPS_HEADER */
	[OP_SPI] = { .name = "OP_SPI", .min = 1, .max = 1, .good = spi_good },
	[OP_MH] = { .name = "OP_MH", .drops = true },
	[OP_SCTP_CHUNKS] = { .name = "OP_SCTP_CHUNKS", .min = SCTP_WORDS, .max = SCTP_WORDS,
			     .drops = true, .good = chunks_good },
	PLAIN(OP_DCCP_TYPE),
	[OP_DCCP_OPTION] = { .name = "OP_DCCP_OPTION", .drops = true },
	[OP_AH6] = { .name = "OP_AH6", .min = 2, .max = 2, .drops = true },
	[OP_FRAG] = { .name = "OP_FRAG", .min = 1, .max = 1, .drops = true },
	[OP_RT] = { .name = "OP_RT", .min = 2, .max = 2 + 2 * RT_ADDRESSES_MAX, .drops = true,
		    .good = rt_good },
	[OP_TLV] = { .name = "OP_TLV", .min = TLV_WORDS, .max = TLV_WORDS, .drops = true,
		     .good = tlv_good },
	[OP_IPV6HEADER] = { .name = "OP_IPV6HEADER", .drops = true },

	/* OPS_OBJECT */
	[OP_OWNER] = { .name = "OP_OWNER", .min = OWNER_WORDS, .max = OWNER_WORDS,
		       .features = IMAGE_F_KERNEL, .good = owner_good },
	[OP_SOCKET] = { .name = "OP_SOCKET", .features = IMAGE_F_KERNEL },
	[OP_CLASSID] = { .name = "OP_CLASSID", .features = IMAGE_F_KERNEL },
	[OP_PHYSDEV] = { .name = "OP_PHYSDEV", .min = PHYSDEV_WORDS, .max = PHYSDEV_WORDS,
			 .features = IMAGE_F_KERNEL, .good = physdev_good },
	[OP_POLICY] = { .name = "OP_POLICY", .max = POLICY_ELEMENTS * POLICY_WORDS,
			.features = IMAGE_F_KERNEL, .good = policy_good },
	[OP_ADDRTYPE] = { .name = "OP_ADDRTYPE", .features = IMAGE_F_KERNEL,
			  .drops = true, .good = addrtype_good },
	[OP_LOCAL6] = { .name = "OP_LOCAL6", .features = IMAGE_F_KERNEL,
			.drops = true, .good = addrtype_good },

	/* OPS_CONNLIMIT */
	[OP_CONNLIMIT] = { .name = "OP_CONNLIMIT", .min = 4, .max = 4, .good = connlimit_good,
			   .features = IMAGE_F_CONNTRACK | IMAGE_F_KERNEL | IMAGE_F_JIFFIES },

	/* OPS_SET */
	[OP_SET] = { .name = "OP_SET", .min = 1, .max = SET_COUNT_MAX / 2, .good = set_good },
};

const struct op_info *op_find(unsigned int code)
{
	return code < sizeof(infos) / sizeof(infos[0]) && infos[code].name ? &infos[code] : NULL;
}

u32 op_features(const struct image_op *op)
{
	const struct op_info *info = op_find(op->code);
	unsigned int group = OP_GROUP(op->code);
	u32 features = info ? info->features : 0;

	if (group >= OPS_FIELD && group < OPS_GROUPS)
		features |= IMAGE_F_GROUP(group);
	if (op->code == OP_CT_STATE && op->arg & (CT_SNAT | CT_DNAT))
		features |= IMAGE_F_NAT_STATE;
	return features;
}

bool op_good(const struct image_op *op, const u64 *payload)
{
	const struct op_info *info = op_find(op->code);

	return info && op->size > info->min && op->size <= info->max + 1U &&
	       (!info->good || info->good(op, payload));
}

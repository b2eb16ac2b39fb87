// SPDX-License-Identifier: GPL-2.0-only
#include "rules/ext/cbpf.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* chk_code_allowed(): every other code is unknown. */
static const uint8_t codes[] = {
	BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_K,
	BPF_ALU | BPF_SUB | BPF_X, BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_MUL | BPF_X,
	BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_DIV | BPF_X, BPF_ALU | BPF_MOD | BPF_K,
	BPF_ALU | BPF_MOD | BPF_X, BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_AND | BPF_X,
	BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_OR | BPF_X, BPF_ALU | BPF_XOR | BPF_K,
	BPF_ALU | BPF_XOR | BPF_X, BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_K, BPF_ALU | BPF_RSH | BPF_X, BPF_ALU | BPF_NEG,
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS, BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND, BPF_LD | BPF_B | BPF_IND,
	BPF_LD | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_B | BPF_MSH, BPF_LDX | BPF_IMM,
	BPF_LDX | BPF_MEM, BPF_ST, BPF_STX, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
	BPF_RET | BPF_K, BPF_RET | BPF_A, BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JGE | BPF_K,
	BPF_JMP | BPF_JGE | BPF_X, BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGT | BPF_X,
	BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JSET | BPF_X,
};

/* What a load from an address of the kernel's own (SKF_AD_*) gives. */
enum ancillary { NONE, UNKNOWN, HARD, GOOD };

static enum ancillary ancillary(const struct sock_filter *i)
{
	bool load = BPF_CLASS(i->code) == BPF_LD && BPF_MODE(i->code) == BPF_ABS;
	uint32_t what = i->k - (uint32_t)SKF_AD_OFF;

	if (!load || i->k < (uint32_t)SKF_AD_OFF)
		return NONE;
	if (what == SKF_AD_NLATTR || what == SKF_AD_NLATTR_NEST || what == SKF_AD_PAY_OFFSET)
		return HARD;
	return what < SKF_AD_MAX && what % 4 == 0 ? GOOD : UNKNOWN;
}

static const char *check_constant(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return i->k ? NULL : "division by zero";
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32 ? NULL : "shift by more than 31 bits";
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS ? NULL : "no such word of scratch memory";
	}
	return ancillary(i) == UNKNOWN ? "unknown ancillary load" : NULL;
}

/* @left: instructions behind this one. All jumps go forward. */
static const char *check_jump(const struct sock_filter *i, unsigned int left)
{
	if (BPF_CLASS(i->code) != BPF_JMP)
		return NULL;
	if (BPF_OP(i->code) == BPF_JA ? i->k < left : i->jt < left && i->jf < left)
		return NULL;
	return "it jumps out of the program";
}

static const char *check_insn(const struct sock_filter *i, unsigned int left)
{
	const char *text;

	if (i->code > UINT8_MAX || !memchr(codes, i->code, sizeof(codes)))
		return "unknown code";
	text = check_constant(i);
	return text ? text : check_jump(i, left);
}

/*
 * check_load_and_stores(): @valid[pc] are the words written on all ways to @pc. The instruction
 * behind a jump is reached by other jumps alone.
 */
static const char *check_memory(const struct sock_filter *i, uint16_t *valid, uint16_t *now)
{
	*now &= *valid;
	switch (BPF_CLASS(i->code)) {
	case BPF_ST:
	case BPF_STX:
		*now |= (uint16_t)(1U << i->k);
		return NULL;
	case BPF_JMP:
		if (BPF_OP(i->code) == BPF_JA) {
			valid[1 + i->k] &= *now;
		} else {
			valid[1 + i->jt] &= *now;
			valid[1 + i->jf] &= *now;
		}
		*now = UINT16_MAX;
		return NULL;
	}
	if ((i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) &&
	    !(*now >> i->k & 1))
		return "scratch memory is read before it was written";
	return NULL;
}

int cbpf_check(const struct sock_filter *insns, unsigned int n, struct cbpf_problem *problem)
{
	uint16_t valid[CBPF_MAX], now = 0;
	unsigned int i;

	memset(valid, 0xff, sizeof(valid));
	for (i = 0; i < n && !problem->text; i++) {
		problem->at = i;
		problem->text = check_insn(&insns[i], n - i - 1);
	}
	if (!problem->text && BPF_CLASS(insns[n - 1].code) != BPF_RET)
		problem->text = "the last one has to be a return";
	for (i = 0; i < n && !problem->text; i++) {
		problem->at = i;
		problem->text = check_memory(&insns[i], &valid[i], &now);
		if (!problem->text && ancillary(&insns[i]) == HARD) {
			problem->text = "this ancillary load needs a helper that netfilter programs lack";
			problem->unsupported = true;
		}
	}
	return problem->text ? -EINVAL : 0;
}

/* Loads before the network header, and what is not in the packet. */
bool cbpf_asks_kernel(const struct sock_filter *insns, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (BPF_CLASS(insns[i].code) > BPF_LDX ||
		    (BPF_MODE(insns[i].code) != BPF_ABS && BPF_MODE(insns[i].code) != BPF_MSH))
			continue;
		if (insns[i].k > INT32_MAX && (insns[i].k < (uint32_t)SKF_NET_OFF ||
					       insns[i].k >= (uint32_t)SKF_AD_OFF))
			return true;
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0-only
/* SHA-256, FIPS 180-4. No library that we link has it; it names rule sets, it protects nothing. */
#include "compile/sha256.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

#define BLOCK	64U

static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void expand(uint32_t w[64], const uint8_t *block)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
}

/* One round; @a to @h: where the words of the standard are now. */
#define ROUND(a, b, c, d, e, f, g, h, i)						\
	do {										\
		s[h] += (rotate(s[e], 6) ^ rotate(s[e], 11) ^ rotate(s[e], 25)) +	\
			((s[e] & s[f]) ^ (~s[e] & s[g])) + round_constants[i] + w[i];	\
		s[d] += s[h];								\
		s[h] += (rotate(s[a], 2) ^ rotate(s[a], 13) ^ rotate(s[a], 22)) +	\
			((s[a] & s[b]) ^ (s[a] & s[c]) ^ (s[b] & s[c]));		\
	} while (0)

static void process_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], s[8];
	unsigned int i;

	expand(w, block);
	memcpy(s, state, sizeof(s));
	/* The eight words change places in each round: eight rounds, and they are back. */
	for (i = 0; i < 64; i += 8) {
		ROUND(0, 1, 2, 3, 4, 5, 6, 7, i);
		ROUND(7, 0, 1, 2, 3, 4, 5, 6, i + 1);
		ROUND(6, 7, 0, 1, 2, 3, 4, 5, i + 2);
		ROUND(5, 6, 7, 0, 1, 2, 3, 4, i + 3);
		ROUND(4, 5, 6, 7, 0, 1, 2, 3, i + 4);
		ROUND(3, 4, 5, 6, 7, 0, 1, 2, i + 5);
		ROUND(2, 3, 4, 5, 6, 7, 0, 1, i + 6);
		ROUND(1, 2, 3, 4, 5, 6, 7, 0, i + 7);
	}
	for (i = 0; i < 8; i++)
		state[i] += s[i];
}

#ifdef __x86_64__
/* SHA, and SSSE3 and SSE4.1 for what is around it. */
static bool cpu_has_sha(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/*
 * With the instructions of the CPU, which take the state as two registers: words F, E, B, A and
 * words H, G, D, C, lowest first. Four rounds a turn; @w holds the last 16 words of the schedule.
 */
__attribute__((target("sha,sse4.1")))
static void process_with_cpu(uint32_t state[8], const uint8_t *block, size_t n)
{
	const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const void *)state), 0xb1);
	__m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const void *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
	__m128i w[4], sum, abef_before, cdgh_before;
	unsigned int i;

	for (; n; n--, block += BLOCK) {
		abef_before = abef;
		cdgh_before = cdgh;
		for (i = 0; i < 4; i++)
			w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(block + 16 * i)),
						order);
#pragma GCC unroll 16
		for (i = 0; i < 16; i++) {
			sum = _mm_loadu_si128((const void *)(round_constants + 4 * i));
			sum = _mm_add_epi32(sum, w[i % 4]);
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
			sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
					    _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4));
			w[i % 4] = _mm_sha256msg2_epu32(sum, w[(i + 3) % 4]);
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	low = _mm_shuffle_epi32(abef, 0x1b);
	high = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((void *)state, _mm_blend_epi16(low, high, 0xf0));
	_mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(high, low, 8));
}
#endif

static void process(struct sha256 *s, const uint8_t *block, size_t n)
{
#ifdef __x86_64__
	if (!s->plain) {
		process_with_cpu(s->state, block, n);
		return;
	}
#endif
	for (; n; n--, block += BLOCK)
		process_block(s->state, block);
}

void sha256_init(struct sha256 *s)
{
	*s = (struct sha256){
		.state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 },
		.plain = true,
	};
#ifdef __x86_64__
	s->plain = !cpu_has_sha();
#endif
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	size_t rest = s->len % BLOCK, n = 0;
	const uint8_t *p = data;

	s->len += len;
	if (rest) {
		n = len < BLOCK - rest ? len : BLOCK - rest;
		memcpy(s->rest + rest, p, n);
		if (rest + n < BLOCK)
			return;
		process(s, s->rest, 1);
	}
	process(s, p + n, (len - n) / BLOCK);
	n += (len - n) / BLOCK * BLOCK;
	if (n < len)
		memcpy(s->rest, p + n, len - n);
}

void sha256_end(struct sha256 *s, uint8_t digest[32])
{
	uint8_t last[2 * BLOCK] = { 0 };
	size_t rest = s->len % BLOCK, size = rest < 56 ? BLOCK : 2 * BLOCK;
	unsigned int i;

	memcpy(last, s->rest, rest);
	last[rest] = 0x80;
	for (i = 0; i < 8; i++)
		last[size - 1 - i] = (uint8_t)(s->len * 8 >> (8 * i));
	process(s, last, size / BLOCK);
	for (i = 0; i < 32; i++)
		digest[i] = (uint8_t)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

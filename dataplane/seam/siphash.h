// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash (Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012) over whole 64-bit words, which is
// nearly all that our keys are made of. SipHash-1-3 for the connection index and the rate limits, SipHash-2-4 for
// SYN cookies. Inline: four words of input cost some thirty nanoseconds at most.
#pragma once

#include <stdint.h>

struct siphash_key {
	uint64_t word[2];
};

static inline __attribute__((always_inline)) uint64_t siphash_rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline __attribute__((always_inline)) void siphash_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = siphash_rotate(v[1], 13) ^ v[0];
	v[0] = siphash_rotate(v[0], 32);
	v[2] += v[3];
	v[3] = siphash_rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = siphash_rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = siphash_rotate(v[1], 17) ^ v[2];
	v[2] = siphash_rotate(v[2], 32);
}

// The last block: a rest of so many bytes, less than eight, behind `words` whole words.
static inline __attribute__((always_inline)) uint64_t siphash_rest(
	uint64_t rest, unsigned bytes, unsigned words)
{
	return rest | (uint64_t)(words * 8 + bytes) << 56;
}

// `words` 64-bit words and siphash_rest(), `c` compression and `d` finalisation rounds (constants at the call).
static inline __attribute__((always_inline)) uint64_t siphash_with_rest(
	const struct siphash_key *key, const uint64_t *word, unsigned words, uint64_t rest, int c,
	int d)
{
	uint64_t v[4] = {
		key->word[0] ^ UINT64_C(0x736f6d6570736575),
		key->word[1] ^ UINT64_C(0x646f72616e646f6d),
		key->word[0] ^ UINT64_C(0x6c7967656e657261),
		key->word[1] ^ UINT64_C(0x7465646279746573),
	};
	for (unsigned i = 0; i < words; i++) {
		v[3] ^= word[i];
		for (int r = 0; r < c; r++)
			siphash_round(v);
		v[0] ^= word[i];
	}
	v[3] ^= rest;
	for (int r = 0; r < c; r++)
		siphash_round(v);
	v[0] ^= rest;
	v[2] ^= 0xff;
	for (int r = 0; r < d; r++)
		siphash_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline __attribute__((always_inline)) uint64_t siphash(
	const struct siphash_key *key, const uint64_t *word, unsigned words, int c, int d)
{
	return siphash_with_rest(key, word, words, siphash_rest(0, 0, words), c, d);
}

// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/siphash_bulk.h"

// Eight lanes a step: one register with AVX-512, two with AVX2, four with what every x86-64 has.
#define STEP 8u
typedef uint64_t lanes __attribute__((vector_size(STEP * sizeof(uint64_t))));

// One body for each width. Sanitizers can't look into what is chosen before they are there.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
	!defined(__clang__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WIDEST
#endif

#define ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are variables
// A macro: a function that takes vectors would have to be compiled for each width by itself.
#define ROUND(v0, v1, v2, v3) \
	do { \
		v0 += v1; \
		v1 = ROTATE(v1, 13) ^ v0; \
		v0 = ROTATE(v0, 32); \
		v2 += v3; \
		v3 = ROTATE(v3, 16) ^ v2; \
		v0 += v3; \
		v3 = ROTATE(v3, 21) ^ v0; \
		v2 += v1; \
		v1 = ROTATE(v1, 17) ^ v2; \
		v2 = ROTATE(v2, 32); \
	} while (0)
// NOLINTEND(bugprone-macro-parentheses)

#define MAGIC_0 UINT64_C(0x736f6d6570736575)
#define MAGIC_1 UINT64_C(0x646f72616e646f6d)
#define MAGIC_2 UINT64_C(0x6c7967656e657261)
#define MAGIC_3 UINT64_C(0x7465646279746573)

WIDEST void bs_siphash13_bulk(const struct siphash_key *key, struct bs_siphash_burst *burst,
	unsigned words, unsigned count)
{
	const lanes none = {0};
	const uint64_t last = (uint64_t)(words * 8) << 56;
	for (unsigned i = 0; i < count; i += STEP) {
		lanes v0 = none + (key->word[0] ^ MAGIC_0), v1 = none + (key->word[1] ^ MAGIC_1);
		lanes v2 = none + (key->word[0] ^ MAGIC_2), v3 = none + (key->word[1] ^ MAGIC_3);
		for (unsigned w = 0; w < words; w++) {
			lanes word = *(const lanes *)(const void *)&burst->word[w][i];
			v3 ^= word;
			ROUND(v0, v1, v2, v3);
			v0 ^= word;
		}
		v3 ^= last;
		ROUND(v0, v1, v2, v3);
		v0 ^= last;
		v2 ^= 0xff;
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		*(lanes *)(void *)&burst->hash[i] = v0 ^ v1 ^ v2 ^ v3;
	}
}

WIDEST void bs_siphash24_bulk(const struct siphash_key key[2],
	const uint8_t which[BS_SIPHASH_LANES], struct bs_siphash_burst *burst, unsigned count)
{
	const uint64_t last = (uint64_t)(BS_SIPHASH_WORDS * 8) << 56;
	for (unsigned i = 0; i < count; i += STEP) {
		lanes k0 = {0}, k1 = {0};
		for (unsigned lane = 0; lane < STEP; lane++) {
			k0[lane] = key[which[i + lane]].word[0];
			k1[lane] = key[which[i + lane]].word[1];
		}
		lanes v0 = k0 ^ MAGIC_0, v1 = k1 ^ MAGIC_1, v2 = k0 ^ MAGIC_2, v3 = k1 ^ MAGIC_3;
		for (unsigned w = 0; w < BS_SIPHASH_WORDS; w++) {
			lanes word = *(const lanes *)(const void *)&burst->word[w][i];
			v3 ^= word;
			ROUND(v0, v1, v2, v3);
			ROUND(v0, v1, v2, v3);
			v0 ^= word;
		}
		v3 ^= last;
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		v0 ^= last;
		v2 ^= 0xff;
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		ROUND(v0, v1, v2, v3);
		*(lanes *)(void *)&burst->hash[i] = v0 ^ v1 ^ v2 ^ v3;
	}
}

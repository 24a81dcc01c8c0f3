// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/siphash_bulk.h"

#define MAGIC_0 UINT64_C(0x736f6d6570736575)
#define MAGIC_1 UINT64_C(0x646f72616e646f6d)
#define MAGIC_2 UINT64_C(0x6c7967656e657261)
#define MAGIC_3 UINT64_C(0x7465646279746573)

#define ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

// Macros: a function that takes vectors would have to be compiled for each width by itself.
#define ROUND() \
	do { \
		v0 += v1; \
		v1 = ROTATE(v1, 13) ^ v0; \
		v0 = TURN_32(v0); \
		v2 += v3; \
		v3 = ROTATE(v3, 16) ^ v2; \
		v0 += v3; \
		v3 = ROTATE(v3, 21) ^ v0; \
		v2 += v1; \
		v1 = ROTATE(v1, 17) ^ v2; \
		v2 = TURN_32(v2); \
	} while (0)

#define ABSORB_1(word) \
	do { \
		v3 ^= (word); \
		ROUND(); \
		v0 ^= (word); \
	} while (0)

#define ABSORB_2(word) \
	do { \
		v3 ^= (word); \
		ROUND(); \
		ROUND(); \
		v0 ^= (word); \
	} while (0)

// What every machine has.
#define STEP 2
#define TARGET
#define OF(name)   least_##name
#define TURN_32(x) ROTATE(x, 32)
#include "dataplane/seam/siphash_lanes.h"

#if defined(__x86_64__) && !defined(__clang__)
typedef uint32_t halves __attribute__((vector_size(32)));

#define STEP       4
#define TARGET     __attribute__((target("avx2")))
#define OF(name)   avx2_##name
#define TURN_32(x) ((OF(lanes))__builtin_shuffle((halves)(x), (halves){1, 0, 3, 2, 5, 4, 7, 6}))
#include "dataplane/seam/siphash_lanes.h"

#define STEP       8
#define TARGET     __attribute__((target("arch=x86-64-v4")))
#define OF(name)   v4_##name
#define TURN_32(x) ROTATE(x, 32)
#include "dataplane/seam/siphash_lanes.h"

static enum width { LEAST, AVX2, V4 } width;

static __attribute__((constructor)) void choose(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("x86-64-v4"))
		width = V4;
	else if (__builtin_cpu_supports("avx2"))
		width = AVX2;
}

#define CALL(name, ...) \
	do { \
		if (width == V4) \
			v4_##name(__VA_ARGS__); \
		else if (width == AVX2) \
			avx2_##name(__VA_ARGS__); \
		else \
			least_##name(__VA_ARGS__); \
	} while (0)
#else
#define CALL(name, ...) least_##name(__VA_ARGS__)
#endif

void bs_siphash13_words(
	const struct siphash_key *key, struct bs_siphash_words *words, unsigned count)
{
	CALL(words, key, words->word, words->hash, count);
}

void bs_siphash13_bulk(
	const struct siphash_key *key, struct bs_siphash_burst *burst, unsigned count)
{
	CALL(tuples, key, burst, count);
}

void bs_siphash24_bulk(
	const struct siphash_key key[2], struct bs_siphash_burst *burst, unsigned count)
{
	CALL(cookies, key, burst, count);
}

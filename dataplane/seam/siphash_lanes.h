// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of siphash_bulk.c: SipHash of STEP lanes at a time, once for each width of vectors that a machine may have. Included several
// times, so without a guard. Before: STEP, TARGET (an attribute), OF(name) and TURN_32(x), the halves of each lane changed.
typedef uint64_t OF(lanes) __attribute__((vector_size(STEP * sizeof(uint64_t))));

// Rows of an array, and the same word in each lane.
#define LOAD(at) (*(const OF(lanes) *)(const void *)(at))
#define ALL(x)   ((OF(lanes)){0} + (x))

TARGET static void OF(words)(
	const struct siphash_key *key, const uint64_t *word, uint64_t *hash, unsigned count)
{
	for (unsigned i = 0; i < count; i += STEP) {
		OF(lanes) v0 = ALL(key->word[0] ^ MAGIC_0), v1 = ALL(key->word[1] ^ MAGIC_1);
		OF(lanes) v2 = ALL(key->word[0] ^ MAGIC_2), v3 = ALL(key->word[1] ^ MAGIC_3);
		OF(lanes) first = LOAD(word + i), last = ALL(UINT64_C(8) << 56);
		ABSORB_1(first);
		ABSORB_1(last);
		v2 ^= 0xff;
		ROUND();
		ROUND();
		ROUND();
		*(OF(lanes) *)(void *)(hash + i) = v0 ^ v1 ^ v2 ^ v3;
	}
}

TARGET static void OF(tuples)(
	const struct siphash_key *key, struct bs_siphash_burst *burst, unsigned count)
{
	for (unsigned i = 0; i < count; i += STEP) {
		OF(lanes) v0 = ALL(key->word[0] ^ MAGIC_0), v1 = ALL(key->word[1] ^ MAGIC_1);
		OF(lanes) v2 = ALL(key->word[0] ^ MAGIC_2), v3 = ALL(key->word[1] ^ MAGIC_3);
		OF(lanes) first = LOAD(burst->word[0] + i), second = LOAD(burst->word[1] + i);
		OF(lanes) last = LOAD(burst->word[2] + i);
		ABSORB_1(first);
		ABSORB_1(second);
		ABSORB_1(last);
		v2 ^= 0xff;
		ROUND();
		ROUND();
		ROUND();
		*(OF(lanes) *)(void *)(burst->hash + i) = v0 ^ v1 ^ v2 ^ v3;
	}
}

TARGET static void OF(cookies)(
	const struct siphash_key key[2], struct bs_siphash_burst *burst, unsigned count)
{
	for (unsigned i = 0; i < count; i += STEP) {
		OF(lanes) first = LOAD(burst->word[0] + i), second = LOAD(burst->word[1] + i);
		OF(lanes) third = LOAD(burst->word[2] + i), last = ALL(UINT64_C(24) << 56);
		OF(lanes) other = -(third >> BS_SIPHASH_WHICH & 1);
		OF(lanes) k0 = ALL(key[0].word[0]) ^ (other & (key[0].word[0] ^ key[1].word[0]));
		OF(lanes) k1 = ALL(key[0].word[1]) ^ (other & (key[0].word[1] ^ key[1].word[1]));
		OF(lanes) v0 = k0 ^ MAGIC_0, v1 = k1 ^ MAGIC_1;
		OF(lanes) v2 = k0 ^ MAGIC_2, v3 = k1 ^ MAGIC_3;
		ABSORB_2(first);
		ABSORB_2(second);
		ABSORB_2(third);
		ABSORB_2(last);
		v2 ^= 0xff;
		ROUND();
		ROUND();
		ROUND();
		ROUND();
		*(OF(lanes) *)(void *)(burst->hash + i) = v0 ^ v1 ^ v2 ^ v3;
	}
}

#undef LOAD
#undef ALL
#undef STEP
#undef TARGET
#undef OF
#undef TURN_32

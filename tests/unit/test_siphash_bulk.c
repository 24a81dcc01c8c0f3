// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>

#include "dataplane/seam/siphash_bulk.h"

static const struct siphash_key keys[2] = {{{1, 2}}, {{UINT64_MAX, 0x0123456789abcdef}}};

static void fill(struct bs_siphash_burst *burst, struct bs_siphash_words *words)
{
	uint64_t value = 88172645463325252u; // xorshift64
	for (unsigned w = 0; w < BS_SIPHASH_WORDS; w++) {
		for (unsigned i = 0; i < BS_SIPHASH_LANES; i++) {
			value ^= value << 13;
			value ^= value >> 7;
			value ^= value << 17;
			burst->word[w][i] = words->word[i] = value;
		}
	}
}

// Test vectors of the paper's authors: key 00 to 0f, message 00, 01, 02 and so on, of eight and of eleven bytes.
Test(siphash_bulk, a_rest_stands_behind_the_words)
{
	struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	uint64_t word = 0x0706050403020100;
	cr_assert_eq(siphash(&key, &word, 1, 2, 4), 0x93f5f5799a932462);
	cr_assert_eq(siphash_with_rest(&key, &word, 1, siphash_rest(0x0a0908, 3, 1), 2, 4),
		0xf4b32f46226bada7);
}

Test(siphash_bulk, every_lane_is_what_one_message_gives)
{
	struct bs_siphash_burst burst;
	struct bs_siphash_words words;

	fill(&burst, &words);
	for (unsigned count = 1; count <= BS_SIPHASH_LANES; count++) {
		bs_siphash13_words(&keys[1], &words, count);
		bs_siphash13_bulk(&keys[0], &burst, count);
		for (unsigned i = 0; i < count; i++) {
			uint64_t word[] = {burst.word[0][i], burst.word[1][i]};
			cr_assert_eq(words.hash[i], siphash(&keys[1], &words.word[i], 1, 1, 3));
			cr_assert_eq(burst.hash[i],
				siphash_with_rest(&keys[0], word, 2, burst.word[2][i], 1, 3));
		}
		bs_siphash24_bulk(keys, &burst, count);
		for (unsigned i = 0; i < count; i++) {
			uint64_t word[] = {burst.word[0][i], burst.word[1][i], burst.word[2][i]};
			const struct siphash_key *key = &keys[word[2] >> BS_SIPHASH_WHICH & 1];
			cr_assert_eq(burst.hash[i], siphash(key, word, 3, 2, 4));
		}
	}
}

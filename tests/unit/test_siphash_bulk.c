// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>

#include "dataplane/seam/siphash_bulk.h"

static const struct siphash_key keys[2] = {{{1, 2}}, {{UINT64_MAX, 0x0123456789abcdef}}};

static void fill(struct bs_siphash_burst *burst, uint8_t which[BS_SIPHASH_LANES])
{
	uint64_t value = 88172645463325252u; // xorshift64
	for (unsigned w = 0; w < BS_SIPHASH_WORDS; w++) {
		for (unsigned i = 0; i < BS_SIPHASH_LANES; i++) {
			value ^= value << 13;
			value ^= value >> 7;
			value ^= value << 17;
			burst->word[w][i] = value;
			which[i] = (uint8_t)(value >> 40 & 1);
		}
	}
}

static void message(const struct bs_siphash_burst *burst, unsigned lane, uint64_t *word)
{
	for (unsigned w = 0; w < BS_SIPHASH_WORDS; w++)
		word[w] = burst->word[w][lane];
}

Test(siphash_bulk, every_lane_is_what_one_message_gives)
{
	struct bs_siphash_burst burst;
	uint8_t which[BS_SIPHASH_LANES];
	uint64_t word[BS_SIPHASH_WORDS];

	fill(&burst, which);
	for (unsigned count = 1; count <= BS_SIPHASH_LANES; count++) {
		for (unsigned words = 1; words <= BS_SIPHASH_WORDS; words++) {
			bs_siphash13_bulk(&keys[1], &burst, words, count);
			for (unsigned i = 0; i < count; i++) {
				message(&burst, i, word);
				cr_assert_eq(burst.hash[i], siphash(&keys[1], word, words, 1, 3));
			}
		}
		bs_siphash24_bulk(keys, which, &burst, count);
		for (unsigned i = 0; i < count; i++) {
			message(&burst, i, word);
			cr_assert_eq(burst.hash[i],
				siphash(&keys[which[i]], word, BS_SIPHASH_WORDS, 2, 4));
		}
	}
}

// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash (siphash.h) of a whole burst at once: lane i of every word is the i-th message. The lanes are independent, so
// they are worked at in vectors as wide as the machine has, chosen when the program starts. Eight cost what one does where
// vectors have eight lanes.
#pragma once

#include <stdalign.h>
#include <stdint.h>

#include "dataplane/seam/siphash.h"

#define BS_SIPHASH_LANES 64u // a receive burst
#define BS_SIPHASH_WORDS 3u  // the longest message, in 64-bit words

// Messages and, behind the call, their hashes. Lanes from `count` on may hold anything that is initialised.
struct bs_siphash_burst {
	alignas(64) uint64_t word[BS_SIPHASH_WORDS][BS_SIPHASH_LANES];
	alignas(64) uint64_t hash[BS_SIPHASH_LANES];
};

// One word each.
struct bs_siphash_words {
	alignas(64) uint64_t word[BS_SIPHASH_LANES];
	alignas(64) uint64_t hash[BS_SIPHASH_LANES];
};

// SipHash-1-3 of one word each, all under one key. Pure; any thread.
void bs_siphash13_words(
	const struct siphash_key *key, struct bs_siphash_words *words, unsigned count);

// SipHash-1-3 of two words each and a rest of less than a word, all under one key; the rest is word 2, with siphash_rest(). Pure; any thread.
void bs_siphash13_bulk(
	const struct siphash_key *key, struct bs_siphash_burst *burst, unsigned count);

// SipHash-2-4 of three words each, under the key that this bit of the last word says. Pure; any thread.
#define BS_SIPHASH_WHICH 32
void bs_siphash24_bulk(
	const struct siphash_key key[2], struct bs_siphash_burst *burst, unsigned count);

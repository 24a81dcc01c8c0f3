// SPDX-License-Identifier: BSD-3-Clause
//
// SipHash (siphash.h) of a whole burst at once: lane i of every word is the i-th message. The lanes are independent, so
// the compiler makes vectors of them as wide as the machine has, chosen when the program starts. A burst of 32 costs what four
// messages cost one after the other where vectors have eight lanes.
#pragma once

#include <stdalign.h>
#include <stdint.h>

#include "dataplane/seam/siphash.h"

#define BS_SIPHASH_LANES 32u // a receive burst
#define BS_SIPHASH_WORDS 3u  // the longest message, in 64-bit words

// Messages and, behind the call, their hashes. Lanes from `count` on may hold anything that is initialised.
struct bs_siphash_burst {
	alignas(64) uint64_t word[BS_SIPHASH_WORDS][BS_SIPHASH_LANES];
	alignas(64) uint64_t hash[BS_SIPHASH_LANES];
};

// SipHash-1-3 of the first `words` words of each lane, all under one key. Pure; any thread.
void bs_siphash13_bulk(const struct siphash_key *key, struct bs_siphash_burst *burst,
	unsigned words, unsigned count);

// SipHash-2-4 of three words, each lane under key[which[lane]]; `which` is 0 or 1. Pure; any thread.
void bs_siphash24_bulk(const struct siphash_key key[2], const uint8_t which[BS_SIPHASH_LANES],
	struct bs_siphash_burst *burst, unsigned count);

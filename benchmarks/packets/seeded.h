// SPDX-License-Identifier: BSD-3-Clause
//
// Random numbers that are the same in every run (splitmix64: Steele, Lea, Flood, 2014). Not for secrets.
#pragma once

#include <stdint.h>

// A mix of all bits of one number: equal numbers give equal ones.
static inline uint64_t seeded_hash(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

// The next one; `state` begins with the seed.
static inline uint64_t seeded_next(uint64_t *state)
{
	return seeded_hash(*state += 0x9e3779b97f4a7c15u);
}

// The next one below `bound`, which is not 0.
static inline uint32_t seeded_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((seeded_next(state) >> 32) * bound >> 32);
}

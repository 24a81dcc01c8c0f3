// SPDX-License-Identifier: BSD-3-Clause
//
// Token buckets on the turn's clock: a rate in events a second and a burst, in sixteen bytes and a few instructions.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	uint32_t rate;   // tokens a second, at least 1
	uint32_t burst;  // most that are kept
	uint32_t tokens; // thousandths
	uint32_t last_ms;
};

// True when a token is there.
static inline bool bucket_has(struct bucket *bucket, uint32_t now_ms)
{
	uint64_t grown = (uint64_t)(now_ms - bucket->last_ms) * bucket->rate + bucket->tokens;
	uint64_t full = (uint64_t)bucket->burst * 1000;
	bucket->last_ms = now_ms;
	bucket->tokens = (uint32_t)(grown < full ? grown : full);
	return bucket->tokens >= 1000;
}

// True when a token was there: it is taken.
static inline bool bucket_take(struct bucket *bucket, uint32_t now_ms)
{
	if (!bucket_has(bucket, now_ms))
		return false;
	bucket->tokens -= 1000;
	return true;
}

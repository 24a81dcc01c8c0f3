// SPDX-License-Identifier: BSD-3-Clause
//
// How fast a source sends SYNs: a fixed array of token buckets under a keyed hash, so that spoofed sources create nothing.
// Sources that share a bucket share its rate; that costs them no more than being answered with a cookie.
// An IPv6 source is a /64.
//
// A bucket is one number: when it will be full again. Then it has as many tokens as the time until then leaves of its burst (the generic
// cell rate algorithm of ITU-T I.371 A), and a SYN puts that off by a token's time.
//
// Owner: one dataplane lcore. A source's SYNs fall to all lcores that poll its port, so each has its part of the rate: a SYN costs as
// many tokens as the port has queues. Buckets that lcores share would have a flood write to lines of each other's. Where they fall
// unevenly some get a cookie that a record was left for.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_prefetch.h>

#include "dataplane/seam/siphash.h"

#define SYN_RATE_BUCKETS 65536u // 256 KB
#define SYN_RATE_BURST   64u    // SYNs at once; a mail pool opens some tens of connections
#define SYN_RATE_REFILL  16u    // SYNs a second after that

// Half milliseconds: a token's time is a whole number of them.
#define SYN_RATE_UNITS 2u
#define SYN_RATE_TOKEN (1000u * SYN_RATE_UNITS / SYN_RATE_REFILL)
_Static_assert(SYN_RATE_TOKEN *SYN_RATE_REFILL == 1000u * SYN_RATE_UNITS, "refilled exactly");

struct syn_rate {
	struct siphash_key key;          // of the buckets, where there is no source table
	uint32_t full[SYN_RATE_BUCKETS]; // when; wraps
};

struct syn_rate *syn_rate_new(const struct siphash_key *key); // NULL without memory
void syn_rate_free(struct syn_rate *rates);

// The bucket of a source that has this hash, which nobody outside can know; it is on its way into the cache.
static inline uint16_t syn_rate_bucket(const struct syn_rate *rates, uint64_t hash)
{
	uint16_t bucket = (uint16_t)hash;
	rte_prefetch0(&rates->full[bucket]);
	return bucket;
}

// Counts a SYN that came in by a port with so many `queues`, at most SYN_RATE_BURST; false when its source is over its rate.
static inline bool syn_rate_take(
	struct syn_rate *rates, uint16_t bucket, uint32_t queues, uint32_t now_ms)
{
	uint32_t now = now_ms * SYN_RATE_UNITS, left = rates->full[bucket] - now;
	if (left > SYN_RATE_BURST * SYN_RATE_TOKEN) // it was, before now
		left = 0;
	left += SYN_RATE_TOKEN * queues;
	if (left > SYN_RATE_BURST * SYN_RATE_TOKEN)
		return false;
	rates->full[bucket] = now + left;
	return true;
}

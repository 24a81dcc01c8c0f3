// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of the source table, for dataplane/seam/source*.c only.
#pragma once

#include <endian.h>

#include "dataplane/seam/source.h"

#define WAYS 8u // entries a bucket: their keys fill a cache line

struct keys {
	alignas(64) _Atomic uint64_t key[WAYS]; // 0: free
};

struct bs_sources {
	struct siphash_key secret;
	uint32_t buckets; // a power of two
	size_t bytes;     // of the mapping that begins at `keys`
	struct keys *keys;
	struct bs_source *entry; // of bucket b: from b * WAYS on
	_Atomic uint8_t *lock;   // one a bucket
	alignas(64) _Atomic uint32_t count;
};

// IPv4: 0000:ffff:address; IPv6: the first 64 bits. The two can't meet, and none is 0, since nothing under ::/16 is given
// out (RFC 4291, 2.4): such an address is no source and gives 0.
static inline uint64_t key_of(const struct bs_address *address)
{
	uint64_t high, low;
	memcpy(&high, address->octet, sizeof(high));
	memcpy(&low, address->octet + 8, sizeof(low));
	high = be64toh(high);
	low = be64toh(low);
	if (high == 0)
		return low >> 32 == 0xffff ? low : 0;
	return high >> 48 == 0 ? 0 : high;
}

static inline uint32_t bucket_of(const struct bs_sources *sources, uint64_t key)
{
	return (uint32_t)siphash(&sources->secret, &key, 1, 1, 3) & (sources->buckets - 1);
}

static inline uint64_t key_at(const struct bs_sources *sources, uint32_t number)
{
	return atomic_load_explicit(
		&sources->keys[number / WAYS].key[number % WAYS], memory_order_acquire);
}

#define NOT_THERE UINT32_MAX

// Number of the entry of a key that is not 0, in its bucket.
static inline uint32_t look_in(const struct bs_sources *sources, uint32_t bucket, uint64_t key)
{
	uint32_t first = bucket * WAYS;
	for (uint32_t i = first; i < first + WAYS; i++)
		if (key_at(sources, i) == key)
			return i;
	return NOT_THERE;
}

static inline uint32_t look_up(const struct bs_sources *sources, uint64_t key)
{
	return look_in(sources, bucket_of(sources, key), key);
}

// How the entry stands that a key was found in, or NOT_THERE.
static inline struct bs_source_standing standing_at(
	const struct bs_sources *sources, uint32_t number, uint64_t key, uint32_t now_s)
{
	struct bs_source_standing standing = {.verdict = BS_VERDICT_NONE};
	if (number == NOT_THERE)
		return standing;
	const struct bs_source *source = &sources->entry[number];
	uint8_t verdict = (uint8_t)bs_source_verdict_of(source, now_s);
	bool known = bs_source_is_known(source, now_s);
	if (key_at(sources, number) == key) // it may have become another's since
		standing = (struct bs_source_standing){.verdict = verdict, .known = known};
	return standing;
}

// Tries for a bucket's lock, which is held for some hundred instructions. Who does not get it goes uncounted.
#define LOCK_TRIES 4096u

static inline bool lock(struct bs_sources *sources, uint32_t bucket)
{
	for (unsigned i = 0; i < LOCK_TRIES; i++)
		if (atomic_exchange_explicit(&sources->lock[bucket], 1, memory_order_acquire) == 0)
			return true;
	return false;
}

static inline void unlock(struct bs_sources *sources, uint32_t bucket)
{
	atomic_store_explicit(&sources->lock[bucket], 0, memory_order_release);
}

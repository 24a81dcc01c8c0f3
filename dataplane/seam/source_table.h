// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of the source table, for dataplane/seam/source*.c only.
#pragma once

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
	const uint8_t *octet = address->octet + (bs_address_is_ipv4(address) ? 8 : 0);
	uint64_t key = 0;
	for (unsigned i = 0; i < 8; i++)
		key = key << 8 | octet[i];
	return octet == address->octet && key >> 48 == 0 ? 0 : key;
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

// The verdict in force on the entry that a key was found in, or NOT_THERE.
static inline unsigned verdict_at(
	const struct bs_sources *sources, uint32_t number, uint64_t key, uint32_t now_s)
{
	if (number == NOT_THERE)
		return BS_VERDICT_NONE;
	unsigned verdict = bs_source_verdict_of(&sources->entry[number], now_s);
	// The entry may have become another's since.
	return key_at(sources, number) == key ? verdict : BS_VERDICT_NONE;
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

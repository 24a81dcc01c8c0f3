// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of the source table, for dataplane/seam/source*.c and the tests of it only.
#pragma once

#include <endian.h>

#include "dataplane/seam/source.h"

#define WAYS 7u // entries a bucket: with what else it needs their keys fill a cache line

struct bucket {
	alignas(64) _Atomic uint64_t key[WAYS]; // 0: free
	_Atomic uint32_t lock; // held by who gives an entry of this bucket to another source
	_Atomic uint32_t away; // sources of this bucket that stand in their second one
};
_Static_assert(sizeof(struct bucket) == 64, "one cache line");

struct bs_sources {
	struct siphash_key secret;
	uint32_t buckets;
	void *memory; // of the mapping,
	size_t bytes; // and its size
	struct bucket *bucket;
	struct bs_source *entry; // of bucket b: from b * WAYS on
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

static inline uint64_t hash_of(const struct bs_sources *sources, uint64_t key)
{
	return siphash(&sources->secret, &key, 1, 1, 3);
}

// The two buckets that a source may stand in. They are not the same.
static inline uint32_t first_of(const struct bs_sources *sources, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) * sources->buckets >> 32);
}

static inline uint32_t second_of(const struct bs_sources *sources, uint64_t hash)
{
	uint32_t first = first_of(sources, hash);
	uint32_t second = (uint32_t)((hash >> 32) * sources->buckets >> 32);
	if (second != first)
		return second;
	return first + 1 < sources->buckets ? first + 1 : 0;
}

static inline uint64_t key_at(const struct bs_sources *sources, uint32_t number)
{
	return atomic_load_explicit(
		&sources->bucket[number / WAYS].key[number % WAYS], memory_order_acquire);
}

#define NOT_THERE UINT32_MAX

// Number of the entry of a key that is not 0, in one bucket.
static inline uint32_t look_in(const struct bs_sources *sources, uint32_t bucket, uint64_t key)
{
	const struct bucket *b = &sources->bucket[bucket];
	for (uint32_t way = 0; way < WAYS; way++)
		if (atomic_load_explicit(&b->key[way], memory_order_acquire) == key)
			return bucket * WAYS + way;
	return NOT_THERE;
}

// Whether a source that is not in this bucket, its first, may be in its second. It is counted before it stands there and
// until it does no more, so that who holds an entry finds it.
static inline bool looks_on(const struct bs_sources *sources, uint32_t bucket)
{
	return atomic_load_explicit(&sources->bucket[bucket].away, memory_order_acquire) != 0;
}

static inline uint32_t look_up(const struct bs_sources *sources, uint64_t key)
{
	uint64_t hash = hash_of(sources, key);
	uint32_t first = first_of(sources, hash), number = look_in(sources, first, key);
	if (number == NOT_THERE && looks_on(sources, first))
		number = look_in(sources, second_of(sources, hash), key);
	return number;
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
		if (atomic_exchange_explicit(
			    &sources->bucket[bucket].lock, 1, memory_order_acquire) == 0)
			return true;
	return false;
}

static inline void unlock(struct bs_sources *sources, uint32_t bucket)
{
	atomic_store_explicit(&sources->bucket[bucket].lock, 0, memory_order_release);
}

// Both buckets of a source: then no entry of theirs changes hands, so what is found there stays and nobody makes another. In the order of
// their numbers, so that nobody waits for who waits for him.
static inline bool lock_both(struct bs_sources *sources, uint32_t first, uint32_t second)
{
	if (!lock(sources, first < second ? first : second))
		return false;
	if (lock(sources, first < second ? second : first))
		return true;
	unlock(sources, first < second ? first : second);
	return false;
}

static inline void unlock_both(struct bs_sources *sources, uint32_t first, uint32_t second)
{
	unlock(sources, first);
	unlock(sources, second);
}

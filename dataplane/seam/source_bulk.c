// SPDX-License-Identifier: BSD-3-Clause
//
// The source table for many addresses at once: all lines with keys are asked for before the first is looked at, and
// all entries before the first is read.
#include "dataplane/seam/siphash_bulk.h"
#include "dataplane/seam/source_table.h"

// So many lines on their way are what a core can keep track of, and more than any burst's half.
#define LINES BS_SIPHASH_LANES
_Static_assert(LINES <= 64, "a bit each");

const struct siphash_key *bs_sources_key(const struct bs_sources *sources)
{
	return &sources->secret;
}

void bs_source_hash_bulk(const struct siphash_key *key, const struct bs_address *const *address,
	struct bs_source_looks *looks, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		looks->keys.word[i] = key_of(address[i]);
	bs_siphash13_words(key, &looks->keys, count);
}

void bs_source_fetch_bulk(
	const struct bs_sources *sources, const struct bs_source_looks *looks, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(&sources->bucket[first_of(sources, looks->keys.hash[i])]);
}

// Without branches: there is nearly never one to take.
static inline bool stands_in(const struct bs_sources *sources, uint32_t bucket, uint64_t key)
{
	const struct bucket *b = &sources->bucket[bucket];
	bool there = false;
#pragma GCC unroll 7
	for (unsigned way = 0; way < WAYS; way++)
		there |= atomic_load_explicit(&b->key[way], memory_order_acquire) == key;
	return there;
}

void bs_source_look_bulk(
	const struct bs_sources *sources, struct bs_source_looks *looks, unsigned count)
{
	looks->first = looks->on = 0;
	for (unsigned i = 0; i < count; i++) {
		uint64_t key = looks->keys.word[i], hash = looks->keys.hash[i];
		uint32_t first = first_of(sources, hash);
		uint64_t bit = (uint64_t)(key != 0) << i;
		if (__builtin_expect(stands_in(sources, first, key), 0)) {
			looks->first |= bit;
		} else if (looks_on(sources, first)) {
			__builtin_prefetch(&sources->bucket[second_of(sources, hash)]);
			looks->on |= bit;
		}
	}
}

// Who stands in his second bucket.
static uint64_t second(const struct bs_sources *sources, const struct bs_source_looks *looks)
{
	uint64_t found = 0;
	for (uint64_t set = looks->on; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctzll(set);
		uint32_t bucket = second_of(sources, looks->keys.hash[i]);
		found |= (uint64_t)stands_in(sources, bucket, looks->keys.word[i]) << i;
	}
	return found;
}

// The entry of one who was found a moment ago; it is on its way into the cache. NOT_THERE: it is another's now.
static uint32_t entry_of(
	const struct bs_sources *sources, const struct bs_source_looks *looks, unsigned i)
{
	uint64_t hash = looks->keys.hash[i];
	bool first = looks->first >> i & 1;
	uint32_t bucket = first ? first_of(sources, hash) : second_of(sources, hash);
	uint32_t number = look_in(sources, bucket, looks->keys.word[i]);
	if (number != NOT_THERE)
		__builtin_prefetch(&sources->entry[number], 1);
	return number;
}

// The entries of those who are there; returns who they are.
static uint64_t fetch_entries(const struct bs_sources *sources, const struct bs_source_looks *looks,
	uint32_t number[LINES])
{
	uint64_t all = looks->first | second(sources, looks);
	for (uint64_t set = all; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctzll(set);
		number[i] = entry_of(sources, looks, i);
	}
	return all;
}

void bs_source_prefetch_bulk(
	const struct bs_sources *sources, const struct bs_address *const *address, unsigned count)
{
	struct bs_source_looks looks;
	uint32_t number[LINES];
	for (unsigned done = 0; done < count; done += LINES) {
		unsigned some = count - done < LINES ? count - done : LINES;
		bs_source_hash_bulk(&sources->secret, address + done, &looks, some);
		bs_source_fetch_bulk(sources, &looks, some);
		bs_source_look_bulk(sources, &looks, some);
		fetch_entries(sources, &looks, number);
	}
}

void bs_source_standing_bulk(const struct bs_sources *sources, const struct bs_source_looks *looks,
	struct bs_source_standing *standing, unsigned count, uint32_t now_s)
{
	uint32_t number[LINES];
	uint64_t set = fetch_entries(sources, looks, number);
	memset(standing, 0, count * sizeof(*standing));
	for (; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctzll(set);
		standing[i] = standing_at(sources, number[i], looks->keys.word[i], now_s);
	}
}

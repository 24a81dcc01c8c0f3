// SPDX-License-Identifier: BSD-3-Clause
//
// The source table for many addresses at once: all lines with keys are asked for before the first is looked at, and
// all entries before the first is read.
#include "dataplane/seam/siphash_bulk.h"
#include "dataplane/seam/source_table.h"

// So many lines on their way are what a core can keep track of, and more than any burst's half.
#define LINES BS_SIPHASH_LANES
_Static_assert(LINES <= 32, "a bit each");

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

// False: the source is not in the table. Without branches, since there is nearly never one to take.
static inline bool may_be_there(const struct bs_sources *sources, uint64_t key, uint64_t hash)
{
	const struct bucket *b = &sources->bucket[first_of(sources, hash)];
	bool there = atomic_load_explicit(&b->away, memory_order_acquire) != 0;
#pragma GCC unroll 7
	for (unsigned way = 0; way < WAYS; way++)
		there |= atomic_load_explicit(&b->key[way], memory_order_acquire) == key;
	return there & (key != 0);
}

// Bit set: sources that may be in the table.
static uint32_t find(
	const struct bs_sources *sources, const struct bs_source_looks *looks, unsigned count)
{
	uint32_t set = 0;
	for (unsigned i = 0; i < count; i++)
		set |= (uint32_t)may_be_there(sources, looks->keys.word[i], looks->keys.hash[i])
		       << i;
	return set;
}

static void note(const struct bs_sources *sources, uint32_t *found, uint32_t number)
{
	*found = number;
	if (number != NOT_THERE)
		__builtin_prefetch(&sources->entry[number], 1);
}

// The entries of a set of sources, or NOT_THERE. Who is not in his first bucket and may be in the second: its line is fetched before the
// first of these is looked at.
static void fetch_entries(const struct bs_sources *sources, const struct bs_source_looks *looks,
	uint32_t set, uint32_t number[LINES])
{
	uint32_t on = 0;
	for (; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctz(set);
		uint64_t hash = looks->keys.hash[i];
		uint32_t first = first_of(sources, hash);
		note(sources, &number[i], look_in(sources, first, looks->keys.word[i]));
		if (number[i] == NOT_THERE && looks_on(sources, first)) {
			__builtin_prefetch(&sources->bucket[second_of(sources, hash)]);
			on |= UINT32_C(1) << i;
		}
	}
	for (; on != 0; on &= on - 1) {
		unsigned i = (unsigned)__builtin_ctz(on);
		uint32_t second = second_of(sources, looks->keys.hash[i]);
		note(sources, &number[i], look_in(sources, second, looks->keys.word[i]));
	}
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
		fetch_entries(sources, &looks, find(sources, &looks, some), number);
	}
}

void bs_source_standing_bulk(const struct bs_sources *sources, const struct bs_source_looks *looks,
	struct bs_source_standing *standing, unsigned count, uint32_t now_s)
{
	uint32_t number[LINES], set = find(sources, looks, count);
	memset(standing, 0, count * sizeof(*standing));
	fetch_entries(sources, looks, set, number);
	for (; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctz(set);
		standing[i] = standing_at(sources, number[i], looks->keys.word[i], now_s);
	}
}

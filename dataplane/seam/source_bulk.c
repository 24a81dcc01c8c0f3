// SPDX-License-Identifier: BSD-3-Clause
//
// The source table for many addresses at once: all lines with keys are asked for before the first is looked at, and
// all entries before the first is read.
#include "dataplane/seam/siphash_bulk.h"
#include "dataplane/seam/source_table.h"

// So many lines on their way are what a core can keep track of, and more than any burst's half.
#define LINES BS_SIPHASH_LANES

// key[i] and the number of its bucket; a line of keys is on its way for each.
static void fetch_keys(const struct bs_sources *sources, const struct bs_address *const *address,
	uint64_t *key, uint32_t *bucket, unsigned count)
{
	struct bs_siphash_burst burst;
	for (unsigned i = 0; i < count; i++)
		burst.word[0][i] = key[i] = key_of(address[i]);
	bs_siphash13_bulk(&sources->secret, &burst, 1, count);
	for (unsigned i = 0; i < count; i++) {
		bucket[i] = (uint32_t)burst.hash[i] & (sources->buckets - 1);
		__builtin_prefetch(&sources->keys[bucket[i]]);
	}
}

// number[i] becomes the entry or NOT_THERE; entries are on their way.
static void fetch_entries(const struct bs_sources *sources, const uint64_t *key,
	const uint32_t *bucket, uint32_t *number, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		number[i] = key[i] == 0 ? NOT_THERE : look_in(sources, bucket[i], key[i]);
		if (number[i] != NOT_THERE)
			__builtin_prefetch(&sources->entry[number[i]], 1);
	}
}

static void prefetch(const struct bs_sources *sources, const struct bs_address *const *address,
	uint64_t *key, uint32_t *number, unsigned count)
{
	uint32_t bucket[LINES];
	fetch_keys(sources, address, key, bucket, count);
	fetch_entries(sources, key, bucket, number, count);
}

void bs_source_prefetch_bulk(
	const struct bs_sources *sources, const struct bs_address *const *address, unsigned count)
{
	uint64_t key[LINES];
	uint32_t number[LINES];
	for (unsigned done = 0; done < count; done += LINES)
		prefetch(sources, address + done, key, number,
			count - done < LINES ? count - done : LINES);
}

void bs_source_standing_bulk(const struct bs_sources *sources,
	const struct bs_address *const *address, struct bs_source_standing *standing,
	unsigned count, uint32_t now_s)
{
	uint64_t key[LINES];
	uint32_t number[LINES];
	for (unsigned done = 0; done < count; done += LINES) {
		unsigned some = count - done < LINES ? count - done : LINES;
		prefetch(sources, address + done, key, number, some);
		for (unsigned i = 0; i < some; i++)
			standing[done + i] = standing_at(sources, number[i], key[i], now_s);
	}
}

// SPDX-License-Identifier: BSD-3-Clause
//
// The memory as control sees it: what was read from disk, what must be written, what has expired. Each lock is taken for one bucket.
#include "smtp/memory/memory_table.h"

#include <string.h>

// Longer than any lifetime of the configuration, 32 bits of milliseconds: the entry is damaged.
#define UNTIL_MOST (UINT32_MAX / 1000 + 2)

bool memory_restore(struct memory *memory, const struct memory_entry *entry, uint64_t wall_s)
{
	struct memory_key key = {.kind = entry->kind};
	if (entry->kind == MEMORY_FREE || entry->kind >= MEMORY_KINDS || entry->until_s <= wall_s ||
		entry->until_s > wall_s + UNTIL_MOST)
		return false;
	memcpy(key.octet, entry->key, sizeof(key.octet));
	struct place place = place_lock(memory, &key);
	struct memory_entry *mine = place_find(&place, &key, wall_s);
	if (mine == NULL)
		mine = place_put(&place, &key, wall_s);
	*mine = *entry;
	mine->unused = 0;
	place_unlock(&place);
	return true;
}

uint32_t memory_buckets(const struct memory *memory)
{
	return memory->shards * memory->buckets;
}

uint32_t memory_count(const struct memory *memory)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < memory->shards; i++)
		count += atomic_load_explicit(&memory->shard[i].count, memory_order_relaxed);
	return count;
}

static int copy(const struct bucket *bucket, struct memory_entry entries[MEMORY_BUCKET])
{
	int count = 0;
	while (count < (int)MEMORY_BUCKET && bucket->entry[count].kind != MEMORY_FREE) {
		entries[count] = bucket->entry[count];
		count++;
	}
	return count;
}

// The first marked bucket from `from` on, or the shard's end.
static uint32_t next_marked(const struct memory *memory, const struct shard *shard, uint32_t from)
{
	while (from < memory->buckets) {
		uint64_t word = atomic_load_explicit(
					&shard->changed[from / 64], memory_order_relaxed) >>
				from % 64;
		if (word != 0)
			return from + (uint32_t)__builtin_ctzll(word);
		from = (from / 64 + 1) * 64;
	}
	return memory->buckets;
}

int memory_take_changed(
	struct memory *memory, uint32_t *cursor, struct memory_entry entries[MEMORY_BUCKET])
{
	while (*cursor < memory_buckets(memory)) {
		struct shard *shard = &memory->shard[*cursor / memory->buckets];
		uint32_t first = *cursor / memory->buckets * memory->buckets;
		uint32_t bucket = next_marked(memory, shard, *cursor - first);
		*cursor = first + bucket;
		if (bucket == memory->buckets)
			continue;
		++*cursor;
		pthread_mutex_lock(&shard->lock);
		atomic_fetch_and_explicit(&shard->changed[bucket / 64],
			~(UINT64_C(1) << bucket % 64), memory_order_relaxed);
		int count = copy(&shard->bucket[bucket], entries);
		pthread_mutex_unlock(&shard->lock);
		return count;
	}
	return -1;
}

void memory_mark_all(struct memory *memory)
{
	for (uint32_t i = 0; i < memory_buckets(memory); i++)
		atomic_fetch_or_explicit(
			&memory->shard[i / memory->buckets].changed[i % memory->buckets / 64],
			UINT64_C(1) << i % memory->buckets % 64, memory_order_relaxed);
}

static uint32_t sweep_bucket(struct shard *shard, uint32_t number, uint64_t wall_s)
{
	struct bucket *bucket = &shard->bucket[number];
	uint32_t gone = 0;
	pthread_mutex_lock(&shard->lock);
	for (unsigned i = MEMORY_BUCKET; i-- > 0;) {
		if (bucket->entry[i].kind == MEMORY_FREE || bucket->entry[i].until_s > wall_s)
			continue;
		bucket_remove(shard, number, &bucket->entry[i]);
		gone++;
	}
	pthread_mutex_unlock(&shard->lock);
	return gone;
}

uint32_t memory_sweep(struct memory *memory, uint32_t *cursor, uint32_t count, uint64_t wall_s)
{
	uint32_t gone = 0, all = memory_buckets(memory);
	for (uint32_t i = 0; i < count && i < all; i++) {
		if (*cursor >= all)
			*cursor = 0;
		gone += sweep_bucket(&memory->shard[*cursor / memory->buckets],
			*cursor % memory->buckets, wall_s);
		++*cursor;
	}
	return gone;
}

bool memory_next(struct memory *memory, uint64_t *cursor, struct memory_entry *entry)
{
	uint64_t all = (uint64_t)memory_buckets(memory) * MEMORY_BUCKET;
	for (; *cursor < all; ++*cursor) {
		uint32_t number = (uint32_t)(*cursor / MEMORY_BUCKET);
		struct shard *shard = &memory->shard[number / memory->buckets];
		const struct bucket *bucket = &shard->bucket[number % memory->buckets];
		pthread_mutex_lock(&shard->lock);
		*entry = bucket->entry[*cursor % MEMORY_BUCKET];
		pthread_mutex_unlock(&shard->lock);
		if (entry->kind != MEMORY_FREE) {
			++*cursor;
			return true;
		}
	}
	return false;
}

// SPDX-License-Identifier: BSD-3-Clause
//
// Where entries stand, and which goes when there is no room.
#include "smtp/memory/memory_table.h"

#include <string.h>

// A number below `count` of 32 even bits.
static uint32_t scaled(uint32_t bits, uint32_t count)
{
	return (uint32_t)((uint64_t)bits * count >> 32);
}

static struct place place_of(struct memory *memory, const struct memory_key *key)
{
	uint64_t word[3] = {0, 0, key->kind};
	memcpy(word, key->octet, sizeof(key->octet));
	uint64_t hash = siphash(&memory->place, word, 3, 1, 3);
	uint32_t first = scaled((uint32_t)hash, memory->buckets);
	// Another one of the shard, as even as the first.
	uint32_t step = scaled((uint32_t)(hash >> 26), memory->buckets - 1) + 1;
	return (struct place){memory, &memory->shard[hash >> 58 & (memory->shards - 1)],
		{first, (first + step) % memory->buckets}};
}

struct place place_lock(struct memory *memory, const struct memory_key *key)
{
	struct place place = place_of(memory, key);
	pthread_mutex_lock(&place.shard->lock);
	return place;
}

void place_unlock(struct place *place)
{
	pthread_mutex_unlock(&place->shard->lock);
}

static void mark(struct shard *shard, uint32_t bucket)
{
	atomic_fetch_or_explicit(
		&shard->changed[bucket / 64], UINT64_C(1) << bucket % 64, memory_order_relaxed);
}

static uint32_t bucket_of(const struct shard *shard, const struct memory_entry *entry)
{
	size_t octets = (size_t)((const uint8_t *)entry - (const uint8_t *)shard->bucket);
	return (uint32_t)(octets / sizeof(struct bucket));
}

static unsigned used(const struct bucket *bucket)
{
	unsigned count = 0;
	while (count < MEMORY_BUCKET && bucket->entry[count].kind != MEMORY_FREE)
		count++;
	return count;
}

struct memory_entry *place_find(
	const struct place *place, const struct memory_key *key, uint64_t wall_s)
{
	for (unsigned choice = 0; choice < 2; choice++) {
		struct bucket *bucket = &place->shard->bucket[place->bucket[choice]];
		for (unsigned i = 0; i < MEMORY_BUCKET; i++) {
			struct memory_entry *entry = &bucket->entry[i];
			if (entry->kind == key->kind &&
				memcmp(entry->key, key->octet, sizeof(key->octet)) == 0)
				return entry->until_s > wall_s ? entry : NULL;
		}
	}
	return NULL;
}

// The smaller the sooner it goes.
static uint64_t usefulness(const struct memory_entry *entry, uint64_t wall_s)
{
	uint64_t rank = 2;
	if (entry->until_s <= wall_s)
		rank = 0;
	else if (entry->kind == MEMORY_TRIPLET && entry->passes == 0)
		rank = 1;
	return rank << 32 | entry->last_s;
}

// The least useful of both buckets.
static struct memory_entry *worst(const struct place *place, uint64_t wall_s)
{
	struct memory_entry *found = &place->shard->bucket[place->bucket[0]].entry[0];
	for (unsigned choice = 0; choice < 2; choice++) {
		struct bucket *bucket = &place->shard->bucket[place->bucket[choice]];
		for (unsigned i = 0; i < MEMORY_BUCKET; i++)
			if (usefulness(&bucket->entry[i], wall_s) < usefulness(found, wall_s))
				found = &bucket->entry[i];
	}
	return found;
}

// Makes room by moving one of a full bucket's entries to the other bucket where it may stand. A crash before the next write loses
// that one. NULL when all of those are full too.
static struct memory_entry *move_one(struct place *place, uint32_t number)
{
	struct bucket *bucket = &place->shard->bucket[number];
	for (unsigned i = 0; i < MEMORY_BUCKET; i++) {
		struct memory_key key = {.kind = bucket->entry[i].kind};
		memcpy(key.octet, bucket->entry[i].key, sizeof(key.octet));
		struct place its = place_of(place->memory, &key);
		uint32_t other = its.bucket[its.bucket[0] == number];
		unsigned filled = used(&place->shard->bucket[other]);
		if (filled == MEMORY_BUCKET)
			continue;
		place->shard->bucket[other].entry[filled] = bucket->entry[i];
		mark(place->shard, other);
		return &bucket->entry[i];
	}
	return NULL;
}

// A place for a new one. When both buckets are full one in them moves on, or the least useful goes.
static struct memory_entry *make_room(struct place *place, uint64_t wall_s)
{
	struct shard *shard = place->shard;
	unsigned filled[] = {
		used(&shard->bucket[place->bucket[0]]), used(&shard->bucket[place->bucket[1]])};
	unsigned choice = filled[1] < filled[0];
	struct memory_entry *entry = NULL;
	if (filled[choice] < MEMORY_BUCKET)
		entry = &shard->bucket[place->bucket[choice]].entry[filled[choice]];
	for (choice = 0; choice < 2 && entry == NULL; choice++)
		entry = move_one(place, place->bucket[choice]);
	if (entry == NULL)
		return worst(place, wall_s);
	atomic_fetch_add_explicit(&shard->count, 1, memory_order_relaxed);
	return entry;
}

// What has expired under this key: else it would stand there twice.
static void remove_expired(struct place *place, const struct memory_key *key)
{
	struct memory_entry *entry = place_find(place, key, 0);
	if (entry != NULL)
		place_remove(place, entry);
}

struct memory_entry *place_put(struct place *place, const struct memory_key *key, uint64_t wall_s)
{
	remove_expired(place, key);
	struct memory_entry *entry = make_room(place, wall_s);
	*entry = (struct memory_entry){
		.kind = key->kind, .first_s = (uint32_t)wall_s, .last_s = (uint32_t)wall_s};
	memcpy(entry->key, key->octet, sizeof(entry->key));
	place_changed(place, entry);
	return entry;
}

void place_changed(struct place *place, const struct memory_entry *entry)
{
	mark(place->shard, bucket_of(place->shard, entry));
}

void place_remove(struct place *place, struct memory_entry *entry)
{
	bucket_remove(place->shard, bucket_of(place->shard, entry), entry);
}

void bucket_remove(struct shard *shard, uint32_t bucket, struct memory_entry *entry)
{
	struct memory_entry *last = &shard->bucket[bucket].entry[used(&shard->bucket[bucket]) - 1];
	*entry = *last; // the used ones stay together
	*last = (struct memory_entry){0};
	atomic_fetch_sub_explicit(&shard->count, 1, memory_order_relaxed);
	mark(shard, bucket);
}

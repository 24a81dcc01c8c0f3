// SPDX-License-Identifier: BSD-3-Clause
//
// The memory as a whole, and the clients in it.
#include "smtp/memory/memory_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Workers are few, so that two seldom want the same.
#define SHARDS_MOST   64u
#define SHARD_LEAST   4096u // entries for which another shard is worth it
#define RESERVE       6u    // of eight places so many are counted on
#define SHARD_BUCKETS 2u    // least: an entry has two to choose from

struct shape {
	uint32_t shards, buckets; // of a shard
	size_t bytes, words;      // of the mapping; of a shard's marks
};

static struct shape shape_of(uint32_t capacity)
{
	struct shape shape = {.shards = 1};
	while (shape.shards < SHARDS_MOST && capacity / shape.shards > SHARD_LEAST)
		shape.shards *= 2;
	uint32_t share = capacity / shape.shards + 1;
	shape.buckets = share / RESERVE + 1;
	if (shape.buckets < SHARD_BUCKETS)
		shape.buckets = SHARD_BUCKETS;
	shape.words = (shape.buckets + 63) / 64;
	shape.bytes = shape.shards * (shape.buckets * sizeof(struct bucket) +
					     (shape.words * sizeof(uint64_t) + 63) / 64 * 64);
	return shape;
}

size_t memory_size(uint32_t capacity)
{
	return shape_of(capacity).bytes;
}

// Three keys of one: what is said to one of them tells nothing of the others.
static void derive(struct memory *memory, const uint8_t key[16])
{
	struct siphash_key whole;
	struct siphash_key *part[] = {&memory->place, &memory->name[0], &memory->name[1]};
	memcpy(whole.word, key, sizeof(whole.word));
	for (uint64_t i = 0; i < 6; i++)
		part[i / 2]->word[i % 2] = siphash(&whole, &i, 1, 2, 4);
}

struct memory *memory_new(uint32_t capacity, const uint8_t key[16])
{
	struct shape shape = shape_of(capacity);
	size_t size = sizeof(struct memory) + shape.shards * sizeof(struct shard);
	struct memory *memory = aligned_alloc(64, (size + 63) / 64 * 64);
	if (memory == NULL)
		return NULL;
	memset(memory, 0, size);
	uint8_t *place = mmap(NULL, shape.bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (place == MAP_FAILED) {
		free(memory);
		return NULL;
	}
	madvise(place, shape.bytes, MADV_HUGEPAGE); // a wish: fewer TLB misses
	memory->mapping = place;
	memory->bytes = shape.bytes;
	memory->shards = shape.shards;
	memory->buckets = shape.buckets;
	derive(memory, key);
	for (uint32_t i = 0; i < shape.shards; i++) {
		struct shard *shard = &memory->shard[i];
		pthread_mutex_init(&shard->lock, NULL);
		shard->bucket = (struct bucket *)(void *)place;
		place += shape.buckets * sizeof(struct bucket);
		shard->changed = (_Atomic uint64_t *)(void *)place;
		place += (shape.words * sizeof(uint64_t) + 63) / 64 * 64;
	}
	return memory;
}

void memory_free(struct memory *memory)
{
	if (memory == NULL)
		return;
	for (uint32_t i = 0; i < memory->shards; i++)
		pthread_mutex_destroy(&memory->shard[i].lock);
	munmap(memory->mapping, memory->bytes);
	free(memory);
}

// The source that the client is (dataplane/seam/source.h): an IPv4 address, an IPv6 /64.
struct memory_key memory_client_key(const struct bs_address *client)
{
	struct memory_key key = {.kind = MEMORY_CLIENT};
	memcpy(key.octet, client->octet, bs_address_is_ipv4(client) ? 16 : 8);
	return key;
}

void memory_remember_client(
	struct memory *memory, const struct bs_address *client, uint64_t until_s, uint64_t wall_s)
{
	struct memory_key key = memory_client_key(client);
	struct place place = place_lock(memory, &key);
	struct memory_entry *entry = place_find(&place, &key, wall_s);
	if (entry == NULL)
		entry = place_put(&place, &key, wall_s);
	entry->last_s = (uint32_t)wall_s;
	if (until_s > entry->until_s)
		entry->until_s = (uint32_t)until_s;
	place_changed(&place, entry);
	place_unlock(&place);
}

uint64_t memory_client_until(
	struct memory *memory, const struct bs_address *client, uint64_t wall_s)
{
	struct memory_key key = memory_client_key(client);
	struct place place = place_lock(memory, &key);
	const struct memory_entry *entry = place_find(&place, &key, wall_s);
	uint64_t until_s = entry != NULL ? entry->until_s : 0;
	place_unlock(&place);
	return until_s;
}

bool memory_forget_client(struct memory *memory, const struct bs_address *client)
{
	struct memory_key key = memory_client_key(client);
	struct place place = place_lock(memory, &key);
	struct memory_entry *entry = place_find(&place, &key, 0);
	if (entry != NULL)
		place_remove(&place, entry);
	place_unlock(&place);
	return entry != NULL;
}

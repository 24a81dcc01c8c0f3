// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of the memory, for smtp/memory*.c and smtp/greylist*.c only.
//
// A shard is a lock and an array of buckets of eight entries. An entry may stand in two of them, found by a keyed hash, and goes to the
// emptier one; where both are full one that stands there moves to its other bucket. So all that there is promised room for finds it;
// a single choice would lose a twentieth.
#pragma once

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "dataplane/seam/siphash.h"
#include "smtp/memory/memory.h"

struct bucket {
	alignas(64) struct memory_entry entry[MEMORY_BUCKET]; // used ones first
};

struct shard {
	alignas(64) pthread_mutex_t lock;
	struct bucket *bucket;
	_Atomic uint64_t *changed; // a bit a bucket; written under the lock
	_Atomic uint32_t count;
};

struct memory {
	struct siphash_key place;   // where entries stand
	struct siphash_key name[2]; // the two halves of a hashed key
	uint32_t shards;            // a power of two
	uint32_t buckets;           // of a shard
	size_t bytes;               // of the mapping
	void *mapping;
	struct shard shard[];
};

// The shard of a key, locked, and the two buckets where it may stand.
struct place {
	struct memory *memory;
	struct shard *shard;
	uint32_t bucket[2];
};

struct memory_key {
	uint8_t octet[16];
	uint8_t kind; // enum memory_kind
};

// memory_shard.c: all under the lock that place_lock() takes.
struct place place_lock(struct memory *memory, const struct memory_key *key);
void place_unlock(struct place *place);
// NULL when it is not there, or has expired.
struct memory_entry *place_find(
	const struct place *place, const struct memory_key *key, uint64_t wall_s);
// A new entry, marked as changed, with first_s and last_s now, at the cost of the least useful when there is no room.
struct memory_entry *place_put(struct place *place, const struct memory_key *key, uint64_t wall_s);
// The entry is not as it was.
void place_changed(struct place *place, const struct memory_entry *entry);
void place_remove(struct place *place, struct memory_entry *entry);

// Takes an entry out of its bucket.
void bucket_remove(struct shard *shard, uint32_t bucket, struct memory_entry *entry);

// memory.c
struct memory_key memory_client_key(const struct bs_address *client);

// greylist_key.c
struct memory_key greylist_network_key(
	const struct memory *memory, const struct bs_address *client, const char *spf_domain);
struct memory_key greylist_triplet_key(const struct memory *memory,
	const struct memory_key *network, const char *sender, const char *recipient);

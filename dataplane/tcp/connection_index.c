// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/connection_index.h"

#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "dataplane/tcp/connection.h"

#define WAYS 8

struct cell {
	uint32_t tag[WAYS]; // 0: free
	uint32_t number[WAYS];
};
_Static_assert(sizeof(struct cell) == 64, "one cache line");

struct connection_index {
	struct siphash_key key;
	uint32_t mask;
	struct cell *bucket;
};

struct connection_index *connection_index_new(uint32_t capacity, const struct siphash_key *key)
{
	uint32_t buckets = 2;
	while ((uint64_t)buckets * WAYS * 6 / 10 < capacity)
		buckets *= 2;
	struct connection_index *index = rte_zmalloc("index", sizeof(*index), 64);
	if (index == NULL)
		return NULL;
	index->bucket = rte_zmalloc("index buckets", (size_t)buckets * sizeof(struct cell), 64);
	if (index->bucket == NULL) {
		rte_free(index);
		return NULL;
	}
	index->key = *key;
	index->mask = buckets - 1;
	return index;
}

void connection_index_free(struct connection_index *index)
{
	if (index == NULL)
		return;
	rte_free(index->bucket);
	rte_free(index);
}

static inline uint64_t hash(const struct connection_index *index, const struct bs_address *peer,
	uint16_t port, uint8_t local)
{
	uint64_t word[3];
	memcpy(word, peer->octet, 16);
	word[2] = (uint64_t)port << 8 | local;
	return siphash(&index->key, word, 3, 1, 3);
}

// The three parts of a hash: a tag that is never 0, and two buckets.
static inline uint32_t tag_of(uint64_t h)
{
	return (uint32_t)(h >> 32) | 1;
}

static inline struct cell *first_cell(const struct connection_index *index, uint64_t h)
{
	return &index->bucket[h & index->mask];
}

// Odd multiplier: with the tag known, either bucket gives the other; here both come from the hash at once.
static inline struct cell *second_cell(const struct connection_index *index, uint64_t h)
{
	return &index->bucket[((h & index->mask) ^ ((h >> 32) * UINT64_C(0x9e3779b1))) &
			      index->mask];
}

static unsigned load(const struct cell *bucket)
{
	unsigned used = 0;
	for (unsigned i = 0; i < WAYS; i++)
		used += bucket->tag[i] != 0;
	return used;
}

static void put(struct cell *bucket, uint32_t tag, uint32_t number)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket->tag[i] == 0) {
			bucket->tag[i] = tag;
			bucket->number[i] = number;
			return;
		}
	}
}

bool connection_index_insert(
	struct connection_index *index, const struct connection *connection, uint32_t number)
{
	uint64_t h = hash(index, &connection->peer, connection->peer_port, connection->local);
	struct cell *first = first_cell(index, h), *second = second_cell(index, h);
	unsigned first_load = load(first), second_load = load(second);
	if (first_load == WAYS && second_load == WAYS)
		return false;
	put(second_load < first_load ? second : first, tag_of(h), number);
	return true;
}

static bool drop(struct cell *bucket, uint32_t tag, uint32_t number)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket->tag[i] == tag && bucket->number[i] == number) {
			bucket->tag[i] = 0;
			return true;
		}
	}
	return false;
}

void connection_index_remove(
	struct connection_index *index, const struct connection *connection, uint32_t number)
{
	uint64_t h = hash(index, &connection->peer, connection->peer_port, connection->local);
	if (!drop(first_cell(index, h), tag_of(h), number))
		drop(second_cell(index, h), tag_of(h), number);
}

// Record numbers whose tag fits, at most `room` of them: false ones are one in 2^31 an entry.
static inline unsigned candidates(
	const struct cell *bucket, uint32_t tag, uint32_t *number, unsigned room)
{
	unsigned count = 0;
	for (unsigned i = 0; i < WAYS; i++) {
		if (bucket->tag[i] == tag && count < room)
			number[count++] = bucket->number[i];
	}
	return count;
}

#define CANDIDATES 4

void connection_lookup_bulk(const struct connection_index *index, const struct connection *record,
	struct frame *const *frames, uint32_t *found, unsigned count)
{
	uint64_t h[BURST];
	uint32_t candidate[BURST][CANDIDATES];
	uint8_t candidate_count[BURST];

	for (unsigned i = 0; i < count; i++) {
		h[i] = hash(index, &frames[i]->source, frames[i]->source_port, frames[i]->local);
		rte_prefetch0(first_cell(index, h[i]));
		rte_prefetch0(second_cell(index, h[i]));
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t tag = tag_of(h[i]);
		struct cell *first = first_cell(index, h[i]);
		struct cell *second = second_cell(index, h[i]);
		unsigned n = candidates(first, tag, candidate[i], CANDIDATES);
		if (second != first)
			n += candidates(second, tag, candidate[i] + n, CANDIDATES - n);
		candidate_count[i] = (uint8_t)n;
		for (unsigned k = 0; k < n; k++)
			rte_prefetch0(&record[candidate[i][k]]);
	}
	for (unsigned i = 0; i < count; i++) {
		found[i] = CONNECTION_NONE;
		for (unsigned k = 0; k < candidate_count[i]; k++) {
			const struct connection *c = &record[candidate[i][k]];
			if (c->peer_port == frames[i]->source_port &&
				c->local == frames[i]->local &&
				bs_address_equal(&c->peer, &frames[i]->source))
				found[i] = candidate[i][k];
		}
	}
}

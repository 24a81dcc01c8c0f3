// SPDX-License-Identifier: BSD-3-Clause
//
// An entry stands in one of two cells, and nearly always in the first: the cell that its hash names. A cell counts how many of its own
// had to go to their second one, so that a look at a cell that counts none ends there: a stranger costs one line, a
// connection two. Where both cells are full, entries of them that can stand elsewhere make room.
#include "dataplane/tcp/connection_index.h"

#include <stdalign.h>

#include <rte_malloc.h>
#include <rte_prefetch.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dataplane/seam/siphash_bulk.h"
#include "dataplane/tcp/connection.h"

#define WAYS 7u

struct cell {
	alignas(64) uint32_t tag[WAYS]; // 0: free
	uint32_t spilled; // entries whose first cell this is, and who stand in their second
	uint32_t number[WAYS];
	uint32_t guests; // bit set: those whose second cell this is
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
	while ((uint64_t)buckets * WAYS * 7 / 10 < capacity)
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

// A tuple as the hash takes it: the peer's address, then its port and the row of ours.
static inline uint64_t tuple_rest(uint16_t port, uint8_t local)
{
	return siphash_rest((uint64_t)port << 8 | local, 3, 2);
}

static inline uint64_t hash(const struct connection_index *index, const struct connection *c)
{
	uint64_t word[2];
	memcpy(word, c->peer.octet, 16);
	return siphash_with_rest(&index->key, word, 2, tuple_rest(c->peer_port, c->local), 1, 3);
}

// The parts of a hash: a tag that is never 0, and a cell.
static inline uint32_t tag_of(uint64_t h)
{
	return (uint32_t)(h >> 32) | 1;
}

static inline struct cell *first_cell(const struct connection_index *index, uint64_t h)
{
	return &index->bucket[h & index->mask];
}

// With the tag known either cell gives the other, and the two are never the same.
static inline struct cell *other_cell(
	const struct connection_index *index, const struct cell *cell, uint32_t tag)
{
	uint32_t at = (uint32_t)(cell - index->bucket);
	uint32_t apart = (uint32_t)(tag * UINT64_C(0x9e3779b97f4a7c15) >> 32) | 1;
	return &index->bucket[(at ^ apart) & index->mask];
}

// Bit set: where the tag stands.
static inline uint32_t places(const struct cell *cell, uint32_t tag)
{
#ifdef __SSE2__
	const __m128i *at = (const __m128i *)(const void *)cell->tag;
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128(at), wanted);
	__m128i high = _mm_cmpeq_epi32(_mm_load_si128(at + 1), wanted);
	uint32_t set = (uint32_t)_mm_movemask_epi8(
		_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
	return set & ((1u << WAYS) - 1); // behind the tags: `spilled`
#else
	uint32_t set = 0;
	for (unsigned i = 0; i < WAYS; i++)
		set |= (uint32_t)(cell->tag[i] == tag) << i;
	return set;
#endif
}

static bool put(struct cell *cell, uint32_t tag, uint32_t number, bool guest)
{
	uint32_t free = places(cell, 0);
	if (free == 0)
		return false;
	unsigned i = (unsigned)__builtin_ctz(free);
	cell->tag[i] = tag;
	cell->number[i] = number;
	cell->guests = (cell->guests & ~(1u << i)) | (uint32_t)guest << i;
	return true;
}

// Moves one entry of a full cell to where it may stand as well. True when a place is free now.
static bool make_room(struct connection_index *index, struct cell *cell)
{
	for (unsigned i = 0; i < WAYS; i++) {
		struct cell *other = other_cell(index, cell, cell->tag[i]);
		bool guest = cell->guests >> i & 1;
		if (!put(other, cell->tag[i], cell->number[i], !guest))
			continue;
		if (guest)
			other->spilled--;
		else
			cell->spilled++;
		cell->tag[i] = 0;
		return true;
	}
	return false;
}

bool connection_index_insert(
	struct connection_index *index, const struct connection *connection, uint32_t number)
{
	uint64_t h = hash(index, connection);
	struct cell *first = first_cell(index, h);
	struct cell *second = other_cell(index, first, tag_of(h));
	if (put(first, tag_of(h), number, false))
		return true;
	if (places(second, 0) == 0 && make_room(index, first))
		return put(first, tag_of(h), number, false);
	if (places(second, 0) == 0 && !make_room(index, second))
		return false;
	first->spilled++;
	return put(second, tag_of(h), number, true);
}

static bool drop(struct cell *cell, uint32_t tag, uint32_t number)
{
	for (unsigned i = 0; i < WAYS; i++) {
		if (cell->tag[i] == tag && cell->number[i] == number) {
			cell->tag[i] = 0;
			return true;
		}
	}
	return false;
}

void connection_index_remove(
	struct connection_index *index, const struct connection *connection, uint32_t number)
{
	uint64_t h = hash(index, connection);
	struct cell *first = first_cell(index, h);
	if (drop(first, tag_of(h), number))
		return;
	if (drop(other_cell(index, first, tag_of(h)), tag_of(h), number))
		first->spilled--;
}

void connection_index_prefetch(
	const struct connection_index *index, const struct connection *connection)
{
	uint64_t h = hash(index, connection);
	rte_prefetch0(first_cell(index, h));
	rte_prefetch0(other_cell(index, first_cell(index, h), tag_of(h)));
}

static inline bool is_of(const struct connection *c, const struct frame *frame)
{
	return c->peer_port == frame->source_port && c->local == frame->local &&
	       bs_address_equal(&c->peer, &frame->source);
}

static uint32_t find(const struct cell *cell, uint32_t tag, const struct connection *record,
	const struct frame *frame)
{
	for (uint32_t set = places(cell, tag); set != 0; set &= set - 1) {
		uint32_t number = cell->number[__builtin_ctz(set)];
		if (is_of(&record[number], frame))
			return number;
	}
	return CONNECTION_NONE;
}

// The hashes of frames' tuples, and their cells on their way into the cache.
static inline void fetch_cells(const struct connection_index *index, struct frame *const *frames,
	struct bs_siphash_burst *burst, const struct cell **cell, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct frame *frame = frames[i];
		memcpy(&burst->word[0][i], frame->source.octet, 8);
		memcpy(&burst->word[1][i], frame->source.octet + 8, 8);
		burst->word[2][i] = tuple_rest(frame->source_port, frame->local);
	}
	bs_siphash13_bulk(&index->key, burst, count);
	for (unsigned i = 0; i < count; i++) {
		cell[i] = first_cell(index, burst->hash[i]);
		rte_prefetch0(cell[i]);
	}
}

void connection_lookup_bulk(const struct connection_index *index, const struct connection *record,
	struct frame *const *frames, uint32_t *found, unsigned count)
{
	struct bs_siphash_burst burst;
	const struct cell *cell[BURST];
	uint64_t perhaps = 0; // bit set: those of whom a cell says that they may be there
	_Static_assert(BURST <= 64, "a bit each");

	fetch_cells(index, frames, &burst, cell, count);
	for (unsigned i = 0; i < count; i++) {
		uint32_t tag = tag_of(burst.hash[i]), set = places(cell[i], tag);
		found[i] = CONNECTION_NONE;
		if ((set | cell[i]->spilled) == 0)
			continue;
		perhaps |= UINT64_C(1) << i;
		if (set != 0) { // another's tag is the same once in 2^31
			found[i] = cell[i]->number[__builtin_ctz(set)];
			rte_prefetch0(&record[found[i]]);
		} else {
			rte_prefetch0(other_cell(index, cell[i], tag));
		}
	}
	for (; perhaps != 0; perhaps &= perhaps - 1) {
		unsigned i = (unsigned)__builtin_ctzll(perhaps);
		uint32_t tag = tag_of(burst.hash[i]);
		if (found[i] != CONNECTION_NONE && is_of(&record[found[i]], frames[i]))
			continue;
		if (found[i] != CONNECTION_NONE)
			found[i] = find(cell[i], tag, record, frames[i]);
		if (found[i] == CONNECTION_NONE && cell[i]->spilled != 0)
			found[i] = find(other_cell(index, cell[i], tag), tag, record, frames[i]);
	}
}

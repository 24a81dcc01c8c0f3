// SPDX-License-Identifier: BSD-3-Clause
//
// Three parties meet here: lcores that count connections up and down without a lock, lcores that give an entry to a new
// source, under a lock of its bucket, and readers. What keeps them apart is the entry's `open`: an entry changes
// hands only from zero, with BS_SOURCE_TAKEN set in the meantime, and who counted himself in looks at the key again.
#include "dataplane/seam/source_table.h"

#include <stdlib.h>
#include <sys/mman.h>

static uint32_t bucket_count(uint32_t capacity)
{
	uint32_t buckets = 1;
	while (buckets < capacity / WAYS + (capacity % WAYS != 0) && buckets < UINT32_C(1) << 28)
		buckets *= 2;
	return buckets;
}

size_t bs_sources_size(uint32_t capacity)
{
	return bucket_count(capacity) *
	       (sizeof(struct keys) + WAYS * sizeof(struct bs_source) + sizeof(uint8_t));
}

struct bs_sources *bs_sources_new(uint32_t capacity, const struct siphash_key *key)
{
	struct bs_sources *sources = aligned_alloc(64, sizeof(*sources));
	if (sources == NULL)
		return NULL;
	memset(sources, 0, sizeof(*sources));
	sources->secret = *key;
	sources->buckets = bucket_count(capacity);
	sources->bytes = bs_sources_size(capacity);
	void *memory = mmap(NULL, sources->bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(sources);
		return NULL;
	}
	madvise(memory, sources->bytes, MADV_HUGEPAGE); // a wish: fewer TLB misses
	sources->keys = memory;
	sources->entry = (struct bs_source *)(void *)(sources->keys + sources->buckets);
	sources->lock = (_Atomic uint8_t *)(void *)(sources->entry +
						    (size_t)sources->buckets * WAYS);
	return sources;
}

void bs_sources_free(struct bs_sources *sources)
{
	if (sources == NULL)
		return;
	munmap(sources->keys, sources->bytes);
	free(sources);
}

uint32_t bs_sources_count(const struct bs_sources *sources)
{
	return atomic_load_explicit(&sources->count, memory_order_relaxed);
}

uint32_t bs_sources_capacity(const struct bs_sources *sources)
{
	return sources->buckets * WAYS;
}

// How useful an entry is: the verdict in force, what was learnt, nothing; and then when it was last seen.
static uint64_t usefulness(const struct bs_source *source, uint32_t now_s)
{
	uint64_t rank = 0;
	if (bs_source_verdict_of(source, now_s) != BS_VERDICT_NONE)
		rank = 2;
	else if (atomic_load_explicit(&source->accepted_s, memory_order_relaxed) != 0 ||
		 bs_source_is_known(source, now_s) ||
		 atomic_load_explicit(&source->sessions, memory_order_relaxed) != 0 ||
		 atomic_load_explicit(&source->recipients, memory_order_relaxed) != 0)
		rank = 1;
	uint32_t age = now_s - atomic_load_explicit(&source->last_s, memory_order_relaxed);
	if ((int32_t)age < 0) // another lcore's clock is a turn ahead
		age = 0;
	return rank << 32 | (UINT32_MAX - age);
}

// Takes a free entry of the bucket, or the least useful without a connection, out of everybody's hands. Under the lock.
static uint32_t take(struct bs_sources *sources, uint32_t bucket, uint32_t now_s)
{
	unsigned tried = 0; // bits: somebody counted himself in meanwhile
	for (unsigned round = 0; round < WAYS; round++) {
		uint32_t best = NOT_THERE, none = 0;
		uint64_t least = UINT64_MAX;
		for (uint32_t way = 0; way < WAYS; way++) {
			uint32_t number = bucket * WAYS + way;
			const struct bs_source *source = &sources->entry[number];
			if (tried & 1u << way ||
				atomic_load_explicit(&source->open, memory_order_relaxed) != 0)
				continue;
			uint64_t worth = key_at(sources, number) == 0 ? 0
								      : usefulness(source, now_s);
			if (best == NOT_THERE || worth < least) {
				best = number;
				least = worth;
			}
		}
		if (best == NOT_THERE)
			return NOT_THERE;
		if (atomic_compare_exchange_strong_explicit(&sources->entry[best].open, &none,
			    BS_SOURCE_TAKEN, memory_order_acq_rel, memory_order_relaxed))
			return best;
		tried |= 1u << best % WAYS;
	}
	return NOT_THERE;
}

// Gives an entry that was taken to `key`, for a connection that enters or for none.
static void give(
	struct bs_sources *sources, uint32_t number, uint64_t key, bool enters, uint32_t now_s)
{
	struct bs_source *source = &sources->entry[number];
	atomic_store_explicit(&source->verdict, 0, memory_order_relaxed);
	atomic_store_explicit(&source->sessions, 0, memory_order_relaxed);
	atomic_store_explicit(&source->recipients, 0, memory_order_relaxed);
	atomic_store_explicit(&source->first_s, now_s, memory_order_relaxed);
	atomic_store_explicit(&source->last_s, now_s, memory_order_relaxed);
	atomic_store_explicit(&source->accepted_s, 0, memory_order_relaxed);
	atomic_store_explicit(&source->connections, enters, memory_order_relaxed);
	atomic_store_explicit(&source->mails, 0, memory_order_relaxed);
	atomic_store_explicit(&source->verdicts, 0, memory_order_relaxed);
	atomic_store_explicit(&source->white, 0, memory_order_relaxed);
	atomic_store_explicit(&source->known_until_s, 0, memory_order_relaxed);
	atomic_store_explicit(&source->rates, 0, memory_order_relaxed);
	atomic_store_explicit(
		&sources->keys[number / WAYS].key[number % WAYS], key, memory_order_release);
	// Added, not stored: who was too late has counted himself in and out again, or is about to.
	atomic_fetch_add_explicit(&source->open, (enters ? BS_SOURCE_HELD : 0) - BS_SOURCE_TAKEN,
		memory_order_release);
}

static void count_in(struct bs_source *source, uint32_t now_s)
{
	atomic_fetch_add_explicit(&source->connections, 1, memory_order_relaxed);
	atomic_store_explicit(&source->last_s, now_s, memory_order_relaxed);
}

static struct bs_source *enter_new(
	struct bs_sources *sources, uint64_t key, uint32_t now_s, enum bs_source_opening *how)
{
	uint32_t bucket = bucket_of(sources, key);
	*how = BS_SOURCE_NO_ROOM;
	if (!lock(sources, bucket))
		return NULL;
	uint32_t number = look_up(sources, key);
	if (number != NOT_THERE) { // another lcore was faster; under the lock nobody can take it
		atomic_fetch_add_explicit(
			&sources->entry[number].open, BS_SOURCE_HELD, memory_order_acq_rel);
		count_in(&sources->entry[number], now_s);
		*how = BS_SOURCE_KNOWN;
	} else if ((number = take(sources, bucket, now_s)) != NOT_THERE) {
		*how = key_at(sources, number) == 0 ? BS_SOURCE_NEW : BS_SOURCE_EVICTED;
		if (*how == BS_SOURCE_NEW)
			atomic_fetch_add_explicit(&sources->count, 1, memory_order_relaxed);
		give(sources, number, key, true, now_s);
	}
	unlock(sources, bucket);
	return number == NOT_THERE ? NULL : &sources->entry[number];
}

// Holds the entry if it is still the key's.
static bool hold(struct bs_sources *sources, uint32_t number, uint64_t key)
{
	struct bs_source *source = &sources->entry[number];
	uint32_t before = atomic_fetch_add_explicit(
		&source->open, BS_SOURCE_HELD, memory_order_acq_rel);
	if (!(before & BS_SOURCE_TAKEN) && key_at(sources, number) == key)
		return true;
	bs_source_let_go(source);
	return false;
}

struct bs_source *bs_source_enter(struct bs_sources *sources, const struct bs_address *address,
	uint32_t now_s, enum bs_source_opening *how)
{
	uint64_t key = key_of(address);
	*how = BS_SOURCE_NO_ROOM;
	if (key == 0)
		return NULL;
	uint32_t number = look_up(sources, key);
	if (number == NOT_THERE || !hold(sources, number, key)) // none, or given away meanwhile
		return enter_new(sources, key, now_s, how);
	count_in(&sources->entry[number], now_s);
	*how = BS_SOURCE_KNOWN;
	return &sources->entry[number];
}

// Tries again only when another lcore got on with the same source, and so at most a few times.
bool bs_source_admit(struct bs_source *source, uint32_t limit)
{
	uint32_t open = atomic_load_explicit(&source->open, memory_order_relaxed);
	do {
		if (limit != 0 && (open & (BS_SOURCE_HELD - 1)) >= limit)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&source->open, &open,
		open + 1 - BS_SOURCE_HELD, memory_order_acq_rel, memory_order_relaxed));
	return true;
}

struct bs_source *bs_source_open(struct bs_sources *sources, const struct bs_address *address,
	uint32_t now_s, enum bs_source_opening *how)
{
	struct bs_source *source = bs_source_enter(sources, address, now_s, how);
	if (source != NULL)
		bs_source_admit(source, 0);
	return source;
}

// An entry of the bucket that was never used, else NOT_THERE. Under the lock.
static uint32_t take_free(struct bs_sources *sources, uint32_t bucket)
{
	for (uint32_t number = bucket * WAYS; number < (bucket + 1) * WAYS; number++) {
		uint32_t none = 0;
		if (key_at(sources, number) == 0 &&
			atomic_compare_exchange_strong_explicit(&sources->entry[number].open, &none,
				BS_SOURCE_TAKEN, memory_order_acq_rel, memory_order_relaxed))
			return number;
	}
	return NOT_THERE;
}

bool bs_source_restore(struct bs_sources *sources, const struct bs_address *address,
	uint32_t until_s, uint32_t now_s)
{
	uint64_t key = key_of(address);
	uint32_t bucket = bucket_of(sources, key);
	if (key == 0 || !lock(sources, bucket))
		return false;
	uint32_t number = look_up(sources, key);
	if (number == NOT_THERE && (number = take_free(sources, bucket)) != NOT_THERE) {
		atomic_fetch_add_explicit(&sources->count, 1, memory_order_relaxed);
		give(sources, number, key, false, now_s);
	}
	if (number != NOT_THERE)
		bs_source_remember(&sources->entry[number], until_s);
	unlock(sources, bucket);
	return number != NOT_THERE;
}

struct bs_source *bs_source_find(struct bs_sources *sources, const struct bs_address *address)
{
	uint64_t key = key_of(address);
	uint32_t number = key == 0 ? NOT_THERE : look_up(sources, key);
	return number == NOT_THERE ? NULL : &sources->entry[number];
}

struct bs_source *bs_source_hold(struct bs_sources *sources, const struct bs_address *address)
{
	uint64_t key = key_of(address);
	uint32_t number = key == 0 ? NOT_THERE : look_up(sources, key);
	return number != NOT_THERE && hold(sources, number, key) ? &sources->entry[number] : NULL;
}

void bs_source_let_go(struct bs_source *source)
{
	atomic_fetch_sub_explicit(&source->open, BS_SOURCE_HELD, memory_order_release);
}

void bs_source_close(struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	struct bs_source *source = bs_source_find(sources, address);
	if (source == NULL)
		return;
	atomic_store_explicit(&source->last_s, now_s, memory_order_relaxed);
	atomic_fetch_sub_explicit(&source->open, 1, memory_order_release);
}

struct bs_source_standing bs_source_standing(
	const struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	uint64_t key = key_of(address);
	return standing_at(sources, key == 0 ? NOT_THERE : look_up(sources, key), key, now_s);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// Three parties meet here: lcores that count connections up and down without a lock, lcores that give an entry to a new
// source, and readers. What keeps them apart is the entry's `open`: an entry changes hands only from zero, with
// BS_SOURCE_TAKEN set in the meantime, and who counted himself in looks at the key again. Who gives an entry away holds the locks of
// both buckets that the new source may stand in: so a source never has two entries, not even for a moment.
#include "dataplane/seam/source_table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

static uint32_t bucket_count(uint32_t capacity)
{
	uint32_t buckets = capacity / WAYS + (capacity % WAYS != 0);
	return buckets > 2 ? buckets : 2;
}

size_t bs_sources_size(uint32_t capacity)
{
	return bucket_count(capacity) * (sizeof(struct bucket) + WAYS * sizeof(struct bs_source));
}

// Memory that is there from now on, in huge pages where the kernel has them to spare: no lcore waits for a page later, and few
// looks miss the TLB. A kernel that can't do it ahead (before Linux 5.14) does it at the first touch.
static void *map(struct bs_sources *sources, size_t bytes)
{
	sources->bytes = bytes + HUGE_PAGE;
	sources->memory = mmap(NULL, sources->bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (sources->memory == MAP_FAILED)
		return NULL;
	char *begin = sources->memory;
	begin += -(uintptr_t)begin & (HUGE_PAGE - 1);
	madvise(begin, bytes, MADV_HUGEPAGE);
	if (madvise(begin, bytes, MADV_POPULATE_WRITE) != 0 && errno == ENOMEM) {
		munmap(sources->memory, sources->bytes);
		return NULL;
	}
	return begin;
}

struct bs_sources *bs_sources_new(uint32_t capacity, const struct siphash_key *key)
{
	struct bs_sources *sources = aligned_alloc(64, sizeof(*sources));
	if (sources == NULL)
		return NULL;
	memset(sources, 0, sizeof(*sources));
	sources->secret = *key;
	sources->buckets = bucket_count(capacity);
	sources->bucket = map(sources, bs_sources_size(capacity));
	if (sources->bucket == NULL) {
		free(sources);
		return NULL;
	}
	sources->entry = (struct bs_source *)(void *)(sources->bucket + sources->buckets);
	return sources;
}

void bs_sources_free(struct bs_sources *sources)
{
	if (sources == NULL)
		return;
	munmap(sources->memory, sources->bytes);
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

// How useful an entry is: free, nothing is known of it, something was learnt, a verdict is in force; and then when it was
// last seen.
#define LEARNT (UINT64_C(2) << 32)

static uint64_t usefulness(const struct bs_sources *sources, uint32_t number, uint32_t now_s)
{
	const struct bs_source *source = &sources->entry[number];
	uint64_t rank = 1;
	if (key_at(sources, number) == 0)
		return 0;
	if (bs_source_verdict_of(source, now_s) != BS_VERDICT_NONE)
		rank = 3;
	else if (atomic_load_explicit(&source->accepted_s, memory_order_relaxed) != 0 ||
		 bs_source_is_known(source, now_s) ||
		 atomic_load_explicit(&source->sessions, memory_order_relaxed) != 0 ||
		 atomic_load_explicit(&source->recipients, memory_order_relaxed) != 0)
		rank = 2;
	uint32_t age = now_s - atomic_load_explicit(&source->last_s, memory_order_relaxed);
	if ((int32_t)age < 0) // another lcore's clock is a turn ahead
		age = 0;
	return rank << 32 | (UINT32_MAX - age);
}

// The entry that would go first of those looked at.
struct choice {
	uint32_t number;
	uint64_t worth;
};

// Looks at a bucket's entries that have no connection. `tried`: bits of those that are not to be had.
static void choose(const struct bs_sources *sources, uint32_t bucket, unsigned tried,
	uint32_t now_s, struct choice *best)
{
	for (uint32_t way = 0; way < WAYS; way++) {
		uint32_t number = bucket * WAYS + way;
		if (tried & 1u << way || atomic_load_explicit(&sources->entry[number].open,
						 memory_order_relaxed) != 0)
			continue;
		uint64_t worth = usefulness(sources, number, now_s);
		if (worth < best->worth)
			*best = (struct choice){number, worth};
	}
}

static bool take_one(struct bs_sources *sources, uint32_t number)
{
	uint32_t none = 0;
	return atomic_compare_exchange_strong_explicit(&sources->entry[number].open, &none,
		BS_SOURCE_TAKEN, memory_order_acq_rel, memory_order_relaxed);
}

// An entry of the bucket that was never used, else NOT_THERE. Under its lock.
static uint32_t take_free(struct bs_sources *sources, uint32_t bucket)
{
	for (uint32_t number = bucket * WAYS; number < (bucket + 1) * WAYS; number++)
		if (key_at(sources, number) == 0 && take_one(sources, number))
			return number;
	return NOT_THERE;
}

// Takes a free entry of a source's buckets, or the least useful without a connection, out of everybody's hands. The first bucket's
// goes where nothing is known of it and the second has no free one: so few sources stand in their second, and few lines are read. Under both locks.
static uint32_t take(struct bs_sources *sources, uint32_t first, uint32_t second, uint32_t now_s)
{
	unsigned tried[2] = {0, 0}; // somebody counted himself in meanwhile
	uint32_t unused = take_free(sources, first);
	if (unused == NOT_THERE)
		unused = take_free(sources, second);
	if (unused != NOT_THERE) // told by the keys: the others' entries stay unread, a line each
		return unused;
	for (unsigned round = 0; round < 2 * WAYS; round++) {
		struct choice best = {NOT_THERE, UINT64_MAX};
		choose(sources, first, tried[0], now_s, &best);
		if (best.worth >= LEARNT)
			choose(sources, second, tried[1], now_s, &best);
		if (best.number == NOT_THERE || take_one(sources, best.number))
			return best.number;
		tried[best.number / WAYS != first] |= 1u << best.number % WAYS;
	}
	return NOT_THERE;
}

// A bucket's count of sources that are not there.
static void add_away(struct bs_sources *sources, uint32_t bucket, uint32_t add)
{
	atomic_fetch_add_explicit(&sources->bucket[bucket].away, add, memory_order_acq_rel);
}

// Gives an entry that was taken to `key`, whose first bucket is `first`, for a connection that enters or for none.
static void give(struct bs_sources *sources, uint32_t number, uint64_t key, uint32_t first,
	bool enters, uint32_t now_s)
{
	struct bs_source *source = &sources->entry[number];
	uint32_t bucket = number / WAYS;
	uint64_t before = key_at(sources, number);
	uint32_t home = before != 0 ? first_of(sources, hash_of(sources, before)) : bucket;
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
	if (bucket != first)
		add_away(sources, first, 1);
	atomic_store_explicit(
		&sources->bucket[bucket].key[number % WAYS], key, memory_order_release);
	if (home != bucket)
		add_away(sources, home, UINT32_MAX);
	if (before == 0)
		atomic_fetch_add_explicit(&sources->count, 1, memory_order_relaxed);
	// Added, not stored: who was too late has counted himself in and out again, or is about to.
	atomic_fetch_add_explicit(&source->open, (enters ? BS_SOURCE_HELD : 0) - BS_SOURCE_TAKEN,
		memory_order_release);
}

static void count_in(struct bs_source *source, uint32_t now_s)
{
	atomic_fetch_add_explicit(&source->connections, 1, memory_order_relaxed);
	atomic_store_explicit(&source->last_s, now_s, memory_order_relaxed);
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

static struct bs_source *enter_new(
	struct bs_sources *sources, uint64_t key, uint32_t now_s, enum bs_source_opening *how)
{
	uint64_t hash = hash_of(sources, key);
	uint32_t first = first_of(sources, hash), second = second_of(sources, hash);
	*how = BS_SOURCE_NO_ROOM;
	if (!lock_both(sources, first, second))
		return NULL;
	uint32_t number = look_up(sources, key);
	if (number != NOT_THERE) { // another lcore was faster; under the locks nobody can take it
		atomic_fetch_add_explicit(
			&sources->entry[number].open, BS_SOURCE_HELD, memory_order_acq_rel);
		count_in(&sources->entry[number], now_s);
		*how = BS_SOURCE_KNOWN;
	} else if ((number = take(sources, first, second, now_s)) != NOT_THERE) {
		*how = key_at(sources, number) == 0 ? BS_SOURCE_NEW : BS_SOURCE_EVICTED;
		give(sources, number, key, first, true, now_s);
	}
	unlock_both(sources, first, second);
	return number == NOT_THERE ? NULL : &sources->entry[number];
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

// Makes an entry where there is a free one.
static void settle(struct bs_sources *sources, uint64_t key, uint32_t now_s)
{
	uint64_t hash = hash_of(sources, key);
	uint32_t first = first_of(sources, hash), second = second_of(sources, hash);
	if (!lock_both(sources, first, second))
		return;
	if (look_up(sources, key) == NOT_THERE) {
		uint32_t number = take_free(sources, first);
		if (number == NOT_THERE)
			number = take_free(sources, second);
		if (number != NOT_THERE)
			give(sources, number, key, first, false, now_s);
	}
	unlock_both(sources, first, second);
}

bool bs_source_restore(struct bs_sources *sources, const struct bs_address *address,
	uint32_t until_s, uint32_t now_s)
{
	uint64_t key = key_of(address);
	if (key == 0)
		return false;
	settle(sources, key, now_s);
	struct bs_source *source = bs_source_hold(sources, address);
	if (source == NULL)
		return false;
	bs_source_remember(source, until_s);
	bs_source_let_go(source);
	return true;
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

// SPDX-License-Identifier: BSD-3-Clause
//
// The source table: who connects to us, how often now, and what was learnt about him. One table for all lcores, bounded:
// it takes its memory at the start and never refuses service.
//
// An entry is made by a completed handshake only, so that spoofed addresses create nothing. A source is an IPv4 address or an
// IPv6 /64. Entries are written with atomics, when a connection opens or closes and when something is learnt; a SYN only
// reads. The table is made of buckets of seven entries, found by a keyed hash: a line with the seven keys, and a line each
// entry. A source has two buckets that it may stand in, and nearly always stands in the first; that one counts who had to go to the second,
// so a stranger costs one line and a known source two. Where all are taken the least useful one goes: never one
// with an open connection, one with a verdict in force last, then one that something was learnt about, the longest
// unseen first. Two buckets without such a one leave the connection uncounted: it is served all the same.
//
// Who has a connection counted holds the entry: it is that source's until bs_source_close(). A connection enters first and is
// counted when it is admitted, so one that is refused takes no other's place, on whatever lcores they come at the same moment.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/seam/address.h"
#include "dataplane/seam/verdict.h"
#include "dataplane/seam/siphash_bulk.h"

struct bs_source {
	alignas(64) _Atomic uint64_t verdict; // end in seconds << 32 | enum bs_verdict; 0: none
	// Windows: 28 bits of seconds when it began, three counts of 12 bits that stop at 4095.
	_Atomic uint64_t sessions;   // sessions, refused ones, early talks
	_Atomic uint64_t recipients; // unknown, known; hangups
	_Atomic uint32_t
		open; // connections, holders above them; the top bit while the entry changes hands
	_Atomic uint32_t first_s, last_s;
	_Atomic uint32_t accepted_s;         // last mail accepted, 0: none
	_Atomic uint32_t connections, mails; // since first_s
	_Atomic uint16_t verdicts;           // the same
	_Atomic uint16_t white; // last hit on a list of good clients, in BS_WHITE_S; 0: none
	_Atomic uint32_t known_until_s; // behaved: no wait until then; 0: not known
	_Atomic uint64_t rates;         // connections, mails, recipients: enum bs_rate
};
_Static_assert(sizeof(struct bs_source) == 64, "an entry is one cache line");

// The clock of `white` wraps after twelve days, and then a hit of long ago may speak for a source once more.
#define BS_WHITE_S 16u

// One holder in `open`, below which connections are counted. Each lcore and each worker holds one entry at a time: 128 at most.
#define BS_SOURCE_HELD  (UINT32_C(1) << 23)
#define BS_SOURCE_TAKEN (UINT32_C(1) << 31)

struct bs_sources;

// Room for `capacity` sources, at least 14, rounded up to whole buckets. `key`: random. All memory is taken here.
// NULL without memory. Control thread.
struct bs_sources *bs_sources_new(uint32_t capacity, const struct siphash_key *key);
void bs_sources_free(struct bs_sources *sources);
// Bytes that the table takes.
size_t bs_sources_size(uint32_t capacity);

// The table's clock. `now_ms`: CLOCK_MONOTONIC, as the poll functions get it. Wraps after 136 years.
static inline uint32_t bs_source_seconds(uint64_t now_ms)
{
	return (uint32_t)(now_ms / 1000);
}

enum bs_source_opening {
	BS_SOURCE_KNOWN,
	BS_SOURCE_NEW,
	BS_SOURCE_EVICTED, // new, and another had to go
	BS_SOURCE_NO_ROOM, // not counted
};

// Holds the entry of a connection that completed its handshake, and makes one where there is none. Any thread; then
// bs_source_admit() or bs_source_let_go(). NULL with BS_SOURCE_NO_ROOM.
struct bs_source *bs_source_enter(struct bs_sources *sources, const struct bs_address *address,
	uint32_t now_s, enum bs_source_opening *how);
// Who holds the entry counts a connection in place of it, unless there are `limit`, 0: unlimited. False when there are: it is still held. Any thread.
bool bs_source_admit(struct bs_source *source, uint32_t limit);
// Both, without a limit. bs_source_close() is not called after NULL.
struct bs_source *bs_source_open(struct bs_sources *sources, const struct bs_address *address,
	uint32_t now_s, enum bs_source_opening *how);
// The connection is over. Any thread, once for each that was counted.
void bs_source_close(struct bs_sources *sources, const struct bs_address *address, uint32_t now_s);

// The entry, or NULL. Who does not hold it may look at another source's the moment after.
struct bs_source *bs_source_find(struct bs_sources *sources, const struct bs_address *address);

// Holds the entry of an address that has one, so that it can't become another source's meanwhile; NULL when it has none. For
// moments, one at a time: no connection is counted. Any thread; then bs_source_let_go().
struct bs_source *bs_source_hold(struct bs_sources *sources, const struct bs_address *address);
void bs_source_let_go(struct bs_source *source);

// Connections now, of an entry that is held.
static inline uint32_t bs_source_open_count(const struct bs_source *source)
{
	return atomic_load_explicit(&source->open, memory_order_relaxed) & (BS_SOURCE_HELD - 1);
}

// enum bs_verdict of a word of `verdict`, BS_VERDICT_NONE when it is over.
static inline unsigned bs_source_verdict_at(uint64_t word, uint32_t now_s)
{
	return word != 0 && (int32_t)((uint32_t)(word >> 32) - now_s) > 0 ? word & 0xff
									  : BS_VERDICT_NONE;
}

// The verdict in force on an entry that is held. Any thread.
static inline unsigned bs_source_verdict_of(const struct bs_source *source, uint32_t now_s)
{
	return bs_source_verdict_at(
		atomic_load_explicit(&source->verdict, memory_order_acquire), now_s);
}

// How an address stands that nobody holds: the verdict in force, and whether it may skip the wait. Only reads; any thread.
struct bs_source_standing {
	uint8_t verdict; // enum bs_verdict
	bool known;
};
struct bs_source_standing bs_source_standing(
	const struct bs_sources *sources, const struct bs_address *address, uint32_t now_s);

static inline unsigned bs_source_verdict(
	const struct bs_sources *sources, const struct bs_address *address, uint32_t now_s)
{
	return bs_source_standing(sources, address, now_s).verdict;
}

// The same for a burst, in steps between which there is other work while memory answers. At most BS_SIPHASH_LANES addresses.
struct bs_source_looks {
	struct bs_siphash_words keys; // 0: no source
	uint64_t first;               // bit set: those in their first bucket
	uint64_t on;                  // those who may be in their second
};
// Keys and their hashes, which say nothing of the sources to who has not the key: bs_sources_key(), or another's where the table is not asked. Pure.
void bs_source_hash_bulk(const struct siphash_key *key, const struct bs_address *const *address,
	struct bs_source_looks *looks, unsigned count);
const struct siphash_key *bs_sources_key(const struct bs_sources *sources);
// Fetches what is looked at first.
void bs_source_fetch_bulk(
	const struct bs_sources *sources, const struct bs_source_looks *looks, unsigned count);
// Looks at that, and fetches what is looked at next.
void bs_source_look_bulk(
	const struct bs_sources *sources, struct bs_source_looks *looks, unsigned count);
// standing[i] is that of the i-th address.
void bs_source_standing_bulk(const struct bs_sources *sources, const struct bs_source_looks *looks,
	struct bs_source_standing *standing, unsigned count, uint32_t now_s);
// Fetches what the functions above will touch of these addresses into the cache. Any thread.
void bs_source_prefetch_bulk(
	const struct bs_sources *sources, const struct bs_address *const *address, unsigned count);

// --- sources that behaved ---
// Whether the source may skip the wait. Of an entry that is held; any thread.
static inline bool bs_source_is_known(const struct bs_source *source, uint32_t now_s)
{
	uint32_t until_s = atomic_load_explicit(&source->known_until_s, memory_order_relaxed);
	return until_s != 0 && (int32_t)(until_s - now_s) > 0;
}

// It may until `until_s` of the table's clock, or longer if that was said before; 0: it may not. Of an entry that is held; any thread.
static inline void bs_source_remember(struct bs_source *source, uint32_t until_s)
{
	uint32_t before_s = atomic_load_explicit(&source->known_until_s, memory_order_relaxed);
	if (until_s != 0 && before_s != 0 && (int32_t)(before_s - until_s) > 0)
		return;
	atomic_store_explicit(&source->known_until_s, until_s, memory_order_relaxed);
}

// The same for an address that has no connection, at the start: makes an entry where its bucket has a free one. False when it has not.
// Any thread.
bool bs_source_restore(struct bs_sources *sources, const struct bs_address *address,
	uint32_t until_s, uint32_t now_s);
// It may no longer. True when it might. Any thread.
bool bs_source_unlearn(
	struct bs_sources *sources, const struct bs_address *address, uint32_t now_s);

// --- rates (struct bs_rates of the policy) ---
// Counted in one window that begins with its first event.
enum bs_rate { BS_RATE_CONNECTIONS, BS_RATE_MAILS, BS_RATE_RECIPIENTS };
#define BS_RATE_MOST 4000u // limits; an entry counts to 4095

// Adds to a count and returns what it is now; with `add` 0 only looks. Of an entry that is held; any thread.
uint32_t bs_source_count(struct bs_source *source, enum bs_rate rate, uint16_t add,
	uint32_t window_s, uint32_t now_s);

// The source that an address belongs to: the address, or its /64. Pure.
struct bs_prefix bs_source_prefix(const struct bs_address *address);
// "192.0.2.7", "2001:db8:7::/64"; returns `text`. Pure.
char *bs_source_format(const struct bs_prefix *source, char text[BS_PREFIX_TEXT]);

// --- for control: a source as it is now ---
struct bs_source_view {
	struct bs_prefix prefix; // 128 or 64 bits long
	uint32_t open, connections, mails, verdicts;
	uint32_t first_s, last_s, accepted_s;
	uint32_t sessions, refused, early, unknown, known, hangups; // of the window
	unsigned verdict;                                           // in force
	uint32_t verdict_s;                                         // its rest
	uint32_t known_s; // the rest of the time in which it skips the wait
};

bool bs_source_view(struct bs_sources *sources, const struct bs_address *address, uint32_t window_s,
	uint32_t now_s, struct bs_source_view *view);
// Goes through the table: *cursor is 0 at first. False at its end.
bool bs_sources_next(struct bs_sources *sources, uint32_t *cursor, uint32_t window_s,
	uint32_t now_s, struct bs_source_view *view);

// Takes back the verdict and the counts that may lead to one; what speaks for the source stays. Returns how many verdicts
// in force were taken back. NULL: of all sources.
uint32_t bs_source_forget(
	struct bs_sources *sources, const struct bs_address *address, uint32_t now_s);

uint32_t bs_sources_count(const struct bs_sources *sources);
uint32_t bs_sources_capacity(const struct bs_sources *sources);

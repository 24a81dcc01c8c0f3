// SPDX-License-Identifier: BSD-3-Clause
//
// What outlives sessions and restarts: greylist triplets and clients that behaved. One bounded table in memory in locked shards for
// all workers; control writes what changed to LMDB within a second and reads it at the start (control/memory/memory_store.h).
//
// No mail address is kept, only keyed hashes, so nobody can choose where an entry goes, and the file tells nobody who writes to whom. Times
// are Unix seconds. A lock is held for some hundred instructions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/policy/checks_policy.h"
#include "dataplane/seam/address.h"

struct memory;
struct memory_entry;

// Room for `capacity` entries and some more; a new one takes the place of the least useful of the sixteen where it may stand: one that has
// expired, a triplet that never passed, the least recently used. So a flood of new triplets puts out its like and not what passed.
// `key`: random, kept with the data. NULL without memory. Control thread.
struct memory *memory_new(uint32_t capacity, const uint8_t key[16]);
void memory_free(struct memory *memory);
size_t memory_size(uint32_t capacity); // bytes when full

enum greylist_state {
	GREYLIST_NEW,    // not seen before, or too long ago
	GREYLIST_EARLY,  // seen, the delay is not over
	GREYLIST_PASSED, // seen long enough ago
	GREYLIST_AUTO,   // its network has passed often enough
};

struct greylist_answer {
	enum greylist_state state;
	uint32_t wait_s; // until it would pass
	uint32_t passes; // of the network: triplets of it that passed
};

// `spf_domain`: the sender's domain when SPF passed and the rules want it as key in the network's stead; else NULL. `sender` and
// `recipient`: "local@domain" in any case, "" for <>. With `change` false only looks. Any worker.
struct greylist_answer greylist_ask(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient,
	const struct bs_greylist_rules *rules, uint64_t wall_s, bool change);
// Forgets a triplet (and with `client` alone, strings NULL, its network's passes). How many entries went.
uint32_t greylist_forget(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient);

// Copies the entry of a triplet, or with `client` alone, strings NULL, that of its network. False when there is none. Any thread.
bool greylist_find(struct memory *memory, const struct bs_address *client, const char *spf_domain,
	const char *sender, const char *recipient, uint64_t wall_s, struct memory_entry *entry);

// Clients that behaved: a source (IPv4 address, IPv6 /64) that may skip the wait until then, or longer if
// that was said before. 0: it may not.
void memory_remember_client(
	struct memory *memory, const struct bs_address *client, uint64_t until_s, uint64_t wall_s);
uint64_t memory_client_until(
	struct memory *memory, const struct bs_address *client, uint64_t wall_s);
bool memory_forget_client(struct memory *memory, const struct bs_address *client);

// --- for control: entries as they are on disk ---
enum memory_kind {
	MEMORY_FREE,
	MEMORY_TRIPLET, // client's network or SPF domain, sender, recipient
	MEMORY_NETWORK, // /24, /64: how many triplets of it passed
	MEMORY_DOMAIN,  // the same of an SPF domain
	MEMORY_CLIENT,  // behaved
	MEMORY_KINDS
};

struct memory_entry {
	uint8_t key[16];  // NETWORK and CLIENT: the address, its host bits zero; else a hash
	uint32_t first_s; // seen
	uint32_t last_s;  // used
	uint32_t until_s; // forgotten then
	uint16_t passes;  // TRIPLET: 1 when it has passed
	uint8_t kind;     // enum memory_kind
	uint8_t unused;   // 0
};
_Static_assert(sizeof(struct memory_entry) == 32, "two a cache line");

#define MEMORY_BUCKET 8u // entries that are written together

// Takes over an entry that was read. False when it is expired, is none, or has no room. Control thread.
bool memory_restore(struct memory *memory, const struct memory_entry *entry, uint64_t wall_s);

uint32_t memory_buckets(const struct memory *memory);
uint32_t memory_count(const struct memory *memory); // entries, the expired too until they are swept
// From bucket *cursor on the next one that changed, and what is in it now; the mark goes. *cursor is then behind it. The number of its
// entries, or -1 at the end. Any thread, one at a time.
int memory_take_changed(
	struct memory *memory, uint32_t *cursor, struct memory_entry entries[MEMORY_BUCKET]);
// As if all had changed.
void memory_mark_all(struct memory *memory);
// Takes what has expired out of `count` buckets from *cursor on, which goes round. How many went.
uint32_t memory_sweep(struct memory *memory, uint32_t *cursor, uint32_t count, uint64_t wall_s);
// Goes through the table: *cursor is 0 at first. False at its end.
bool memory_next(struct memory *memory, uint64_t *cursor, struct memory_entry *entry);

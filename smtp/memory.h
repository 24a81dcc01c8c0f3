// SPDX-License-Identifier: BSD-3-Clause
//
// What outlives sessions and restarts: greylist triplets and clients that behaved. One bounded table in memory in locked shards for
// all workers; control writes what changed to LMDB within a second and reads it at the start (control/memory_store.h).
//
// Keys are keyed hashes of what they stand for, never an attacker's bytes. Times are Unix seconds.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/checks_policy.h"
#include "dataplane/seam/address.h"

struct memory;

// Room for so many entries, of each shard's share the least recently used goes first. `key`: kept with the data, 16 bytes.
// NULL without memory. Control thread.
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
	uint32_t passes; // of the network
};

// `spf_domain`: the sender's domain when SPF passed and the rules want it as key in the network's stead; else NULL. `sender` and
// `recipient`: lower case where the case does not count, "" for <>. With `change` false only looks. Any worker.
struct greylist_answer greylist_ask(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient,
	const struct bs_greylist_rules *rules, uint64_t wall_s, bool change);
// Forgets a triplet (and with `client` alone, strings NULL, its network's passes). How many entries went.
uint32_t greylist_forget(struct memory *memory, const struct bs_address *client,
	const char *spf_domain, const char *sender, const char *recipient);

// Clients that behaved: a source (IPv4 address, IPv6 /64) that may skip the wait until then. 0: it may not.
void memory_remember_client(
	struct memory *memory, const struct bs_address *client, uint64_t until_s);
uint64_t memory_client_until(
	struct memory *memory, const struct bs_address *client, uint64_t wall_s);
bool memory_forget_client(struct memory *memory, const struct bs_address *client);

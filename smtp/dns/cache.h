// SPDX-License-Identifier: BSD-3-Clause
//
// What the resolver remembers: a question and, when it is there, its answer. Entries are counted: one that was evicted or became stale while
// somebody holds it is freed when he lets go. Full, the one that was not used for the longest time goes.
//
// Questions come from strangers, so the hash has a key, and both the number of answers and their bytes have a bound; questions without
// answer are not in it: their number is the resolver's affair.
//
// Owner: one worker. Times are milliseconds of the worker's clock.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smtp/dns/dns.h"

struct dns_cache;
LIST_HEAD(dns_hold_list, dns_hold);

struct dns_entry {
	LIST_ENTRY(dns_entry) chain;
	TAILQ_ENTRY(dns_entry) use;      // once it has an answer; the least recently used first
	const struct dns_answer *answer; // NULL: under way
	uint64_t expires_ms;
	struct dns_hold_list waiting; // the resolver's own
	size_t bytes;                 // of the answer's memory; 0: it is nobody's
	uint32_t holders;
	uint16_t type;
	uint8_t length;
	bool listed; // to be found
	char name[]; // in lower case, with its NUL
};

// `most`: answers, 0: none is remembered. NULL without memory.
struct dns_cache *dns_cache_new(struct heap *heap, uint32_t most, uint64_t *evicted);
void dns_cache_free(struct dns_cache *cache); // nobody holds an entry

// One that is under way or fresh, or NULL. `name` as dns_name_lower() gives it.
struct dns_entry *dns_cache_find(
	struct dns_cache *cache, const char *name, enum dns_type type, uint64_t now_ms);
// A new one under way, held once. NULL without memory. It must not be there yet.
struct dns_entry *dns_cache_add(struct dns_cache *cache, const char *name, enum dns_type type);
// The answer has come; its memory (of `bytes`) is the cache's from now on. May evict others.
void dns_cache_answer(struct dns_cache *cache, struct dns_entry *entry,
	const struct dns_answer *answer, size_t bytes, uint64_t expires_ms);
void dns_cache_hold(struct dns_entry *entry);
void dns_cache_release(struct dns_cache *cache, struct dns_entry *entry);
// It is not found any more.
void dns_cache_unlist(struct dns_cache *cache, struct dns_entry *entry);
uint32_t dns_cache_count(const struct dns_cache *cache); // answers remembered

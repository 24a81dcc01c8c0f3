// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/dns/cache.h"

#include <string.h>
#include <sys/random.h>

#include "dataplane/seam/siphash.h"
#include "smtp/worker/heap.h"

// The usual answer has some hundred bytes; a cache full of TXT records of 64 KB must not have all the memory.
#define BYTES_AN_ANSWER 512u

LIST_HEAD(chain, dns_entry);
TAILQ_HEAD(use, dns_entry);

struct dns_cache {
	struct heap *heap;
	struct siphash_key key;
	uint64_t *evicted;
	uint32_t most, count;
	size_t bytes;
	uint32_t mask;
	struct use use;
	struct chain bucket[];
};

struct dns_cache *dns_cache_new(struct heap *heap, uint32_t most, uint64_t *evicted)
{
	uint32_t buckets = 1;
	while (buckets < most && buckets < UINT32_C(1) << 24)
		buckets *= 2;
	struct dns_cache *cache = heap_take(
		heap, sizeof(*cache) + buckets * sizeof(cache->bucket[0]));
	if (cache == NULL)
		return NULL;
	if (getrandom(&cache->key, sizeof(cache->key), 0) != (ssize_t)sizeof(cache->key)) {
		heap_release(heap, cache);
		return NULL;
	}
	cache->heap = heap;
	cache->evicted = evicted;
	cache->most = most;
	cache->mask = buckets - 1;
	TAILQ_INIT(&cache->use);
	return cache;
}

static void free_entry(struct dns_cache *cache, struct dns_entry *entry)
{
	if (entry->bytes != 0)
		heap_release(cache->heap, (void *)(uintptr_t)entry->answer);
	heap_release(cache->heap, entry);
}

void dns_cache_unlist(struct dns_cache *cache, struct dns_entry *entry)
{
	if (!entry->listed)
		return;
	entry->listed = false;
	LIST_REMOVE(entry, chain);
	if (entry->answer != NULL) {
		TAILQ_REMOVE(&cache->use, entry, use);
		cache->count--;
		cache->bytes -= entry->bytes;
	}
	if (entry->holders == 0)
		free_entry(cache, entry);
}

void dns_cache_free(struct dns_cache *cache)
{
	struct dns_entry *entry;
	if (cache == NULL)
		return;
	while ((entry = TAILQ_FIRST(&cache->use)) != NULL)
		dns_cache_unlist(cache, entry);
	heap_release(cache->heap, cache);
}

static struct chain *bucket_of(
	struct dns_cache *cache, const char *name, size_t length, enum dns_type type)
{
	uint64_t word[DNS_NAME / 8 + 2] = {0};
	memcpy(word, name, length);
	unsigned words = (unsigned)(length / 8 + 1);
	word[words] = (uint64_t)type << 8 | length;
	return &cache->bucket[siphash(&cache->key, word, words + 1, 1, 3) & cache->mask];
}

static struct dns_entry *find(struct dns_cache *cache, const char *name, enum dns_type type)
{
	struct dns_entry *entry;
	size_t length = strlen(name);
	LIST_FOREACH(entry, bucket_of(cache, name, length, type), chain)
	if (entry->type == type && entry->length == length &&
		memcmp(entry->name, name, length) == 0)
		return entry;
	return NULL;
}

struct dns_entry *dns_cache_find(
	struct dns_cache *cache, const char *name, enum dns_type type, uint64_t now_ms)
{
	struct dns_entry *entry = find(cache, name, type);
	if (entry == NULL || entry->answer == NULL)
		return entry;
	if (now_ms >= entry->expires_ms) {
		dns_cache_unlist(cache, entry);
		return NULL;
	}
	TAILQ_REMOVE(&cache->use, entry, use);
	TAILQ_INSERT_TAIL(&cache->use, entry, use);
	return entry;
}

struct dns_entry *dns_cache_add(struct dns_cache *cache, const char *name, enum dns_type type)
{
	size_t length = strlen(name);
	struct dns_entry *entry = heap_take(cache->heap, sizeof(*entry) + length + 1);
	if (entry == NULL)
		return NULL;
	entry->type = (uint16_t)type;
	entry->length = (uint8_t)length;
	memcpy(entry->name, name, length + 1);
	entry->holders = 1;
	entry->listed = true;
	LIST_INSERT_HEAD(bucket_of(cache, name, length, type), entry, chain);
	return entry;
}

void dns_cache_answer(struct dns_cache *cache, struct dns_entry *entry,
	const struct dns_answer *answer, size_t bytes, uint64_t expires_ms)
{
	entry->answer = answer;
	entry->bytes = bytes;
	entry->expires_ms = expires_ms;
	if (!entry->listed) // was forgotten while it was under way
		return;
	TAILQ_INSERT_TAIL(&cache->use, entry, use);
	cache->count++;
	cache->bytes += bytes;
	while (cache->count > cache->most || cache->bytes > (size_t)cache->most * BYTES_AN_ANSWER) {
		struct dns_entry *oldest = TAILQ_FIRST(&cache->use);
		if (oldest == NULL)
			break;
		++*cache->evicted;
		dns_cache_unlist(cache, oldest);
	}
}

void dns_cache_hold(struct dns_entry *entry)
{
	entry->holders++;
}

void dns_cache_release(struct dns_cache *cache, struct dns_entry *entry)
{
	if (--entry->holders == 0 && !entry->listed)
		free_entry(cache, entry);
}

uint32_t dns_cache_count(const struct dns_cache *cache)
{
	return cache->count;
}

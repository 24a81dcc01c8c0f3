// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/recipient_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dataplane/seam/siphash.h"

#define WAYS   8u
#define SHARDS 64u // more than workers meet in one at a time

struct entry {
	uint64_t hash;
	uint64_t word; // expiry in ms << 1 | known; 0: empty
};

struct bucket {
	struct entry entry[WAYS];
};

_Static_assert(sizeof(struct bucket) == 128, "two cache lines");

struct recipient_cache {
	struct siphash_key key;
	uint32_t negative_ttl_ms, positive_ttl_ms;
	uint32_t mask; // of buckets
	pthread_mutex_t lock[SHARDS];
	struct bucket *bucket;
};

struct recipient_cache *recipient_cache_new(
	uint32_t size, uint32_t negative_ttl_ms, uint32_t positive_ttl_ms)
{
	struct recipient_cache *cache = calloc(1, sizeof(*cache));
	uint32_t buckets = 1;
	if (cache == NULL)
		return NULL;
	while (buckets < size / WAYS)
		buckets *= 2;
	cache->mask = buckets - 1;
	if (size != 0) {
		cache->negative_ttl_ms = negative_ttl_ms;
		cache->positive_ttl_ms = positive_ttl_ms;
	}
	cache->bucket = calloc(buckets, sizeof(*cache->bucket));
	if (cache->bucket == NULL ||
		getrandom(&cache->key, sizeof(cache->key), 0) != (ssize_t)sizeof(cache->key)) {
		free(cache->bucket);
		free(cache);
		return NULL;
	}
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&cache->lock[i], NULL);
	return cache;
}

void recipient_cache_free(struct recipient_cache *cache)
{
	if (cache == NULL)
		return;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&cache->lock[i]);
	free(cache->bucket);
	free(cache);
}

// Local parts are hashed as they are written: only the backend knows whether it minds their case (RFC 5321, 2.4).
static uint64_t hash_of(const struct recipient_cache *cache, const struct mailbox *recipient)
{
	uint64_t word[(MAILBOX_LOCAL + 1 + MAILBOX_DOMAIN + 1 + 7) / 8] = {0};
	char *bytes = (char *)word;
	size_t local = strlen(recipient->local) + 1, domain = strlen(recipient->domain);
	memcpy(bytes, recipient->local, local);
	memcpy(bytes + local, recipient->domain, domain);
	return siphash(&cache->key, word, (unsigned)((local + domain + 7) / 8), 2, 4);
}

static pthread_mutex_t *lock_of(struct recipient_cache *cache, uint64_t hash)
{
	return &cache->lock[hash % SHARDS];
}

// The low bits choose shard and bucket: all of a bucket is under one lock.
static struct bucket *bucket_of(struct recipient_cache *cache, uint64_t hash)
{
	return &cache->bucket[hash & cache->mask];
}

static bool is_known(const struct entry *entry)
{
	return (entry->word & 1) != 0;
}

static uint64_t expiry(const struct entry *entry)
{
	return entry->word >> 1;
}

// The one with this hash that has not expired, or NULL.
static struct entry *find(struct bucket *bucket, uint64_t hash, uint64_t now_ms)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (bucket->entry[i].hash == hash && expiry(&bucket->entry[i]) > now_ms)
			return &bucket->entry[i];
	return NULL;
}

// Which of the two is missed less.
static bool goes_before(const struct entry *a, const struct entry *b, uint64_t now_ms)
{
	bool a_dead = expiry(a) <= now_ms, b_dead = expiry(b) <= now_ms;
	if (a_dead != b_dead)
		return a_dead;
	if (is_known(a) != is_known(b))
		return is_known(b);
	return expiry(a) < expiry(b);
}

static struct entry *make_room(struct bucket *bucket, uint64_t now_ms)
{
	struct entry *victim = &bucket->entry[0];
	for (unsigned i = 1; i < WAYS; i++)
		if (goes_before(&bucket->entry[i], victim, now_ms))
			victim = &bucket->entry[i];
	return victim;
}

enum recipient_memory recipient_cache_find(
	struct recipient_cache *cache, const struct mailbox *recipient, uint64_t now_ms)
{
	uint64_t hash = hash_of(cache, recipient);
	enum recipient_memory memory = RECIPIENT_NEW;
	pthread_mutex_lock(lock_of(cache, hash));
	const struct entry *entry = find(bucket_of(cache, hash), hash, now_ms);
	if (entry != NULL)
		memory = is_known(entry) ? RECIPIENT_KNOWN : RECIPIENT_UNKNOWN;
	pthread_mutex_unlock(lock_of(cache, hash));
	return memory;
}

void recipient_cache_learn(struct recipient_cache *cache, const struct mailbox *recipient,
	bool exists, uint64_t now_ms)
{
	uint64_t hash = hash_of(cache, recipient);
	uint32_t ttl = exists ? cache->positive_ttl_ms : cache->negative_ttl_ms;
	pthread_mutex_lock(lock_of(cache, hash));
	struct bucket *bucket = bucket_of(cache, hash);
	struct entry *entry = find(bucket, hash, now_ms);
	if (entry != NULL && is_known(entry) && !exists) {
		*entry = (struct entry){0}; // doubted: the next refusal counts
	} else if (ttl != 0) {
		if (entry == NULL)
			entry = make_room(bucket, now_ms);
		*entry = (struct entry){hash, (now_ms + ttl) << 1 | exists};
	}
	pthread_mutex_unlock(lock_of(cache, hash));
}

bool recipient_cache_is_about_recipient(uint16_t code, const char *enhanced)
{
	// RFC 3463, 3.2: bad mailbox, bad system, bad syntax, moved without a new address; RFC 7505: null MX.
	static const char *const about[] = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"};
	if (code != 550 && code != 551 && code != 553)
		return false;
	for (unsigned i = 0; i < sizeof(about) / sizeof(about[0]); i++)
		if (strcmp(enhanced, about[i]) == 0)
			return true;
	return false;
}

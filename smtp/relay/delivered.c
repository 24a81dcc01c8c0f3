// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/delivered.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dataplane/seam/siphash.h"

#define WAYS 16u // a sender with many mails to one recipient has them all in one bucket

struct entry {
	uint64_t pair;    // hash of sender and recipient
	uint64_t expires; // seconds since 1970; 0: empty
	uint8_t digest[DELIVERED_DIGEST];
};

struct delivered {
	struct siphash_key key;
	_Atomic bool used; // something was ever added
	pthread_mutex_t lock;
	uint32_t mask; // of buckets
	struct entry (*bucket)[WAYS];
};

struct delivered *delivered_new(uint32_t most)
{
	struct delivered *delivered = calloc(1, sizeof(*delivered));
	uint32_t buckets = 1;
	if (delivered == NULL)
		return NULL;
	while (buckets < most / WAYS)
		buckets *= 2;
	delivered->mask = buckets - 1;
	delivered->bucket = calloc(buckets, sizeof(*delivered->bucket));
	if (delivered->bucket == NULL || getrandom(&delivered->key, sizeof(delivered->key), 0) !=
						 (ssize_t)sizeof(delivered->key)) {
		free(delivered->bucket);
		free(delivered);
		return NULL;
	}
	pthread_mutex_init(&delivered->lock, NULL);
	return delivered;
}

void delivered_free(struct delivered *delivered)
{
	if (delivered == NULL)
		return;
	pthread_mutex_destroy(&delivered->lock);
	free(delivered->bucket);
	free(delivered);
}

static char *append(char *to, const struct mailbox *mailbox)
{
	to = stpcpy(to, mailbox->local) + 1;
	return stpcpy(to, mailbox->domain) + 1;
}

static uint64_t pair_of(const struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient)
{
	uint64_t word[(2 * (MAILBOX_LOCAL + MAILBOX_DOMAIN + 2) + 7) / 8] = {0};
	char *end = append(append((char *)word, sender), recipient);
	return siphash(&delivered->key, word, (unsigned)((end - (char *)word + 7) / 8), 2, 4);
}

// The first entry of the pair in force; `digest` NULL: whatever it is.
static struct entry *find(
	struct delivered *delivered, uint64_t pair, const uint8_t *digest, uint64_t seconds)
{
	struct entry *bucket = delivered->bucket[pair & delivered->mask];
	for (unsigned i = 0; i < WAYS; i++)
		if (bucket[i].pair == pair && bucket[i].expires > seconds &&
			(digest == NULL || memcmp(bucket[i].digest, digest, DELIVERED_DIGEST) == 0))
			return &bucket[i];
	return NULL;
}

static bool ask(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, const uint8_t *digest, uint64_t seconds)
{
	if (!atomic_load_explicit(&delivered->used, memory_order_acquire))
		return false;
	pthread_mutex_lock(&delivered->lock);
	bool found = find(delivered, pair_of(delivered, sender, recipient), digest, seconds) !=
		     NULL;
	pthread_mutex_unlock(&delivered->lock);
	return found;
}

bool delivered_any(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, uint64_t seconds)
{
	return ask(delivered, sender, recipient, NULL, seconds);
}

bool delivered_has(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, const uint8_t digest[DELIVERED_DIGEST], uint64_t seconds)
{
	return ask(delivered, sender, recipient, digest, seconds);
}

void delivered_add(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, const uint8_t digest[DELIVERED_DIGEST], uint64_t seconds)
{
	uint64_t pair = pair_of(delivered, sender, recipient);
	pthread_mutex_lock(&delivered->lock);
	struct entry *bucket = delivered->bucket[pair & delivered->mask];
	struct entry *place = find(delivered, pair, digest, seconds);
	for (unsigned i = 0; place == NULL && i < WAYS; i++)
		if (bucket[i].expires <= seconds)
			place = &bucket[i];
	if (place == NULL) {
		place = bucket;
		for (unsigned i = 1; i < WAYS; i++)
			if (bucket[i].expires < place->expires)
				place = &bucket[i];
	}
	place->pair = pair;
	place->expires = seconds + DELIVERED_SECONDS;
	memcpy(place->digest, digest, DELIVERED_DIGEST);
	atomic_store_explicit(&delivered->used, true, memory_order_release);
	pthread_mutex_unlock(&delivered->lock);
}

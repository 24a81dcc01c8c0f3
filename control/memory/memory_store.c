// SPDX-License-Identifier: BSD-3-Clause
#include "control/memory/memory_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURN_MS     500u
#define RETRY_TURNS 20u   // after a failure
#define SWEEP_TURNS 1200u // in which all that expired has gone: ten minutes

struct memory_store {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	char *folder;
	uint8_t key[16];
	uint32_t capacity;
	struct memory *memory;
	// The thread's.
	struct memory_file *file; // NULL: none is good
	uint32_t swept, retry;
	// Under the lock.
	bool stop, news;
	uint64_t writes;
	char error[MEMORY_FILE_ERROR]; // of the last write
};

static bool write_out(struct memory_store *store, char error[MEMORY_FILE_ERROR])
{
	if (store->file == NULL) {
		store->file = memory_file_new(store->folder, store->memory, store->key, error);
		return store->file != NULL;
	}
	if (memory_file_save(store->file, error))
		return true;
	memory_file_free(store->file);
	store->file = NULL;
	return false;
}

static void turn(struct memory_store *store)
{
	char error[MEMORY_FILE_ERROR] = "";
	memory_sweep(store->memory, &store->swept, memory_buckets(store->memory) / SWEEP_TURNS + 1,
		(uint64_t)time(NULL));
	if (store->retry > 0 && --store->retry > 0)
		return;
	bool good = write_out(store, error);
	if (!good)
		store->retry = RETRY_TURNS;
	pthread_mutex_lock(&store->lock);
	store->writes += good;
	if (strcmp(store->error, error) != 0) {
		store->news = true;
		memcpy(store->error, error, sizeof(error));
	}
	pthread_mutex_unlock(&store->lock);
}

static bool wait_for_turn(struct memory_store *store)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TURN_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&store->lock);
	while (!store->stop && pthread_cond_timedwait(&store->work, &store->lock, &until) == 0)
		continue;
	bool stop = store->stop;
	pthread_mutex_unlock(&store->lock);
	return !stop;
}

static void *store_main(void *argument)
{
	struct memory_store *store = argument;
	turn(store); // the file of this run
	while (wait_for_turn(store))
		turn(store);
	store->retry = 0;
	turn(store);
	return NULL;
}

static bool start(struct memory_store *store)
{
	pthread_condattr_t steady;
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->work, &steady);
	pthread_condattr_destroy(&steady);
	if (pthread_create(&store->thread, NULL, store_main, store) != 0)
		return false;
	pthread_setname_np(store->thread, "bs-memory");
	return true;
}

struct memory_store *memory_store_new(
	const char *folder, uint32_t capacity, char trouble[MEMORY_LOAD_ERROR])
{
	struct memory_store *store = calloc(1, sizeof(*store));
	if (store == NULL)
		return NULL;
	store->folder = strdup(folder);
	store->capacity = capacity;
	store->memory = memory_load(folder, capacity, (uint64_t)time(NULL), store->key, trouble);
	if (store->folder != NULL && store->memory != NULL && start(store))
		return store;
	memory_free(store->memory);
	free(store->folder);
	free(store);
	return NULL;
}

void memory_store_free(struct memory_store *store)
{
	if (store == NULL)
		return;
	pthread_mutex_lock(&store->lock);
	store->stop = true;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	pthread_cond_destroy(&store->work);
	pthread_mutex_destroy(&store->lock);
	memory_file_free(store->file);
	memory_free(store->memory);
	free(store->folder);
	free(store);
}

struct memory *memory_store_memory(struct memory_store *store)
{
	return store != NULL ? store->memory : NULL;
}

uint32_t memory_store_teach(struct memory_store *store, struct bs_sources *sources, uint32_t now_s)
{
	uint64_t wall_s = (uint64_t)time(NULL), cursor = 0;
	struct memory_entry entry;
	uint32_t known = 0;
	while (memory_next(store->memory, &cursor, &entry)) {
		struct bs_address address;
		if (entry.kind != MEMORY_CLIENT || entry.until_s <= wall_s)
			continue;
		memcpy(address.octet, entry.key, sizeof(address.octet));
		known += bs_source_restore(
			sources, &address, now_s + (entry.until_s - (uint32_t)wall_s), now_s);
	}
	return known;
}

void memory_store_view(struct memory_store *store, struct memory_store_view *view)
{
	view->entries = memory_count(store->memory);
	view->room = store->capacity;
	pthread_mutex_lock(&store->lock);
	view->writes = store->writes;
	view->saved = store->error[0] == '\0';
	memcpy(view->error, store->error, sizeof(view->error));
	pthread_mutex_unlock(&store->lock);
}

bool memory_store_news(struct memory_store *store, char news[MEMORY_LOAD_ERROR])
{
	pthread_mutex_lock(&store->lock);
	bool is_new = store->news;
	store->news = false;
	if (store->error[0] == '\0')
		snprintf(news, MEMORY_LOAD_ERROR, "what is remembered is written to disk again");
	else
		snprintf(news, MEMORY_LOAD_ERROR,
			"what is remembered can't be written: %s; it is kept in memory and tried "
			"again "
			"each %u s: make room there, or see to the disk",
			store->error, RETRY_TURNS * TURN_MS / 1000);
	pthread_mutex_unlock(&store->lock);
	return is_new;
}

// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered (smtp/memory/memory.h) over restarts. A thread of its own writes what changed, twice a second, and takes out what has
// expired; it holds a shard's lock for the copy of one bucket and nothing while it waits for the disk. A crash loses what came since its
// last write.
//
// A disk that is full or fails stops nothing: all is remembered in memory, and tried again.
#pragma once

#include "control/memory/memory_load.h"
#include "dataplane/seam/source.h"

struct memory_store;

// Loads and starts to save. `trouble`: as of memory_load(). NULL without memory or thread. Signals are blocked in the thread if they
// are in the caller. Control thread, at the start.
struct memory_store *memory_store_new(
	const char *folder, uint32_t capacity, char trouble[MEMORY_LOAD_ERROR]);
// Saves what is not saved yet. After the workers are gone.
void memory_store_free(struct memory_store *store);

// For workers, as long as the store lives.
struct memory *memory_store_memory(struct memory_store *store);

// Tells the source table who behaved, as far as it has room. Returns how many it knows now. Before the lcores start.
uint32_t memory_store_teach(struct memory_store *store, struct bs_sources *sources, uint32_t now_s);

struct memory_store_view {
	uint32_t entries, room;
	uint64_t writes;               // turns that ended with all on disk
	bool saved;                    // the last one did
	char error[MEMORY_FILE_ERROR]; // else why not
};
void memory_store_view(struct memory_store *store, struct memory_store_view *view);

// True once after a write that ended otherwise than the one before: `news` is a sentence for the log. Control thread.
bool memory_store_news(struct memory_store *store, char news[MEMORY_LOAD_ERROR]);

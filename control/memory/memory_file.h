// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered (smtp/memory/memory.h) on disk: an LMDB file. A record is a bucket of the table, its key the bucket's number + 1, so that an
// entry that goes needs no deletion of its own and the file has as many records as the table has buckets; record 0 says what the file is.
//
// Each start writes a file of its own beside the old one, which takes the name when it is whole: so we never write into pages that
// a disk or another program has damaged meanwhile, and the room of a smaller table is given back.
//
// Any thread, one at a time. Blocks for the disk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/memory/memory.h"

#define MEMORY_FILE_NAME  "memory.lmdb"
#define MEMORY_FILE_ERROR 400

struct memory_file;

// A new file with all of `memory`, in the place of the old one. `key`: of the memory. NULL with a sentence in `error`: the old
// one is as it was.
struct memory_file *memory_file_new(const char *folder, struct memory *memory,
	const uint8_t key[16], char error[MEMORY_FILE_ERROR]);
void memory_file_free(struct memory_file *file);

// Writes what changed; it is on the disk afterwards. False with a sentence in `error`: then some of it is lost to this file, and
// there must be a new one.
bool memory_file_save(struct memory_file *file, char error[MEMORY_FILE_ERROR]);

enum memory_file_state {
	MEMORY_FILE_GOOD,
	MEMORY_FILE_DAMAGED, // LMDB's word for it
	MEMORY_FILE_OTHER,   // of another version, or something else
};

// Reads a file: `begin` is told the key of its memory, then `take` each entry; either ends it by returning false, which is good too. May
// crash on a damaged file: see control/memory/memory_load.h.
enum memory_file_state memory_file_read(const char *path,
	bool (*begin)(void *context, const uint8_t key[16]),
	bool (*take)(void *context, const struct memory_entry *entry), void *context);

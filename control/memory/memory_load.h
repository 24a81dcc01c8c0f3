// SPDX-License-Identifier: BSD-3-Clause
//
// Reads what an earlier run remembered (control/memory/memory_file.h). LMDB trusts its file: on a damaged one it may abort, or touch what is not
// mapped. So a process of its own reads it and passes on what it finds; whatever becomes of that process, this one goes on.
//
// Control thread, at the start, before others hold locks.
#pragma once

#include "control/memory/memory_file.h"

#define MEMORY_LOAD_ERROR 800

// The memory of `capacity` entries with what `folder` has; `key`: of the memory, new where there was none. `trouble` is a sentence for log and
// status when that did not go well, else "": the damaged file is set aside as memory.lmdb.damaged-TIME, and what could be read of it
// is remembered. NULL without memory.
struct memory *memory_load(const char *folder, uint32_t capacity, uint64_t wall_s, uint8_t key[16],
	char trouble[MEMORY_LOAD_ERROR]);

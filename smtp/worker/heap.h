// SPDX-License-Identifier: BSD-3-Clause
//
// A worker's heap: a jemalloc arena of its own, so that workers share no allocator lock and a worker's
// memory can be told apart in the statistics. Built with sanitizers it is plain malloc (jemalloc and
// AddressSanitizer exclude each other).
#pragma once

#include <stddef.h>

struct heap;

// NULL without memory. Any thread; afterwards the heap belongs to the thread that uses it.
struct heap *heap_new(void);
void heap_free(struct heap *heap); // all blocks must have been released

// Zeroed memory, or NULL: every caller checks.
void *heap_take(struct heap *heap, size_t size);
// The same with whatever stands in it: for large blocks of which little is read before it is written.
void *heap_take_unset(struct heap *heap, size_t size);
void heap_release(struct heap *heap, void *memory); // NULL is allowed

// For what every session has: HEAP_KEPT blocks of each of HEAP_SIZES sizes are kept for the next one, which is a tenth of what the
// allocator takes. Not zeroed. What was taken so is released so, with the same size.
#define HEAP_SIZES 4u
#define HEAP_KEPT  128u

void *heap_take_kept(struct heap *heap, size_t size);
void heap_release_kept(struct heap *heap, void *memory, size_t size);

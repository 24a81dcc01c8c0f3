// SPDX-License-Identifier: BSD-3-Clause
//
// The heap of a worker over jemalloc: one arena and one explicit cache each. The cache is our own and not the
// thread's, because the heap is made by the control thread and used by an lcore.
#include "smtp/worker/heap.h"

#include <stdio.h>
#include <stdlib.h>

// No session needs a block like this: a larger wish is an error of the caller. (mallocx(0) is undefined, and
// AddressSanitizer ends the program for a size that malloc() would answer with NULL.)
#define HEAP_BLOCK_MAX ((size_t)1 << 30)

#ifdef BS_JEMALLOC

#include <jemalloc/jemalloc.h>

// Blocks given back, each beginning with the next one.
struct kept {
	size_t size; // 0: of nobody yet
	unsigned count;
	void **first;
};

struct heap {
	struct kept kept[HEAP_SIZES];
	unsigned arena;
	unsigned cache;
	int take;    // flags of mallocx
	int release; // flags of dallocx
};

struct heap *heap_new(void)
{
	struct heap *heap = calloc(1, sizeof(*heap));
	size_t size = sizeof(heap->arena);
	if (heap == NULL)
		return NULL;
	if (mallctl("arenas.create", &heap->arena, &size, NULL, 0) != 0) {
		free(heap);
		return NULL;
	}
	if (mallctl("tcache.create", &heap->cache, &size, NULL, 0) != 0) {
		heap->cache = 0;
		heap->release = MALLOCX_TCACHE_NONE;
	} else {
		heap->release = MALLOCX_TCACHE(heap->cache);
	}
	heap->take = (int)(MALLOCX_ARENA(heap->arena) | MALLOCX_ZERO) | heap->release;
	return heap;
}

void heap_free(struct heap *heap)
{
	char name[40];
	if (heap == NULL)
		return;
	// What is kept goes with the arena.
	if (heap->release != MALLOCX_TCACHE_NONE)
		mallctl("tcache.destroy", NULL, NULL, &heap->cache, sizeof(heap->cache));
	snprintf(name, sizeof(name), "arena.%u.destroy", heap->arena);
	mallctl(name, NULL, NULL, NULL, 0);
	free(heap);
}

void *heap_take(struct heap *heap, size_t size)
{
	if (size == 0 || size > HEAP_BLOCK_MAX)
		return NULL;
	return mallocx(size, heap->take);
}

void *heap_take_unset(struct heap *heap, size_t size)
{
	if (size == 0 || size > HEAP_BLOCK_MAX)
		return NULL;
	return mallocx(size, heap->take & ~MALLOCX_ZERO);
}

void heap_release(struct heap *heap, void *memory)
{
	if (memory != NULL)
		dallocx(memory, heap->release);
}

static struct kept *kept_of(struct heap *heap, size_t size)
{
	for (unsigned i = 0; i < HEAP_SIZES; i++) {
		if (heap->kept[i].size == 0)
			heap->kept[i].size = size;
		if (heap->kept[i].size == size)
			return &heap->kept[i];
	}
	return NULL;
}

void *heap_take_kept(struct heap *heap, size_t size)
{
	struct kept *kept = kept_of(heap, size);
	if (kept == NULL || kept->count == 0)
		return heap_take_unset(heap, size);
	void **block = kept->first;
	kept->first = *block;
	kept->count--;
	return block;
}

void heap_release_kept(struct heap *heap, void *memory, size_t size)
{
	struct kept *kept = kept_of(heap, size);
	if (memory == NULL)
		return;
	if (kept == NULL || kept->count == HEAP_KEPT) {
		heap_release(heap, memory);
		return;
	}
	void **block = memory;
	*block = kept->first;
	kept->first = block;
	kept->count++;
}

#else

struct heap {
	size_t blocks; // taken and not released: shows a leak at heap_free() to a debugger
};

struct heap *heap_new(void)
{
	return calloc(1, sizeof(struct heap));
}

void heap_free(struct heap *heap)
{
	free(heap);
}

void *heap_take(struct heap *heap, size_t size)
{
	if (size == 0 || size > HEAP_BLOCK_MAX)
		return NULL;
	void *memory = calloc(1, size);
	heap->blocks += memory != NULL;
	return memory;
}

void *heap_take_unset(struct heap *heap, size_t size)
{
	if (size == 0 || size > HEAP_BLOCK_MAX)
		return NULL;
	void *memory = malloc(size);
	heap->blocks += memory != NULL;
	return memory;
}

// Nothing is kept, so that AddressSanitizer sees who uses what was released.
void *heap_take_kept(struct heap *heap, size_t size)
{
	return heap_take_unset(heap, size);
}

void heap_release_kept(struct heap *heap, void *memory, size_t size)
{
	heap_release(heap, memory);
}

void heap_release(struct heap *heap, void *memory)
{
	heap->blocks -= memory != NULL;
	free(memory);
}

#endif

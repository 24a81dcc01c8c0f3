// SPDX-License-Identifier: BSD-3-Clause
//
// The worker's heap: zeroed blocks, NULL instead of a crash, a life of its own beside others.
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "smtp/worker/heap.h"

Test(heap, gives_zeroed_memory_also_when_it_is_used_again)
{
	struct heap *heap = heap_new();
	cr_assert_not_null(heap);
	for (int round = 0; round < 100; round++) {
		uint8_t *block = heap_take(heap, 1000);
		cr_assert_not_null(block);
		for (int i = 0; i < 1000; i++)
			cr_assert_eq(block[i], 0);
		memset(block, 0xa5, 1000);
		heap_release(heap, block);
	}
	heap_free(heap);
}

Test(heap, refuses_what_can_not_be_had)
{
	struct heap *heap = heap_new();
	cr_assert_not_null(heap);
	cr_assert_null(heap_take(heap, 0));
	cr_assert_null(heap_take(heap, SIZE_MAX));
	cr_assert_null(heap_take(heap, ((size_t)1 << 30) + 1));
	heap_release(heap, NULL);
	heap_free(heap);
	heap_free(NULL);
}

// More than are kept, of more sizes than are kept: nobody gets what somebody has.
Test(heap, gives_what_was_kept_to_one_only)
{
	struct heap *heap = heap_new();
	uint8_t *block[HEAP_SIZES + 2][2 * HEAP_KEPT];
	for (int round = 0; round < 3; round++) {
		for (unsigned size = 0; size < HEAP_SIZES + 2; size++)
			for (unsigned i = 0; i < 2 * HEAP_KEPT; i++) {
				block[size][i] = heap_take_kept(heap, 64 + 8 * size);
				cr_assert_not_null(block[size][i]);
				memset(block[size][i], (int)(size + i), 64 + 8 * size);
			}
		for (unsigned size = 0; size < HEAP_SIZES + 2; size++)
			for (unsigned i = 0; i < 2 * HEAP_KEPT; i++) {
				for (unsigned at = 0; at < 64 + 8 * size; at++)
					cr_assert_eq(block[size][i][at], (uint8_t)(size + i));
				heap_release_kept(heap, block[size][i], 64 + 8 * size);
			}
	}
	heap_release_kept(heap, NULL, 64);
	heap_free(heap);
}

static void *use(void *argument)
{
	struct heap *heap = argument;
	uint8_t *block[500];
	for (int i = 0; i < 500; i++) {
		block[i] = heap_take(heap, (size_t)(i + 1) * 37);
		if (block[i] == NULL)
			return NULL;
		memset(block[i], i, (size_t)(i + 1) * 37);
	}
	for (int i = 0; i < 500; i++) {
		if (block[i][(i + 1) * 37 - 1] != (uint8_t)i)
			return NULL;
		heap_release(heap, block[i]);
	}
	return heap;
}

Test(heap, is_used_by_another_thread_than_its_maker)
{
	struct heap *heap[4];
	pthread_t thread[4];
	for (int i = 0; i < 4; i++) {
		heap[i] = heap_new();
		cr_assert_not_null(heap[i]);
		cr_assert_eq(pthread_create(&thread[i], NULL, use, heap[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		void *result = NULL;
		pthread_join(thread[i], &result);
		cr_assert_eq(result, heap[i]);
		heap_free(heap[i]);
	}
}

Test(heap, can_be_made_and_freed_many_times)
{
	for (int i = 0; i < 300; i++) {
		struct heap *heap = heap_new();
		cr_assert_not_null(heap);
		heap_release(heap, heap_take(heap, 100000));
		heap_free(heap);
	}
}

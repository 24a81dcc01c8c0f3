// SPDX-License-Identifier: BSD-3-Clause
//
// A single-producer single-consumer ring of fixed-size elements, the only queue between lcores.
//
// DPDK's rte_ring would serve, but smtp/ and control/ include no DPDK header. Producer and consumer
// indexes live on cache lines of their own, each with a private copy of the other side's index, so
// that a turn with nothing to do touches no shared line that moved.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bs_ring {
	// written by the producer
	alignas(64) _Atomic uint32_t head;
	uint32_t tail_seen;
	// written by the consumer
	alignas(64) _Atomic uint32_t tail;
	uint32_t head_seen;
	// constant
	alignas(64) uint32_t mask;
	uint32_t element; // bytes
	uint8_t data[];
};

// Room for at least `count` elements of `element` bytes. NULL without memory. Freed with free().
static inline struct bs_ring *bs_ring_new(uint32_t count, uint32_t element)
{
	uint32_t size = 2;
	while (size < count)
		size *= 2;
	size_t bytes = sizeof(struct bs_ring) + (size_t)size * element;
	struct bs_ring *ring = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
	if (ring == NULL)
		return NULL;
	memset(ring, 0, bytes);
	ring->mask = size - 1;
	ring->element = element;
	return ring;
}

// Producer only. False when full.
static inline bool bs_ring_push(struct bs_ring *ring, const void *element, uint32_t size)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	if (head - ring->tail_seen > ring->mask) {
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (head - ring->tail_seen > ring->mask)
			return false;
	}
	memcpy(ring->data + (size_t)(head & ring->mask) * size, element, size);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

// Consumer only. False when empty.
static inline bool bs_ring_pop(struct bs_ring *ring, void *element, uint32_t size)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	if (tail == ring->head_seen) {
		ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
		if (tail == ring->head_seen)
			return false;
	}
	memcpy(element, ring->data + (size_t)(tail & ring->mask) * size, size);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

// Elements that are large or of several lengths are written and read where they lie.
// Producer only. The place of the next element, the consumer's with bs_ring_commit(); NULL when fewer than `spare` places, at
// least 1, are free.
static inline void *bs_ring_reserve(struct bs_ring *ring, uint32_t spare)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	if (head - ring->tail_seen + spare > ring->mask + 1) {
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (head - ring->tail_seen + spare > ring->mask + 1)
			return NULL;
	}
	return ring->data + (size_t)(head & ring->mask) * ring->element;
}

static inline void bs_ring_commit(struct bs_ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

// Consumer only. The element `ahead` places behind the oldest one, valid until bs_ring_drop(); NULL when there is none.
static inline void *bs_ring_peek(struct bs_ring *ring, uint32_t ahead)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	if (ring->head_seen - tail <= ahead) {
		ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
		if (ring->head_seen - tail <= ahead)
			return NULL;
	}
	return ring->data + (size_t)((tail + ahead) & ring->mask) * ring->element;
}

// Consumer only. The oldest `count` elements, which were peeked at, are the producer's again.
static inline void bs_ring_drop(struct bs_ring *ring, uint32_t count)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	atomic_store_explicit(&ring->tail, tail + count, memory_order_release);
}

// Any thread; a moment's truth.
static inline bool bs_ring_empty(struct bs_ring *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_seq_cst) ==
	       atomic_load_explicit(&ring->tail, memory_order_seq_cst);
}

// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/ring_pool.h"

#include <rte_malloc.h>

#define IN_USE UINT8_MAX

struct chunk { // of the first chunk of a ring
	uint32_t next, previous;
	uint8_t order; // of the free ring that begins here, or IN_USE
};

struct ring_pool {
	uint32_t size, chunks, spare; // spare: free chunks
	uint32_t orders;
	uint32_t head[RING_ORDERS_MAX];
	uint8_t *bytes;
	struct chunk *chunk;
};

static void put(struct ring_pool *pool, uint32_t ring, unsigned order)
{
	uint32_t next = pool->head[order];
	pool->chunk[ring] = (struct chunk){next, RING_NONE, (uint8_t)order};
	if (next != RING_NONE)
		pool->chunk[next].previous = ring;
	pool->head[order] = ring;
}

static void out(struct ring_pool *pool, uint32_t ring)
{
	struct chunk *chunk = &pool->chunk[ring];
	if (chunk->previous != RING_NONE)
		pool->chunk[chunk->previous].next = chunk->next;
	else
		pool->head[chunk->order] = chunk->next;
	if (chunk->next != RING_NONE)
		pool->chunk[chunk->next].previous = chunk->previous;
	chunk->order = IN_USE;
}

struct ring_pool *ring_pool_new(uint32_t chunks, uint32_t size, uint32_t most)
{
	struct ring_pool *pool = rte_zmalloc("ring pool", sizeof(*pool), 64);
	if (pool == NULL)
		return NULL;
	pool->size = size;
	pool->chunks = chunks;
	pool->bytes = rte_malloc("data rings", (size_t)chunks * size, 64);
	pool->chunk = rte_malloc(
		"data ring chunks", (size_t)(chunks + 1) * sizeof(struct chunk), 64);
	if (pool->chunk == NULL || (chunks > 0 && pool->bytes == NULL)) {
		ring_pool_free(pool);
		return NULL;
	}
	for (unsigned i = 0; i < RING_ORDERS_MAX; i++)
		pool->head[i] = RING_NONE;
	for (pool->orders = 1; pool->orders < RING_ORDERS_MAX && size << pool->orders <= most;)
		pool->orders++;
	for (uint32_t i = 0; i < chunks; i++)
		pool->chunk[i].order = IN_USE;
	for (uint32_t i = chunks; i-- > 0;) // the last first: rings are taken from the front
		ring_pool_give(pool, i, 0);
	return pool;
}

void ring_pool_free(struct ring_pool *pool)
{
	if (pool == NULL)
		return;
	rte_free(pool->bytes);
	rte_free(pool->chunk);
	rte_free(pool);
}

uint32_t ring_pool_take(struct ring_pool *pool, unsigned order)
{
	unsigned found = order;
	while (found < pool->orders && pool->head[found] == RING_NONE)
		found++;
	if (found >= pool->orders)
		return RING_NONE;
	uint32_t ring = pool->head[found];
	out(pool, ring);
	while (found > order) { // the upper half stays free
		found--;
		put(pool, ring + (1u << found), found);
	}
	pool->spare -= 1u << order;
	return ring;
}

void ring_pool_give(struct ring_pool *pool, uint32_t ring, unsigned order)
{
	pool->spare += 1u << order;
	for (; order + 1 < pool->orders; order++) {
		uint32_t buddy = ring ^ 1u << order;
		if (buddy >= pool->chunks || pool->chunk[buddy].order != order)
			break;
		out(pool, buddy);
		ring &= buddy;
	}
	put(pool, ring, order);
}

uint8_t *ring_pool_bytes(const struct ring_pool *pool, uint32_t ring)
{
	return pool->bytes + (size_t)ring * pool->size;
}

uint32_t ring_pool_size(const struct ring_pool *pool, unsigned order)
{
	return pool->size << order;
}

bool ring_pool_spares(const struct ring_pool *pool, unsigned order)
{
	return order < pool->orders && pool->spare >= pool->chunks / 2 + (1u << order);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// The memory of the large receive rings: chunks of one size and, joined by the buddy rule, of 2, 4 ... times that. Taking and giving
// back cost a step a doubling, and what is given back joins again: large rings come and go and leave no holes.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RING_NONE       UINT32_MAX
#define RING_ORDERS_MAX 9u // 4 KB to 1 MB

struct ring_pool;

// `chunks` of `size` bytes each, `most` the bytes of the largest ring; both powers of two. NULL without memory.
struct ring_pool *ring_pool_new(uint32_t chunks, uint32_t size, uint32_t most);
void ring_pool_free(struct ring_pool *pool);

// A ring of `size` << order bytes; RING_NONE when there is none.
uint32_t ring_pool_take(struct ring_pool *pool, unsigned order);
void ring_pool_give(struct ring_pool *pool, uint32_t ring, unsigned order);

uint8_t *ring_pool_bytes(const struct ring_pool *pool, uint32_t ring);
uint32_t ring_pool_size(const struct ring_pool *pool, unsigned order);

// True when a ring that is there already may become one of this order: it is not larger than the largest, and half of the
// memory stays for those that have none yet.
bool ring_pool_spares(const struct ring_pool *pool, unsigned order);

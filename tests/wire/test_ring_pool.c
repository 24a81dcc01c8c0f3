// SPDX-License-Identifier: BSD-3-Clause
//
// The memory of the large receive rings: nothing twice, nothing lost, and whole again at the end.
#include "dataplane/tcp/ring_pool.h"
#include "tests/wire/wire.h"

#define CHUNKS 200u // no power of two: 128 + 64 + 8
#define SIZE   4096u
#define MOST   65536u // order 4

static unsigned take_all(struct ring_pool *pool, unsigned order)
{
	uint32_t ring[CHUNKS];
	unsigned taken = 0;
	while (taken < CHUNKS && (ring[taken] = ring_pool_take(pool, order)) != RING_NONE)
		taken++;
	for (unsigned i = 0; i < taken; i++)
		ring_pool_give(pool, ring[i], order);
	return taken;
}

WIRE_TEST4(ring_pool, holds_what_it_has)
{
	struct ring_pool *pool = ring_pool_new(CHUNKS, SIZE, MOST);
	cr_assert_not_null(pool);
	cr_assert_eq(take_all(pool, 0), CHUNKS);
	cr_assert_eq(take_all(pool, 3), CHUNKS / 8);
	cr_assert_eq(take_all(pool, 4), 12);
	cr_assert_eq(ring_pool_take(pool, 5), RING_NONE);
	cr_assert_eq(ring_pool_size(pool, 4), MOST);
	ring_pool_free(pool);
	pool = ring_pool_new(0, SIZE, MOST);
	cr_assert_eq(ring_pool_take(pool, 0), RING_NONE);
	cr_assert_not(ring_pool_spares(pool, 0));
	ring_pool_free(pool);
}

WIRE_TEST4(ring_pool, comes_and_goes_without_holes)
{
	struct ring_pool *pool = ring_pool_new(CHUNKS, SIZE, MOST);
	struct {
		uint32_t ring;
		unsigned order;
	} held[CHUNKS];
	uint8_t owner[CHUNKS] = {0};
	unsigned count = 0;
	uint32_t seed = 1;
	for (unsigned round = 0; round < 20000; round++) {
		seed = seed * 1664525 + 1013904223;
		if (count < CHUNKS && seed >> 31) {
			unsigned order = (seed >> 8) % 5;
			uint32_t ring = ring_pool_take(pool, order);
			if (ring == RING_NONE)
				continue;
			cr_assert_eq(ring % (1u << order), 0);
			for (unsigned i = 0; i < 1u << order; i++)
				cr_assert_eq(owner[ring + i]++, 0, "chunk %u twice", ring + i);
			memset(ring_pool_bytes(pool, ring), 0x55, ring_pool_size(pool, order));
			held[count].ring = ring;
			held[count++].order = order;
		} else if (count > 0) {
			unsigned i = (seed >> 8) % count;
			for (unsigned k = 0; k < 1u << held[i].order; k++)
				owner[held[i].ring + k] = 0;
			ring_pool_give(pool, held[i].ring, held[i].order);
			held[i] = held[--count];
		}
	}
	while (count-- > 0)
		ring_pool_give(pool, held[count].ring, held[count].order);
	cr_assert_eq(take_all(pool, 4), 12);
	cr_assert_eq(take_all(pool, 0), CHUNKS);
	ring_pool_free(pool);
}

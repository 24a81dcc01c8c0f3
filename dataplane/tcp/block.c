// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/block.h"

#include <stddef.h>

#include <rte_malloc.h>

#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/judge.h"
#include "dataplane/tcp/sequence.h"

struct blocks {
	uint32_t free[BS_WORKERS_MAX]; // of each worker: a list linked by `next_free`
	struct ring_pool *rings;
};

static void put_free(struct blocks *blocks, struct bs_streams *streams, uint32_t block)
{
	uint32_t *list = &blocks->free[bs_stream_worker(streams, block)];
	block_talk(&streams->stream[block])->next_free = *list;
	*list = block;
}

struct blocks *blocks_new(uint32_t count, struct ring_pool *rings, struct bs_streams *streams)
{
	if (streams->workers == 0 || rings == NULL) { // a block is some worker's
		ring_pool_free(rings);
		return NULL;
	}
	struct blocks *blocks = rte_zmalloc("blocks", sizeof(*blocks), 64);
	streams->stream = rte_zmalloc(
		"session blocks", (size_t)count * sizeof(struct bs_stream), 64);
	if (streams->stream == NULL || blocks == NULL) {
		rte_free(streams->stream);
		streams->stream = NULL;
		rte_free(blocks);
		ring_pool_free(rings);
		return NULL;
	}
	blocks->rings = rings;
	streams->count = count;
	for (uint32_t i = 0; i < streams->workers; i++)
		blocks->free[i] = BLOCK_NONE;
	for (uint32_t i = count; i-- > 0;)
		put_free(blocks, streams, i);
	return blocks;
}

void blocks_free(struct blocks *blocks)
{
	if (blocks == NULL)
		return;
	ring_pool_free(blocks->rings);
	rte_free(blocks);
}

uint32_t block_worker(const struct dataplane *dataplane, const struct bs_address *source)
{
	uint64_t word[2];
	memcpy(word, source->octet, sizeof(word));
	if (!bs_address_is_ipv4(source)) // an IPv6 source is a /64
		word[1] = 0;
	return (uint32_t)(siphash(&dataplane->worker_secret, word, 2, 1, 3) %
			  dataplane->streams->workers);
}

void block_announce(struct dataplane *dataplane, const struct connection *c)
{
	uint32_t worker = block_worker(dataplane, &c->peer);
	struct bs_early early = {.client = c->peer,
		.connection = {connection_number(dataplane->connections, c), c->serial}};
	if (bs_ring_push(dataplane->streams->early[worker], &early, sizeof(early)))
		bs_bell_ring(dataplane->streams->worker_bell[worker]);
	else
		dataplane->counters->early_lost++;
}

// The head of a list that is not empty, the worker's own before others'; BLOCK_NONE.
static uint32_t find_free(const struct dataplane *dataplane, uint32_t worker)
{
	const struct blocks *blocks = dataplane->blocks;
	uint32_t workers = dataplane->streams->workers;
	for (uint32_t i = 0; i < workers; i++) {
		if (blocks->free[worker] != BLOCK_NONE)
			return blocks->free[worker];
		worker = worker + 1 == workers ? 0 : worker + 1;
	}
	return BLOCK_NONE;
}

// Of the blocks, one in so many is kept for good sources: when workers are slow, they go first.
#define KEPT_FOR_GOOD 16u

bool block_is_free(const struct dataplane *dataplane, const struct connection *c)
{
	uint64_t used = dataplane->counters->blocks;
	uint32_t count = dataplane->streams->count;
	return used < count - count / KEPT_FOR_GOOD ||
	       (used < count && judge_is_good(dataplane, &c->peer, c->class));
}

uint32_t block_take(struct dataplane *dataplane, struct connection *c)
{
	if (!block_is_free(dataplane, c))
		return BLOCK_NONE;
	uint32_t block = find_free(dataplane, block_worker(dataplane, &c->peer));
	if (block == BLOCK_NONE)
		return BLOCK_NONE;
	struct bs_stream *stream = &dataplane->streams->stream[block];
	struct talk *talk = block_talk(stream);
	dataplane->blocks->free[bs_stream_worker(dataplane->streams, block)] = talk->next_free;
	memset(talk, 0, offsetof(struct talk, gap));
	talk->connection = connection_number(dataplane->connections, c);
	talk->ring = RING_NONE;
	talk->challenged_ms = c->challenged_ms;
	atomic_store_explicit(&stream->rx_head, 0, memory_order_relaxed);
	atomic_store_explicit(&stream->rx_tail, 0, memory_order_relaxed);
	atomic_store_explicit(&stream->tx_head, 0, memory_order_relaxed);
	atomic_store_explicit(&stream->tx_tail, 0, memory_order_relaxed);
	stream->rx_ring = stream->rx;
	stream->rx_mask = BS_STREAM_RX - 1;
	dataplane->counters->blocks++;
	return block;
}

void block_release(struct dataplane *dataplane, struct connection *c)
{
	block_shrink(dataplane, c->block);
	put_free(dataplane->blocks, dataplane->streams, c->block);
	dataplane->counters->blocks--;
	c->challenged_ms = dataplane->now_ms - CHALLENGE_GAP_MS;
}

// What the ring holds, also what was received ahead of order, keeps its place in the stream.
static void move(
	const struct bs_stream *stream, uint32_t from, uint32_t to, uint8_t *ring, uint32_t mask)
{
	while (from != to) {
		uint32_t old = from & stream->rx_mask, new = from &mask, run = to - from;
		if (run > stream->rx_mask + 1 - old)
			run = stream->rx_mask + 1 - old;
		if (run > mask + 1 - new)
			run = mask + 1 - new;
		memcpy(ring + new, stream->rx_ring + old, run);
		from += run;
	}
}

// Number in the stream behind the last byte received.
static uint32_t received(const struct bs_stream *stream, const struct talk *talk)
{
	uint32_t end = atomic_load_explicit(&stream->rx_head, memory_order_relaxed);
	for (unsigned i = 0; i < talk->gaps; i++) {
		if (sequence_after(talk->gap[i].end - talk->rx_base, end))
			end = talk->gap[i].end - talk->rx_base;
	}
	return end;
}

bool block_may_grow(const struct dataplane *dataplane, const struct talk *talk)
{
	const struct ring_pool *rings = dataplane->blocks->rings;
	if (talk->ring == RING_NONE)
		return ring_pool_size(rings, 0) > BS_STREAM_RX;
	return (talk->receive_shift != 0 ||
		       ring_pool_size(rings, talk->ring_order) <= UINT16_MAX) &&
	       ring_pool_spares(rings, talk->ring_order + 1u);
}

void block_grow(struct dataplane *dataplane, uint32_t block)
{
	struct ring_pool *rings = dataplane->blocks->rings;
	struct bs_stream *stream = &dataplane->streams->stream[block];
	struct talk *talk = block_talk(stream);
	unsigned order = talk->ring == RING_NONE ? 0 : talk->ring_order + 1u;
	if (!block_may_grow(dataplane, talk))
		return;
	uint32_t ring = ring_pool_take(rings, order);
	if (ring == RING_NONE) {
		dataplane->counters->data_rings_short += order == 0;
		return;
	}
	uint32_t mask = ring_pool_size(rings, order) - 1;
	move(stream, atomic_load_explicit(&stream->rx_tail, memory_order_relaxed),
		received(stream, talk), ring_pool_bytes(rings, ring), mask);
	if (talk->ring == RING_NONE) {
		dataplane->counters->data_rings++;
	} else {
		ring_pool_give(rings, talk->ring, talk->ring_order);
		dataplane->counters->windows_grown++;
	}
	talk->ring = ring;
	talk->ring_order = (uint8_t)order;
	stream->rx_ring = ring_pool_bytes(rings, ring);
	stream->rx_mask = mask;
}

void block_shrink(struct dataplane *dataplane, uint32_t block)
{
	struct talk *talk = block_talk(&dataplane->streams->stream[block]);
	if (talk->ring == RING_NONE)
		return;
	ring_pool_give(dataplane->blocks->rings, talk->ring, talk->ring_order);
	dataplane->counters->data_rings--;
	talk->ring = RING_NONE;
}

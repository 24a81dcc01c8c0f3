// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/block.h"

#include <rte_malloc.h>

#include "dataplane/tcp/connection.h"

struct blocks {
	uint32_t free[BS_WORKERS_MAX]; // of each worker: a list linked by `next_free`
	uint32_t ring_size;
	uint32_t *free_ring; // stack of numbers
	uint32_t free_rings;
	uint8_t *ring;
};

static void put_free(struct blocks *blocks, struct bs_streams *streams, uint32_t block)
{
	uint32_t *list = &blocks->free[bs_stream_worker(streams, block)];
	block_talk(&streams->stream[block])->next_free = *list;
	*list = block;
}

struct blocks *blocks_new(
	uint32_t count, uint32_t rings, uint32_t ring_size, struct bs_streams *streams)
{
	struct blocks *blocks = rte_zmalloc("blocks", sizeof(*blocks), 64);
	if (streams->workers == 0) { // a block is some worker's
		rte_free(blocks);
		return NULL;
	}
	if (blocks == NULL)
		return NULL;
	streams->stream = rte_zmalloc(
		"session blocks", (size_t)count * sizeof(struct bs_stream), 64);
	blocks->ring = rte_malloc("data rings", (size_t)rings * ring_size, 64);
	blocks->free_ring = rte_malloc(
		"free data rings", (size_t)(rings + 1) * sizeof(uint32_t), 64);
	if (streams->stream == NULL || (rings > 0 && blocks->ring == NULL) ||
		blocks->free_ring == NULL) {
		rte_free(streams->stream);
		streams->stream = NULL;
		blocks_free(blocks);
		return NULL;
	}
	streams->count = count;
	blocks->ring_size = ring_size;
	blocks->free_rings = rings;
	for (uint32_t i = 0; i < rings; i++)
		blocks->free_ring[i] = rings - 1 - i;
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
	rte_free(blocks->ring);
	rte_free(blocks->free_ring);
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

bool block_is_free(const struct dataplane *dataplane)
{
	return dataplane->counters->blocks < dataplane->streams->count;
}

uint32_t block_take(struct dataplane *dataplane, struct connection *c)
{
	uint32_t block = find_free(dataplane, block_worker(dataplane, &c->peer));
	if (block == BLOCK_NONE)
		return BLOCK_NONE;
	struct bs_stream *stream = &dataplane->streams->stream[block];
	struct talk *talk = block_talk(stream);
	dataplane->blocks->free[bs_stream_worker(dataplane->streams, block)] = talk->next_free;
	memset(talk, 0, sizeof(*talk));
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

void block_grow(struct dataplane *dataplane, uint32_t block)
{
	struct blocks *blocks = dataplane->blocks;
	struct bs_stream *stream = &dataplane->streams->stream[block];
	struct talk *talk = block_talk(stream);
	if (blocks->free_rings == 0 || talk->ring != RING_NONE || blocks->ring_size <= BS_STREAM_RX)
		return;
	talk->ring = blocks->free_ring[--blocks->free_rings];
	dataplane->counters->data_rings++;
	uint8_t *large = blocks->ring + (size_t)talk->ring * blocks->ring_size;
	// All of the small ring, also what was received ahead of order, keeps its place in the stream.
	uint32_t tail = atomic_load_explicit(&stream->rx_tail, memory_order_relaxed);
	for (uint32_t i = 0; i < BS_STREAM_RX; i++)
		large[(tail + i) & (blocks->ring_size - 1)] =
			stream->rx[(tail + i) & (BS_STREAM_RX - 1)];
	stream->rx_ring = large;
	stream->rx_mask = blocks->ring_size - 1;
}

void block_shrink(struct dataplane *dataplane, uint32_t block)
{
	struct blocks *blocks = dataplane->blocks;
	struct talk *talk = block_talk(&dataplane->streams->stream[block]);
	if (talk->ring == RING_NONE)
		return;
	blocks->free_ring[blocks->free_rings++] = talk->ring;
	dataplane->counters->data_rings--;
	talk->ring = RING_NONE;
}

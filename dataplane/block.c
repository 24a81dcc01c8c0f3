// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/block.h"

#include <rte_malloc.h>

#include "dataplane/connection.h"

struct blocks {
	uint32_t free;
	uint32_t ring_size;
	uint32_t *free_ring; // stack of numbers
	uint32_t free_rings;
	uint8_t *ring;
};

struct blocks *blocks_new(
	uint32_t count, uint32_t rings, uint32_t ring_size, struct bs_streams *streams)
{
	struct blocks *blocks = rte_zmalloc("blocks", sizeof(*blocks), 64);
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
	blocks->free = BLOCK_NONE;
	for (uint32_t i = count; i-- > 0;) {
		block_talk(&streams->stream[i])->next_free = blocks->free;
		blocks->free = i;
	}
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

uint32_t block_take(struct dataplane *dataplane, struct connection *c)
{
	struct blocks *blocks = dataplane->blocks;
	uint32_t block = blocks->free;
	if (block == BLOCK_NONE)
		return BLOCK_NONE;
	struct bs_stream *stream = &dataplane->streams->stream[block];
	struct talk *talk = block_talk(stream);
	blocks->free = talk->next_free;
	memset(talk, 0, sizeof(*talk));
	talk->connection = connection_number(dataplane->connections, c);
	talk->ring = RING_NONE;
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
	struct talk *talk = block_talk(&dataplane->streams->stream[c->block]);
	block_shrink(dataplane, c->block);
	talk->next_free = dataplane->blocks->free;
	dataplane->blocks->free = c->block;
	dataplane->counters->blocks--;
	c->block = BLOCK_NONE;
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

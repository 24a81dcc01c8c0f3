// SPDX-License-Identifier: BSD-3-Clause
//
// The index alone, as full as it may become: everybody is found, nobody else is, and everybody can leave.
#include <stdlib.h>

#include "dataplane/frame/frame.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/connection_index.h"
#include "tests/wire/wire.h"

#define CAPACITY 80281u // 70 % of 16,384 cells of seven: as full as one may become

static uint64_t state;

static uint64_t random_64(void) // splitmix64
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void draw(struct connection *c)
{
	uint64_t half[2] = {random_64(), random_64()};
	uint32_t four = (uint32_t)half[0];
	c->peer = half[1] & 1 ? bs_address_from_ipv4(&four) : bs_address_from_ipv6(half);
	c->peer_port = (uint16_t)(half[1] >> 8);
	c->local = (uint8_t)(half[1] >> 24 & 3);
}

static uint32_t look_up(const struct connection_index *index, const struct connection *record,
	const struct connection *c)
{
	struct frame frame = {.source = c->peer, .source_port = c->peer_port, .local = c->local};
	struct frame *frames = &frame;
	uint32_t found;
	connection_lookup_bulk(index, record, &frames, &found, 1);
	return found;
}

static void expect_found(const struct connection_index *index, const struct connection *record,
	uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i += BURST) {
		struct frame frame[BURST];
		struct frame *frames[BURST];
		uint32_t found[BURST];
		unsigned count = end - i < BURST ? end - i : BURST;
		for (unsigned k = 0; k < count; k++) {
			const struct connection *c = &record[i + k];
			frame[k] = (struct frame){
				.source = c->peer, .source_port = c->peer_port, .local = c->local};
			frames[k] = &frame[k];
		}
		connection_lookup_bulk(index, record, frames, found, count);
		for (unsigned k = 0; k < count; k++)
			cr_assert_eq(found[k], i + k);
	}
}

Test(connection_index, holds_its_capacity_and_lets_everybody_go)
{
	struct wire *wire = wire_new(&(struct wire_settings){0}); // for DPDK's memory
	struct siphash_key key = {{3, 4}};
	struct connection *record = calloc(CAPACITY, sizeof(*record));
	struct connection_index *index = connection_index_new(CAPACITY, &key);
	cr_assert(record != NULL && index != NULL);
	state = 1;
	for (uint32_t i = 0; i < CAPACITY; i++) {
		draw(&record[i]);
		cr_assert(connection_index_insert(index, &record[i], i), "no room for entry %u", i);
	}
	expect_found(index, record, 0, CAPACITY);
	for (unsigned i = 0; i < 10000; i++) {
		struct connection stranger = {0};
		draw(&stranger);
		cr_assert_eq(look_up(index, record, &stranger), CONNECTION_NONE);
	}
	// Half leave and others come, some times over.
	for (unsigned round = 0; round < 6; round++) {
		for (uint32_t i = round & 1; i < CAPACITY; i += 2) {
			struct connection before = record[i];
			connection_index_remove(index, &record[i], i);
			draw(&record[i]);
			cr_assert_eq(look_up(index, record, &before), CONNECTION_NONE);
		}
		for (uint32_t i = round & 1; i < CAPACITY; i += 2)
			cr_assert(connection_index_insert(index, &record[i], i));
		expect_found(index, record, 0, CAPACITY);
	}
	for (uint32_t i = 0; i < CAPACITY; i++)
		connection_index_remove(index, &record[i], i);
	for (uint32_t i = 0; i < CAPACITY; i++)
		cr_assert_eq(look_up(index, record, &record[i]), CONNECTION_NONE);
	connection_index_free(index);
	free(record);
	wire_free(wire);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// Many delays that end at once: packets go on being received, no queue waits for another one to be empty, and what is late is
// counted.
#include <rte_ring.h>

#include "dataplane/tcp/connection.h"
#include "tests/wire/wire.h"

#define CROWD 1000u
#define TURN  (BURSTS_A_TURN * BURST)

// One turn, not as many as it takes to empty the port.
static void turn(struct wire *wire)
{
	dataplane_poll(wire->dataplane, wire->now_ns);
	wire_hold(wire, false); // takes what was sent
	wire_forget(wire);
}

static void pass(struct wire *wire, uint32_t ms)
{
	wire->now_ns += (uint64_t)ms * 1000000;
}

static void crowd(struct wire_peer *peer)
{
	struct wire_peer one = *peer;
	for (unsigned i = 0; i < CROWD; i++) {
		one.port = (uint16_t)(10000 + i);
		wire_connect(&one);
		wire_forget(peer->wire);
	}
}

// Pings, which cost no connection anything.
static void flood(struct wire_peer *peer, unsigned count)
{
	struct wire_bytes bytes;
	wire_build_ip(peer, peer->ipv6 ? 58 : 1,
		&(struct wire_packet){.type = peer->ipv6 ? 128 : 8, .payload = "x"}, &bytes);
	while (rte_ring_count(peer->wire->receive[0]) < count)
		wire_queue(peer->wire, bytes.byte, bytes.length, 0);
}

static uint32_t in_queue(const struct wire *wire, enum delay delay)
{
	return wire->dataplane->connections->queue[delay].count;
}

WIRE_TEST(expiry, receives_while_a_crowd_is_greeted, .connections = 2048, .half_open = 2048)
{
	struct wire *wire = peer->wire;
	const struct bs_dataplane_counters *now = &wire->counters;
	crowd(peer);
	pass(wire, 25000);
	for (unsigned turns = 0; now->greeted < CROWD; turns++) {
		uint64_t packets = now->rx_packets, greeted = now->greeted;
		flood(peer, 2 * TURN);
		turn(wire);
		cr_assert_eq(now->rx_packets, packets + TURN, "full bursts in each turn");
		cr_assert_leq(now->greeted, greeted + TURN / 2, "and half as many delays");
		cr_assert_lt(turns, 2 * CROWD / TURN + 2, "yet all are served");
	}
	cr_assert_eq(now->expired_late, 0);
	turn(wire);
	cr_assert_eq(now->expiry_lag, 0);
}

WIRE_TEST(expiry, is_faster_when_nothing_comes_in, .connections = 2048, .half_open = 2048)
{
	struct wire *wire = peer->wire;
	crowd(peer);
	pass(wire, 25000);
	turn(wire);
	cr_assert_geq(wire->counters.greeted, BURST);
	cr_assert_lt(wire->counters.greeted, CROWD);
}

WIRE_TEST(expiry, serves_each_queue_in_turns, .connections = 4096, .half_open = 4096)
{
	struct wire *wire = peer->wire;
	struct wire_peer one = *peer;
	crowd(peer);
	pass(wire, 24000);
	// Handshakes whose ACK stays away: their SYN-ACK is due when the wait of the others ends. The first are for the source's
	// rate, the rest come from others.
	for (unsigned i = 0; i < 200; i++) {
		one.address.octet[peer->ipv6 ? 7 : 15] = (uint8_t)i;
		wire_tcp(&one, .flags = TCP_SYN, .seq = 1000);
		wire_forget(wire);
	}
	cr_assert_geq(in_queue(wire, DELAY_1S), 190);
	pass(wire, 1000);
	uint64_t again = wire->counters.retransmits, greeted = wire->counters.greeted;
	for (unsigned turns = 0; turns < 4; turns++) {
		flood(peer, 3 * BURST);
		turn(wire);
	}
	cr_assert_geq(wire->counters.greeted - greeted, BURST / 2, "the crowd behind");
	cr_assert_geq(wire->counters.retransmits - again, BURST / 2, "the handshakes in front");
}

WIRE_TEST(expiry, counts_how_late_it_is, .connections = 2048, .half_open = 2048)
{
	struct wire *wire = peer->wire;
	crowd(peer);
	pass(wire, 25000);
	flood(peer, 3 * BURST);
	turn(wire);
	uint64_t greeted = wire->counters.greeted;
	cr_assert_leq(wire->counters.expiry_lag, 1000, "the virtual clock's own steps");
	pass(wire, 40000); // the core was away
	flood(peer, 3 * BURST);
	turn(wire);
	uint64_t late = wire->counters.greeted - greeted;
	cr_assert(late > 0);
	cr_assert_geq(wire->counters.expired_late, late);
	cr_assert_geq(wire->counters.expiry_lag, 39000);
	while (wire->counters.greeted < CROWD)
		turn(wire);
	for (unsigned turns = 0; turns < CROWD / BURST; turns++)
		turn(wire);
	cr_assert_eq(wire->counters.expiry_lag, 0, "caught up");
}

// Who goes while a batch is under way takes its place in the queue with it.
WIRE_TEST(expiry, bears_connections_that_leave_the_queue, .connections = 2048, .half_open = 2048)
{
	struct wire *wire = peer->wire;
	struct wire_peer one[64];
	for (unsigned i = 0; i < 64; i++) {
		one[i] = *peer;
		one[i].port = (uint16_t)(20000 + i);
		wire_connect(&one[i]);
	}
	wire_forget(wire);
	for (unsigned i = 1; i < 64; i += 3)
		wire_tcp(&one[i], .flags = TCP_RST);
	cr_assert_eq(in_queue(wire, DELAY_WAIT), 64 - 21);
	pass(wire, 25000);
	for (unsigned turns = 0; turns < 8; turns++)
		turn(wire);
	cr_assert_eq(wire->counters.greeted, 64 - 21);
	cr_assert_eq(in_queue(wire, DELAY_WAIT), 0);
}

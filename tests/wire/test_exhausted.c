// SPDX-License-Identifier: BSD-3-Clause
//
// Nothing is left: records, session blocks, places for half-open ones, room for notices, in the transmit queue, packet buffers. What is shed, who
// goes first, and that it is counted.
#include <rte_mbuf.h>

#include "tests/wire/crowd.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"

// --- no record free ---

static void remembered(const struct wire_peer *peer)
{
	struct bs_source *source = met_before(peer, (struct bs_lesson){0});
	bs_source_remember(source, wire_seconds(peer->wire) + 600);
}

// The handshake's last segment with the cookie of a SYN-ACK that left no record.
static void by_cookie(struct wire_peer *peer)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
}

// The good one takes the place of the stranger that came last; a stranger, and a SYN that may be forged, take nobody's.
WIRE_TEST(exhausted, records_are_out, .connections = 8, .half_open = 64)
{
	struct wire_peer one[8], good = stranger(peer, 101), other = stranger(peer, 102);
	struct wire *wire = peer->wire;
	struct bs_notice notice;
	remembered(&good);
	crowd(peer, one, 0, 8);
	cr_assert_eq(wire->counters.records, 8);
	wire_expect_reason(wire, BS_REASON_SYN_NO_RECORD, by_cookie(&other));
	wire_expect_nothing(wire);
	wire_tcp(&good, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(&good, TCP_SYN | TCP_ACK);
	cr_assert_eq(wire->counters.displaced, 0);
	wire_tcp(&good, .flags = TCP_ACK);
	wire_expect_tcp(&one[7], TCP_RST | TCP_ACK);
	wire_expect_text(&good, GREETING);
	cr_assert_eq(wire->counters.displaced, 1);
	cr_assert_eq(wire->counters.records, 8);
	cr_assert(wire_find_notice(wire, BS_NOTICE_BUSY, &notice));
	cr_assert_eq(notice.client.port, one[7].port);
	wire_forget(wire);
}

// Half-open ones go before, for everybody: what they were sent since cookies are in use is one, and they come in by it when there is
// room again.
WIRE_TEST(exhausted, half_open_ones_make_room, .connections = 8, .half_open = 64)
{
	struct wire_peer one[8], slow = stranger(peer, 101), other = stranger(peer, 102);
	struct wire *wire = peer->wire;
	crowd(peer, one, 0, 8);
	wire_tcp(&other, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(&other, TCP_SYN | TCP_ACK);
	leave(one, 7, 8);
	wire_tcp(&slow, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(&slow, TCP_SYN | TCP_ACK);
	by_cookie(&other);
	cr_assert_eq(wire->counters.half_open_displaced, 1);
	cr_assert_eq(wire->counters.accepted, 9);
	leave(one, 0, 1);
	wire_tcp(&slow, .flags = TCP_ACK);
	cr_assert_eq(wire->counters.accepted, 10);
	cr_assert_eq(wire->counters.cookies_accepted, 2);
	wire_forget(wire);
}

// --- no session block free ---

// The worker takes nothing: strangers stop short of the last blocks, who behaved gets one; nobody's bytes are lost.
WIRE_TEST(exhausted, a_worker_that_stands_still, .no_wait = true, .talking = 32)
{
	struct wire_peer one[32], good = stranger(peer, 101);
	struct wire *wire = peer->wire;
	remembered(&good);
	for (unsigned i = 0; i < 31; i++) {
		one[i] = stranger(peer, (uint8_t)(i + 1));
		wire_connect(&one[i]);
		wire_expect_text(&one[i], GREETING);
		wire_tcp(&one[i], .flags = TCP_ACK);
		wire_say(&one[i], "EHLO a\r\n");
	}
	cr_assert_eq(wire->counters.blocks, 30);
	cr_assert_eq(wire->counters.reason[BS_REASON_TCP_NO_ROOM], 1);
	wire_connect(&good);
	wire_expect_text(&good, GREETING);
	wire_tcp(&good, .flags = TCP_ACK);
	wire_say(&good, "EHLO a\r\n");
	cr_assert_eq(wire->counters.blocks, 31);
	wire_forget(wire);
	wire_advance(wire, 8010);
	cr_assert_eq(wire->counters.busy, 1);
	wire_forget(wire);
}

// --- the SYN cache is full ---

// Its last quarter is for those that behaved, too; strangers get a cookie.
WIRE_TEST(exhausted, half_open_room_for_the_known, .half_open = 8)
{
	struct wire_peer one[7], good = stranger(peer, 101);
	struct wire *wire = peer->wire;
	remembered(&good);
	for (unsigned i = 0; i < 7; i++) {
		one[i] = stranger(peer, (uint8_t)(i + 1));
		wire_tcp(&one[i], .flags = TCP_SYN, .mss = 1460);
	}
	cr_assert_eq(wire->counters.half_open, 6);
	cr_assert_eq(wire->counters.syn_cookies, 1);
	wire_tcp(&good, .flags = TCP_SYN, .mss = 1460);
	cr_assert_eq(wire->counters.half_open, 7);
	wire_forget(wire);
}

// --- nobody empties the notice ring, the port's transmit queue, or gives packet buffers back ---

// As when the log writer or control stands still: lines are lost and counted, the connection goes on.
WIRE_TEST(exhausted, notices_nobody_reads, .no_wait = true, .connections = 1024)
{
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < 400; i++) {
		struct wire_peer one = *peer;
		one.port = (uint16_t)(peer->port + i);
		wire_connect(&one);
		wire_tcp(&one, .flags = TCP_RST);
		wire_forget(wire);
	}
	cr_assert_gt(wire->counters.notices_lost, 100);
	cr_assert_eq(wire->counters.greeted, 400);
	cr_assert_eq(wire->counters.records, wire->counters.time_wait); // spent cookies
}

WIRE_TEST(exhausted, transmit_queue_full, .transmit_room = 2)
{
	struct wire *wire = peer->wire;
	struct wire_peer one[8];
	wire_hold(wire, true);
	for (unsigned i = 0; i < 8; i++) {
		one[i] = stranger(peer, (uint8_t)(i + 1));
		wire_tcp(&one[i], .flags = TCP_SYN, .mss = 1460);
	}
	cr_assert_eq(wire->counters.half_open, 8);
	cr_assert_eq(wire->counters.reason[BS_REASON_TX_FULL], 6);
	wire_hold(wire, false);
	wire_forget(wire);
	wire_advance(wire, 1010); // what was lost goes out again by its timer
	unsigned again = 0;
	while (wire_next(wire) != NULL)
		again++;
	cr_assert_geq(again, 2);
}

WIRE_TEST(exhausted, no_packet_buffer, .mbufs = 63)
{
	struct wire *wire = peer->wire;
	struct rte_mbuf *held[64];
	unsigned count = 0;
	wire_connect(peer);
	while (count < 64 && (held[count] = rte_pktmbuf_alloc(wire->pool)) != NULL)
		count++;
	cr_assert_gt(count, 0);
	uint64_t before = wire->counters.reason[BS_REASON_NO_MBUF];
	wire_advance(wire, 25010);
	cr_assert_gt(
		wire->counters.reason[BS_REASON_NO_MBUF], before, "the greeting found no buffer");
	rte_pktmbuf_free_bulk(held, count);
	wire_advance(wire, 1010);
	wire_expect_text(peer, GREETING);
	wire_forget(wire);
}

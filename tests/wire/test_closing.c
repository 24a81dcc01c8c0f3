// SPDX-License-Identifier: BSD-3-Clause
//
// Both closes, simultaneous close, TIME_WAIT and its reuse. A refused client is the shortest way there.
#include "tests/wire/wire.h"

// Our FIN is out and not acknowledged.
static void fin_wait_1(struct wire_peer *peer)
{
	wire_connect(peer);
	wire_say(peer, "QUIT\r\n");
	wire_say(peer, "QUIT\r\n");
	while (wire_next(peer->wire) != NULL)
		;
	peer->ack += sizeof("554 5.5.0 you spoke before the greeting\r\n221 2.0.0 bye\r\n") - 1;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
}

WIRE_TEST(closing, we_close_first)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
	wire_advance(peer->wire, 63900);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
	wire_advance(peer->wire, 200);
	cr_assert_eq(peer->wire->counters.records, 0);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(closing, both_at_once)
{
	fin_wait_1(peer);
	uint32_t ack = peer->ack;
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .ack = ack - 1); // it has not seen ours
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 0);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

WIRE_TEST(closing, fin_with_the_acknowledgement_of_ours)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

WIRE_TEST(closing, fin_is_sent_again_and_given_up)
{
	fin_wait_1(peer);
	uint32_t wait = 1000;
	for (unsigned i = 0; i < 5; i++, wait *= 2) {
		wire_advance(peer->wire, wait - 200);
		wire_expect_nothing(peer->wire);
		wire_advance(peer->wire, 210);
		wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	}
	wire_advance(peer->wire, 33000);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.timeouts, 1);
}

WIRE_TEST(closing, fin_wait_2_ends)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 64100);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(closing, data_is_acknowledged_and_thrown_away)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, "more\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq + 10, .payload = "gap");
	wire_expect_tcp(peer, TCP_ACK);
}

WIRE_TEST(closing, reset_ends_it)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq + 1);
	cr_assert_eq(peer->wire->counters.records, 1);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(closing, last_ack_sends_its_fin_again)
{
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

static void time_wait(struct wire_peer *peer)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_ACK);
}

WIRE_TEST(closing, time_wait_answers_the_fin_again)
{
	time_wait(peer);
	wire_advance(peer->wire, 30000);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .seq = peer->seq - 1);
	wire_expect_tcp(peer, TCP_ACK);
	wire_advance(peer->wire, 60000); // it began anew
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

WIRE_TEST(closing, time_wait_outlives_a_reset)
{
	time_wait(peer); // RFC 1337
	wire_expect_reason(peer->wire, BS_REASON_TCP_RESET,
		wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq));
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

WIRE_TEST(closing, the_same_ports_again)
{
	time_wait(peer);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq - 100); // an old one: not believed
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 0);
	cr_assert_eq(peer->wire->counters.half_open, 1);
}

// RFC 9293, 3.10.7.4 (MAY-2): also we begin beyond what was, whatever number a hash gives.
WIRE_TEST(closing, the_same_ports_again_and_again, .connections = 256)
{
	for (unsigned i = 0; i < 16; i++) {
		time_wait(peer);
		uint32_t past = peer->ack;
		peer->seq += 1000;
		wire_connect(peer);
		cr_assert_gt((int32_t)(peer->ack - past), 0);
		wire_tcp(peer, .flags = TCP_RST);
		wire_forget(peer->wire);
	}
}

WIRE_TEST(closing, time_wait_makes_room, .connections = 4, .half_open = 4)
{
	for (unsigned i = 0; i < 6; i++) {
		struct wire_peer other = *peer;
		other.port = (uint16_t)(1000 + i);
		time_wait(&other);
		cr_assert_leq(peer->wire->counters.time_wait, 1); // a quarter of the records
	}
	cr_assert_eq(peer->wire->counters.time_wait_recycled, 5);
}

WIRE_TEST(closing, a_fin_behind_a_gap_is_answered)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .seq = seq + 4);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .payload = "gone");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 5);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

// RFC 9293, 3.10.7.4, first and fifth: what lies outside the window, or acknowledges what was never sent, is answered with where we are.
static void does_not_fit(struct wire_peer *peer, uint32_t seq, uint32_t ack)
{
	wire_advance(peer->wire, 510); // past the gap between challenges
	wire_expect_reason(peer->wire, BS_REASON_TCP_WINDOW,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 100000, .ack = ack, .payload = "x"));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_expect_reason(peer->wire, BS_REASON_TCP_ACK,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .ack = ack + 100));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(closing, in_closing_nothing_else_counts)
{
	fin_wait_1(peer);
	uint32_t ack = peer->ack;
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .ack = ack - 1);
	wire_expect_tcp(peer, TCP_ACK);
	does_not_fit(peer, peer->seq, ack - 1);
	cr_assert_eq(peer->wire->counters.time_wait, 0);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

WIRE_TEST(closing, in_fin_wait_2_nothing_else_counts)
{
	fin_wait_1(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	does_not_fit(peer, peer->seq, peer->ack);
	cr_assert_eq(peer->wire->counters.fin_wait_2, 1);
}

WIRE_TEST(closing, in_last_ack_nothing_else_counts)
{
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	uint32_t ack = wire_expect_tcp(peer, TCP_FIN | TCP_ACK)->seq;
	does_not_fit(peer, peer->seq, ack);
	cr_assert_eq(peer->wire->counters.records, 1);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack + 1);
	cr_assert_eq(peer->wire->counters.records, 0);
}

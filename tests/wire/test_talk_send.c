// SPDX-License-Identifier: BSD-3-Clause
//
// A talking connection sends: retransmission, round trips, the windows it obeys.
#include "tests/wire/talk_case.h"

WIRE_TEST(talk_send, sends_again_with_doubling_timeouts_and_gives_up)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_reply(peer->wire, number, "250 x\r\n");
	expect_text(peer, "250 x\r\n");
	uint32_t wait = 1000;
	for (unsigned i = 0; i < 6; i++, wait *= 2) {
		wire_advance(peer->wire, wait - 200);
		wire_expect_nothing(peer->wire);
		wire_advance(peer->wire, 210);
		peer->ack -= 7;
		expect_text(peer, "250 x\r\n");
	}
	wire_advance(peer->wire, 64020);
	wire_expect_tcp(peer, TCP_RST | TCP_ACK);
	expect_events(peer->wire, number, BS_EVENT_DEAD);
	cr_assert_eq(peer->wire->counters.records, 1); // until the worker lets go
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.timeouts, 1);
}

WIRE_TEST(talk_send, three_duplicates_send_again_at_once)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_reply(peer->wire, number, "250-x\r\n");
	uint32_t ack = peer->ack;
	expect_text(peer, "250-x\r\n");
	wire_reply(peer->wire, number, "250 y\r\n");
	expect_text(peer, "250 y\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	peer->ack = ack;
	expect_text(peer, "250-x\r\n250 y\r\n");
	end(peer, number);
}

WIRE_TEST(talk_send, the_timeout_follows_the_round_trip)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	for (unsigned i = 0; i < 8; i++) {
		wire_reply(peer->wire, number, "250 x\r\n");
		expect_text(peer, "250 x\r\n");
		wire_advance(peer->wire, 900); // slower than a second with its variance
		wire_tcp(peer, .flags = TCP_ACK);
	}
	wire_reply(peer->wire, number, "250 x\r\n");
	expect_text(peer, "250 x\r\n");
	wire_advance(peer->wire, 1900);
	cr_assert_eq(peer->wire->counters.retransmits, 0);
	end(peer, number);
}

WIRE_TEST(talk_send, what_was_said_before_the_close_is_sent_again)
{
	uint32_t number = talk(peer, "QUIT\r\n");
	wire_reply(peer->wire, number, "221 bye\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	expect_text(peer, "221 bye\r\n");
	wire_advance(peer->wire, 1020);
	peer->ack -= 9;
	expect_text(peer, "221 bye\r\n");
	cr_assert_eq(peer->wire->counters.blocks, 1);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
}

// The timer of an ACK that went out earlier is no retransmission timeout.
WIRE_TEST(talk_send, an_old_acknowledgement_timer_is_no_timeout)
{
	uint32_t number = talk(peer, "one");
	wire_say(peer, "two"); // acknowledged at once; the timer of the first stands
	wire_forget(peer->wire);
	cr_assert_eq(bs_stream_write(wire_stream(peer->wire, number), "250 x\r\n", 7), 7);
	wire_advance(peer->wire, 50); // the worker's wish is still to come
	cr_assert_eq(peer->wire->counters.retransmits, 0);
	wire_wish(peer->wire, number, BS_WISH_SEND);
	wire_forget(peer->wire);
	wire_advance(peer->wire, 1020);
	cr_assert_eq(peer->wire->counters.retransmits, 1); // a second, not two
	end(peer, number);
}

// Bytes sent again have an old number and may have a new acknowledgement: the window they name counts from there.
WIRE_TEST(talk_send, the_window_goes_with_a_new_acknowledgement)
{
	char text[601];
	memset(text, 'r', 600);
	text[600] = 0;
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 1, .payload = "b", .window = 1000);
	wire_forget(peer->wire);
	wire_reply(peer->wire, number, text);
	expect_text(peer, text);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "a", .window = 100);
	wire_forget(peer->wire);
	wire_reply(peer->wire, number, text);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 100);
	end(peer, number);
}

// A path that takes less than its ends do, and whose ICMP is lost: after two retransmissions segments are as small as any path takes.
WIRE_TEST(talk_send, a_black_hole_is_left)
{
	char text[1001];
	memset(text, 'r', 1000);
	text[1000] = 0;
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_say(peer, "EHLO a\r\n");
	uint32_t number, events, ack = peer->ack;
	cr_assert(wire_event(peer->wire, &number, &events));
	wire_reply(peer->wire, number, text);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 1000);
	wire_advance(peer->wire, 1010);
	peer->ack = ack;
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 1000);
	wire_advance(peer->wire, 2010);
	peer->ack = ack;
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, peer->ipv6 ? 1000 : 536);
	end(peer, number);
}

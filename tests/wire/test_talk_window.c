// SPDX-License-Identifier: BSD-3-Clause
//
// The window that a talking connection gives: rings, promises, closed windows.
#include "dataplane/tcp/block.h"
#include "tests/wire/talk_case.h"

WIRE_TEST(talk_window, the_window_is_the_ring)
{
	char text[1025];
	memset(text, 'x', 1024);
	text[1024] = 0;
	uint32_t number = talk(peer, text);
	wire_say(peer, text); // full now
	const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(ack->window, 0);
	wire_expect_reason(peer->wire, BS_REASON_TCP_WINDOW, wire_say(peer, "probe"));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->window, 0);
	peer->seq -= 5;
	struct bs_stream *stream = wire_stream(peer->wire, number);
	bs_stream_consume(stream, 100);
	wire_wish(peer->wire, number, BS_WISH_WINDOW);
	wire_expect_nothing(peer->wire); // not worth a packet (RFC 9293, 3.8.6.2.2)
	bs_stream_consume(stream, 1000);
	wire_wish(peer->wire, number, BS_WISH_WINDOW);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->window, 1100);
	wire_say(peer, "more");
	end(peer, number);
}

// A session in DATA that scales its window; returns its number.
static uint32_t in_data(struct wire_peer *peer)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460, .has_window_scale = true, .window_scale = 7);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_say(peer, "DATA\r\n");
	uint32_t number, events;
	cr_assert(wire_event(peer->wire, &number, &events));
	expect_read(peer->wire, number, "DATA\r\n");
	return number;
}

// The same, whose ring has room for 64 KB.
static uint32_t grown(struct wire_peer *peer)
{
	uint32_t number = in_data(peer);
	wire_wish(peer->wire, number, BS_WISH_GROW);
	expect_events(peer->wire, number, BS_EVENT_GROWN);
	wire_forget(peer->wire);
	return number;
}

// What lies far ahead never takes the places of what closes the first gap.
WIRE_TEST(talk_window, keeps_places_for_what_is_near, .data_ring_size = 65536)
{
	uint32_t number = grown(peer), seq = peer->seq, far = seq + TALK_NEAR;
	for (uint32_t i = 0; i < TALK_GAPS - TALK_GAPS_NEAR; i++)
		wire_expect_reason(peer->wire, BS_REASON_ACCEPTED,
			wire_tcp(peer, .flags = TCP_ACK, .seq = far + 20 * i, .payload = "x"));
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM,
		wire_tcp(peer, .flags = TCP_ACK, .seq = far + 8000, .payload = "x"));
	wire_expect_reason(peer->wire, BS_REASON_ACCEPTED, // one that is there becomes longer
		wire_tcp(peer, .flags = TCP_ACK, .seq = far + 1, .payload = "y"));
	for (uint32_t i = 1; i <= TALK_GAPS_NEAR; i++)
		wire_expect_reason(peer->wire, BS_REASON_ACCEPTED,
			wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 2 * i, .payload = "x"));
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM,
		wire_tcp(peer, .flags = TCP_ACK, .seq = far - 1000, .payload = "x"));
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "01");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 3);
	end(peer, number);
}

WIRE_TEST(talk_window, grows_for_a_mail, .data_ring_size = 65536)
{
	uint32_t number = in_data(peer);
	wire_say(peer, "first");
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 6, .payload = "third"); // kept ahead
	expect_events(peer->wire, number, BS_EVENT_READABLE);
	wire_forget(peer->wire);
	wire_wish(peer->wire, number, BS_WISH_GROW);
	expect_events(peer->wire, number, BS_EVENT_GROWN);
	cr_assert_eq(peer->wire->counters.data_rings, 1);
	const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(ack->window, (65536 - 5) >> 4);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "second");
	expect_read(peer->wire, number, "firstsecondthird");
	end(peer, number);
}

WIRE_TEST(talk_window, grows_not_when_no_ring_is_left, .data_rings = 1, .talking = 2)
{
	uint32_t one = talk(peer, "x");
	wire_wish(peer->wire, one, BS_WISH_GROW);
	expect_events(peer->wire, one, BS_EVENT_GROWN);
	struct wire_peer other = *peer;
	other.port = 1000;
	wire_forget(peer->wire);
	uint32_t two = talk(&other, "y");
	wire_wish(peer->wire, two, BS_WISH_GROW);
	expect_events(peer->wire, two, BS_EVENT_GROWN);
	cr_assert_eq(wire_stream(peer->wire, two)->rx_mask, BS_STREAM_RX - 1);
	cr_assert_eq(peer->wire->counters.data_rings_short, 1);
	cr_assert_eq(peer->wire->counters.data_rings, 1);
	// Its mail comes by the small ring.
	wire_say(&other, "a line of the mail\r\n");
	expect_events(peer->wire, two, BS_EVENT_READABLE);
	expect_read(peer->wire, two, "ya line of the mail\r\n");
	wire_forget(peer->wire);
	wire_wish(peer->wire, one, BS_WISH_ABORT);
	end(&other, two);
}

// RFC 9293, 3.10.7.4, first step: with a window of zero valid ACKs are taken all the same. BSD's pure ACKs stand behind the
// byte that probes, others' probes carry the ACK with the byte.
WIRE_TEST(talk_window, acknowledgements_count_while_our_window_is_closed)
{
	char text[1025];
	memset(text, 'x', 1024);
	text[1024] = 0;
	uint32_t number = talk(peer, text);
	wire_say(peer, text);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->window, 0);
	wire_reply(peer->wire, number, "250 one\r\n");
	expect_text(peer, "250 one\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq, .payload = "p");
	wire_forget(peer->wire);
	cr_assert_eq(atomic_load(&wire_stream(peer->wire, number)->tx_tail), 9);
	wire_reply(peer->wire, number, "250 two\r\n");
	expect_text(peer, "250 two\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq + 1);
	cr_assert_eq(atomic_load(&wire_stream(peer->wire, number)->tx_tail), 18);
	// Only those: bytes behind the probe are not taken, nor the probe.
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq + 1, .payload = "pqr");
	cr_assert_eq(atomic_load(&wire_stream(peer->wire, number)->rx_head), 2048);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq - 1);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	end(peer, number);
}

// A FIN needs no room: who sends one at a closed window need not try again until the worker has read.
WIRE_TEST(talk_window, a_fin_is_taken_while_our_window_is_closed)
{
	char text[1025];
	memset(text, 'x', 1024);
	text[1024] = 0;
	uint32_t number = talk(peer, text);
	wire_say(peer, text);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	expect_events(peer->wire, number, BS_EVENT_READABLE | BS_EVENT_EOF);
	end(peer, number);
}

// What was promised is taken also after the worker closed: its ACKs would be missed else.
WIRE_TEST(talk_window, the_promised_window_outlives_the_data_ring)
{
	uint32_t number = in_data(peer);
	wire_wish(peer->wire, number, BS_WISH_GROW);
	wire_forget(peer->wire);
	wire_reply(peer->wire, number, "421 no\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	expect_text(peer, "421 no\r\n");
	// A segment was lost, what follows it stands deep in the window and says that the reply arrived.
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq + 30000, .payload = "behind a gap");
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
}

// Without window scaling 65535 bytes are all that can be promised: no news, no segment (three equal ones would look like a loss).
WIRE_TEST(talk_window, a_ring_larger_than_the_field_tells_no_news, .data_ring_size = 262144)
{
	uint32_t number = talk(peer, "DATA\r\n");
	expect_read(peer->wire, number, "DATA\r\n");
	wire_wish(peer->wire, number, BS_WISH_GROW);
	wire_forget(peer->wire);
	wire_advance(peer->wire, 50);
	wire_forget(peer->wire);
	for (unsigned i = 0; i < 3; i++) {
		wire_wish(peer->wire, number, BS_WISH_WINDOW);
		wire_expect_nothing(peer->wire);
	}
	end(peer, number);
}

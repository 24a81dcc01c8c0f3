// SPDX-License-Identifier: BSD-3-Clause
//
// A talking connection: bytes to the worker and back, order, windows, retransmission, the worker's wishes.
#include "tests/wire/wire.h"

#define GREETING_LENGTH (sizeof("220 mx1.example.org ESMTP\r\n") - 1)

// Connects, waits, reads the greeting, says `text`; returns the stream.
static uint32_t talk(struct wire_peer *peer, const char *text)
{
	uint32_t number = 0, events = 0;
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, text);
	cr_assert(wire_event(peer->wire, &number, &events));
	cr_assert_eq(events, BS_EVENT_OPEN | BS_EVENT_READABLE);
	return number;
}

static void expect_events(struct wire *wire, uint32_t number, uint32_t expected)
{
	uint32_t other, events = 0;
	cr_assert(wire_event(wire, &other, &events), "no event");
	cr_assert_eq(other, number);
	cr_assert_eq(events, expected, "events %x", events);
}

static void expect_read(struct wire *wire, uint32_t number, const char *text)
{
	struct bs_stream *stream = wire_stream(wire, number);
	const uint8_t *bytes;
	size_t done = 0, length = strlen(text);
	while (done < length) {
		uint32_t count = bs_stream_peek(stream, &bytes);
		cr_assert(count > 0, "only %zu bytes of %zu", done, length);
		if (count > length - done)
			count = (uint32_t)(length - done);
		cr_assert(memcmp(bytes, text + done, count) == 0, "%.*s", (int)count, bytes);
		bs_stream_consume(stream, count);
		done += count;
	}
}

static void expect_unreadable(struct wire *wire, uint32_t number)
{
	const uint8_t *bytes;
	cr_assert_eq(bs_stream_peek(wire_stream(wire, number), &bytes), 0);
}

static void expect_text(struct wire_peer *peer, const char *text)
{
	const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(
		frame->payload_length, strlen(text), "%.*s", frame->payload_length, frame->payload);
	cr_assert(memcmp(frame->payload, text, strlen(text)) == 0);
}

static void end(struct wire_peer *peer, uint32_t number)
{
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	cr_assert_eq(peer->wire->counters.data_rings, 0);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(talk, both_ways)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	const struct bs_client *client = &wire_stream(peer->wire, number)->client;
	cr_assert(bs_address_equal(&client->address, &peer->address));
	cr_assert_eq(client->port, peer->port);
	cr_assert_eq(client->local_port, 25);
	expect_read(peer->wire, number, "EHLO a\r\n");
	wire_reply(peer->wire, number, "250 hello\r\n");
	expect_text(peer, "250 hello\r\n"); // the ACK of EHLO travels with it
	wire_say(peer, "QUIT\r\n");
	expect_events(peer->wire, number, BS_EVENT_READABLE);
	expect_read(peer->wire, number, "QUIT\r\n");
	wire_reply(peer->wire, number, "221 bye\r\n");
	expect_text(peer, "221 bye\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.blocks, 0);
}

WIRE_TEST(talk, acknowledges_late_when_the_worker_is_slow)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 50);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	wire_expect_nothing(peer->wire);
	end(peer, number);
}

WIRE_TEST(talk, acknowledges_every_second_segment)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_say(peer, "NOOP\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	end(peer, number);
}

WIRE_TEST(talk, puts_segments_in_order)
{
	uint32_t number = talk(peer, "a");
	wire_forget(peer->wire);
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 4, .payload = "fg");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 2, .payload = "d");
	wire_expect_tcp(peer, TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 3, .payload = "ef"); // joins two
	wire_expect_tcp(peer, TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "bcd");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 6);
	expect_read(peer->wire, number, "abcdefg");
	expect_unreadable(peer->wire, number);
	end(peer, number);
}

WIRE_TEST(talk, reports_gaps_by_sack)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460, .sack_permitted = true);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_say(peer, "a");
	uint32_t seq = peer->seq, number, events;
	cr_assert(wire_event(peer->wire, &number, &events));
	wire_forget(peer->wire);
	for (unsigned i = 1; i <= 5; i++) {
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + i * 10, .payload = "x");
		const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
		unsigned ranges = i < 4 ? i : 4; // the fifth finds no place and is not kept
		cr_assert_eq(ack->sack_count, ranges);
		cr_assert_eq(ack->sack[0][0], seq + ranges * 10);
		cr_assert_eq(ack->sack[0][1], seq + ranges * 10 + 1);
	}
	end(peer, number);
}

WIRE_TEST(talk, old_and_overlapping_bytes)
{
	uint32_t number = talk(peer, "abc");
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq - 3, .payload = "ABCde");
	wire_forget(peer->wire);
	wire_expect_reason(peer->wire, BS_REASON_TCP_WINDOW,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq - 3, .payload = "ABC"));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 2);
	expect_read(peer->wire, number, "abcde");
	expect_unreadable(peer->wire, number);
	end(peer, number);
}

WIRE_TEST(talk, the_window_is_the_ring)
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

WIRE_TEST(talk, grows_for_a_mail, .data_ring_size = 65536)
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
	wire_say(peer, "first");
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 6, .payload = "third"); // kept ahead
	expect_events(peer->wire, number, BS_EVENT_READABLE);
	wire_forget(peer->wire);
	wire_wish(peer->wire, number, BS_WISH_GROW);
	expect_events(peer->wire, number, BS_EVENT_GROWN);
	cr_assert_eq(peer->wire->counters.data_rings, 1);
	const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(ack->window, (65536 - 5) >> 2);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "second");
	expect_read(peer->wire, number, "firstsecondthird");
	end(peer, number);
}

WIRE_TEST(talk, grows_not_when_no_ring_is_left, .data_rings = 1, .talking = 2)
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
	wire_wish(peer->wire, one, BS_WISH_ABORT);
	end(&other, two);
}

WIRE_TEST(talk, the_ring_wraps)
{
	uint32_t number = talk(peer, "start");
	expect_read(peer->wire, number, "start");
	char text[701];
	for (unsigned round = 0; round < 12; round++) {
		for (unsigned i = 0; i < 700; i++)
			text[i] = (char)('a' + (i * 7 + round) % 26);
		text[700] = 0;
		wire_say(peer, text);
		expect_read(peer->wire, number, text);
		wire_wish(peer->wire, number, BS_WISH_WINDOW);
		wire_reply(peer->wire, number, text);
		wire_forget(peer->wire);
		peer->ack += 700;
		wire_tcp(peer, .flags = TCP_ACK);
	}
	end(peer, number);
}

WIRE_TEST(talk, sends_again_with_doubling_timeouts_and_gives_up)
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

WIRE_TEST(talk, three_duplicates_send_again_at_once)
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

WIRE_TEST(talk, the_timeout_follows_the_round_trip)
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

WIRE_TEST(talk, tells_the_worker_of_room)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	char text[1025];
	memset(text, 'r', 1024);
	text[1024] = 0;
	wire_reply(peer->wire, number, text);
	wire_forget(peer->wire);
	peer->ack += 1024;
	cr_assert_eq(bs_stream_write(wire_stream(peer->wire, number), "x", 1), 0);
	wire_wish(peer->wire, number, BS_WISH_ROOM);
	uint32_t other, events;
	cr_assert_not(wire_event(peer->wire, &other, &events));
	wire_tcp(peer, .flags = TCP_ACK);
	expect_events(peer->wire, number, BS_EVENT_WRITABLE);
	wire_wish(peer->wire, number, BS_WISH_ROOM); // there is room already
	expect_events(peer->wire, number, BS_EVENT_WRITABLE);
	end(peer, number);
}

WIRE_TEST(talk, a_closed_window_is_probed)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	wire_forget(peer->wire);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 0);
	uint32_t wait = 1000;
	for (unsigned i = 0; i < 9; i++) { // as long as it answers it is alive
		wire_advance(peer->wire, wait + 60);
		const struct wire_frame *probe = wire_next(peer->wire);
		while (probe != NULL && probe->payload_length == 0)
			probe = wire_next(peer->wire);
		cr_assert_not_null(probe);
		cr_assert_eq(probe->payload_length, 1);
		cr_assert_eq(probe->seq, ack);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
		wait = wait < 64000 ? wait * 2 : wait;
	}
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	peer->ack = ack;
	expect_text(peer, "250 x\r\n");
	end(peer, number);
}

WIRE_TEST(talk, a_window_closed_for_good_is_given_up_after_the_worker_let_go)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "421 x\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	for (unsigned i = 0; i < 200 && peer->wire->counters.records > 0; i++) {
		wire_advance(peer->wire, 1000);
		wire_forget(peer->wire);
		if (peer->wire->counters.records > 0)
			wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
	}
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
}

WIRE_TEST(talk, half_close)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK | TCP_PSH, .payload = "QUIT\r\n");
	expect_events(peer->wire, number, BS_EVENT_READABLE | BS_EVENT_EOF);
	expect_read(peer->wire, number, "EHLO a\r\nQUIT\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	wire_reply(peer->wire, number, "221 bye\r\n");
	expect_text(peer, "221 bye\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(talk, a_fin_ahead_of_a_gap_waits)
{
	uint32_t number = talk(peer, "a");
	wire_forget(peer->wire);
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .seq = seq + 1, .payload = "c");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "b");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 3);
	expect_events(peer->wire, number, BS_EVENT_READABLE | BS_EVENT_EOF);
	expect_read(peer->wire, number, "abc");
	end(peer, number);
}

WIRE_TEST(talk, reset_tells_the_worker)
{
	uint32_t number = talk(peer, "a");
	wire_expect_reason(peer->wire, BS_REASON_TCP_RESET,
		wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq + 1));
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq);
	expect_events(peer->wire, number, BS_EVENT_DEAD);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_STRAY, wire_tcp(peer, .flags = TCP_ACK, .payload = "x"));
	wire_wish(peer->wire, number, BS_WISH_SEND | BS_WISH_WINDOW | BS_WISH_GROW | BS_WISH_ROOM);
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.blocks, 0);
}

WIRE_TEST(talk, unread_bytes_never_turn_a_close_into_a_reset)
{
	uint32_t number = talk(peer, "EHLO a\r\nunread\r\n");
	wire_reply(peer->wire, number, "421 go\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	expect_text(peer, "421 go\r\n");
	wire_say(peer, "still talking\r\n");
	const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(ack->ack, peer->seq);
	cr_assert(ack->window > 0);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_say(peer, "and on\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
	cr_assert_eq(peer->wire->counters.resets_sent, 0);
}

WIRE_TEST(talk, what_was_said_before_the_close_is_sent_again)
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

WIRE_TEST(talk, a_block_is_used_again_with_a_stale_doorbell, .talking = 1)
{
	uint32_t number = talk(peer, "a");
	wire_tcp(
		peer, .flags = TCP_ACK, .payload = "b"); // READABLE: the doorbell stays in the ring
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
	struct wire_peer other = *peer;
	other.port = 1000;
	wire_connect(&other);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	other.ack += GREETING_LENGTH;
	wire_say(&other, "c");
	expect_events(peer->wire, number, BS_EVENT_OPEN | BS_EVENT_READABLE);
	uint32_t again, events;
	cr_assert_not(wire_event(peer->wire, &again, &events));
	expect_read(peer->wire, number, "c");
	end(&other, number);
}

WIRE_TEST(talk, follows_the_mac_address)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint8_t moved[6] = {0x02, 1, 2, 3, 4, 5};
	peer->wire->ports.port[0].gateway4.configured = false;
	peer->wire->ports.port[0].gateway6.configured = false;
	memcpy(peer->mac, moved, sizeof(moved));
	wire_tcp(peer, .flags = TCP_ACK, .payload = "x");
	const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
	cr_assert(memcmp(ack->to, moved, 6) == 0);
	end(peer, number);
}

// RFC 9293, 3.10.7.4, first step: with a window of zero valid ACKs are taken all the same. BSD's pure ACKs stand behind the
// byte that probes, others' probes carry the ACK with the byte.
WIRE_TEST(talk, acknowledgements_count_while_our_window_is_closed)
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
WIRE_TEST(talk, a_fin_is_taken_while_our_window_is_closed)
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
WIRE_TEST(talk, the_promised_window_outlives_the_data_ring)
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
WIRE_TEST(talk, a_ring_larger_than_the_field_tells_no_news, .data_ring_size = 262144)
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

// The timer of an ACK that went out earlier is no retransmission timeout.
WIRE_TEST(talk, an_old_acknowledgement_timer_is_no_timeout)
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

WIRE_TEST(talk, a_window_that_opens_ends_the_backoff_of_its_probes)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	for (unsigned i = 0; i < 4; i++) { // 1 + 2 + 4 + 8 s
		wire_advance(peer->wire, (1000u << i) + 20);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
	}
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	peer->ack = ack;
	expect_text(peer, "250 x\r\n"); // and lost
	wire_advance(peer->wire, 1020);
	peer->ack = ack;
	expect_text(peer, "250 x\r\n");
	end(peer, number);
}

// A stranger's flood of challenges must not cost a client the ACK of what he sends again.
WIRE_TEST(talk, bytes_sent_again_are_acknowledged_whatever_others_do)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq - 8, .payload = "EHLO a\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	end(peer, number);
}

// A client that opens its window between our probes and takes nothing holds its block no longer than others.
WIRE_TEST(talk, a_client_that_takes_nothing_is_given_up_after_the_worker_let_go)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "421 x\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	for (unsigned i = 0; i < 300 && peer->wire->counters.records > 0; i++) {
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .zero_window = true);
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .window = 1);
		wire_advance(peer->wire, 1000);
		wire_forget(peer->wire);
	}
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
}

// Bytes sent again have an old number and may have a new acknowledgement: the window they name counts from there.
WIRE_TEST(talk, the_window_goes_with_a_new_acknowledgement)
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

// Many clients drop what stands behind their closed window, and its acknowledgement with it.
WIRE_TEST(talk, acknowledgements_stand_inside_a_closed_window)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	wire_advance(peer->wire, 1060); // a probe is under way
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack, .payload = "NOOP\r\n", .zero_window = true);
	const struct wire_frame *answer = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(answer->payload_length, 0);
	cr_assert_eq(answer->ack, peer->seq);
	cr_assert_eq(answer->seq, ack);
	end(peer, number);
}

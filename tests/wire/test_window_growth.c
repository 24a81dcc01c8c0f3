// SPDX-License-Identifier: BSD-3-Clause
//
// The receive window of a mail under way: it grows for who is held up by it, within bounds, and what was promised stands.
#include "tests/wire/talk_case.h"

#define SEGMENT 1024u

// As talk(), with window scaling, and a data ring as at DATA.
static uint32_t data(struct wire_peer *peer)
{
	uint32_t number, events;
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460, .has_window_scale = true, .window_scale = 7);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_say(peer, "DATA\r\n");
	cr_assert(wire_event(peer->wire, &number, &events));
	expect_read(peer->wire, number, "DATA\r\n");
	wire_wish(peer->wire, number, BS_WISH_GROW);
	expect_events(peer->wire, number, BS_EVENT_GROWN);
	wire_forget(peer->wire);
	return number;
}

// Sends `count` segments, `pause` ms apart, that the worker reads; true when it was told that the ring is small.
static bool mail(struct wire_peer *peer, uint32_t number, unsigned count, uint32_t pause)
{
	char text[SEGMENT + 1];
	uint32_t other, events;
	bool cramped = false;
	for (unsigned i = 0; i < count; i++) {
		memset(text, (int)('a' + i % 26), SEGMENT);
		text[SEGMENT] = 0;
		wire_say(peer, text);
		if (pause > 0)
			wire_advance(peer->wire, pause);
		expect_read(peer->wire, number, text);
		while (wire_event(peer->wire, &other, &events))
			cramped |= (events & BS_EVENT_CRAMPED) != 0;
		wire_wish(peer->wire, number, BS_WISH_WINDOW);
		wire_forget(peer->wire);
	}
	return cramped;
}

static uint32_t ring(struct wire_peer *peer, uint32_t number)
{
	return wire_stream(peer->wire, number)->rx_mask + 1;
}

static void grow(struct wire_peer *peer, uint32_t number)
{
	wire_wish(peer->wire, number, BS_WISH_GROW);
	expect_events(peer->wire, number, BS_EVENT_GROWN);
	wire_forget(peer->wire);
}

WIRE_TEST(growth, a_fast_sender_gets_a_megabyte, .data_rings = 64)
{
	uint32_t number = data(peer);
	for (uint32_t size = 65536; size < 1048576; size *= 2) {
		cr_assert_eq(ring(peer, number), size);
		cr_assert(mail(peer, number, size / 2 / SEGMENT, 0), "%u", size);
		grow(peer, number);
	}
	cr_assert_eq(ring(peer, number), 1048576);
	cr_assert_not(mail(peer, number, 2048, 0)); // as large as it gets
	cr_assert_eq(peer->wire->counters.windows_grown, 4);
	cr_assert_eq(peer->wire->counters.data_rings, 1);
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq - 1);
	cr_assert_geq((uint32_t)wire_expect_tcp(peer, TCP_ACK)->window << 4, 500000);
	end(peer, number);
}

WIRE_TEST(growth, a_slow_sender_keeps_what_it_has, .data_rings = 64)
{
	uint32_t number = data(peer);
	cr_assert_not(mail(peer, number, 200, 10));
	cr_assert_eq(ring(peer, number), 65536);
	end(peer, number);
}

// It is not the window that holds it up, and what is under way has gaps enough.
WIRE_TEST(growth, none_where_segments_are_lost, .data_rings = 64)
{
	uint32_t number = data(peer);
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq + 40000, .payload = "ahead of a gap");
	wire_forget(peer->wire);
	cr_assert_not(mail(peer, number, 32768 / SEGMENT, 0));
	end(peer, number);
}

// Half a window in less than a round trip: it is the window that holds it up.
WIRE_TEST(growth, a_distant_sender_grows_at_the_pace_of_its_round_trips, .data_rings = 64)
{
	uint32_t number = data(peer);
	for (unsigned i = 0; i < 8; i++) { // a round trip of 600 ms
		wire_reply(peer->wire, number, "354 go\r\n");
		wire_advance(peer->wire, 600);
		wire_forget(peer->wire);
		peer->ack += 8;
		wire_tcp(peer, .flags = TCP_ACK);
	}
	wire_forget(peer->wire);
	cr_assert_not(mail(peer, number, 33, 20)); // 660 ms
	cr_assert(mail(peer, number, 64, 10));
	end(peer, number);
}

// Half of the memory stays for those who have none yet.
WIRE_TEST(growth, bounded_in_total, .data_rings = 8)
{
	uint32_t number = data(peer);
	cr_assert(mail(peer, number, 32, 0));
	grow(peer, number);
	cr_assert_eq(ring(peer, number), 131072);
	cr_assert_not(mail(peer, number, 64, 0));
	grow(peer, number); // asked for all the same
	cr_assert_eq(ring(peer, number), 131072);
	end(peer, number);
}

WIRE_TEST(growth, bounded_for_each, .data_rings = 64, .data_ring_most = 131072)
{
	uint32_t number = data(peer);
	cr_assert(mail(peer, number, 32, 0));
	grow(peer, number);
	cr_assert_not(mail(peer, number, 256, 0));
	cr_assert_eq(ring(peer, number), 131072);
	end(peer, number);
}

// Without window scaling a larger ring could not be told of.
WIRE_TEST(growth, not_without_scaling, .data_rings = 64)
{
	uint32_t number = talk(peer, "DATA\r\n");
	expect_read(peer->wire, number, "DATA\r\n");
	grow(peer, number);
	cr_assert_not(mail(peer, number, 256, 0));
	cr_assert_eq(ring(peer, number), 65536);
	end(peer, number);
}

// What lies in the ring, unread and ahead of a gap, moves along, also over its end.
WIRE_TEST(growth, nothing_is_lost, .data_rings = 64)
{
	uint32_t number = data(peer);
	mail(peer, number, 63, 5);
	char text[SEGMENT + 1], first[SEGMENT + 1];
	memset(first, '1', SEGMENT);
	first[SEGMENT] = text[SEGMENT] = 0;
	wire_say(peer, first);
	uint32_t seq = peer->seq;
	memset(text, '3', SEGMENT);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + SEGMENT, .payload = text);
	uint32_t other, events;
	while (wire_event(peer->wire, &other, &events))
		;
	grow(peer, number);
	cr_assert_eq(ring(peer, number), 131072);
	expect_read(peer->wire, number, first);
	memset(text, '2', SEGMENT);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = text);
	expect_read(peer->wire, number, text);
	memset(text, '3', SEGMENT);
	expect_read(peer->wire, number, text);
	end(peer, number);
}

// RFC 9293, 3.8.6: the right edge never moves back, also when the ring has gone and the connection closes.
WIRE_TEST(growth, a_promise_outlives_the_session_block)
{
	uint32_t number = data(peer);
	mail(peer, number, 4, 5);
	wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq - 1);
	const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
	uint32_t edge = frame->ack + ((uint32_t)frame->window << 4);
	wire_reply(peer->wire, number, "421 no\r\n");
	expect_text(peer, "421 no\r\n");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
	wire_say(peer, "more\r\n"); // in the second that it has to close first
	frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_geq((int32_t)(frame->ack + ((uint32_t)frame->window << 4) - edge), 0);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	// Deep in the window, behind what was lost: its acknowledgement of our FIN counts.
	wire_tcp(peer, .flags = TCP_ACK, .seq = edge - 100, .payload = "behind a gap");
	cr_assert_eq(peer->wire->counters.fin_wait_2, 1);
	frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_geq((int32_t)(frame->ack + ((uint32_t)frame->window << 4) - edge), 0);
}

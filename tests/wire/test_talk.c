// SPDX-License-Identifier: BSD-3-Clause
//
// A talking connection as a whole: bytes to the worker and back, its wishes, its end.
#include "tests/wire/talk_case.h"

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

// CLOSE-WAIT: the client has said all it wants to, and is answered as long as the worker likes; what does not fit changes nothing.
WIRE_TEST(talk, in_close_wait_it_goes_on)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_forget(peer->wire);
	uint32_t seq = peer->seq, ack = peer->ack;
	wire_expect_reason(peer->wire, BS_REASON_TCP_WINDOW,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 100000, .payload = "x"));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_expect_reason(peer->wire, BS_REASON_TCP_ACK,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .ack = ack + 100));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "behind the FIN");
	wire_forget(peer->wire);
	expect_read(peer->wire, number, "EHLO a\r\n");
	expect_unreadable(peer->wire, number);
	peer->seq = seq;
	peer->ack = ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	expect_text(peer, "250 x\r\n");
	end(peer, number);
}

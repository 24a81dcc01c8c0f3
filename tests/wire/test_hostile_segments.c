// SPDX-License-Identifier: BSD-3-Clause
//
// Segments that a client with bad intentions, or somebody who guesses, sends into a live connection: each changes nothing
// and costs at most one answer.
#include "tests/wire/talk_case.h"

// RFC 3168, 6.1.1; RFC 7323, 3.2: we negotiate neither ECN nor timestamps, for we say too little to gain from them.
WIRE_TEST(hostile, neither_ecn_nor_timestamps)
{
	static const uint8_t timestamps[12] = {1, 1, 8, 10, 0, 0, 0, 1};
	wire_tcp(peer, .flags = TCP_SYN | TCP_ECE | TCP_CWR, .options = timestamps,
		.options_length = sizeof(timestamps));
	const struct wire_frame *answer = wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(answer->flags, TCP_SYN | TCP_ACK); // the harness knows no timestamp of ours
}

// RFC 6093, 5: urgent data is data.
WIRE_TEST(hostile, urgent_means_nothing)
{
	uint32_t number = talk(peer, "a");
	wire_tcp(peer, .flags = TCP_ACK | TCP_URG, .payload = "b");
	expect_read(peer->wire, number, "ab");
	wire_forget(peer->wire);
	end(peer, number);
}

WIRE_TEST(hostile, fin_and_reset_outside_the_window)
{
	uint32_t number = talk(peer, "a");
	wire_advance(peer->wire, 50);
	wire_forget(peer->wire);
	wire_expect_reason(peer->wire, BS_REASON_TCP_WINDOW,
		wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .seq = peer->seq + 5000));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	wire_expect_reason(peer->wire, BS_REASON_TCP_RESET,
		wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq + 5000));
	wire_expect_nothing(peer->wire);
	uint32_t other, events;
	cr_assert_not(wire_event(peer->wire, &other, &events));
	end(peer, number);
}

// An acknowledgement again and again: three are a sign of loss, a thousand are no more than that.
WIRE_TEST(hostile, replayed_acknowledgements)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t ack = peer->ack;
	wire_reply(peer->wire, number, "250 x\r\n");
	wire_forget(peer->wire);
	for (unsigned i = 0; i < 600; i++)
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	cr_assert_eq(peer->wire->counters.retransmits, 1);
	wire_forget(peer->wire);
	end(peer, number);
}

// RFC 5961, 5: who acknowledges what was never sent is told where we are, once in a while.
WIRE_TEST(hostile, acknowledgements_of_the_future)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_advance(peer->wire, 50);
	wire_forget(peer->wire);
	for (unsigned i = 0; i < 200; i++)
		wire_expect_reason(peer->wire, BS_REASON_TCP_ACK,
			wire_tcp(peer, .flags = TCP_ACK, .ack = peer->ack + 1 + i));
	wire_expect_tcp(peer, TCP_ACK);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.challenges_held, 199);
	end(peer, number);
}

// A byte a segment: every second one is acknowledged, nothing is kept but the bytes.
WIRE_TEST(hostile, one_byte_segments)
{
	uint32_t number = talk(peer, "a");
	wire_forget(peer->wire);
	uint64_t sent = peer->wire->counters.tx_packets;
	for (unsigned i = 0; i < 1000; i++)
		wire_say(peer, "b");
	cr_assert_leq(peer->wire->counters.tx_packets - sent, 501);
	cr_assert_eq(atomic_load(&wire_stream(peer->wire, number)->rx_head), 1001);
	cr_assert_eq(peer->wire->counters.tiny, 1000);
	wire_say(peer, ".\r\n");
	cr_assert_eq(peer->wire->counters.tiny, 1000);
	cr_assert_eq(peer->wire->counters.blocks, 1);
	wire_forget(peer->wire);
	end(peer, number);
}

// A bit that a bad cable turned, in any octet of a segment to a live connection: nothing of it is taken, and what was meant is, when it comes.
WIRE_TEST(hostile, damaged_anywhere)
{
	struct wire *wire = peer->wire;
	uint32_t number = talk(peer, "x"), begin = peer->ipv6 ? 14 + 40 : 14 + 20;
	struct wire_bytes bytes;
	expect_read(wire, number, "x");
	wire_forget(wire);
	struct wire_packet packet = {
		.flags = TCP_ACK, .seq = peer->seq, .payload = "MAIL FROM:<>\r\n"};
	wire_build_ip(peer, PROTOCOL_TCP, &packet, &bytes);
	for (uint32_t i = begin; i < bytes.length; i++) {
		bytes.byte[i] ^= (uint8_t)(1u << i % 8);
		uint64_t before = wire->counters.reason[BS_REASON_ACCEPTED];
		wire_inject(wire, bytes.byte, bytes.length, 0);
		cr_assert_eq(wire->counters.reason[BS_REASON_ACCEPTED], before, "octet %u", i);
		bytes.byte[i] ^= (uint8_t)(1u << i % 8);
	}
	cr_assert_geq(wire->counters.reason[BS_REASON_TCP_CHECKSUM], 16);
	expect_unreadable(wire, number);
	wire_expect_nothing(wire);
	wire_inject(wire, bytes.byte, bytes.length, 0);
	expect_read(wire, number, "MAIL FROM:<>\r\n");
	end(peer, number);
}

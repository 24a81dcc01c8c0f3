// SPDX-License-Identifier: BSD-3-Clause
//
// A talking connection receives: order, gaps, overlaps, acknowledgements.
#include "tests/wire/talk_case.h"

WIRE_TEST(talk_receive, acknowledges_late_when_the_worker_is_slow)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 50);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	wire_expect_nothing(peer->wire);
	end(peer, number);
}

WIRE_TEST(talk_receive, acknowledges_every_second_segment)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	wire_say(peer, "NOOP\r\n");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	end(peer, number);
}

WIRE_TEST(talk_receive, puts_segments_in_order)
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

WIRE_TEST(talk_receive, reports_gaps_by_sack)
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

WIRE_TEST(talk_receive, old_and_overlapping_bytes)
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

WIRE_TEST(talk_receive, the_ring_wraps)
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

WIRE_TEST(talk_receive, a_fin_ahead_of_a_gap_waits)
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

// A stranger's flood of challenges must not cost a client the ACK of what he sends again.
WIRE_TEST(talk_receive, bytes_sent_again_are_acknowledged_whatever_others_do)
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

// Nobody can show the worker another text than whoever looked at the wire first.
WIRE_TEST(talk_receive, of_overlapping_segments_the_first_wins)
{
	uint32_t number = talk(peer, "a");
	uint32_t seq = peer->seq;
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 2, .payload = "cd");
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 6, .payload = "gh");
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 1, .payload = "bXXefXXi"); // ahead, over both
	wire_tcp(
		peer, .flags = TCP_ACK, .seq = seq, .payload = "0YYYYYYYYYj"); // in order, over all
	expect_read(peer->wire, number, "a0bcdefghiYj");
	wire_forget(peer->wire);
	end(peer, number);
}

// Four gaps are kept (RFC 2018, 3); bytes ahead of a fifth are not, and come again.
WIRE_TEST(talk_receive, a_fifth_gap_has_no_room)
{
	uint32_t number = talk(peer, "a");
	uint32_t seq = peer->seq;
	for (uint32_t i = 1; i <= 4; i++)
		wire_expect_reason(peer->wire, BS_REASON_ACCEPTED,
			wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 2 * i, .payload = "x"));
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 10, .payload = "x"));
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "123456789");
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 9, .payload = "y");
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 10, .payload = "z");
	expect_read(peer->wire, number, "a12x4x6x8xyz");
	wire_forget(peer->wire);
	end(peer, number);
}

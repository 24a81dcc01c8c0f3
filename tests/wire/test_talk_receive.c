// SPDX-License-Identifier: BSD-3-Clause
//
// A talking connection receives: order, gaps, overlaps, acknowledgements.
#include "dataplane/tcp/block.h"
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
	for (unsigned i = 1; i <= TALK_GAPS + 1; i++) {
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + i * 10, .payload = "x");
		const struct wire_frame *ack = wire_expect_tcp(peer, TCP_ACK);
		unsigned kept = i < TALK_GAPS
					? i
					: TALK_GAPS; // one more finds no place and is not kept
		cr_assert_eq(ack->sack_count, kept < 4 ? kept : 4);
		cr_assert_eq(ack->sack[0][0], seq + kept * 10);
		cr_assert_eq(ack->sack[0][1], seq + kept * 10 + 1);
	}
	// What could not be told was kept: the first gap closed, the ACK goes as far as the second.
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = "0123456789");
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 11);
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

// Of 500 segments each tenth is lost: nothing else need come again.
WIRE_TEST(talk_receive, keeps_what_a_bad_network_lets_through)
{
	uint32_t number = talk(peer, "a");
	uint32_t seq = peer->seq;
	expect_read(peer->wire, number, "a");
	for (uint32_t i = 0; i < 500; i++)
		if (i % 10 != 0)
			wire_expect_reason(peer->wire, BS_REASON_ACCEPTED,
				wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 4 * i,
					.payload = "abcd"));
	wire_forget(peer->wire);
	for (uint32_t i = 0; i < 500; i += 10) {
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 4 * i, .payload = "abcd");
		cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq + 4 * (i + 10));
	}
	end(peer, number);
}

// So many gaps are kept; bytes ahead of one more are not, and come again.
WIRE_TEST(talk_receive, one_gap_too_many_has_no_room)
{
	uint32_t number = talk(peer, "a");
	uint32_t seq = peer->seq, last = 2 * TALK_GAPS;
	char before[2 * TALK_GAPS + 1], all[2 * TALK_GAPS + 5] = "a";
	for (uint32_t i = 1; i <= TALK_GAPS; i++)
		wire_expect_reason(peer->wire, BS_REASON_ACCEPTED,
			wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 2 * i, .payload = "x"));
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + last + 2, .payload = "x"));
	for (uint32_t i = 0; i <= last; i++) {
		before[i] = (char)('0' + i % 10);
		all[1 + i] = i > 0 && i % 2 == 0 ? 'x' : before[i];
	}
	memcpy(all + last + 2, "yz", 3);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq, .payload = before, .payload_length = last + 1);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + last + 1, .payload = "y");
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .seq = seq + last + 2, .payload = "z");
	expect_read(peer->wire, number, all);
	wire_forget(peer->wire);
	end(peer, number);
}

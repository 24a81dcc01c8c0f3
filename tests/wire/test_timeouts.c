// SPDX-License-Identifier: BSD-3-Clause
//
// When exactly something is sent again: not a millisecond early, and not late (RFC 6298, RFC 5681).
#include "tests/wire/talk_case.h"

#define REPLY "250 x\r\n"

// Nothing until `ms` have passed; then what comes is of these flags and begins at `seq`.
static void comes_after(struct wire_peer *peer, uint32_t ms, uint8_t flags, uint32_t seq)
{
	wire_advance(peer->wire, ms - 1);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 1);
	cr_assert_eq(wire_expect_tcp(peer, flags)->seq, seq);
	wire_expect_nothing(peer->wire);
}

// RFC 6298, 5.5: each timeout is twice the one before.
WIRE_TEST(timeouts, of_data_double)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t seq = peer->ack;
	wire_reply(peer->wire, number, REPLY);
	expect_text(peer, REPLY);
	for (uint32_t ms = 1000; ms <= 32000; ms *= 2)
		comes_after(peer, ms, TCP_ACK, seq);
	comes_after(peer, 64000, TCP_RST | TCP_ACK, seq + sizeof(REPLY) - 1);
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
}

// RFC 6298, 5.3: an acknowledgement of something new starts the timer again, with the timeout of the round trip.
WIRE_TEST(timeouts, begin_anew_with_an_acknowledgement)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t seq = peer->ack;
	wire_reply(peer->wire, number, REPLY);
	wire_forget(peer->wire);
	comes_after(peer, 1000, TCP_ACK, seq);
	wire_advance(peer->wire, 500);
	wire_tcp(peer, .flags = TCP_ACK, .ack = seq + 3);
	comes_after(peer, 1000, TCP_ACK, seq + 3);
	comes_after(peer, 2000, TCP_ACK, seq + 3);
	end(peer, number);
}

WIRE_TEST(timeouts, of_the_syn_ack)
{
	wire_tcp(peer, .flags = TCP_SYN);
	uint32_t seq = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	for (uint32_t ms = 1000; ms <= 4000; ms *= 2)
		comes_after(peer, ms, TCP_SYN | TCP_ACK, seq);
	wire_advance(peer->wire, 7999);
	cr_assert_eq(peer->wire->counters.half_open, 1);
	wire_advance(peer->wire, 1);
	cr_assert_eq(peer->wire->counters.half_open, 0);
}

WIRE_TEST(timeouts, of_the_greeting)
{
	wire_connect(peer);
	uint32_t seq = peer->ack;
	comes_after(peer, 25000, TCP_ACK, seq);
	for (uint32_t ms = 1000; ms <= 32000; ms *= 2)
		comes_after(peer, ms, TCP_ACK, seq);
	comes_after(peer, 64000, TCP_RST | TCP_ACK, seq);
}

// RFC 6298, 5.7: a SYN-ACK that had to be sent again says that the path is slower than a second: no timeout of data is under three.
WIRE_TEST(timeouts, are_longer_where_the_syn_ack_was_sent_again)
{
	wire_tcp(peer, .flags = TCP_SYN);
	uint32_t seq = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	comes_after(peer, 1000, TCP_SYN | TCP_ACK, seq++);
	wire_tcp(peer, .flags = TCP_ACK);
	comes_after(peer, 25000, TCP_ACK, seq);
	comes_after(peer, 4000, TCP_ACK, seq);
	comes_after(peer, 8000, TCP_ACK, seq);
	wire_tcp(peer, .flags = TCP_RST);
}

// RFC 5681, 3.2: with the third duplicate and not before, once, and the timer goes on from the segment that was lost.
WIRE_TEST(timeouts, fast_retransmit_does_not_wait)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t seq = peer->ack;
	wire_reply(peer->wire, number, REPLY);
	wire_forget(peer->wire);
	wire_advance(peer->wire, 300);
	for (unsigned i = 0; i < 2; i++)
		wire_tcp(peer, .flags = TCP_ACK, .ack = seq);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = seq);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->seq, seq);
	for (unsigned i = 0; i < 5; i++)
		wire_tcp(peer, .flags = TCP_ACK, .ack = seq);
	comes_after(peer, 700, TCP_ACK, seq);
	end(peer, number);
}

// RFC 5681, 2: what carries data, a FIN or another window is no duplicate.
WIRE_TEST(timeouts, not_every_old_acknowledgement_is_a_duplicate)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t seq = peer->ack;
	wire_reply(peer->wire, number, REPLY);
	for (uint16_t i = 0; i < 4; i++) {
		wire_tcp(peer, .flags = TCP_ACK, .ack = seq, .window = (uint16_t)(1000 + i));
		wire_tcp(peer, .flags = TCP_ACK, .ack = seq, .window = (uint16_t)(1000 + i),
			.payload = "x");
	}
	cr_assert_eq(peer->wire->counters.retransmits, 0);
	wire_forget(peer->wire);
	end(peer, number);
}

// RFC 6298, 3 (Karn): what was sent twice measures nothing; the backoff ends with the first acknowledgement.
WIRE_TEST(timeouts, what_was_sent_twice_is_not_measured)
{
	uint32_t number = talk(peer, "EHLO a\r\n");
	uint32_t seq = peer->ack;
	wire_reply(peer->wire, number, REPLY);
	wire_forget(peer->wire);
	comes_after(peer, 1000, TCP_ACK, seq);
	comes_after(peer, 2000, TCP_ACK, seq);
	wire_advance(peer->wire, 3000);
	wire_tcp(peer, .flags = TCP_ACK, .ack = seq + sizeof(REPLY) - 1); // six seconds on
	peer->ack = seq += sizeof(REPLY) - 1;
	wire_reply(peer->wire, number, REPLY);
	expect_text(peer, REPLY);
	comes_after(peer, 1000, TCP_ACK, seq);
	end(peer, number);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// After a 554 greeting: QUIT gets 221, everything else 503, for five seconds at most (RFC 5321, 3.1).
#include "tests/wire/wire.h"

#define PREGREET "554 5.5.0 you spoke before the greeting\r\n"
#define SEQUENCE "503 5.5.1 only QUIT\r\n"
#define BYE      "221 2.0.0 bye\r\n"

static void refused(struct wire_peer *peer)
{
	wire_connect(peer);
	wire_say(peer, "EHLO early\r\n");
	wire_expect_text(peer, PREGREET);
	wire_tcp(peer, .flags = TCP_ACK);
}

WIRE_TEST(refused, quit_is_answered_and_closed)
{
	refused(peer);
	wire_say(peer, "qUiT\r\n");
	wire_expect_text(peer, BYE);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(refused, all_else_is_503)
{
	refused(peer);
	wire_say(peer, "MAIL FROM:<a@b>\r\n");
	wire_expect_text(peer, SEQUENCE);
	wire_say(peer, "QUITE\r\nqui");
	wire_expect_text(peer, SEQUENCE);
	wire_say(peer, "t \r\n");
	wire_expect_text(peer, BYE);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
}

WIRE_TEST(refused, several_lines_in_one_segment)
{
	refused(peer);
	wire_say(peer, "NOOP\r\n\r\nQUIT\r\nMAIL\r\n");
	wire_expect_text(peer, SEQUENCE SEQUENCE BYE);
}

WIRE_TEST(refused, only_so_many_lines)
{
	refused(peer);
	for (unsigned i = 0; i < 8; i++) {
		wire_say(peer, "NOOP\r\n");
		wire_expect_text(peer, SEQUENCE);
	}
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
}

WIRE_TEST(refused, five_seconds_at_most)
{
	refused(peer);
	for (unsigned i = 0; i < 4; i++) {
		wire_advance(peer->wire, 1100);
		wire_say(peer, "NOOP\r\n");
		wire_expect_text(peer, SEQUENCE);
		wire_tcp(peer, .flags = TCP_ACK);
	}
	wire_advance(peer->wire, 1700);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
}

WIRE_TEST(refused, what_is_lost_is_made_again)
{
	wire_connect(peer);
	uint32_t ack = peer->ack;
	wire_say(peer, "EHLO early\r\nMAIL\r\n");
	wire_expect_text(peer, PREGREET);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .ack = ack, .payload = "RCPT\r\n");
	wire_expect_text(peer, SEQUENCE);
	wire_advance(peer->wire, 1020);
	peer->ack = ack;
	wire_expect_text(peer, PREGREET SEQUENCE);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack + sizeof(PREGREET) - 1 + 4);
	wire_advance(peer->wire, 1020);
	const struct wire_frame *rest = wire_next(peer->wire);
	cr_assert_eq(rest->payload_length, sizeof(SEQUENCE) - 1 - 4);
	cr_assert(memcmp(rest->payload, SEQUENCE + 4, rest->payload_length) == 0);
}

WIRE_TEST(refused, who_never_acknowledges_is_given_up)
{
	wire_connect(peer);
	wire_say(peer, "EHLO early\r\n");
	wire_expect_text(peer, PREGREET);
	wire_advance(peer->wire, 6100);
	wire_forget(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.timeouts, 1);
}

WIRE_TEST(refused, leaves_by_fin_or_reset)
{
	refused(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
	struct wire_peer other = *peer;
	other.port = 1000;
	refused(&other);
	wire_tcp(&other, .flags = TCP_RST);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(refused, early_talker_that_leaves_at_once_gets_its_554)
{
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK | TCP_PSH, .payload = "QUIT\r\n");
	wire_expect_text(peer, PREGREET);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 1020);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .ack = peer->ack + 1);
	cr_assert_eq(peer->wire->counters.records, 0);
}

// A closed window is probed at its edge by the timer; lines that come meanwhile are acknowledged, not answered behind it.
WIRE_TEST(refused, a_closed_window_is_not_overrun)
{
	refused(peer);
	uint32_t ack = peer->ack;
	wire_tcp(peer, .flags = TCP_ACK, .payload = "NOOP\r\n", .zero_window = true);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 1); // the probe
	wire_tcp(peer, .flags = TCP_ACK, .payload = "NOOP\r\n", .ack = ack, .zero_window = true);
	const struct wire_frame *answer = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(answer->payload_length, 0);
	cr_assert_eq(answer->seq, ack);
	cr_assert_eq(answer->ack, peer->seq);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack);
	wire_advance(peer->wire, 1020);
	peer->ack = ack;
	wire_expect_text(peer, SEQUENCE SEQUENCE);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// From the handshake to the first byte after the greeting: the wait, early talkers, those who leave, the greeting and its
// retransmission, refusals without a worker.
#include "tests/wire/wire.h"

#include "control/class/class.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"
#define PREGREET "554 5.5.0 you spoke before the greeting\r\n"

static void expect_notice(struct wire *wire, enum bs_notice_kind kind, struct bs_notice *notice)
{
	struct bs_notice local;
	if (notice == NULL)
		notice = &local;
	while (wire_notice(wire, notice)) {
		if (notice->kind == kind)
			return;
		cr_assert_eq(notice->kind, BS_NOTICE_CONNECT);
	}
	cr_assert(false, "no notice of kind %d", kind);
}

static void greeted(struct wire_peer *peer)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(waiting, greets_after_the_wait)
{
	wire_connect(peer);
	wire_advance(peer->wire, 24980);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 40);
	wire_expect_text(peer, GREETING);
	cr_assert_eq(peer->wire->counters.greeted, 1);
	cr_assert_eq(peer->wire->counters.blocks, 0);
}

WIRE_TEST(waiting, greets_at_once_without_a_wait, .no_wait = true)
{
	wire_connect(peer);
	wire_expect_text(peer, GREETING);
}

static void allow(struct wire_peer *peer)
{
	struct bs_class_rule rule = {.class = 1};
	bs_prefix_parse(peer->ipv6 ? WIRE_PEER6 : WIRE_PEER4, &rule.prefix, NULL);
	bs_class_table_free(peer->wire->policy.classes);
	peer->wire->policy.classes = bs_class_table_new(&rule, 1);
	peer->wire->policy.class[1].action = BS_ACTION_ALLOW;
	peer->wire->policy.class_count = 2;
}

WIRE_TEST(waiting, the_allowed_do_not_wait)
{
	allow(peer);
	wire_connect(peer);
	wire_expect_text(peer, GREETING);
}

WIRE_TEST(waiting, the_allowed_may_speak_early)
{
	allow(peer);
	wire_connect(peer);
	wire_say(peer, "EHLO early\r\n"); // not acknowledged, not punished
	wire_expect_text(peer, GREETING);
	wire_expect_nothing(peer->wire);
	uint32_t seq = peer->seq - 12;
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .seq = seq, .payload = "EHLO early\r\n");
	uint32_t number, events;
	cr_assert(wire_event(peer->wire, &number, &events));
	cr_assert(events & BS_EVENT_OPEN);
	wire_stream(peer->wire, number);
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
}

WIRE_TEST(waiting, catches_an_early_talker)
{
	struct bs_notice notice;
	wire_connect(peer);
	wire_advance(peer->wire, 50);
	wire_say(peer, "EHLO x\r\nMAIL");
	wire_expect_text(peer, PREGREET);
	cr_assert_eq(peer->wire->counters.pregreets, 1);
	expect_notice(peer->wire, BS_NOTICE_PREGREET, &notice);
	cr_assert_eq(notice.total, 12);
	cr_assert(memcmp(notice.sample, "EHLO x\r\nMAIL", 12) == 0);
	cr_assert(notice.elapsed_ms >= 40 && notice.elapsed_ms <= 60);
}

WIRE_TEST(waiting, catches_who_speaks_with_the_handshake)
{
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .payload = "HELO x\r\n");
	wire_expect_text(peer, PREGREET);
}

WIRE_TEST(waiting, catches_who_speaks_while_the_greeting_is_under_way)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	uint32_t ack = peer->ack;
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .ack = ack, .payload = "EHLO x\r\n");
	wire_expect_text(peer, "554 5.5.0 you spoke out of turn\r\n");
	cr_assert_eq(peer->wire->counters.pregreets, 1);
	cr_assert_eq(peer->wire->counters.talking, 0);
}

WIRE_TEST(waiting, bytes_behind_a_gap_are_not_taken)
{
	wire_connect(peer);
	uint32_t seq = peer->seq;
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM,
		wire_tcp(peer, .flags = TCP_ACK, .seq = seq + 5, .payload = "X"));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, seq);
	cr_assert_eq(peer->wire->counters.pregreets, 0);
}

WIRE_TEST(waiting, who_leaves_is_a_hangup)
{
	wire_connect(peer);
	wire_advance(peer->wire, 300);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	expect_notice(peer->wire, BS_NOTICE_HANGUP, NULL);
	cr_assert_eq(peer->wire->counters.hangups, 1);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(waiting, a_reset_is_a_hangup)
{
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_RST);
	expect_notice(peer->wire, BS_NOTICE_HANGUP, NULL);
	cr_assert_eq(peer->wire->counters.records, 0);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(waiting, resets_and_syns_in_the_window_are_challenged)
{
	wire_connect(peer);
	uint32_t seq = peer->seq, ack = peer->ack;
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_RESET, wire_tcp(peer, .flags = TCP_RST, .seq = seq + 1));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->seq, ack);
	wire_expect_reason(peer->wire, BS_REASON_TCP_RESET,
		wire_tcp(peer, .flags = TCP_RST, .seq = seq + 5000));
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 500);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_SYN, wire_tcp(peer, .flags = TCP_SYN, .seq = seq + 1));
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.waiting, 1);
}

WIRE_TEST(waiting, answers_a_keepalive)
{
	wire_connect(peer);
	wire_expect_reason(peer->wire, BS_REASON_TCP_WINDOW,
		wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq - 1));
	wire_expect_tcp(peer, TCP_ACK);
}

WIRE_TEST(waiting, acknowledgements_of_what_was_never_sent)
{
	wire_connect(peer);
	uint32_t ack = peer->ack;
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_ACK, wire_tcp(peer, .flags = TCP_ACK, .ack = ack + 1));
	wire_expect_tcp(peer, TCP_ACK);
	wire_advance(peer->wire, 500);
	wire_expect_reason(peer->wire, BS_REASON_TCP_ACK,
		wire_tcp(peer, .flags = TCP_ACK, .ack = ack - 100000));
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.challenge_acks, 2);
}

WIRE_TEST(waiting, sends_the_greeting_again)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	uint32_t wait = 1000;
	for (unsigned i = 0; i < 6; i++, wait *= 2) {
		wire_advance(peer->wire, wait - 200);
		wire_expect_nothing(peer->wire);
		wire_advance(peer->wire, 210);
		peer->ack -= sizeof(GREETING) - 1;
		wire_expect_text(peer, GREETING);
	}
	wire_advance(peer->wire, 65000);
	wire_expect_tcp(peer, TCP_RST | TCP_ACK);
	cr_assert_eq(peer->wire->counters.timeouts, 1);
	cr_assert_eq(peer->wire->counters.records, 0);
	expect_notice(peer->wire, BS_NOTICE_GONE, NULL);
}

WIRE_TEST(waiting, a_part_acknowledged_is_not_sent_again)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	uint32_t ack = peer->ack;
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack + 4);
	wire_advance(peer->wire, 1020);
	const struct wire_frame *rest = wire_next(peer->wire);
	cr_assert_eq(rest->seq, ack + 4);
	cr_assert_eq(rest->payload_length, sizeof(GREETING) - 1 - 4);
	cr_assert(memcmp(rest->payload, GREETING + 4, rest->payload_length) == 0);
}

WIRE_TEST(waiting, a_closed_window_is_probed_with_a_byte)
{
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	wire_advance(peer->wire, 25010);
	const struct wire_frame *probe = wire_next(peer->wire);
	cr_assert_eq(probe->payload_length, 1);
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	wire_advance(peer->wire, 1020);
	cr_assert_eq(wire_next(peer->wire)->payload_length, 1);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 2020);
	wire_expect_text(peer, GREETING);
}

WIRE_TEST(waiting, small_segments_for_a_small_mss)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 64);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	memset(peer->wire->texts[0].template[BS_TEMPLATE_GREETING].text, 'x', 200);
	peer->wire->texts[0].template[BS_TEMPLATE_GREETING].length = 200;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 64);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 8);
}

WIRE_TEST(waiting, silence_after_the_greeting)
{
	greeted(peer);
	wire_advance(peer->wire, 299900);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 200);
	wire_expect_text(peer, "421 4.4.2 timeout\r\n");
	expect_notice(peer->wire, BS_NOTICE_SILENT, NULL);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_nothing(peer->wire); // a second for the client to close first
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
}

WIRE_TEST(waiting, who_leaves_after_the_greeting)
{
	greeted(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	expect_notice(peer->wire, BS_NOTICE_GONE, NULL);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(waiting, who_leaves_before_the_greeting_arrived_gets_it_and_then_our_fin)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	uint32_t ack = peer->ack;
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .ack = ack);
	wire_expect_tcp(peer, TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack + sizeof(GREETING) - 1);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(waiting, reset_after_the_greeting)
{
	greeted(peer);
	wire_tcp(peer, .flags = TCP_RST);
	expect_notice(peer->wire, BS_NOTICE_GONE, NULL);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(waiting, no_session_block_is_421_after_a_while, .talking = 1)
{
	struct wire_peer first = *peer;
	first.port = 1000;
	greeted(&first);
	wire_say(&first, "EHLO first\r\n");
	wire_forget(peer->wire);
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += sizeof(GREETING) - 1;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ROOM, wire_say(peer, "EHLO second\r\n"));
	wire_expect_nothing(peer->wire); // not acknowledged: nothing is lost
	wire_advance(peer->wire, 8020);
	wire_expect_text(peer, "421 4.3.2 busy\r\n");
	cr_assert_eq(peer->wire->counters.busy, 1);
	uint32_t number, events;
	cr_assert(wire_event(peer->wire, &number, &events));
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
}

WIRE_TEST(waiting, draining_says_421)
{
	struct wire_peer other = *peer;
	other.port = 1000;
	greeted(&other);
	wire_connect(peer);
	peer->wire->draining = true;
	wire_forget(peer->wire);
	wire_poll(peer->wire);
	wire_expect_text(peer, "421 4.3.2 stopping\r\n");
	wire_expect_text(&other, "421 4.3.2 stopping\r\n");
	wire_forget(peer->wire);
}

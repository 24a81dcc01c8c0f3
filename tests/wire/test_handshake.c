// SPDX-License-Identifier: BSD-3-Clause
//
// SYN to established: SYN cache, cookies, options, retransmission, what opens a connection and what does not.
#include "tests/wire/wire.h"

#include "control/class/class.h"

WIRE_TEST(handshake, opens)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460, .sack_permitted = true,
		.has_window_scale = true, .window_scale = 7);
	const struct wire_frame *answer = wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(answer->mss, peer->ipv6 ? 1440 : 1460);
	cr_assert_eq(answer->window_scale, 4);
	cr_assert(answer->sack_permitted);
	cr_assert_eq(answer->window, 2048);
	cr_assert_eq(peer->wire->counters.half_open, 1);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.accepted, 1);
	cr_assert_eq(peer->wire->counters.half_open, 0);
	cr_assert_eq(peer->wire->counters.waiting, 1);
	struct bs_notice notice;
	cr_assert(wire_notice(peer->wire, &notice));
	cr_assert_eq(notice.kind, BS_NOTICE_CONNECT);
	cr_assert_eq(notice.client.port, WIRE_PEER_PORT);
}

WIRE_TEST(handshake, offers_only_what_is_offered)
{
	wire_tcp(peer, .flags = TCP_SYN);
	const struct wire_frame *answer = wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(answer->window_scale, -1);
	cr_assert_not(answer->sack_permitted);
}

WIRE_TEST(handshake, sends_syn_ack_again_and_gives_up)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1400);
	uint32_t first = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	static const uint32_t after[] = {1000, 2000, 4000};
	for (unsigned i = 0; i < 3; i++) {
		wire_advance(peer->wire, after[i] - 200);
		wire_expect_nothing(peer->wire);
		wire_advance(peer->wire, 210);
		cr_assert_eq(wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq, first);
	}
	wire_advance(peer->wire, 9000);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.retransmits, 3);
}

WIRE_TEST(handshake, answers_the_same_syn_again)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	uint32_t first = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	cr_assert_eq(wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq, first);
	cr_assert_eq(peer->wire->counters.records, 1);
}

WIRE_TEST(handshake, challenges_another_syn)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_SYN, wire_tcp(peer, .flags = TCP_SYN, .seq = 900000));
	const struct wire_frame *challenge = wire_expect_tcp(peer, TCP_ACK);
	// The true peer, having begun anew, resets what it does not know; then its SYN gets through.
	wire_tcp(peer, .flags = TCP_RST, .seq = challenge->ack);
	cr_assert_eq(peer->wire->counters.records, 0);
	wire_tcp(peer, .flags = TCP_SYN, .seq = 900000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
}

WIRE_TEST(handshake, two_syns_in_one_burst_make_one_record)
{
	struct wire_bytes syn;
	wire_build_ip(peer, 6, &(struct wire_packet){.flags = TCP_SYN, .seq = 5}, &syn);
	wire_queue(peer->wire, syn.byte, syn.length, 0);
	wire_queue(peer->wire, syn.byte, syn.length, 0);
	wire_poll(peer->wire);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 1);
}

WIRE_TEST(handshake, reset_ends_it)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_RESET, wire_tcp(peer, .flags = TCP_RST, .seq = 1002));
	cr_assert_eq(peer->wire->counters.records, 1);
	wire_tcp(peer, .flags = TCP_RST, .seq = 1001);
	cr_assert_eq(peer->wire->counters.records, 0);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(handshake, wrong_acknowledgement_is_reset)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	uint32_t seq = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	wire_expect_reason(peer->wire, BS_REASON_TCP_ACK,
		wire_tcp(peer, .flags = TCP_ACK, .seq = 1001, .ack = seq + 2));
	cr_assert_eq(wire_expect_tcp(peer, TCP_RST)->seq, seq + 2);
	cr_assert_eq(peer->wire->counters.records, 1);
}

// A full SYN cache: cookies take over, and carry what the SYN offered.
WIRE_TEST(handshake, cookie_when_the_cache_is_full, .half_open = 4)
{
	for (unsigned i = 0; i < 3; i++) { // a quarter is kept for allowed sources
		struct wire_peer other = *peer;
		other.port = (uint16_t)(1000 + i);
		wire_tcp(&other, .flags = TCP_SYN);
		wire_expect_tcp(&other, TCP_SYN | TCP_ACK);
	}
	wire_tcp(peer, .flags = TCP_SYN, .seq = 77, .mss = 1440, .sack_permitted = true);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(peer->wire->counters.syn_cookies, 1);
	cr_assert_eq(peer->wire->counters.records, 3);
	wire_tcp(peer, .flags = TCP_ACK, .seq = 78);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.cookies_accepted, 1);
	cr_assert_eq(peer->wire->counters.waiting, 1);
}

static void one_cookie(struct wire_peer *peer)
{
	for (unsigned i = 0; i < 3; i++) {
		struct wire_peer other = *peer;
		other.port = (uint16_t)(1000 + i);
		wire_tcp(&other, .flags = TCP_SYN);
	}
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_SYN, .seq = 77, .mss = 1440);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(peer->wire->counters.syn_cookies, 1);
}

WIRE_TEST(handshake, cookie_lives_a_period_and_not_three, .half_open = 4)
{
	one_cookie(peer);
	wire_advance(peer->wire, 30000);
	wire_forget(peer->wire);
	struct wire_peer late = *peer;
	wire_tcp(peer, .flags = TCP_ACK, .seq = 78);
	cr_assert_eq(peer->wire->counters.cookies_accepted, 1);
	wire_tcp(peer, .flags = TCP_RST, .seq = 78);
	cr_assert_eq(peer->wire->counters.waiting, 0);
	wire_advance(peer->wire, 70000);
	wire_forget(peer->wire);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_STRAY, wire_tcp(&late, .flags = TCP_ACK, .seq = 78));
	wire_expect_tcp(&late, TCP_RST);
}

WIRE_TEST(handshake, forged_cookies_open_nothing, .half_open = 4)
{
	one_cookie(peer);
	uint32_t good = peer->ack;
	for (unsigned bit = 0; bit < 32; bit++) { // every bit counts
		wire_expect_reason(peer->wire, BS_REASON_TCP_STRAY,
			wire_tcp(peer, .flags = TCP_ACK, .seq = 78,
				.ack = ((good - 1) ^ 1u << bit) + 1));
	}
	wire_expect_reason(peer->wire, BS_REASON_TCP_STRAY,
		wire_tcp(peer, .flags = TCP_ACK, .seq = 79, .ack = good));
	wire_expect_reason(peer->wire, BS_REASON_TCP_STRAY,
		wire_tcp(peer, .flags = TCP_SYN | TCP_ACK, .seq = 78, .ack = good));
	cr_assert_eq(peer->wire->counters.cookies_accepted, 0);
	wire_forget(peer->wire);
}

WIRE_TEST(handshake, no_ack_opens_anything_while_no_cookie_is_out)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 77);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	uint32_t ack = peer->ack;
	wire_tcp(peer, .flags = TCP_RST, .seq = 78);
	wire_expect_reason(peer->wire, BS_REASON_TCP_STRAY,
		wire_tcp(peer, .flags = TCP_ACK, .seq = 78, .ack = ack));
	wire_expect_tcp(peer, TCP_RST);
}

WIRE_TEST(handshake, a_source_that_goes_too_fast_gets_cookies, .connections = 256, .half_open = 200)
{
	for (unsigned i = 0; i < 80; i++) {
		struct wire_peer other = *peer;
		other.port = (uint16_t)(1000 + i);
		wire_tcp(&other, .flags = TCP_SYN);
		wire_expect_tcp(&other, TCP_SYN | TCP_ACK);
	}
	cr_assert_eq(peer->wire->counters.records, 64);
	cr_assert_eq(peer->wire->counters.syn_cookies, 16);
}

WIRE_TEST(handshake, strangers_are_reset)
{
	wire_expect_reason(peer->wire, BS_REASON_TCP_STRAY,
		wire_tcp(peer, .flags = TCP_ACK, .seq = 5, .ack = 99));
	cr_assert_eq(wire_expect_tcp(peer, TCP_RST)->seq, 99);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_RESET_STRAY, wire_tcp(peer, .flags = TCP_RST, .seq = 5));
	wire_expect_nothing(peer->wire);
	wire_expect_reason( // RFC 9293, 3.10.7.2
		peer->wire, BS_REASON_TCP_NO_ACK, wire_tcp(peer, .flags = TCP_FIN, .seq = 5));
	wire_expect_nothing(peer->wire);
	wire_expect_reason(peer->wire, BS_REASON_TCP_PORT,
		wire_tcp(peer, .flags = TCP_SYN, .seq = 5, .destination_port = 80));
	cr_assert_eq(wire_next(peer->wire)->flags, TCP_RST | TCP_ACK);
}

WIRE_TEST(handshake, no_more_records, .connections = 4, .half_open = 4)
{
	for (unsigned i = 0; i < 4; i++) {
		struct wire_peer other = *peer;
		other.port = (uint16_t)(1000 + i);
		wire_connect(&other);
	}
	wire_tcp(peer, .flags = TCP_SYN, .seq = 77);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_reason(
		peer->wire, BS_REASON_SYN_NO_RECORD, wire_tcp(peer, .flags = TCP_ACK, .seq = 78));
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(handshake, no_new_connections_while_draining)
{
	peer->wire->draining = true;
	wire_expect_reason(
		peer->wire, BS_REASON_SYN_DRAINING, wire_tcp(peer, .flags = TCP_SYN, .seq = 5));
	wire_expect_nothing(peer->wire);
}

static void set_class(struct wire *wire, const char *text, enum bs_action action)
{
	struct bs_class_rule rule = {.class = 1};
	bs_prefix_parse(text, &rule.prefix, NULL);
	bs_class_table_free(wire->policy.classes);
	wire->policy.classes = bs_class_table_new(&rule, 1);
	wire->policy.class[1].action = (uint8_t)action;
	wire->policy.class_count = 2;
}

WIRE_TEST(handshake, classes_drop)
{
	static const struct {
		enum bs_action action;
		enum bs_reason reason;
	} row[] = {{BS_ACTION_BOGON, BS_REASON_SYN_BOGON}, {BS_ACTION_OWN, BS_REASON_SYN_OWN},
		{BS_ACTION_DROP, BS_REASON_SYN_LISTED}};
	for (unsigned i = 0; i < 3; i++) {
		set_class(peer->wire, peer->ipv6 ? WIRE_PEER6 : WIRE_PEER4, row[i].action);
		wire_expect_reason(
			peer->wire, row[i].reason, wire_tcp(peer, .flags = TCP_SYN, .seq = 5));
		wire_expect_nothing(peer->wire);
	}
}

WIRE_TEST(handshake, a_quarter_of_the_cache_is_for_the_allowed, .half_open = 4)
{
	one_cookie(peer);
	set_class(peer->wire, peer->ipv6 ? WIRE_PEER6 : WIRE_PEER4, BS_ACTION_ALLOW);
	struct wire_peer other = *peer;
	other.port = 2000;
	wire_tcp(&other, .flags = TCP_SYN, .seq = 5);
	wire_expect_tcp(&other, TCP_SYN | TCP_ACK);
	cr_assert_eq(peer->wire->counters.syn_cookies, 1);
	cr_assert_eq(peer->wire->counters.half_open, 4);
}

WIRE_TEST(handshake, segment_without_ack)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_NO_ACK, wire_tcp(peer, .flags = TCP_FIN, .seq = 1001));
	wire_tcp(peer, .flags = TCP_ACK, .seq = 1001);
	wire_expect_reason(
		peer->wire, BS_REASON_TCP_NO_ACK, wire_tcp(peer, .flags = TCP_FIN, .seq = 1001));
	wire_expect_nothing(peer->wire);
}

// A connection is known by its four numbers: the same client's same port may talk to another port of ours.
WIRE_TEST(handshake, another_port_is_another_connection)
{
	wire_connect(peer);
	wire_forget(peer->wire);
	uint32_t seq = peer->seq;
	wire_expect_reason(peer->wire, BS_REASON_TCP_PORT,
		wire_tcp(peer, .flags = TCP_RST, .seq = seq, .destination_port = 26));
	cr_assert_eq(peer->wire->counters.waiting, 1);
	wire_expect_reason(peer->wire, BS_REASON_TCP_PORT,
		wire_tcp(peer, .flags = TCP_SYN, .seq = seq, .destination_port = 26));
	const struct wire_frame *reset = wire_expect(peer->wire);
	cr_assert_eq(reset->flags, TCP_RST | TCP_ACK);
	cr_assert_eq(reset->source_port, 26);
	cr_assert_eq(reset->ack, seq + 1);
}

// A burst's SYN is judged by its own source's class, also when it follows the end of a connection in the burst.
WIRE_TEST(handshake, a_syn_behind_a_reset_in_one_burst)
{
	struct bs_class_rule rule = {.class = 1};
	struct wire_peer bogon = *peer;
	bogon.address.octet[15] ^= 1;
	rule.prefix = (struct bs_prefix){.address = bogon.address, .length = 128};
	bs_class_table_free(peer->wire->policy.classes);
	peer->wire->policy.classes = bs_class_table_new(&rule, 1);
	peer->wire->policy.class[1].action = BS_ACTION_BOGON;
	peer->wire->policy.class_count = 2;
	wire_connect(peer);
	wire_forget(peer->wire);
	struct wire_bytes bytes;
	wire_build_ip(&bogon, 6, &(struct wire_packet){.flags = TCP_SYN}, &bytes);
	wire_queue(peer->wire, bytes.byte, bytes.length, 0);
	wire_build_ip(peer, 6, &(struct wire_packet){.flags = TCP_RST}, &bytes);
	wire_queue(peer->wire, bytes.byte, bytes.length, 0);
	wire_build_ip(peer, 6, &(struct wire_packet){.flags = TCP_SYN}, &bytes);
	wire_queue(peer->wire, bytes.byte, bytes.length, 0);
	wire_poll(peer->wire);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.reason[BS_REASON_SYN_BOGON], 1);
}

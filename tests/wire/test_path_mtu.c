// SPDX-License-Identifier: BSD-3-Clause
//
// Routers that say "packet too big" (RFC 1191, RFC 8201), and those who pretend to be one (RFC 5927).
#include "tests/wire/talk_case.h"

#include "dataplane/frame/wire_format.h"

#define LONG 1000u

static void long_text(char text[LONG + 1])
{
	memset(text, 'r', LONG);
	text[LONG] = 0;
}

// The message, about our segment to this peer that began with `seq`. `port`: of ours.
static void too_big(struct wire_peer *peer, uint32_t mtu, uint32_t seq, uint16_t port)
{
	uint8_t quoted[IPV6_LENGTH + 8] = {0};
	uint8_t *tcp = quoted + (peer->ipv6 ? IPV6_LENGTH : IPV4_LENGTH);
	if (peer->ipv6) {
		quoted[0] = 0x60;
		quoted[6] = PROTOCOL_TCP;
		memcpy(quoted + 8, peer->local.octet, 16);
		memcpy(quoted + 24, peer->address.octet, 16);
	} else {
		quoted[0] = 0x45;
		quoted[9] = PROTOCOL_TCP;
		memcpy(quoted + 12, peer->local.octet + 12, 4);
		memcpy(quoted + 16, peer->address.octet + 12, 4);
	}
	store16(tcp, port);
	store16(tcp + 2, peer->port);
	store32(tcp + 4, seq);
	wire_icmp(peer, .type = peer->ipv6 ? 2 : 3, .code = peer->ipv6 ? 0 : 4, .rest = mtu,
		.source = peer->ipv6 ? "2001:db8:9::1" : "203.0.113.1", .payload = quoted,
		.payload_length = (size_t)(tcp + 8 - quoted));
}

// A client that takes 1460 bytes talks, and a long reply is under way. *seq: where it began.
static uint32_t reply_under_way(struct wire_peer *peer, uint32_t *seq)
{
	char text[LONG + 1];
	uint32_t number, events;
	long_text(text);
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_say(peer, "EHLO a\r\n");
	cr_assert(wire_event(peer->wire, &number, &events));
	*seq = peer->ack;
	wire_reply(peer->wire, number, text);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, LONG);
	return number;
}

// Two segments now, at once; the window of congestion and the timer are as they were.
WIRE_TEST(path_mtu, what_was_lost_comes_again_in_pieces)
{
	// 1024 and 1220 bytes would hold it; so only IPv4 has a size below it that every path takes.
	uint32_t seq, number = reply_under_way(peer, &seq);
	wire_expect_reason(peer->wire, BS_REASON_ACCEPTED, too_big(peer, 1280, seq, WIRE_SERVICE));
	cr_assert_eq(peer->wire->counters.path_mtu_lowered, 1);
	const struct wire_frame *again = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(again->seq, seq);
	cr_assert_eq(again->payload_length, LONG);
	if (!peer->ipv6) {
		wire_expect_reason(
			peer->wire, BS_REASON_ACCEPTED, too_big(peer, 576, seq, WIRE_SERVICE));
		again = wire_expect_tcp(peer, TCP_ACK);
		cr_assert_eq(again->seq, seq);
		cr_assert_eq(again->payload_length, 536);
		again = wire_expect_tcp(peer, TCP_ACK);
		cr_assert_eq(again->seq, seq + 536);
		cr_assert_eq(again->payload_length, LONG - 536);
	}
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 999);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 1);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->seq, seq);
	end(peer, number);
}

// It never makes them larger, nor smaller than what every path takes.
WIRE_TEST(path_mtu, only_lowers_and_not_below_the_least)
{
	struct wire *wire = peer->wire;
	uint32_t seq, number = reply_under_way(peer, &seq);
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_NO_LESS, too_big(peer, 1500, seq, WIRE_SERVICE));
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_NO_LESS, too_big(peer, 9000, seq, WIRE_SERVICE));
	wire_expect_nothing(wire);
	if (peer->ipv6) { // RFC 8201, 4
		wire_expect_reason(
			wire, BS_REASON_PATH_MTU_BAD, too_big(peer, 1279, seq, WIRE_SERVICE));
		wire_expect_reason(
			wire, BS_REASON_ACCEPTED, too_big(peer, 1280, seq, WIRE_SERVICE));
	} else { // RFC 1191, 5: a router that knows nothing of this says 0
		wire_expect_reason(wire, BS_REASON_ACCEPTED, too_big(peer, 0, seq, WIRE_SERVICE));
		cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 536);
		wire_expect_reason(
			wire, BS_REASON_PATH_MTU_NO_LESS, too_big(peer, 68, seq, WIRE_SERVICE));
	}
	wire_forget(wire);
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_NO_LESS, too_big(peer, 1400, seq, WIRE_SERVICE));
	wire_expect_nothing(wire);
	cr_assert_eq(wire->counters.path_mtu_lowered, 1);
	end(peer, number);
}

// RFC 5927, 4.1: who sees nothing of the connection has to guess a number that is under way.
WIRE_TEST(path_mtu, forged_ones_are_told_by_their_quotation)
{
	struct wire *wire = peer->wire;
	uint32_t seq, number = reply_under_way(peer, &seq);
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_SEQUENCE, too_big(peer, 1280, seq - 1, WIRE_SERVICE));
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_SEQUENCE, too_big(peer, 1280, seq + LONG, WIRE_SERVICE));
	wire_expect_reason(wire, BS_REASON_PATH_MTU_BAD, too_big(peer, 1280, seq, 80));
	struct wire_peer other = *peer;
	other.port++;
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_STRAY, too_big(&other, 1280, seq, WIRE_SERVICE));
	wire_tcp(peer, .flags = TCP_ACK); // nothing is under way any more
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_SEQUENCE, too_big(peer, 1280, seq, WIRE_SERVICE));
	cr_assert_eq(wire->counters.path_mtu_lowered, 0);
	wire_expect_nothing(wire);
	end(peer, number);
}

// The greeting of a record without a block; a SYN-ACK and a FIN are never too big.
WIRE_TEST(path_mtu, of_what_a_record_says)
{
	struct wire *wire = peer->wire;
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	uint32_t seq = wire_expect_tcp(peer, TCP_SYN | TCP_ACK)->seq;
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_SEQUENCE, too_big(peer, 1280, seq, WIRE_SERVICE));
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_reason(
		wire, BS_REASON_PATH_MTU_SEQUENCE, too_big(peer, 1280, seq + 1, WIRE_SERVICE));
	wire_advance(wire, 25000);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->seq, seq + 1);
	wire_expect_reason(wire, BS_REASON_ACCEPTED, too_big(peer, 1280, seq + 1, WIRE_SERVICE));
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->seq, seq + 1);
	wire_expect_nothing(wire);
}

// The router's message comes by whatever queue, to whoever has the connection.
WIRE_TEST(path_mtu, finds_the_lcore_of_the_connection, .lcores = 2)
{
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < 8; i++) {
		struct wire_peer one = *peer;
		one.port = (uint16_t)(peer->port + i);
		wire_tcp(&one, .flags = TCP_SYN, .mss = 1460);
		wire_expect_tcp(&one, TCP_SYN | TCP_ACK);
		wire_tcp(&one, .flags = TCP_ACK);
		wire_advance(wire, 25000);
		uint32_t seq = wire_expect_tcp(&one, TCP_ACK)->seq;
		uint64_t lowered = wire->counters.path_mtu_lowered + wire->more[1].path_mtu_lowered;
		wire->next_queue = i / 2;
		too_big(&one, 1280, seq, WIRE_SERVICE);
		wire_poll(wire);
		cr_assert_eq(wire->counters.path_mtu_lowered + wire->more[1].path_mtu_lowered,
			lowered + 1);
		wire_tcp(&one, .flags = TCP_RST, .seq = one.seq);
		wire_forget(wire);
	}
	uint64_t reasons = 0;
	for (unsigned i = 0; i < BS_REASON_COUNT; i++)
		reasons += wire->counters.reason[i] + wire->more[1].reason[i];
	cr_assert_eq(reasons, wire->counters.rx_packets + wire->more[1].rx_packets);
}

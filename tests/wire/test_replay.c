// SPDX-License-Identifier: BSD-3-Clause
//
// The ACK of a handshake that comes again when its connection is over: a cookie opens one connection only.
#include "tests/wire/wire.h"

#include "dataplane/tcp/cookie.h"

#define FILLERS 3u // of 4 half-open records one is kept for the good

// Opens a connection by a cookie; what opened it is left in *opener.
static void by_cookie(struct wire_peer *peer, struct wire_peer *opener)
{
	for (unsigned i = 0; i < FILLERS; i++) {
		struct wire_peer other = *peer;
		other.port = (uint16_t)(1000 + i);
		wire_tcp(&other, .flags = TCP_SYN);
	}
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1440);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	*opener = *peer;
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.cookies_accepted, 1);
	wire_forget(peer->wire);
}

static void opens_nothing(struct wire_peer *opener)
{
	wire_expect_reason(opener->wire, BS_REASON_TCP_STRAY, wire_tcp(opener, .flags = TCP_ACK));
	cr_assert_eq(wire_expect_tcp(opener, TCP_RST)->seq, opener->ack);
	cr_assert_eq(opener->wire->counters.cookies_accepted, 1);
	cr_assert_eq(opener->wire->counters.waiting, 0);
	wire_expect_nothing(opener->wire);
}

WIRE_TEST(replay, after_a_reset, .half_open = 4)
{
	struct wire_peer opener;
	by_cookie(peer, &opener);
	wire_tcp(peer, .flags = TCP_RST);
	opens_nothing(&opener);
	wire_expect_reason(peer->wire, BS_REASON_TCP_RESET_STRAY,
		wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq));
	wire_expect_reason(peer->wire, BS_REASON_TCP_NO_ACK,
		wire_tcp(peer, .flags = TCP_FIN, .seq = peer->seq));
	opens_nothing(&opener);
	wire_advance(peer->wire, COOKIE_LIFETIME_MS + 10);
	wire_forget(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 0);
	opens_nothing(&opener);
}

WIRE_TEST(replay, after_both_closed, .half_open = 4)
{
	struct wire_peer opener;
	by_cookie(peer, &opener);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
	opens_nothing(&opener);
}

// There is no connection: who begins anew need not have a number beyond the last one's.
WIRE_TEST(replay, the_same_ports_may_begin_anew_at_once, .half_open = 4)
{
	struct wire_peer opener;
	by_cookie(peer, &opener);
	wire_tcp(peer, .flags = TCP_RST);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq - 5000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 0);
}

// What is remembered takes no more room than TIME_WAIT may.
WIRE_TEST(replay, takes_a_bounded_share, .half_open = 4, .connections = 16)
{
	struct wire_peer opener;
	by_cookie(peer, &opener);
	wire_tcp(peer, .flags = TCP_RST);
	for (unsigned i = 0; i < 8; i++) {
		struct wire_peer other = *peer;
		other.port = (uint16_t)(2000 + i);
		wire_tcp(&other, .flags = TCP_SYN);
		wire_expect_tcp(&other, TCP_SYN | TCP_ACK);
		wire_tcp(&other, .flags = TCP_ACK);
		wire_tcp(&other, .flags = TCP_RST);
		wire_forget(peer->wire);
	}
	cr_assert_eq(peer->wire->counters.time_wait, 4);
	cr_assert_eq(peer->wire->counters.time_wait_recycled, 5);
}

static void syn(struct wire_peer *peer, uint16_t port)
{
	struct wire_bytes bytes;
	wire_build_ip(peer, 6,
		&(struct wire_packet){.flags = TCP_SYN, .seq = 77, .source_port = port}, &bytes);
	wire_queue(peer->wire, bytes.byte, bytes.length, 0);
}

// What ended before cookies came into use is not remembered, but its number is no cookie any more.
WIRE_TEST(replay, after_cookies_came_into_use, .half_open = 4)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1440);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	struct wire_peer opener = *peer, other = *peer;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_tcp(peer, .flags = TCP_RST);
	cr_assert_eq(peer->wire->counters.records, 0);
	for (unsigned i = 0; i < FILLERS; i++)
		syn(peer, (uint16_t)(1000 + i));
	// Two in the burst in which they come into use: both are good.
	syn(peer, 2000);
	syn(peer, 2001);
	wire_poll(peer->wire);
	cr_assert_eq(peer->wire->counters.syn_cookies, 2);
	for (unsigned i = 0; i < FILLERS; i++)
		wire_next(peer->wire);
	struct wire_frame answer[2] = {*wire_expect(peer->wire), *wire_expect(peer->wire)};
	wire_expect_reason(peer->wire, BS_REASON_TCP_STRAY, wire_tcp(&opener, .flags = TCP_ACK));
	wire_expect_tcp(&opener, TCP_RST);
	for (unsigned i = 0; i < 2; i++) {
		other.port = (uint16_t)(2000 + i);
		wire_tcp(&other, .flags = TCP_ACK, .seq = 78, .ack = answer[i].seq + 1);
	}
	cr_assert_eq(peer->wire->counters.cookies_accepted, 2);
	cr_assert_eq(peer->wire->counters.waiting, 2);
}

// RFC 9293, 3.10.7.4 (MAY-2): who was in TIME_WAIT does not begin where a cookie says, which may be less.
WIRE_TEST(replay, the_same_ports_again_while_the_cache_is_full, .half_open = 4)
{
	struct wire_peer opener;
	by_cookie(peer, &opener);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.time_wait, 1);
	for (unsigned i = 0; i < 16; i++) {
		uint32_t past = peer->ack, cookies = (uint32_t)peer->wire->counters.syn_cookies;
		peer->seq += 1000;
		wire_tcp(peer, .flags = TCP_SYN);
		wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
		cr_assert_gt((int32_t)(peer->ack - past), 0);
		cr_assert_eq(peer->wire->counters.syn_cookies, cookies);
		wire_tcp(peer, .flags = TCP_ACK);
		wire_tcp(peer, .flags = TCP_RST);
		wire_forget(peer->wire);
		cr_assert_eq(peer->wire->counters.time_wait, 1);
	}
}

// While no cookie is out no ACK opens anything, and nothing needs to be remembered.
WIRE_TEST(replay, costs_nothing_without_cookies)
{
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_RST);
	cr_assert_eq(peer->wire->counters.records, 0);
}

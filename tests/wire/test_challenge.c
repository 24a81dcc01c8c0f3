// SPDX-License-Identifier: BSD-3-Clause
//
// ACKs that strangers make us send (RFC 5961): bounded for each connection, so that nobody learns from his own
// bound what another connection met (CVE-2016-5696), and in total.
#include "dataplane/tcp/challenge.h"
#include "tests/wire/wire.h"

static void silent_syn(struct wire_peer *peer)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(challenge, one_in_half_a_second)
{
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, peer->seq);
	silent_syn(peer);
	wire_advance(peer->wire, CHALLENGE_GAP_MS - 20);
	silent_syn(peer);
	wire_advance(peer->wire, 30);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1);
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.challenge_acks, 2);
	cr_assert_eq(peer->wire->counters.challenges_held, 2);
}

WIRE_TEST(challenge, whatever_another_connection_had)
{
	struct wire_peer other = *peer;
	other.port++;
	wire_connect(peer);
	wire_connect(&other);
	for (unsigned i = 0; i < 2000; i++)
		wire_tcp(&other, .flags = TCP_RST, .seq = other.seq + 1);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_RST, .seq = peer->seq + 1);
	wire_expect_tcp(peer, TCP_ACK);
}

// In the handshake the same: RFC 9293, 3.10.7.4, SYN-RECEIVED.
WIRE_TEST(challenge, half_open)
{
	wire_tcp(peer, .flags = TCP_SYN, .seq = 1000);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_SYN, .seq = 900000);
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->ack, 1001);
	wire_tcp(peer, .flags = TCP_SYN, .seq = 900000);
	wire_expect_nothing(peer->wire);
	wire_tcp(peer, .flags = TCP_ACK, .seq = 900000);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.half_open, 1);
}

// A session block has its own place for the time: what the record had goes with it, and back.
WIRE_TEST(challenge, the_bound_survives_the_session_block, .no_wait = true)
{
	uint32_t number, events;
	wire_connect(peer);
	wire_forget(peer->wire);
	peer->ack += sizeof("220 mx1.example.org ESMTP\r\n") - 1;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1);
	wire_expect_tcp(peer, TCP_ACK);
	wire_say(peer, "QUIT\r\n");
	cr_assert(wire_event(peer->wire, &number, &events));
	wire_forget(peer->wire);
	silent_syn(peer);
	wire_advance(peer->wire, CHALLENGE_GAP_MS);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1);
	wire_expect_tcp(peer, TCP_ACK);
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	wire_forget(peer->wire);
	wire_advance(peer->wire, CHALLENGE_GAP_MS);
	wire_tcp(peer, .flags = TCP_SYN, .seq = peer->seq + 1);
	wire_expect_tcp(peer, TCP_ACK);
}

// From as many connections as one likes: a total, and not one that can be counted on.
WIRE_TEST4(challenge, all_connections_together, .connections = 32768, .half_open = 32768)
{
	uint64_t sent[2];
	for (unsigned round = 0; round < 2; round++) {
		uint64_t before = wire->counters.challenge_acks;
		for (uint32_t i = 0; i < 16000; i++) {
			struct wire_peer other = *peer;
			other.address.octet[14] = (uint8_t)(i >> 8);
			other.address.octet[15] = (uint8_t)i;
			if (round == 0)
				wire_tcp(&other, .flags = TCP_SYN, .seq = 1000);
			wire_tcp(&other, .flags = TCP_SYN, .seq = 900000);
			wire_forget(wire);
		}
		sent[round] = wire->counters.challenge_acks - before;
		cr_assert_geq(sent[round], CHALLENGES_A_SECOND / 2);
		cr_assert_lt(sent[round], CHALLENGES_A_SECOND * 3 / 2);
		for (unsigned i = 0; i < 100; i++) { // among SYN-ACKs sent again
			wire_advance(wire, 10);
			wire_forget(wire);
		}
	}
	cr_assert_neq(sent[0], sent[1]);
}

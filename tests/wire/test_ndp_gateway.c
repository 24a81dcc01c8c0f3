// SPDX-License-Identifier: BSD-3-Clause
//
// The IPv6 gateway: asked for, refreshed, lost, followed.
#include "tests/wire/discovery.h"

#define GATEWAY_TEST(name) WIRE_TEST6(gateway6, name, .neighbours = true)

static const uint8_t other_mac[6] = {0x02, 0, 0, 0, 0x0b, 0x02};

static uint64_t gateway(struct wire *wire)
{
	return atomic_load(&wire->ports.port[0].gateway6.mac);
}

static const struct wire_frame *next_question(struct wire *wire)
{
	const struct wire_frame *frame = next_message(wire, 135);
	while (frame != NULL && !is_address(frame->payload + 8, WIRE_GATEWAY6))
		frame = next_message(wire, 135);
	return frame;
}

static void answer(struct wire_peer *peer, uint32_t flags, const uint8_t *mac)
{
	struct body body = body_of(WIRE_GATEWAY6, mac != NULL ? 2 : 0, mac);
	advertise(peer, body, .source = WIRE_GATEWAY6, .destination = LINK_LOCAL, .rest = flags);
}

#define PEER  (GATEWAY_RESOLVED | UINT64_C(0x020000000a01))
#define OTHER (GATEWAY_RESOLVED | UINT64_C(0x020000000b02))

GATEWAY_TEST(asks_for_the_gateway)
{
	static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 0, 0, 1};
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	wire_advance(wire, 3000);
	for (unsigned i = 0; i < 3; i++) {
		const struct wire_frame *question = next_question(wire);
		cr_assert_not_null(question);
		cr_assert(is_address(&question->source, LINK_LOCAL));
		cr_assert(is_address(&question->destination, "ff02::1:ff00:1"));
		cr_assert_eq(memcmp(question->to, group_mac, 6), 0);
		cr_assert(question->payload[24] == 1 && question->payload[25] == 1);
		cr_assert_eq(memcmp(question->payload + 26, wire_mac, 6), 0);
	}
	cr_assert_null(next_question(wire));
	wire_expect_reason(wire, BS_REASON_ACCEPTED, answer(peer, 0xe0000000, wire_peer_mac));
	cr_assert_eq(gateway(wire), PEER);
	wire_advance(wire, 20);
	cr_assert(has_notice(wire, "fe80::1: gateway is at 02:00:00:00:0a:01"));
	wire_forget(wire);
	wire_advance(wire, 29000);
	cr_assert_null(next_question(wire));
}

GATEWAY_TEST(refreshes_the_gateway_and_notices_its_loss)
{
	wire_advance(wire, SETTLED_MS);
	answer(peer, 0xe0000000, wire_peer_mac);
	wire_advance(wire, 100);
	wire_forget(wire);
	wire_advance(wire, 30100);
	const struct wire_frame *question = next_question(wire);
	cr_assert_not_null(question);
	cr_assert_eq(memcmp(question->to, wire_peer_mac, 6), 0);
	cr_assert(is_address(&question->destination, WIRE_GATEWAY6));
	answer(peer, 0xc0000000, NULL); // to a unicast question the option may be left out
	wire_advance(wire, 25000);
	cr_assert_eq(gateway(wire), PEER);
	cr_assert_null(next_question(wire));
	wire_advance(wire, 9500);
	cr_assert_eq(gateway(wire), 0);
	cr_assert(has_notice(wire, "fe80::1: gateway does not answer"));
}

GATEWAY_TEST(unsolicited_advertisement_is_no_proof_of_life)
{
	wire_advance(wire, SETTLED_MS);
	answer(peer, 0xe0000000, wire_peer_mac);
	wire_advance(wire, 100);
	for (unsigned i = 0; i < 40; i++) {
		answer(peer, 0xa0000000, wire_peer_mac);
		wire_advance(wire, 1000);
		if (gateway(wire) == 0)
			break;
	}
	// It is forgotten after three questions, and learnt again from the next of these: it may have lost only us.
	cr_assert(has_notice(wire, "fe80::1: gateway does not answer"));
}

GATEWAY_TEST(follows_the_gateway_only_when_told_to_override)
{
	wire_advance(wire, SETTLED_MS);
	answer(peer, 0xe0000000, wire_peer_mac);
	answer(peer, 0x80000000, other_mac); // without the override flag
	cr_assert_eq(gateway(wire), PEER);
	answer(peer, 0xa0000000, other_mac);
	cr_assert_eq(gateway(wire), OTHER);
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac); // its own question tells, too
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = WIRE_GATEWAY6, .destination = GROUP));
	cr_assert_eq(gateway(wire), PEER);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// IPv6 neighbour discovery (RFC 4861): answers, and what is not answered.
#include "tests/wire/discovery.h"

#define NDP_TEST(name) WIRE_TEST6(ndp, name)

static const uint8_t other_mac[6] = {0x02, 0, 0, 0, 0x0b, 0x02};

NDP_TEST(answers_a_solicitation)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = "2001:db8::7", .destination = GROUP));
	const struct wire_frame *answer = wire_expect_icmp(wire, 136);
	cr_assert_eq(memcmp(answer->to, wire_peer_mac, 6), 0);
	cr_assert(is_address(&answer->source, WIRE_LOCAL6));
	cr_assert(is_address(&answer->destination, "2001:db8::7"));
	cr_assert_eq(answer->ttl, 255);
	cr_assert_eq(answer->payload[1], 0);
	cr_assert_eq(load32(answer->payload + 4), 0x60000000); // solicited, override, no router
	cr_assert(is_address(answer->payload + 8, WIRE_LOCAL6));
	cr_assert_eq(answer->payload_length, 32);
	cr_assert(answer->payload[24] == 2 && answer->payload[25] == 1);
	cr_assert_eq(memcmp(answer->payload + 26, wire_mac, 6), 0);
	cr_assert_eq(wire->counters.arp_replies, 1);
	wire_expect_nothing(wire);
}

NDP_TEST(answers_a_unicast_probe_without_option)
{
	struct body body = body_of(WIRE_LOCAL6, 0, NULL);
	solicit(peer, body, .source = "fe80::7");
	const struct wire_frame *answer = wire_expect_icmp(wire, 136);
	cr_assert(is_address(&answer->destination, "fe80::7"));
}

NDP_TEST(answers_who_asked)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	solicit(peer, body, .source = "2001:db8::7", .destination = GROUP, .from = other_mac);
	cr_assert_eq(memcmp(wire_expect_icmp(wire, 136)->to, other_mac, 6), 0);
}

NDP_TEST(tells_all_when_another_detects_duplicates)
{
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct body body = body_of(WIRE_LOCAL6, 0, NULL);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = "::", .destination = GROUP));
	const struct wire_frame *answer = wire_expect_icmp(wire, 136);
	cr_assert(is_address(&answer->destination, "ff02::1"));
	cr_assert_eq(memcmp(answer->to, all_nodes_mac, 6), 0);
	cr_assert_eq(load32(answer->payload + 4), 0x20000000);
	cr_assert_eq(state6(wire), LOCAL_READY);
}

NDP_TEST(passes_over_unknown_options)
{
	struct body body = body_of(WIRE_LOCAL6, 14, wire_peer_mac); // a nonce
	memcpy(body.byte + 24, (const uint8_t[]){1, 1, 2, 0, 0, 0, 0x0a, 1}, 8);
	body.length = 32;
	solicit(peer, body, .source = "2001:db8::7", .destination = GROUP);
	wire_expect_icmp(wire, 136);
}

NDP_TEST(leaves_others_alone)
{
	struct body body = body_of("2001:db8::1:0:25", 1, wire_peer_mac); // of the same group
	wire_expect_reason(wire, BS_REASON_NDP_OTHER,
		solicit(peer, body, .source = "2001:db8::7", .destination = "ff02::1:ff00:25"));
	wire_expect_reason(wire, BS_REASON_NDP_OTHER, advertise(peer, body, .rest = 0x40000000));
	static const uint8_t router[] = {133, 134, 137};
	for (unsigned i = 0; i < 3; i++)
		wire_expect_reason(wire, BS_REASON_NDP_OTHER,
			wire_icmp(peer, .type = router[i], .payload = body.byte,
				.payload_length = body.length));
	wire_expect_nothing(wire);
}

NDP_TEST(drops_what_rfc_4861_says_to_discard)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	struct body group = body_of("ff02::1", 0, NULL);
	struct body bare = body_of(WIRE_LOCAL6, 0, NULL);
#define bad(call) wire_expect_reason(wire, BS_REASON_NDP_BAD, call)
	for (uint8_t type = 135; type <= 136; type++) {
		bad(message(peer, type, body, .ttl = 254));
		bad(message(peer, type, body, .code = 1));
		bad(message(peer, type, group));
		body.length = 15; // shorter than a target
		bad(message(peer, type, body));
		body.length = 23; // an option that ends outside
		bad(message(peer, type, body));
		body.length = 17; // an option of one byte
		bad(message(peer, type, body));
		body.length = 24;
		body.byte[17] = 0; // an option without length
		bad(message(peer, type, body));
		body.byte[17] = 2;
		bad(message(peer, type, body));
		body.byte[17] = 1;
		bad(message(peer, type, body, .router_alert = true));
	}
	// From nobody: only to the target's own group, and without the option.
	bad(solicit(peer, bare, .source = "::"));
	bad(solicit(peer, bare, .source = "::", .destination = "ff02::1"));
	bad(solicit(peer, body, .source = "::", .destination = GROUP));
	// Solicited, and to everybody.
	bad(advertise(peer, body, .destination = "ff02::1", .rest = 0x40000000));
#undef bad
	wire_expect_reason(wire, BS_REASON_ICMP_BAD, solicit(peer, body, .bad_checksum = true));
	wire_expect_nothing(wire);
	cr_assert_eq(state6(wire), LOCAL_READY);
}

// SPDX-License-Identifier: BSD-3-Clause
//
// Duplicate address detection (RFC 4862), announcing and defending our addresses.
#include "tests/wire/discovery.h"

#define CLAIM_TEST(name) WIRE_TEST6(claim6, name, .neighbours = true)

CLAIM_TEST(detects_then_announces)
{
	unsigned probes = 0, link_local_probes = 0, announcements = 0;
	cr_assert_eq(state6(wire), LOCAL_TENTATIVE);
	wire_advance(wire, 10);
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_tcp(peer, .flags = TCP_SYN));
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_icmp(peer, .type = 128));
	wire_advance(wire, SETTLED_MS);
	const struct wire_frame *f;
	while ((f = wire_next(wire)) != NULL) {
		if (f->protocol != PROTOCOL_ICMP6)
			continue;
		if (f->payload[0] == 135 && is_address(f->payload + 8, WIRE_LOCAL6)) {
			static const uint8_t mac[6] = {0x33, 0x33, 0xff, 0, 0, 0x25};
			probes++;
			cr_assert(is_address(&f->source, "::"));
			cr_assert(is_address(&f->destination, GROUP));
			cr_assert_eq(memcmp(f->to, mac, 6), 0);
			cr_assert(f->ttl == 255 && f->payload_length == 24); // no option
			cr_assert_eq(announcements, 0);
		} else if (f->payload[0] == 135 && is_address(f->payload + 8, LINK_LOCAL)) {
			link_local_probes++;
		} else if (f->payload[0] == 136 && is_address(f->payload + 8, WIRE_LOCAL6)) {
			announcements++;
			cr_assert(is_address(&f->source, WIRE_LOCAL6));
			cr_assert(is_address(&f->destination, "ff02::1"));
			cr_assert_eq(load32(f->payload + 4), 0x20000000);
			cr_assert_eq(memcmp(f->payload + 26, wire_mac, 6), 0);
		}
	}
	cr_assert(probes == 1 && link_local_probes == 1 && announcements == 2);
	cr_assert_eq(state6(wire), LOCAL_READY);
	cr_assert_eq(wire->ports.port[0].link_local_state, LOCAL_READY);
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
}

// Advances until our probe for the address is out.
static void until_probed(struct wire *wire, const char *address)
{
	for (unsigned i = 0; i < 200; i++) {
		wire_advance(wire, 10);
		const struct wire_frame *probe;
		while ((probe = next_message(wire, 135)) != NULL) {
			if (is_address(probe->payload + 8, address))
				return;
		}
	}
	cr_assert_fail("no probe");
}

static void is_lost(struct wire *wire, struct wire_peer *peer)
{
	wire_advance(wire, 20);
	cr_assert_eq(state6(wire), LOCAL_DUPLICATE);
	cr_assert(has_notice(wire, "2001:db8::25 in use by 02:00:00:00:0a:01"));
	wire_forget(wire);
	wire_advance(wire, SETTLED_MS);
	const struct wire_frame *announcement;
	while ((announcement = next_message(wire, 136)) != NULL)
		cr_assert(is_address(announcement->payload + 8, LINK_LOCAL));
	cr_assert_eq(state6(wire), LOCAL_DUPLICATE);
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_tcp(peer, .flags = TCP_SYN));
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	wire_expect_reason(wire, BS_REASON_NDP_OTHER,
		solicit(peer, body, .source = "2001:db8::7", .destination = GROUP));
	cr_assert_null(next_message(wire, 136));
}

CLAIM_TEST(gives_way_to_an_advertisement)
{
	struct body body = body_of(WIRE_LOCAL6, 2, wire_peer_mac);
	until_probed(wire, WIRE_LOCAL6);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		advertise(peer, body, .source = WIRE_LOCAL6, .destination = "ff02::1",
			.rest = 0x20000000));
	is_lost(wire, peer);
}

CLAIM_TEST(gives_way_to_another_probe)
{
	struct body body = body_of(WIRE_LOCAL6, 0, NULL);
	until_probed(wire, WIRE_LOCAL6);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = "::", .destination = GROUP));
	is_lost(wire, peer);
}

CLAIM_TEST(a_question_is_no_rival)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	until_probed(wire, WIRE_LOCAL6);
	wire_expect_reason(wire, BS_REASON_NDP_OTHER,
		solicit(peer, body, .source = "2001:db8::7", .destination = GROUP));
	wire_advance(wire, SETTLED_MS);
	cr_assert_eq(state6(wire), LOCAL_READY);
}

CLAIM_TEST(link_local_duplicate_is_noticed)
{
	struct body body = body_of(LINK_LOCAL, 2, wire_peer_mac);
	until_probed(wire, LINK_LOCAL);
	advertise(peer, body, .source = LINK_LOCAL, .destination = "ff02::1", .rest = 0x20000000);
	wire_advance(wire, 20);
	cr_assert_eq(wire->ports.port[0].link_local_state, LOCAL_DUPLICATE);
	cr_assert(has_notice(wire, "fe80::ff:fe00:19 in use by"));
	wire_advance(wire, SETTLED_MS);
	cr_assert_eq(state6(wire), LOCAL_READY); // the others are their own
}

CLAIM_TEST(defends_what_it_has)
{
	struct body body = body_of(WIRE_LOCAL6, 2, wire_peer_mac);
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	for (unsigned i = 0; i < 9; i++) {
		advertise(peer, body, .source = WIRE_LOCAL6, .destination = "ff02::1",
			.rest = 0x20000000);
		wire_advance(wire, 1000);
	}
	cr_assert(has_notice(wire, "2001:db8::25 also used by 02:00:00:00:0a:01"));
	const struct wire_frame *defence = next_message(wire, 136);
	cr_assert_not_null(defence);
	cr_assert(is_address(defence->payload + 8, WIRE_LOCAL6));
	cr_assert_null(next_message(wire, 136));
	cr_assert_eq(state6(wire), LOCAL_READY);
}

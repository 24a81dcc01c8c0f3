// SPDX-License-Identifier: BSD-3-Clause
//
// Echo (RFC 792, RFC 4443), its limits, and the ICMP messages that are looked at and dropped.
#include "tests/wire/wire.h"

#include <rte_mbuf.h>

#include "dataplane/frame/local.h"

static uint8_t echo_request(const struct wire_peer *peer)
{
	return peer->ipv6 ? 128 : 8;
}

static uint8_t echo_reply(const struct wire_peer *peer)
{
	return peer->ipv6 ? 129 : 0;
}

WIRE_TEST(echo, comes_back_whole)
{
	struct wire *wire = peer->wire;
	static const char data[] = "an odd number of bytes";
	cr_assert_eq(sizeof(data) % 2, 1);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		wire_icmp(peer, .type = echo_request(peer), .rest = 0xabcd0007, .payload = data,
			.payload_length = sizeof(data), .padding = 3));
	const struct wire_frame *reply = wire_expect_icmp(wire, echo_reply(peer));
	cr_assert_eq(reply->payload_length, 8 + sizeof(data));
	cr_assert_eq(load32(reply->payload + 4), 0xabcd0007);
	cr_assert_eq(memcmp(reply->payload + 8, data, sizeof(data)), 0);
	cr_assert(bs_address_equal(&reply->source, &peer->local));
	cr_assert(bs_address_equal(&reply->destination, &peer->address));
	cr_assert_eq(memcmp(reply->to, wire_peer_mac, 6), 0);
	cr_assert_eq(reply->ttl, 64);
	cr_assert_eq(wire->counters.echo_replies, 1);
	wire_expect_nothing(wire);
}

WIRE_TEST(echo, empty)
{
	wire_icmp(peer, .type = echo_request(peer));
	cr_assert_eq(wire_expect_icmp(peer->wire, echo_reply(peer))->payload_length, 8);
}

WIRE_TEST(echo, with_vlan, .vlan = 12)
{
	wire_icmp(peer, .type = echo_request(peer), .tagged = true, .vlan = 12, .payload = "x");
	wire_expect_icmp(peer->wire, echo_reply(peer));
}

WIRE_TEST(echo, with_offload, .fills = true)
{
	wire_icmp(peer, .type = echo_request(peer), .payload = "x");
	wire_expect_icmp(peer->wire, echo_reply(peer));
}

WIRE_TEST(echo, as_large_as_the_mtu)
{
	static char data[2000];
	memset(data, 'x', sizeof(data));
	size_t most = 1500 - 8 - (peer->ipv6 ? 40 : 20);
	wire_icmp(peer, .type = echo_request(peer), .payload = data, .payload_length = most);
	cr_assert_eq(wire_expect_icmp(peer->wire, echo_reply(peer))->payload_length, 8 + most);
	wire_expect_reason(peer->wire, BS_REASON_ICMP_OTHER,
		wire_icmp(peer, .type = echo_request(peer), .payload = data,
			.payload_length = most + 1));
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(echo, is_rate_limited)
{
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < 100; i++) {
		wire_icmp(peer, .type = echo_request(peer));
		wire_expect_icmp(wire, echo_reply(peer));
	}
	wire_expect_reason(wire, BS_REASON_ICMP_RATE, wire_icmp(peer, .type = echo_request(peer)));
	wire_expect_nothing(wire);
	wire_advance(wire, 10); // a thousand a second
	for (unsigned i = 0; i < 10; i++)
		wire_expect_reason(
			wire, BS_REASON_ACCEPTED, wire_icmp(peer, .type = echo_request(peer)));
	wire_expect_reason(wire, BS_REASON_ICMP_RATE, wire_icmp(peer, .type = echo_request(peer)));
	wire_advance(wire, 5000); // but no more than the burst is saved up
	wire_forget(wire);
	for (unsigned i = 0; i < 120; i++)
		wire_icmp(peer, .type = echo_request(peer));
	cr_assert_eq(wire->counters.reason[BS_REASON_ICMP_RATE], 22);
}

WIRE_TEST(echo, malformed)
{
	struct wire *wire = peer->wire;
	wire_expect_reason(
		wire, BS_REASON_ICMP_BAD, wire_icmp(peer, .type = echo_request(peer), .code = 1));
	wire_expect_reason(wire, BS_REASON_ICMP_BAD,
		wire_icmp(peer, .type = echo_request(peer), .bad_checksum = true));
	wire_expect_nothing(wire);
}

WIRE_TEST(echo, without_a_free_buffer, .mbufs = 63)
{
	struct wire *wire = peer->wire;
	struct rte_mbuf *all[63];
	unsigned taken = 0;
	// One is left, and it carries the request.
	while (taken < 62 && (all[taken] = rte_pktmbuf_alloc(wire->pool)) != NULL)
		taken++;
	cr_assert_eq(taken, 62);
	wire_expect_reason(wire, BS_REASON_NO_MBUF, wire_icmp(peer, .type = echo_request(peer)));
	wire_expect_nothing(wire);
	rte_pktmbuf_free_bulk(all, taken);
	wire_icmp(peer, .type = echo_request(peer));
	wire_expect_icmp(wire, echo_reply(peer));
}

// The error and the packet it is about, which we should have sent from `from`.
static void send_error(struct wire_peer *peer, uint8_t type, uint8_t code, bool ours, size_t cut)
{
	uint8_t about[60] = {0};
	const struct bs_address *from = ours ? &peer->local : &peer->address;
	about[0] = peer->ipv6 ? 0x60 : 0x45;
	if (peer->ipv6)
		memcpy(about + 8, from->octet, 16);
	else
		memcpy(about + 12, from->octet + 12, 4);
	wire_icmp(peer, .type = type, .code = code, .rest = 1280, .payload = about,
		.payload_length = (peer->ipv6 ? 48 : 28) - cut);
}

WIRE_TEST(icmp_error, is_looked_at)
{
	static const uint8_t types4[] = {3, 11, 12}, types6[] = {1, 2, 3, 4};
	const uint8_t *type = peer->ipv6 ? types6 : types4;
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < (peer->ipv6 ? 4u : 3u); i++) {
		wire_expect_reason(
			wire, BS_REASON_ICMP_OTHER, send_error(peer, type[i], 4, true, 0));
		wire_expect_reason(
			wire, BS_REASON_ICMP_BAD, send_error(peer, type[i], 4, false, 0));
		wire_expect_reason(wire, BS_REASON_ICMP_BAD, send_error(peer, type[i], 4, true, 1));
		wire_expect_reason(
			wire, BS_REASON_ICMP_BAD, send_error(peer, type[i], 4, true, 28));
	}
	wire_expect_nothing(wire);
}

WIRE_TEST(icmp_other, is_not_answered)
{
	static const uint8_t types4[] = {0, 5, 9, 10, 13, 15, 17, 42};
	static const uint8_t types6[] = {129, 131, 132, 138, 139, 143, 151, 200};
	for (unsigned i = 0; i < 8; i++)
		wire_expect_reason(peer->wire, BS_REASON_ICMP_OTHER,
			wire_icmp(peer, .type = peer->ipv6 ? types6[i] : types4[i],
				.payload = "0123456789012345678901234567890123456789"));
	wire_expect_nothing(peer->wire);
}

WIRE_TEST6(icmp6, echo_to_the_link_local_address)
{
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, // duplicate detection has not run here
		wire_icmp(
			peer, .type = 128, .source = "fe80::7", .destination = "fe80::ff:fe00:19"));
	atomic_store(&wire->ports.port[0].link_local_state, LOCAL_READY);
	wire_icmp(peer, .type = 128, .source = "fe80::7", .destination = "fe80::ff:fe00:19");
	const struct wire_frame *reply = wire_expect_icmp(wire, 129);
	struct bs_address own = local_link_local(&wire->ports.port[0]);
	cr_assert(bs_address_equal(&reply->source, &own));
}

WIRE_TEST6(icmp6, groups_get_no_answer)
{
	wire_expect_reason(
		wire, BS_REASON_ICMP_OTHER, wire_icmp(peer, .type = 128, .destination = "ff02::1"));
	wire_expect_reason(wire, BS_REASON_ICMP_OTHER,
		wire_icmp(peer, .type = 128, .destination = "ff02::1:ff00:25"));
	wire_expect_nothing(wire);
}

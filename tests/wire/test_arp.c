// SPDX-License-Identifier: BSD-3-Clause
//
// ARP: answers (RFC 826), probing, announcing and defending our addresses (RFC 5227), the IPv4 gateway.
#include "tests/wire/wire.h"

#include "dataplane/frame/local.h"

static const uint8_t other_mac[6] = {0x02, 0, 0, 0, 0x0b, 0x02};
static const uint8_t zero_mac[6];

// Everything from start to settled addresses: at most one second of wait, three probes two seconds apart,
// two seconds, two announcements two seconds apart.
#define SETTLED_MS 12000

static bool is_address(const uint8_t *at, const char *text)
{
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address));
	return memcmp(at, address.octet + 12, 4) == 0;
}

// The next ARP among whatever else is sent; NULL when there is none.
static const struct wire_frame *next_arp(struct wire *wire)
{
	const struct wire_frame *frame = wire_next(wire);
	while (frame != NULL && frame->ether_type != ETHER_TYPE_ARP)
		frame = wire_next(wire);
	return frame;
}

// The same, without questions for the gateway.
static const struct wire_frame *next_claim(struct wire *wire)
{
	const struct wire_frame *frame = next_arp(wire);
	while (frame != NULL && is_address(frame->payload + 24, WIRE_GATEWAY4))
		frame = next_arp(wire);
	return frame;
}

static bool has_notice(struct wire *wire, const char *text)
{
	struct bs_notice notice;
	while (wire_notice(wire, &notice)) {
		if (memmem(notice.sample, notice.sample_length, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

static enum local_state state4(struct wire *wire)
{
	return local_state(&wire->ports.local[0]);
}

// Addresses ready, or claimed from the start on.
#define ARP_TEST(name)   WIRE_TEST4(arp, name)
#define CLAIM_TEST(name) WIRE_TEST4(claim, name, .neighbours = true)

ARP_TEST(answers_a_request)
{
	wire_expect_reason(wire, BS_REASON_ACCEPTED, wire_arp(peer, .sender = "192.0.2.7"));
	const struct wire_frame *reply = wire_expect_arp(wire, 2);
	cr_assert_eq(memcmp(reply->to, wire_peer_mac, 6), 0);
	cr_assert_eq(memcmp(reply->payload + 8, wire_mac, 6), 0);
	cr_assert(is_address(reply->payload + 14, WIRE_LOCAL4));
	cr_assert_eq(memcmp(reply->payload + 18, wire_peer_mac, 6), 0);
	cr_assert(is_address(reply->payload + 24, "192.0.2.7"));
	cr_assert_eq(wire->counters.arp_replies, 1);
	// padded to Ethernet's least, and straight to our MAC: a refresh
	wire_arp(peer, .sender = "192.0.2.7", .padding = 18, .to = wire_mac);
	wire_expect_arp(wire, 2);
	wire_expect_nothing(wire);
}

ARP_TEST(answers_who_asked_not_whom_the_packet_names)
{
	wire_arp(peer, .sender = "192.0.2.7", .from = other_mac);
	const struct wire_frame *reply = wire_expect_arp(wire, 2);
	cr_assert_eq(memcmp(reply->to, other_mac, 6), 0);
}

ARP_TEST(answers_a_probe)
{
	wire_arp(peer, .sender = "0.0.0.0");
	const struct wire_frame *reply = wire_expect_arp(wire, 2);
	cr_assert(is_address(reply->payload + 14, WIRE_LOCAL4));
	cr_assert(is_address(reply->payload + 24, "0.0.0.0"));
}

ARP_TEST(leaves_others_alone)
{
	wire_expect_reason(wire, BS_REASON_ARP_OTHER,
		wire_arp(peer, .sender = "192.0.2.7", .target = "192.0.2.99"));
	wire_expect_reason(wire, BS_REASON_ARP_OTHER,
		wire_arp(peer, .operation = 2, .sender = "192.0.2.7", .target_mac = wire_mac));
	wire_expect_reason(
		wire, BS_REASON_ARP_OTHER, wire_arp(peer, .operation = 3, .to = wire_mac));
	wire_expect_nothing(wire);
}

ARP_TEST(drops_malformed)
{
	static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 1};
	struct wire_bytes bytes;
	static const uint8_t wrong[][2] = {{1, 6}, {2, 9}, {4, 8}, {5, 16}}; // offset, value
	for (unsigned i = 0; i < 4; i++) {
		wire_build_arp(peer, &(struct wire_packet){0}, &bytes);
		bytes.byte[bytes.l3 + wrong[i][0]] = wrong[i][1];
		wire_expect_reason(
			wire, BS_REASON_ARP_BAD, wire_inject(wire, bytes.byte, bytes.length, 0));
	}
	wire_expect_reason(wire, BS_REASON_ARP_BAD, wire_arp(peer, .sender_mac = group));
	wire_build_arp(peer, &(struct wire_packet){0}, &bytes);
	wire_expect_reason(
		wire, BS_REASON_FRAME_SHORT, wire_inject(wire, bytes.byte, bytes.length - 1u, 0));
	wire_expect_reason(wire, BS_REASON_FRAME_NOT_OURS, wire_arp(peer, .to = group));
	wire_expect_nothing(wire);
}

// --- claims ---

CLAIM_TEST(probes_then_announces)
{
	unsigned probes = 0, announcements = 0;
	wire_advance(wire, 1500);
	cr_assert_eq(state4(wire), LOCAL_TENTATIVE);
	wire_expect_reason(wire, BS_REASON_ARP_OTHER, wire_arp(peer, .sender = "192.0.2.7"));
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_tcp(peer, .flags = TCP_SYN));
	wire_advance(wire, SETTLED_MS);
	for (const struct wire_frame *f = next_claim(wire); f != NULL; f = next_claim(wire)) {
		cr_assert_eq(load16(f->payload + 6), 1);
		cr_assert_eq(memcmp(f->to, wire_broadcast, 6), 0);
		cr_assert_eq(memcmp(f->payload + 8, wire_mac, 6), 0);
		cr_assert_eq(memcmp(f->payload + 18, zero_mac, 6), 0);
		cr_assert(is_address(f->payload + 24, WIRE_LOCAL4));
		if (is_address(f->payload + 14, "0.0.0.0")) {
			probes++;
			cr_assert_eq(announcements, 0);
		} else {
			cr_assert(is_address(f->payload + 14, WIRE_LOCAL4));
			announcements++;
		}
	}
	cr_assert_eq(probes, 3);
	cr_assert_eq(announcements, 2);
	cr_assert_eq(state4(wire), LOCAL_READY);
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
}

// A reply, a request, a gratuitous announcement, and another's probe: each shows that the address is taken.
static void taken_by(struct wire *wire, struct wire_peer *peer, const struct wire_packet *packet)
{
	wire_advance(wire, 1500);
	wire_expect_reason(wire, BS_REASON_ACCEPTED, wire_send_arp(peer, packet));
	wire_advance(wire, 20);
	cr_assert_eq(state4(wire), LOCAL_DUPLICATE);
	cr_assert(has_notice(wire, "192.0.2.25 in use by 02:00:00:00:0a:01"));
	wire_forget(wire);
	wire_advance(wire, SETTLED_MS);
	cr_assert_null(next_claim(wire));
	cr_assert_eq(state4(wire), LOCAL_DUPLICATE);
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_tcp(peer, .flags = TCP_SYN));
}

CLAIM_TEST(gives_way_to_a_reply)
{
	taken_by(wire, peer, &(struct wire_packet){.operation = 2, .sender = WIRE_LOCAL4});
}

CLAIM_TEST(gives_way_to_a_request)
{
	taken_by(wire, peer, &(struct wire_packet){.sender = WIRE_LOCAL4, .target = "192.0.2.77"});
}

CLAIM_TEST(gives_way_to_an_announcement)
{
	taken_by(wire, peer, &(struct wire_packet){.sender = WIRE_LOCAL4});
}

CLAIM_TEST(gives_way_to_another_probe)
{
	taken_by(wire, peer, &(struct wire_packet){.sender = "0.0.0.0"});
}

CLAIM_TEST(own_frame_sent_back_is_no_rival)
{
	wire_advance(wire, 1500);
	wire_arp(peer, .sender = "0.0.0.0", .sender_mac = wire_mac);
	wire_expect_reason(wire, BS_REASON_FRAME_SOURCE,
		wire_arp(peer, .sender = "0.0.0.0", .from = wire_mac));
	wire_advance(wire, SETTLED_MS);
	cr_assert_eq(state4(wire), LOCAL_READY);
}

CLAIM_TEST(tries_again_after_a_minute)
{
	wire_advance(wire, 1500);
	wire_arp(peer, .operation = 2, .sender = WIRE_LOCAL4);
	wire_advance(wire, 59000);
	cr_assert_eq(state4(wire), LOCAL_DUPLICATE);
	// Still taken at the second look: no second complaint.
	cr_assert(has_notice(wire, "in use by"));
	wire_advance(wire, 2500);
	wire_arp(peer, .operation = 2, .sender = WIRE_LOCAL4);
	wire_advance(wire, 50000);
	cr_assert_not(has_notice(wire, "in use by"));
	wire_advance(wire, 11000 + SETTLED_MS);
	cr_assert_eq(state4(wire), LOCAL_READY);
	cr_assert(has_notice(wire, "192.0.2.25 is free now"));
}

CLAIM_TEST(defends_what_it_has)
{
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	wire_arp(peer, .sender = WIRE_LOCAL4, .target = WIRE_LOCAL4);
	wire_advance(wire, 20);
	const struct wire_frame *defence = next_claim(wire);
	cr_assert_not_null(defence);
	cr_assert(is_address(defence->payload + 14, WIRE_LOCAL4));
	cr_assert_null(next_claim(wire));
	cr_assert(has_notice(wire, "192.0.2.25 also used by 02:00:00:00:0a:01"));
	// Not again within ten seconds, and never given up.
	for (unsigned i = 0; i < 9; i++) {
		wire_arp(peer, .operation = 2, .sender = WIRE_LOCAL4);
		wire_advance(wire, 1000);
	}
	cr_assert_null(next_claim(wire));
	wire_advance(wire, 2000);
	wire_arp(peer, .operation = 2, .sender = WIRE_LOCAL4);
	wire_advance(wire, 20);
	cr_assert_not_null(next_claim(wire));
	cr_assert_eq(state4(wire), LOCAL_READY);
}

CLAIM_TEST(announces_when_the_link_returns)
{
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	atomic_store(&wire->ports.port[0].link_up, false);
	wire_advance(wire, 5000);
	wire_expect_nothing(wire);
	atomic_store(&wire->ports.port[0].link_up, true);
	wire_advance(wire, 5000);
	unsigned count = 0;
	for (const struct wire_frame *f = next_claim(wire); f != NULL; f = next_claim(wire)) {
		cr_assert(is_address(f->payload + 14, WIRE_LOCAL4));
		count++;
	}
	cr_assert_eq(count, 2);
}

CLAIM_TEST(waits_for_the_link)
{
	atomic_store(&wire->ports.port[0].link_up, false);
	wire_advance(wire, SETTLED_MS);
	wire_expect_nothing(wire);
	cr_assert_eq(state4(wire), LOCAL_TENTATIVE);
	atomic_store(&wire->ports.port[0].link_up, true);
	wire_advance(wire, SETTLED_MS);
	cr_assert_eq(state4(wire), LOCAL_READY);
}

// --- the gateway ---

static uint64_t gateway(struct wire *wire)
{
	return atomic_load(&wire->ports.port[0].gateway4.mac);
}

// The next question for the gateway's address.
static const struct wire_frame *next_question(struct wire *wire)
{
	const struct wire_frame *frame = next_arp(wire);
	while (frame != NULL && !is_address(frame->payload + 24, WIRE_GATEWAY4))
		frame = next_arp(wire);
	return frame;
}

CLAIM_TEST(asks_for_the_gateway_each_second)
{
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	cr_assert(has_notice(wire, "192.0.2.1: gateway does not answer"));
	wire_advance(wire, 5000);
	for (unsigned i = 0; i < 5; i++) {
		const struct wire_frame *question = next_question(wire);
		cr_assert_not_null(question);
		cr_assert_eq(memcmp(question->to, wire_broadcast, 6), 0);
		cr_assert(is_address(question->payload + 14, WIRE_LOCAL4));
	}
	cr_assert_null(next_question(wire));
	cr_assert_eq(gateway(wire), 0);
	wire_expect_reason(
		wire, BS_REASON_ACCEPTED, wire_arp(peer, .operation = 2, .target_mac = wire_mac));
	cr_assert_eq(gateway(wire), GATEWAY_RESOLVED | UINT64_C(0x020000000a01));
	wire_advance(wire, 20);
	cr_assert(has_notice(wire, "192.0.2.1: gateway is at 02:00:00:00:0a:01"));
}

CLAIM_TEST(refreshes_the_gateway_and_notices_its_loss)
{
	wire_advance(wire, SETTLED_MS);
	wire_arp(peer, .operation = 2, .target_mac = wire_mac);
	wire_advance(wire, 100);
	wire_forget(wire);
	wire_advance(wire, 29000);
	cr_assert_null(next_question(wire));
	wire_advance(wire, 1500);
	const struct wire_frame *question = next_question(wire);
	cr_assert_not_null(question);
	cr_assert_eq(memcmp(question->to, wire_peer_mac, 6), 0);
	wire_arp(peer, .operation = 2, .target_mac = wire_mac);
	wire_forget(wire);
	while (has_notice(wire, ""))
		;
	// It answered; now it no longer does: three questions in vain.
	wire_advance(wire, 30500);
	cr_assert_not_null(next_question(wire));
	wire_advance(wire, 2000);
	cr_assert_neq(gateway(wire), 0);
	wire_advance(wire, 1500);
	cr_assert_eq(gateway(wire), 0);
	cr_assert(has_notice(wire, "192.0.2.1: gateway does not answer"));
	wire_forget(wire);
	wire_advance(wire, 1100);
	question = next_question(wire);
	cr_assert_not_null(question);
	cr_assert_eq(memcmp(question->to, wire_broadcast, 6), 0);
}

CLAIM_TEST(follows_the_gateway_to_another_mac)
{
	wire_advance(wire, SETTLED_MS);
	wire_arp(peer, .operation = 2, .target_mac = wire_mac);
	wire_arp(peer, .target = WIRE_GATEWAY4, .sender_mac = other_mac); // gratuitous: a failover
	cr_assert_eq(gateway(wire), GATEWAY_RESOLVED | UINT64_C(0x020000000b02));
}

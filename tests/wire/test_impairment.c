// SPDX-License-Identifier: BSD-3-Clause
//
// The bad network made on purpose: each fault in each direction, counted, bounded, and over when it is switched off.
#include "tests/wire/wire.h"

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/frame/checksum.h"

#define ALL   1000000u
#define PINGS 20u

// Faults from the next turn on.
static void impair(
	struct wire *wire, struct bs_impairment_shares receive, struct bs_impairment_shares send)
{
	struct bs_impairment *impairment = &wire->policy.impairment;
	*impairment = (struct bs_impairment){.receive = receive, .send = send};
	impairment->on = bs_impairment_any(&receive) || bs_impairment_any(&send);
}

static void heal(struct wire *wire)
{
	impair(wire, (struct bs_impairment_shares){0}, (struct bs_impairment_shares){0});
}

// Echo requests numbered from 0 on, all in front of the port before it is looked at.
static void ping(struct wire_peer *peer, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct wire_bytes bytes;
		wire_build_ip(peer, peer->ipv6 ? 58 : 1,
			&(struct wire_packet){.type = peer->ipv6 ? 128 : 8, .rest = i}, &bytes);
		wire_queue(peer->wire, bytes.byte, bytes.length, 0);
	}
	wire_poll(peer->wire);
}

// Takes the replies: how many, of how many requests, and how many came behind a later one.
struct replies {
	uint32_t count, different, late;
};
static struct replies replies(struct wire *wire)
{
	const struct wire_frame *frame;
	struct replies seen = {0};
	uint8_t times[PINGS] = {0};
	uint32_t most = 0;
	while ((frame = wire_next(wire)) != NULL) {
		cr_assert_geq(frame->payload_length, 8);
		uint32_t number = load32(frame->payload + 4);
		cr_assert_lt(number, PINGS);
		seen.different += times[number]++ == 0;
		seen.late += number < most;
		seen.count++;
		most = number > most ? number : most;
	}
	return seen;
}

WIRE_TEST(impairment, receive_loss)
{
	struct wire *wire = peer->wire;
	impair(wire, (struct bs_impairment_shares){.loss = ALL}, (struct bs_impairment_shares){0});
	ping(peer, PINGS);
	wire_expect_nothing(wire);
	cr_assert_eq(wire->counters.impaired_received_lost, PINGS);
	cr_assert_eq(wire->counters.rx_packets, 0, "what was lost did not arrive");
	heal(wire);
	ping(peer, PINGS);
	cr_assert_eq(replies(wire).different, PINGS);
	cr_assert_eq(wire->counters.impaired_received_lost, PINGS);
}

WIRE_TEST(impairment, send_loss)
{
	struct wire *wire = peer->wire;
	impair(wire, (struct bs_impairment_shares){0}, (struct bs_impairment_shares){.loss = ALL});
	ping(peer, PINGS);
	wire_expect_nothing(wire);
	cr_assert_eq(wire->counters.impaired_sent_lost, PINGS);
	cr_assert_eq(wire->counters.tx_packets, 0);
	cr_assert_eq(wire->counters.rx_packets, PINGS);
}

WIRE_TEST(impairment, some_are_lost)
{
	struct wire *wire = peer->wire;
	impair(wire, (struct bs_impairment_shares){.loss = ALL / 4},
		(struct bs_impairment_shares){0});
	for (unsigned i = 0; i < 100; i++)
		ping(peer, PINGS);
	wire_forget(wire);
	uint64_t lost = wire->counters.impaired_received_lost;
	// Of 2000 a quarter: 500, and six standard deviations of 19.4.
	cr_assert(lost > 380 && lost < 620, "%lu of 2000", lost);
	cr_assert_eq(wire->counters.rx_packets, 2000 - lost);
}

WIRE_TEST(impairment, duplicates)
{
	struct wire *wire = peer->wire;
	impair(wire, (struct bs_impairment_shares){.duplicate = ALL},
		(struct bs_impairment_shares){.duplicate = ALL});
	ping(peer, PINGS);
	struct replies seen = replies(wire);
	cr_assert_eq(seen.different, PINGS);
	cr_assert_eq(seen.count, 4 * PINGS);
	cr_assert_eq(wire->counters.impaired_received_duplicated, PINGS);
	cr_assert_eq(wire->counters.impaired_sent_duplicated, 2 * PINGS);
}

// All come, not in their order, and within the time that one may be held.
static void reordered(struct wire_peer *peer, bool sent)
{
	struct wire *wire = peer->wire;
	struct bs_impairment_shares half = {.reorder = ALL / 2}, none = {0};
	impair(wire, sent ? none : half, sent ? half : none);
	ping(peer, PINGS);
	wire_advance(wire, 30);
	struct replies seen = replies(wire);
	cr_assert_eq(seen.different, PINGS);
	cr_assert_eq(seen.count, PINGS);
	cr_assert_gt(seen.late, 2);
	cr_assert_gt(sent ? wire->counters.impaired_sent_reordered
			  : wire->counters.impaired_received_reordered,
		4);
}

WIRE_TEST(impairment, receive_reorder)
{
	reordered(peer, false);
}

WIRE_TEST(impairment, send_reorder)
{
	reordered(peer, true);
}

WIRE_TEST(impairment, held_ones_come_when_it_is_switched_off)
{
	struct wire *wire = peer->wire;
	impair(wire, (struct bs_impairment_shares){.reorder = ALL},
		(struct bs_impairment_shares){0});
	ping(peer, 8);
	wire_expect_nothing(wire); // nothing passed them
	heal(wire);
	wire_advance(wire, 30);
	cr_assert_eq(replies(wire).different, 8);
	cr_assert_not(wire->dataplane->impaired);
	wire_no_leak(wire);
}

WIRE_TEST(impairment, held_ones_are_given_back_at_the_end)
{
	impair(peer->wire, (struct bs_impairment_shares){.reorder = ALL},
		(struct bs_impairment_shares){.reorder = ALL});
	ping(peer, PINGS); // wire_free() counts
	cr_assert(peer->wire->dataplane->impaired);
}

// IPv6 has bytes that no checksum covers and nobody minds: traffic class, flow label, hop limit.
WIRE_TEST(impairment, damage_is_found)
{
	struct wire *wire = peer->wire;
	impair(wire, (struct bs_impairment_shares){.corrupt = ALL},
		(struct bs_impairment_shares){0});
	for (unsigned i = 0; i < 200; i++)
		wire_tcp(peer, .flags = TCP_SYN, .source_port = (uint16_t)(2000 + i));
	cr_assert_eq(wire->counters.impaired_received_corrupted, 200);
	cr_assert_leq(wire->counters.reason[BS_REASON_ACCEPTED], peer->ipv6 ? 40 : 0);
	cr_assert_gt(wire->counters.reason[BS_REASON_TCP_CHECKSUM], 50);
	wire_forget(wire);
}

// Even though the port had found the checksums good.
WIRE_TEST(impairment, damage_is_found_behind_a_port_that_checks)
{
	struct wire *wire = peer->wire;
	struct wire_bytes bytes;
	wire->ports.port[0].checks_ipv4 = wire->ports.port[0].checks_tcp = true;
	impair(wire, (struct bs_impairment_shares){.corrupt = ALL},
		(struct bs_impairment_shares){0});
	for (unsigned i = 0; i < 200; i++) {
		wire_build_ip(peer, 6,
			&(struct wire_packet){
				.flags = TCP_SYN, .source_port = (uint16_t)(2000 + i)},
			&bytes);
		wire_inject(wire, bytes.byte, bytes.length,
			RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD);
	}
	cr_assert_leq(wire->counters.reason[BS_REASON_ACCEPTED], peer->ipv6 ? 40 : 0);
	wire_forget(wire);
}

static bool whole(const struct wire_peer *peer, const uint8_t *ip, uint32_t length)
{
	uint32_t header = peer->ipv6 ? IPV6_LENGTH : IPV4_LENGTH;
	if (!peer->ipv6 && internet_checksum(0, ip, IPV4_LENGTH) != 0)
		return false;
	struct bs_address from, to;
	memcpy(from.octet, ip + 8, 16);
	memcpy(to.octet, ip + 24, 16);
	if (!peer->ipv6) {
		from = bs_address_from_ipv4(ip + 12);
		to = bs_address_from_ipv4(ip + 16);
	}
	return internet_checksum(pseudo_header_sum(&from, &to, PROTOCOL_TCP, length - header),
		       ip + header, length - header) == 0;
}

// What goes out damaged has the checksum of what was meant, also where the port would have filled it in.
static void sent_damaged(struct wire_peer *peer)
{
	struct wire *wire = peer->wire;
	struct rte_mbuf *mbuf;
	unsigned sent = 0, good = 0;
	impair(wire, (struct bs_impairment_shares){0},
		(struct bs_impairment_shares){.corrupt = ALL});
	wire_hold(wire, true);
	for (unsigned i = 0; i < 100; i++)
		wire_tcp(peer, .flags = TCP_SYN, .source_port = (uint16_t)(2000 + i));
	while (rte_ring_dequeue(wire->transmit[0], (void **)&mbuf) == 0) {
		cr_assert_eq(mbuf->ol_flags & (RTE_MBUF_F_TX_L4_MASK | RTE_MBUF_F_TX_IP_CKSUM), 0);
		good += whole(peer, rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, ETHER_LENGTH),
			rte_pktmbuf_data_len(mbuf) - ETHER_LENGTH);
		rte_pktmbuf_free(mbuf);
		sent++;
	}
	cr_assert_eq(sent, 100);
	cr_assert_eq(wire->counters.impaired_sent_corrupted, 100);
	cr_assert_leq(good, peer->ipv6 ? 25 : 0);
}

WIRE_TEST(impairment, sent_damaged, .connections = 256, .half_open = 128)
{
	sent_damaged(peer);
}

WIRE_TEST(impairment, sent_damaged_by_a_port_that_fills_in, .connections = 256, .half_open = 128,
	.fills = true)
{
	sent_damaged(peer);
}

// Address resolution has no checksum: damage to it would stay in caches.
WIRE_TEST4(impairment, arp_is_not_damaged)
{
	impair(wire, (struct bs_impairment_shares){.corrupt = ALL},
		(struct bs_impairment_shares){.corrupt = ALL});
	wire_arp(peer, .operation = 1);
	wire_expect_arp(wire, 2);
	cr_assert_eq(wire->counters.impaired_received_corrupted, 0);
	cr_assert_eq(wire->counters.impaired_sent_corrupted, 0);
}

// The faults of a seed come again.
WIRE_TEST(impairment, is_repeatable)
{
	struct wire *wire = peer->wire;
	uint64_t lost[2];
	struct replies seen[2];
	for (unsigned i = 0; i < 2; i++) {
		uint64_t before = wire->counters.impaired_received_lost;
		impair(wire, (struct bs_impairment_shares){.loss = ALL / 3, .reorder = ALL / 3},
			(struct bs_impairment_shares){.duplicate = ALL / 3});
		ping(peer, PINGS);
		wire_advance(wire, 30);
		lost[i] = wire->counters.impaired_received_lost - before;
		seen[i] = replies(wire);
		heal(wire);
		wire_poll(wire);
	}
	cr_assert_gt(lost[0], 0);
	cr_assert_eq(lost[0], lost[1]);
	cr_assert_eq(memcmp(&seen[0], &seen[1], sizeof(seen[0])), 0);
}

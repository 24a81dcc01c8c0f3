// SPDX-License-Identifier: BSD-3-Clause
//
// Frames out: headers, offload flags, the buffer a port, and what happens when the port takes no more.
#include "tests/wire/wire.h"

#include <rte_mbuf.h>

#include "dataplane/port/transmit.h"

static struct port *port_of(struct wire *wire)
{
	return &wire->ports.port[0];
}

// An ICMP message of one byte more than its header, checksum and all.
static void send_one(struct wire_peer *peer, uint8_t mark)
{
	struct wire *wire = peer->wire;
	struct rte_mbuf *mbuf;
	uint8_t protocol = peer->ipv6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP;
	uint8_t *at = transmit_ip(wire->dataplane, port_of(wire), peer->mac, &peer->local,
		&peer->address, protocol, 77, 9, &mbuf);
	cr_assert_not_null(at);
	for (unsigned i = 0; i < 9; i++)
		cr_assert_eq(at[i], 0, "not zeroed");
	at[8] = mark;
	uint32_t sum = peer->ipv6 ? pseudo_header_sum(&peer->local, &peer->address, protocol, 9)
				  : 0;
	uint16_t checksum = internet_checksum(sum, at, 9);
	memcpy(at + 2, &checksum, 2);
	transmit_send(wire->dataplane, port_of(wire), mbuf);
}

WIRE_TEST(transmit, headers)
{
	// A buffer that was used before: nothing of that may be sent.
	struct rte_mbuf *used = rte_pktmbuf_alloc(peer->wire->pool);
	memset(rte_pktmbuf_append(used, 1500), 0xee, 1500);
	rte_pktmbuf_free(used);
	send_one(peer, 'x');
	wire_expect_nothing(peer->wire);
	wire_poll(peer->wire); // the end of the turn sends it
	const struct wire_frame *frame = wire_expect_icmp(peer->wire, 0);
	cr_assert_eq(frame->ttl, 77);
	cr_assert_eq(memcmp(frame->to, wire_peer_mac, 6), 0);
	cr_assert(bs_address_equal(&frame->source, &peer->local));
	cr_assert(bs_address_equal(&frame->destination, &peer->address));
	cr_assert_eq(frame->payload[8], 'x');
	cr_assert_eq(peer->wire->counters.tx_packets, 1);
	cr_assert_eq(peer->wire->counters.tx_bytes, 14u + (peer->ipv6 ? 40 : 20) + 9);
}

WIRE_TEST(transmit, lengths_for_the_port, .vlan = 3, .fills = true)
{
	struct rte_mbuf *mbuf;
	cr_assert_not_null(transmit_ip(peer->wire->dataplane, port_of(peer->wire), peer->mac,
		&peer->local, &peer->address, PROTOCOL_TCP, 64, 20, &mbuf));
	cr_assert_eq(mbuf->l2_len, 18);
	cr_assert_eq(mbuf->l3_len, peer->ipv6 ? 40 : 20);
	uint64_t flags = peer->ipv6 ? RTE_MBUF_F_TX_IPV6
				    : RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM;
	cr_assert_eq(mbuf->ol_flags, flags);
	rte_pktmbuf_free(mbuf);
}

WIRE_TEST(transmit, a_full_buffer_goes_out_at_once)
{
	for (unsigned i = 0; i < BURST - 1; i++)
		send_one(peer, (uint8_t)i);
	cr_assert_eq(peer->wire->counters.tx_packets, 0);
	send_one(peer, BURST - 1);
	cr_assert_eq(peer->wire->counters.tx_packets, BURST);
	wire_poll(peer->wire);
	for (unsigned i = 0; i < BURST; i++) // in order
		cr_assert_eq(wire_expect_icmp(peer->wire, 0)->payload[8], i);
}

WIRE_TEST(transmit, what_the_port_does_not_take_is_freed, .transmit_room = 16)
{
	struct wire *wire = peer->wire;
	wire_hold(wire, true);
	for (unsigned i = 0; i < 40; i++)
		send_one(peer, (uint8_t)i);
	wire_poll(wire);
	cr_assert_eq(wire->counters.tx_packets, 16);
	cr_assert_eq(wire->counters.tx_bytes, 16u * (14 + (peer->ipv6 ? 40 : 20) + 9));
	cr_assert_eq(wire->counters.reason[BS_REASON_TX_FULL], 24);
	wire_hold(wire, false);
	for (unsigned i = 0; i < 16; i++)
		cr_assert_eq(wire_expect_icmp(wire, 0)->payload[8], i);
	wire_expect_nothing(wire);
}

WIRE_TEST(transmit, without_a_free_buffer, .mbufs = 63)
{
	struct wire *wire = peer->wire;
	struct rte_mbuf *all[63], *mbuf;
	cr_assert_eq(rte_pktmbuf_alloc_bulk(wire->pool, all, 63), 0);
	wire_expect_reason(wire, BS_REASON_NO_MBUF,
		cr_assert_null(transmit_ip(wire->dataplane, port_of(wire), peer->mac, &peer->local,
			&peer->address, PROTOCOL_TCP, 64, 20, &mbuf)));
	rte_pktmbuf_free_bulk(all, 63);
}

WIRE_TEST(transmit, larger_than_a_buffer)
{
	struct rte_mbuf *mbuf;
	wire_expect_reason(peer->wire, BS_REASON_NO_MBUF,
		cr_assert_null(transmit_ip(peer->wire->dataplane, port_of(peer->wire), peer->mac,
			&peer->local, &peer->address, PROTOCOL_TCP, 64, 3000, &mbuf)));
}

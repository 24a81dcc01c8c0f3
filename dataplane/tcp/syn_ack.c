// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/syn_ack.h"

#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/dataplane.h"
#include "dataplane/frame/checksum.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/port/transmit.h"
#include "dataplane/tcp/cookie.h"
#include "dataplane/tcp/window.h"

uint16_t own_mss(const struct port *port, const struct bs_address *peer)
{
	return (uint16_t)(port->mtu - (bs_address_is_ipv4(peer) ? 40 : 60));
}

uint8_t syn_ack_options(const struct port *port, const struct bs_address *peer, uint8_t options,
	uint8_t bytes[SYN_ACK_OPTIONS_MAX])
{
	// Kinds 2 (maximum segment size), 3 (window scale, only in answer to one: RFC 7323, 2.2), 4 (SACK permitted: RFC 2018,
	// 2), each padded in front to four bytes.
	uint8_t shift, n = 4;
	store32(bytes, UINT32_C(2) << 24 | UINT32_C(4) << 16 | own_mss(port, peer));
	if (cookie_window_scale(options, &shift)) {
		store32(bytes + n,
			UINT32_C(1) << 24 | UINT32_C(3) << 16 | UINT32_C(3) << 8 | RECEIVE_SHIFT);
		n += 4;
	}
	if (cookie_has_sack(options)) {
		store32(bytes + n, UINT32_C(1) << 24 | UINT32_C(1) << 16 | UINT32_C(4) << 8 | 2);
		n += 4;
	}
	return n;
}

// The buffer of the SYN becomes that of the answer, if nobody else has a share in it; else a copy of its headers. NULL when no buffer is free.
static struct rte_mbuf *take(struct dataplane *dataplane, struct frame *syn)
{
	struct rte_mbuf *mbuf = syn->mbuf;
	if (mbuf != NULL && RTE_MBUF_DIRECT(mbuf) && rte_mbuf_refcnt_read(mbuf) == 1) {
		syn->mbuf = NULL;
		return mbuf;
	}
	mbuf = rte_pktmbuf_alloc(dataplane->pool);
	if (mbuf == NULL) {
		dataplane->counters->reason[BS_REASON_NO_MBUF]++;
		return NULL;
	}
	memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), syn->bytes, syn->l4 + TCP_LENGTH);
	return mbuf;
}

// Turns the link layer round. A priority tag (VLAN 0) on a port without a VLAN is not sent back: then the headers move by its length.
static uint8_t *turn_ethernet(const struct port *port, struct frame *syn, struct rte_mbuf *mbuf)
{
	uint8_t *at = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint8_t peer[6];
	memcpy(peer, at + 6, 6);
	if (port->vlan != 0) {
		store16(at + 14, port->vlan); // IEEE 802.1Q, 9.6: priority 0
	} else if (syn->l3 != ETHER_LENGTH) {
		at = (uint8_t *)rte_pktmbuf_adj(mbuf, VLAN_LENGTH);
		syn->l3 -= VLAN_LENGTH;
		syn->l4 -= VLAN_LENGTH;
	}
	memcpy(at, peer, 6);
	memcpy(at + 6, port->mac, 6);
	return at;
}

static void turn_ipv4(const struct port *port, const struct frame *syn, uint16_t segment,
	uint8_t *at, struct rte_mbuf *mbuf)
{
	uint32_t peer, own;
	memcpy(&peer, at + 12, 4);
	memcpy(&own, at + 16, 4);
	store32(at, UINT32_C(0x45000000) | (IPV4_LENGTH + segment));
	store32(at + 4, 0x4000); // RFC 6864, 4.1: an atomic datagram needs no identification
	store32(at + 8, HOP_LIMIT << 24 | PROTOCOL_TCP << 16);
	memcpy(at + 12, &own, 4);
	memcpy(at + 16, &peer, 4);
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4;
	if (port->fills_ipv4) {
		mbuf->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	} else {
		uint16_t checksum = internet_checksum(0, at, IPV4_LENGTH);
		memcpy(at + 10, &checksum, sizeof(checksum));
	}
}

static void turn_ipv6(const struct frame *syn, uint16_t segment, uint8_t *at, struct rte_mbuf *mbuf)
{
	uint8_t peer[16];
	memcpy(peer, at + 8, 16);
	store32(at, UINT32_C(0x60000000));
	store32(at + 4, (uint32_t)segment << 16 | PROTOCOL_TCP << 8 | HOP_LIMIT);
	memcpy(at + 8, at + 24, 16);
	memcpy(at + 24, peer, 16);
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV6;
}

static uint16_t turn_tcp(
	const struct port *port, const struct frame *syn, uint32_t sequence, uint8_t *at)
{
	uint8_t options = syn_ack_options(port, &syn->source, syn->offered, at + TCP_LENGTH);
	uint16_t length = (uint16_t)(TCP_LENGTH + options);
	store32(at, (uint32_t)syn->destination_port << 16 | syn->source_port);
	store32(at + 4, sequence);
	store32(at + 8, syn->sequence + 1);
	// The window of a SYN is never scaled (RFC 7323, 2.2).
	store32(at + 12,
		(uint32_t)length << 26 | (uint32_t)(TCP_SYN | TCP_ACK) << 16 | RECORD_WINDOW);
	store32(at + 16, 0);
	return length;
}

void send_syn_ack(
	struct dataplane *dataplane, const struct port *port, struct frame *syn, uint32_t sequence)
{
	struct rte_mbuf *mbuf = take(dataplane, syn);
	if (mbuf == NULL)
		return;
	uint8_t *at = turn_ethernet(port, syn, mbuf);
	uint8_t *tcp = at + syn->l4;
	uint16_t segment = turn_tcp(port, syn, sequence, tcp);
	uint16_t network = syn->l4 - syn->l3;
	mbuf->ol_flags = 0;
	mbuf->tx_offload = 0;
	mbuf->l2_len = syn->l3;
	mbuf->l3_len = network;
	mbuf->data_len = (uint16_t)(syn->l4 + segment);
	mbuf->pkt_len = mbuf->data_len;
	if (network == IPV4_LENGTH)
		turn_ipv4(port, syn, segment, at + syn->l3, mbuf);
	else
		turn_ipv6(syn, segment, at + syn->l3, mbuf);
	uint32_t sum = pseudo_header_sum(&syn->source, &syn->destination, PROTOCOL_TCP, segment);
	uint16_t checksum;
	if (port->fills_tcp) {
		checksum = (uint16_t)~internet_checksum(sum, NULL, 0);
		mbuf->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		mbuf->l4_len = segment;
	} else {
		checksum = internet_checksum(sum, tcp, segment);
	}
	memcpy(tcp + 16, &checksum, sizeof(checksum));
	transmit_send(dataplane, port, mbuf);
}

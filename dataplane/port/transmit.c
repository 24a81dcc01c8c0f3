// SPDX-License-Identifier: BSD-3-Clause
//
// Frames out: Ethernet and IP headers, one small buffer a port, one burst when it is full or the turn ends.
#include "dataplane/port/transmit.h"

#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/dataplane.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/impairment.h"

uint8_t *transmit_ethernet(struct dataplane *dataplane, const struct port *port,
	const uint8_t mac[6], uint16_t ether_type, uint16_t length, struct rte_mbuf **mbuf)
{
	uint16_t header = ETHER_LENGTH + (port->vlan != 0 ? VLAN_LENGTH : 0);
	struct rte_mbuf *fresh = rte_pktmbuf_alloc(dataplane->pool);
	if (fresh == NULL) {
		dataplane->counters->reason[BS_REASON_NO_MBUF]++;
		return NULL;
	}
	// One segment only: what does not fit one buffer of the pool can't be sent.
	uint8_t *at = (uint8_t *)rte_pktmbuf_append(fresh, (uint16_t)(header + length));
	if (at == NULL) {
		rte_pktmbuf_free(fresh);
		dataplane->counters->reason[BS_REASON_NO_MBUF]++;
		return NULL;
	}
	fresh->l2_len = header;
	memcpy(at, mac, 6);
	memcpy(at + 6, port->mac, 6);
	at += 12;
	if (port->vlan != 0) { // IEEE 802.1Q, 9.6: priority 0, not drop eligible
		store16(at, ETHER_TYPE_VLAN);
		store16(at + 2, port->vlan);
		at += VLAN_LENGTH;
	}
	store16(at, ether_type);
	at += 2;
	memset(at, 0, length);
	*mbuf = fresh;
	return at;
}

static void ipv4_header(const struct port *port, const struct bs_address *source,
	const struct bs_address *destination, uint8_t protocol, uint8_t ttl, uint16_t length,
	uint8_t *at, struct rte_mbuf *mbuf)
{
	at[0] = 0x45;
	store16(at + 2, (uint16_t)(IPV4_LENGTH + length));
	// RFC 6864, 4.1: an atomic datagram (DF set, never a fragment) may have any identification.
	store16(at + 6, 0x4000);
	at[8] = ttl;
	at[9] = protocol;
	memcpy(at + 12, source->octet + 12, 4);
	memcpy(at + 16, destination->octet + 12, 4);
	mbuf->l3_len = IPV4_LENGTH;
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV4;
	if (port->fills_ipv4) {
		mbuf->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
	} else {
		uint16_t checksum = internet_checksum(0, at, IPV4_LENGTH);
		memcpy(at + 10, &checksum, sizeof(checksum));
	}
}

static void ipv6_header(const struct bs_address *source, const struct bs_address *destination,
	uint8_t protocol, uint8_t hop_limit, uint16_t length, uint8_t *at, struct rte_mbuf *mbuf)
{
	at[0] = 0x60; // no traffic class, no flow label (RFC 6437, 3: 0 is "not labelled")
	store16(at + 4, length);
	at[6] = protocol;
	at[7] = hop_limit;
	memcpy(at + 8, source->octet, 16);
	memcpy(at + 24, destination->octet, 16);
	mbuf->l3_len = IPV6_LENGTH;
	mbuf->ol_flags |= RTE_MBUF_F_TX_IPV6;
}

uint8_t *transmit_ip(struct dataplane *dataplane, const struct port *port, const uint8_t mac[6],
	const struct bs_address *source, const struct bs_address *destination, uint8_t protocol,
	uint8_t hop_limit, uint16_t length, struct rte_mbuf **mbuf)
{
	bool ipv4 = bs_address_is_ipv4(destination);
	uint16_t header = ipv4 ? IPV4_LENGTH : IPV6_LENGTH;
	uint8_t *at = transmit_ethernet(dataplane, port, mac,
		ipv4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6, (uint16_t)(header + length), mbuf);
	if (at == NULL)
		return NULL;
	if (ipv4)
		ipv4_header(port, source, destination, protocol, hop_limit, length, at, *mbuf);
	else
		ipv6_header(source, destination, protocol, hop_limit, length, at, *mbuf);
	return at + header;
}

// Drivers that need more than set checksum fields (a pseudo header in their own form) do it in the prepare
// step, which also names a packet they can't take. That one is freed: it would stop all behind it.
static uint16_t prepare(
	struct dataplane *dataplane, const struct port *port, struct transmit_buffer *buffer)
{
	uint16_t good = 0, count = buffer->count;
	while (good < count) {
		good += rte_eth_tx_prepare(port->id, dataplane->transmit_queue, buffer->mbuf + good,
			(uint16_t)(count - good));
		if (good == count)
			break;
		rte_pktmbuf_free(buffer->mbuf[good]);
		dataplane->counters->reason[BS_REASON_TX_FULL]++;
		count--;
		// NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what is moved
		size_t rest = (size_t)(count - good) * sizeof(buffer->mbuf[0]);
		memmove(buffer->mbuf + good, buffer->mbuf + good + 1, rest);
	}
	return good;
}

void transmit_burst(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	uint16_t count)
{
	uint64_t bytes = 0, left = 0;

	for (uint16_t i = 0; i < count; i++) // now: a sent mbuf is no longer ours
		bytes += mbuf[i]->pkt_len;
	uint16_t sent = rte_eth_tx_burst(port->id, dataplane->transmit_queue, mbuf, count);
	for (uint16_t i = sent; i < count; i++)
		left += mbuf[i]->pkt_len;
	if (sent < count) {
		rte_pktmbuf_free_bulk(mbuf + sent, count - sent);
		dataplane->counters->reason[BS_REASON_TX_FULL] += (uint64_t)(count - sent);
	}
	dataplane->counters->tx_packets += sent;
	dataplane->counters->tx_bytes += bytes - left;
}

static void flush(struct dataplane *dataplane, const struct port *port)
{
	struct transmit_buffer *buffer = &dataplane->transmit[port->index];
	uint16_t count = buffer->count;

	if (port->fills_ipv4 || port->fills_tcp)
		count = prepare(dataplane, port, buffer);
	buffer->count = 0;
	if (unlikely(dataplane->impaired))
		impairment_send(dataplane, port, buffer->mbuf, count);
	else
		transmit_burst(dataplane, port, buffer->mbuf, count);
}

void transmit_send(struct dataplane *dataplane, const struct port *port, struct rte_mbuf *mbuf)
{
	struct transmit_buffer *buffer = &dataplane->transmit[port->index];
	buffer->mbuf[buffer->count++] = mbuf;
	if (buffer->count == BURST)
		flush(dataplane, port);
}

void transmit_send_bulk(struct dataplane *dataplane, const struct port *port,
	struct rte_mbuf *const *mbuf, unsigned count)
{
	struct transmit_buffer *buffer = &dataplane->transmit[port->index];
	unsigned room = BURST - buffer->count, first = count < room ? count : room;
	// NOLINTBEGIN(bugprone-sizeof-expression): pointers are what is copied
	memcpy(buffer->mbuf + buffer->count, mbuf, first * sizeof(mbuf[0]));
	buffer->count += (uint16_t)first;
	if (buffer->count < BURST)
		return;
	flush(dataplane, port);
	memcpy(buffer->mbuf, mbuf + first, (count - first) * sizeof(mbuf[0]));
	// NOLINTEND(bugprone-sizeof-expression)
	buffer->count = (uint16_t)(count - first);
}

void transmit_flush(struct dataplane *dataplane)
{
	const struct ports *ports = dataplane->ports;
	for (uint8_t i = 0; i < ports->port_count; i++) {
		if (dataplane->transmit[i].count > 0 || unlikely(dataplane->impaired))
			flush(dataplane, &ports->port[i]);
	}
}

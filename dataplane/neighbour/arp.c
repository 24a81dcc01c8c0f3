// SPDX-License-Identifier: BSD-3-Clause
//
// ARP. frame_parse() has checked the packet: 28 bytes, Ethernet and IPv4, request or reply, an individual
// sender MAC that is not ours as far as the Ethernet header says.
#include "dataplane/neighbour/arp.h"

#include "dataplane/dataplane.h"
#include "dataplane/neighbour/gateway.h"
#include "dataplane/frame/local.h"
#include "dataplane/port/transmit.h"
#include "dataplane/frame/wire_format.h"

#define REQUEST 1u
#define REPLY   2u

// Offsets, RFC 826 with 6 and 4 byte addresses.
#define OPERATION  6u
#define SENDER_MAC 8u
#define SENDER     14u
#define TARGET_MAC 18u
#define TARGET     24u

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const struct bs_address nobody = {{[10] = 0xff, [11] = 0xff}}; // 0.0.0.0

static void send_arp(struct dataplane *dataplane, const struct port *port, const uint8_t *to,
	uint16_t operation, const struct bs_address *sender, const uint8_t *target_mac,
	const struct bs_address *target)
{
	struct rte_mbuf *mbuf;
	uint8_t *at = transmit_ethernet(dataplane, port, to, ETHER_TYPE_ARP, ARP_LENGTH, &mbuf);
	if (at == NULL)
		return;
	store16(at, 1);
	store16(at + 2, ETHER_TYPE_IPV4);
	at[4] = 6;
	at[5] = 4;
	store16(at + OPERATION, operation);
	memcpy(at + SENDER_MAC, port->mac, 6);
	memcpy(at + SENDER, sender->octet + 12, 4);
	if (target_mac != NULL)
		memcpy(at + TARGET_MAC, target_mac, 6);
	memcpy(at + TARGET, target->octet + 12, 4);
	transmit_send(dataplane, port, mbuf);
}

void arp_probe(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address)
{
	send_arp(dataplane, port, broadcast, REQUEST, &nobody, NULL, address);
}

void arp_announce(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address)
{
	send_arp(dataplane, port, broadcast, REQUEST, address, NULL, address);
}

void arp_ask(struct dataplane *dataplane, const struct port *port, const struct bs_address *own,
	const struct bs_address *target, const uint8_t *mac)
{
	send_arp(dataplane, port, mac != NULL ? mac : broadcast, REQUEST, own, NULL, target);
}

// RFC 5227, 2.1.1 and 2.4: who says he has our address, or probes for one that we are probing for, is a rival.
// Our own MAC as sender is a frame that some bridge sent back.
static bool rival(
	struct ports *ports, const struct port *port, const struct frame *frame, const uint8_t *mac)
{
	for (uint8_t i = 0; i < ports->port_count; i++) {
		if (memcmp(mac, ports->port[i].mac, 6) == 0)
			return false;
	}
	uint8_t row = local_find(ports, port, &frame->source);
	if (row == LOCAL_NONE && bs_address_equal(&frame->source, &nobody)) {
		row = local_find(ports, port, &frame->destination);
		if (row != LOCAL_NONE && local_state(&ports->local[row]) == LOCAL_READY)
			return false; // a probe for what is ours: the answer tells him
	}
	if (row == LOCAL_NONE)
		return false;
	atomic_store_explicit(&ports->local[row].rival, mac_word(mac), memory_order_relaxed);
	return true;
}

enum bs_reason arp_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l3;
	const uint8_t *mac = at + SENDER_MAC;
	if (rival(dataplane->ports, port, frame, mac))
		return BS_REASON_ACCEPTED;
	// RFC 826: the sender is learnt from requests as well as from replies; of all the hosts there are we need but the gateway.
	bool gateway = gateway_heard(dataplane->ports, port, &frame->source, mac, true, true);
	if (load16(at + OPERATION) == REQUEST && frame->local != LOCAL_NONE) {
		send_arp(dataplane, port, frame->bytes + 6, REPLY, &frame->destination, mac,
			&frame->source);
		dataplane->counters->arp_replies++;
		return BS_REASON_ACCEPTED;
	}
	return gateway ? BS_REASON_ACCEPTED : BS_REASON_ARP_OTHER;
}

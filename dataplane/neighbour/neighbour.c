// SPDX-License-Identifier: BSD-3-Clause
//
// The neighbour lcore's round: claims to our addresses, listener reports, gateways, links. What each does is in its
// own file; this one holds them together and says when.
#include "dataplane/neighbour/neighbour.h"

#include <stdlib.h>

#include "dataplane/neighbour/arp.h"
#include "dataplane/neighbour/claim.h"
#include "dataplane/dataplane.h"
#include "dataplane/neighbour/gateway.h"
#include "dataplane/neighbour/icmp.h"
#include "dataplane/frame/local.h"
#include "dataplane/neighbour/mld.h"

// Nothing here is in a greater hurry, and a look at all rows each turn would cost packets.
#define TICK_MS 10u

struct neighbours {
	uint32_t tick_ms; // the next
	uint32_t claim_count, gateway_count;
	struct claim
		claim[LOCALS_MAX + PORTS_MAX]; // of locals, then of ports' link-local addresses
	struct gateway_watch gateway[2 * PORTS_MAX];
	struct mld mld[PORTS_MAX];
	bool link_up[PORTS_MAX]; // as last seen
};

static void watch(
	struct neighbours *neighbours, struct port *port, struct gateway *gateway, uint32_t now_ms)
{
	if (gateway->configured)
		neighbours->gateway[neighbours->gateway_count++] = (struct gateway_watch){
			.port = port, .gateway = gateway, .due_ms = now_ms};
}

struct neighbours *neighbours_new(struct ports *ports, uint32_t now_ms)
{
	struct neighbours *neighbours = calloc(1, sizeof(*neighbours));
	if (neighbours == NULL)
		return NULL;
	neighbours->tick_ms = now_ms;
	for (uint8_t i = 0; i < ports->local_count; i++) {
		struct local *local = &ports->local[i];
		claim_begin(&neighbours->claim[neighbours->claim_count++],
			&ports->port[local->port], &local->address, &local->state, &local->rival);
	}
	for (uint8_t i = 0; i < ports->port_count; i++) {
		struct port *port = &ports->port[i];
		struct bs_address link_local = local_link_local(port);
		claim_begin(&neighbours->claim[neighbours->claim_count++], port, &link_local,
			&port->link_local_state, &port->link_local_rival);
		neighbours->mld[i].port = port;
		watch(neighbours, port, &port->gateway4, now_ms);
		watch(neighbours, port, &port->gateway6, now_ms);
	}
	return neighbours;
}

void neighbours_free(struct neighbours *neighbours)
{
	free(neighbours);
}

enum bs_reason neighbour_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	switch ((enum frame_kind)frame->kind) {
	case FRAME_ARP:
		return arp_input(dataplane, port, frame);
	case FRAME_ICMP:
		return icmp_input(dataplane, port, frame);
	case FRAME_ICMP6:
		return icmp6_input(dataplane, port, frame);
	case FRAME_TCP:
		break;
	}
	return BS_REASON_IP_PROTOCOL;
}

// A link that came up leads to a network that may know nothing of us: a switch that lost its tables, or another switch.
static void link_turn(struct neighbours *neighbours, struct port *port, uint32_t now_ms)
{
	bool up = atomic_load_explicit(&port->link_up, memory_order_relaxed);
	if (up == neighbours->link_up[port->index])
		return;
	neighbours->link_up[port->index] = up;
	if (!up)
		return;
	mld_link_up(&neighbours->mld[port->index], now_ms);
	for (uint32_t i = 0; i < neighbours->claim_count; i++) {
		if (neighbours->claim[i].port == port)
			claim_link_up(&neighbours->claim[i], now_ms);
	}
}

void neighbour_turn(struct dataplane *dataplane, struct neighbours *neighbours, uint32_t now_ms)
{
	if (!time_reached(now_ms, neighbours->tick_ms))
		return;
	neighbours->tick_ms = now_ms + TICK_MS;
	struct ports *ports = dataplane->ports;
	for (uint8_t i = 0; i < ports->port_count; i++)
		link_turn(neighbours, &ports->port[i], now_ms);
	for (uint8_t i = 0; i < ports->port_count; i++) {
		// The report goes first: a switch that snoops must let the answers to our probes through (RFC 4862, 5.4.2).
		if (neighbours->link_up[i])
			mld_turn(dataplane, &neighbours->mld[i], now_ms);
	}
	for (uint32_t i = 0; i < neighbours->claim_count; i++) {
		if (neighbours->link_up[neighbours->claim[i].port->index])
			claim_turn(dataplane, &neighbours->claim[i], now_ms);
	}
	for (uint32_t i = 0; i < neighbours->gateway_count; i++) {
		if (neighbours->link_up[neighbours->gateway[i].port->index])
			gateway_turn(dataplane, &neighbours->gateway[i], now_ms);
	}
}

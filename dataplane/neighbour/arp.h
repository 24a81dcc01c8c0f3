// SPDX-License-Identifier: BSD-3-Clause
//
// ARP (RFC 826) and address conflicts (RFC 5227): answers where the packet arrives, and the messages that the neighbour
// lcore sends by itself.
#pragma once

#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"

struct dataplane;

// A FRAME_ARP. Any dataplane lcore.
enum bs_reason arp_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// "Has somebody `address`?" by one who does not have it yet (RFC 5227, 2.1.1). Broadcast.
void arp_probe(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address);
// "`address` is here" (RFC 5227, 2.3): a request for our own address. Broadcast.
void arp_announce(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address);
// "Who has `target`? Tell `own`." To `mac`, or broadcast when that is NULL.
void arp_ask(struct dataplane *dataplane, const struct port *port, const struct bs_address *own,
	const struct bs_address *target, const uint8_t *mac);

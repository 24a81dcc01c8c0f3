// SPDX-License-Identifier: BSD-3-Clause
//
// IPv6 neighbour discovery (RFC 4861) and duplicate address detection (RFC 4862), as far as a host with configured addresses
// and gateways needs it: solicitations and advertisements of neighbours. Routers need not be discovered.
#pragma once

#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"

struct dataplane;

#define NDP_ROUTER_SOLICITATION     133u
#define NDP_ROUTER_ADVERTISEMENT    134u
#define NDP_NEIGHBOUR_SOLICITATION  135u
#define NDP_NEIGHBOUR_ADVERTISEMENT 136u
#define NDP_REDIRECT                137u

// A FRAME_ICMP6 of one of these types. Any dataplane lcore.
enum bs_reason ndp_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// "Has somebody `address`?" (RFC 4862, 5.4.2).
void ndp_probe(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address);
// "`address` is here": unsolicited, to all nodes (RFC 4861, 7.2.6).
void ndp_announce(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address);
// "Who has `target`? Tell `own`." To `mac`, or to the target's solicited-node group when that is NULL.
void ndp_ask(struct dataplane *dataplane, const struct port *port, const struct bs_address *own,
	const struct bs_address *target, const uint8_t *mac);

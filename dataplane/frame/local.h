// SPDX-License-Identifier: BSD-3-Clause
//
// Which addresses are ours: the configured ones (rows of struct ports), each port's IPv6 link-local address, and the
// groups these make us listen to. An address belongs to its port: we follow the strong end system model
// (RFC 1122, 3.3.4.2), so that an answer always leaves where the question came in.
//
// No DPDK here: the frame parser is fuzzed as it is. Any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"

// Row of `address` on `port` in any state, or LOCAL_NONE.
uint8_t local_find(
	const struct ports *ports, const struct port *port, const struct bs_address *address);

// The same, only when it is ready.
uint8_t local_find_ready(
	const struct ports *ports, const struct port *port, const struct bs_address *address);

static inline enum local_state local_state(const struct local *local)
{
	return (enum local_state)atomic_load_explicit(&local->state, memory_order_relaxed);
}

// The port's link-local address: fe80::/64 and the modified EUI-64 of its MAC address (RFC 4291, 2.5.1 and 2.5.6;
// RFC 2464, 5). For neighbour discovery and ICMPv6 only; nothing is served on it.
struct bs_address local_link_local(const struct port *port);

// ff02::1:ffXX:XXXX of a unicast address (RFC 4291, 2.7.1).
struct bs_address local_solicited_node(const struct bs_address *address);

// True for ff02::1 and for the solicited-node groups of the port's addresses in any state: a tentative one must hear
// of its duplicate (RFC 4862, 5.4.2).
bool local_listens(
	const struct ports *ports, const struct port *port, const struct bs_address *group);

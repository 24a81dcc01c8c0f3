// SPDX-License-Identifier: BSD-3-Clause
//
// Path MTU discovery for connections (RFC 1191, RFC 8201): a router that could not pass on a segment of ours says how large one may be.
// Anybody can say so, hence RFC 5927's checks: what it quotes must be a segment of a connection of ours whose bytes are still under
// way, and it only ever makes segments smaller, never below what every path takes. What connections say is short, so nothing is
// remembered beyond them; a path whose routers are silent is found by retransmissions (send_mss()).
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"

struct dataplane;

// Of any packet: is it such a message, about a segment that an address of ours sent?
bool path_mtu_is(const struct frame *frame);

// Takes it, or hands it over to the lcore that owns the connection, where the port's queues do not keep connections: then *elsewhere.
// Without hand-over the connection may be another lcore's, whose queue the router's own address did not lead to: then it is stray here.
enum bs_reason path_mtu_input(struct dataplane *dataplane, const struct port *port,
	const struct frame *message, bool *elsewhere);

// One that was handed over: true for such a frame.
bool path_mtu_handed(struct dataplane *dataplane, const struct frame *frame);

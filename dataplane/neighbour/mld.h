// SPDX-License-Identifier: BSD-3-Clause
//
// Multicast listener discovery (RFC 3810), the listener's part: tells switches that snoop which solicited-node groups to
// let through to us. Without it neighbour discovery for our addresses fails behind such a switch.
#pragma once

#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"

struct dataplane;

#define MLD_QUERY 130u

// A port's part of it. Neighbour lcore.
struct mld {
	struct port *port;
	uint8_t changes; // state change reports still to send
	bool asked;      // a report is due as an answer
	bool sourced;    // the link-local address was ready when a change was last begun
	uint32_t change_due_ms, answer_due_ms;
};

// A FRAME_ICMP6 of type MLD_QUERY: notes that an answer is due. Any dataplane lcore.
enum bs_reason mld_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// The port's link came up: our groups are reported anew. Neighbour lcore.
void mld_link_up(struct mld *mld, uint32_t now_ms);
// Sends what is due. Neighbour lcore.
void mld_turn(struct dataplane *dataplane, struct mld *mld, uint32_t now_ms);

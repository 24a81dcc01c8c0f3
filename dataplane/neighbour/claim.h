// SPDX-License-Identifier: BSD-3-Clause
//
// A claim to one of our addresses: probe for a duplicate, announce, defend. IPv4 by ARP (RFC 5227), IPv6 by neighbour
// discovery (RFC 4862, 5.4), one state machine for both.
//
//	WAITING ──link──▶ PROBING ──nobody──▶ ANNOUNCING ──▶ HELD ──link again──▶ ANNOUNCING
//	                     ▲ └──rival──▶ LOST                └──rival──▶ defend
//	                     └──a minute────┘
//
// Neighbour lcore only.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"

struct dataplane;

enum claim_step {
	CLAIM_WAITING, // for the link
	CLAIM_PROBING,
	CLAIM_ANNOUNCING,
	CLAIM_HELD,
	CLAIM_LOST,
};

struct claim {
	const struct port *port;
	_Atomic uint8_t *state;  // enum local_state, for all lcores
	_Atomic uint64_t *rival; // from whichever lcore heard one
	struct bs_address address;
	uint8_t step; // enum claim_step
	uint8_t left; // probes or announcements still to send
	bool defended;
	uint32_t due_ms;
	uint32_t defended_ms;
};

void claim_begin(struct claim *claim, const struct port *port, const struct bs_address *address,
	_Atomic uint8_t *state, _Atomic uint64_t *rival);

// The port's link came up: announced again, or probed for the first time.
void claim_link_up(struct claim *claim, uint32_t now_ms);

// What is due now.
void claim_turn(struct dataplane *dataplane, struct claim *claim, uint32_t now_ms);

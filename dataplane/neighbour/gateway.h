// SPDX-License-Identifier: BSD-3-Clause
//
// The link-layer address of a gateway: asked for until it answers, asked again before it is forgotten.
#pragma once

#include <stdint.h>

#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"

struct dataplane;

enum gateway_told { GATEWAY_NEW, GATEWAY_FOUND, GATEWAY_SILENT }; // the last word to the operator

// The neighbour lcore's part of a gateway.
struct gateway_watch {
	struct port *port;
	struct gateway *gateway;
	uint8_t asked; // requests in a row without an answer
	uint8_t told;  // enum gateway_told
	uint32_t due_ms;
};

// Requests that are due, and the loss of a gateway that stays silent. Neighbour lcore.
void gateway_turn(struct dataplane *dataplane, struct gateway_watch *watch, uint32_t now_ms);

// Something was heard from `address` with this MAC: if it is a gateway of the port, it is written down. `replace`: also when
// another MAC is known; `alive`: proves that it hears us. True for a gateway. Any dataplane lcore.
bool gateway_heard(struct ports *ports, const struct port *port, const struct bs_address *address,
	const uint8_t mac[6], bool replace, bool alive);

static inline uint64_t mac_word(const uint8_t mac[6])
{
	uint64_t word = 0;
	for (unsigned i = 0; i < 6; i++)
		word = word << 8 | mac[i];
	return word | MAC_KNOWN;
}

static inline void mac_unword(uint64_t word, uint8_t mac[6])
{
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)(word >> (40 - 8 * i));
}

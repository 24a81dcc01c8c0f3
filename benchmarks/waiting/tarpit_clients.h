// SPDX-License-Identifier: BSD-3-Clause
//
// Clients for a server on the kernel's TCP that cost the kernel nothing: packets through a TUN device of a network namespace, each
// answered from what it says. IPv4.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct clients {
	int tun;
	uint32_t count, sources;
	uint32_t sent, open; // SYNs, SYN-ACKs answered
};

// A namespace of its own for the process, a TUN device in it, room for many handshakes. False with errno set.
bool clients_namespace(struct clients *clients);

// Opens some more, and answers what came. Returns false when all SYNs are out and nothing came.
bool clients_turn(struct clients *clients);

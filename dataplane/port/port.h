// SPDX-License-Identifier: BSD-3-Clause
//
// A port: one NIC (or TAP, af_packet, af_xdp, memif device) with the addresses we answer for on it.
// Made by control at start; constant after, but for the fields marked otherwise.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/address.h"

#define PORTS_MAX  16u
#define LOCALS_MAX 255u // a local address is one byte in a connection
#define PORT_NAME  32

// One of our addresses. Row of the dataplane's one table of them, over all ports.
enum local_state {
	LOCAL_TENTATIVE, // duplicate address detection under way (RFC 4862, 5.4); not answered for
	LOCAL_READY,
	LOCAL_DUPLICATE, // somebody else has it: not used unless a later probe finds it free
};

// A link-layer address in one word: the low 48 bits (first octet highest), and this bit to tell it from none.
#define MAC_KNOWN (UINT64_C(1) << 48)

struct local {
	struct bs_address address;
	struct bs_prefix on_link; // the prefix it was configured with
	uint8_t port;             // index into ports
	_Atomic uint8_t state;    // enum local_state; written by the neighbour lcore
	_Atomic uint64_t
		rival; // who uses it too: a MAC_KNOWN word from the lcore that heard it, to the neighbour lcore
};

#define GATEWAY_RESOLVED MAC_KNOWN

struct gateway {
	struct bs_address address;
	bool configured;
	_Atomic uint64_t
		mac; // a MAC_KNOWN word; written by the lcore that hears it, taken back by the neighbour lcore
	_Atomic bool heard; // alive, says the lcore that heard it to the neighbour lcore
};

struct port {
	uint16_t id; // DPDK's port number
	uint8_t index;
	char name[PORT_NAME]; // from the configuration
	char interface[16];   // of the kernel; empty: a PCI device, memif
	uint8_t mac[6];
	uint16_t vlan;   // 0: untagged, else the only tag accepted and sent
	uint16_t mtu;    // of IP packets
	uint16_t queues; // queue n is polled by dataplane n
	bool handover; // a connection's packets may come in by any of several queues (dataplane/handover.h)
	bool own_buffers; // what queue n brings is of the pool of dataplane n
	struct gateway gateway4, gateway6;
	bool checks_ipv4;     // the port verifies IPv4 header checksums and says so
	bool checks_tcp;      // the port verifies TCP checksums and says so
	bool fills_ipv4;      // the port fills in IPv4 header checksums
	bool fills_tcp;       // the port fills in TCP checksums
	_Atomic bool link_up; // written by control
	// The IPv6 link-local address (dataplane/frame/local.h): as state and rival of a struct local.
	_Atomic uint8_t link_local_state;
	_Atomic uint64_t link_local_rival;
	_Atomic bool mld_queried; // by the lcore that heard a query, to the neighbour lcore
};

// Everything that is the same for all dataplane lcores.
struct ports {
	struct port port[PORTS_MAX];
	uint8_t port_count;
	struct local local[LOCALS_MAX];
	uint8_t local_count;
	uint16_t service; // the TCP port we serve: 25
};

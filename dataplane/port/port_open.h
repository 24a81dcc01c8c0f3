// SPDX-License-Identifier: BSD-3-Clause
//
// Opening a port: from a device that DPDK has probed to queues that packets come from. Control thread, at start and
// at the end; nothing here is on a packet's path.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port.h"

struct rte_mempool;

#define PORT_RX_DESCRIPTORS \
	1024u // 100 us of 64-byte frames at 10 Gbit/s: more only hides a slow lcore
#define PORT_TX_DESCRIPTORS 1024u
#define PORT_MBUF_CACHE     256u // of each lcore in its own pool
#define PORT_LIMITATION     200

enum port_kind { PORT_PCI, PORT_TAP, PORT_AF_PACKET, PORT_AF_XDP, PORT_MEMIF };

struct port_settings {
	enum port_kind kind;
	const char *name;      // from the configuration
	const char *device;    // DPDK's name of it: "0000:03:00.0", "net_tap0"
	const char *interface; // kernel interface, NULL for PCI and memif
	uint16_t mtu;          // of IP packets
	uint16_t vlan;
	uint16_t queues;            // wanted; 0: as many as useful
	uint16_t lcores;            // dataplane lcores
	struct rte_mempool **pools; // one a dataplane lcore: queue n belongs to lcore n
	// Told once for each thing the port can't do; `text` is one line without the port's name. May be NULL.
	void (*limitation)(void *context, const char *text);
	void *context;
};

// Configures and starts the port and fills `port` (all but its gateways and `index`): queues, checksums that the device
// really does, MAC address, link. False with one line in `error` that names the fault and the cure; nothing stays started then.
bool port_open(const struct port_settings *settings, struct port *port, char error[256]);

// Stops and closes it. Harmless for one that port_open() refused. No lcore polls it any more.
void port_close(struct port *port);

// The link's state now. Control thread.
bool port_link(const struct port *port);

// MAC address of a TAP port's end of the wire, or of the kernel's end. The two must differ, and ours must be the
// same after a restart so that neighbours' caches stay right: both are made from the host's and the interface's name.
void port_tap_mac(const char *interface, bool kernel_end, uint8_t mac[6]);

// SPDX-License-Identifier: BSD-3-Clause
//
// Looks at a configured port's device before DPDK does: most of what can be wrong is seen better from here, and DPDK's
// drivers say it badly or not at all. Control thread; nothing is changed.
#pragma once

#include <stdbool.h>

#include "control/configuration/config.h"

// False with one line in `error` that names the port, the fault and the cure.
bool device_check(const struct config_port *port, char error[256]);

// False, in the same way, when this process may not use a device of that kind. Asked before all else: without root
// everything fails, and the first failure should say why.
bool device_permitted(const struct config_port *port, char error[256]);

// Takes the kernel interface of a net_af_packet or net_af_xdp port for this process, for all who ask the same way: two would get
// each other's packets, and the second one's failure would take the first one's XDP program away. Returns a
// descriptor that holds the claim until it is closed, or -1 with a line in `error`. A claim dies with its process.
int device_claim(const struct config_port *port, char error[256]);

// What the device is found by: PCI address, kernel interface, memif socket. The configuration's.
const char *device_place(const struct config_port *port);

// Receive queues of a kernel interface, and how many of them DPDK's net_af_xdp takes: it counts combined channels (`ethtool -l`), and an
// interface that has none, as a veth, is one queue to it.
struct device_queues {
	unsigned receive, taken; // at least 1
	bool combined;
};
struct device_queues device_queues(const char *interface);

// True when the kernel hands a net_af_packet port what it joined from several packets (GRO, LRO): larger than a frame.
bool device_joins_packets(const struct config_port *port);

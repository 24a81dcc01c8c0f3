// SPDX-License-Identifier: BSD-3-Clause
//
// Looks at a configured port's device before DPDK does: most of what can be wrong is seen better from here, and DPDK's
// drivers say it badly or not at all. Control thread; nothing is changed.
#pragma once

#include <stdbool.h>

#include "control/config.h"

// False with one line in `error` that names the port, the fault and the cure.
bool device_check(const struct config_port *port, char error[256]);

// Receive queues of a kernel interface, 0 when there is none of that name.
unsigned device_queues(const char *interface);

// True when the kernel hands a net_af_packet port what it joined from several packets (GRO, LRO): larger than a frame.
bool device_joins_packets(const struct config_port *port);

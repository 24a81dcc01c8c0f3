// SPDX-License-Identifier: BSD-3-Clause
//
// Looks at the socket of a net_memif port before DPDK does. Control thread.
#pragma once

#include <stdbool.h>

#include "control/configuration/config.h"

#define DEVICE_MEMIF_WHY 240

// Whether our role can be had at the port's socket. False with one line in `why`, without the port's name. A server's socket at which
// nobody listens any more was left by one that was killed: it is no fault, and removed when `take` says so.
bool device_memif_check(const struct config_port *port, bool take, char why[DEVICE_MEMIF_WHY]);

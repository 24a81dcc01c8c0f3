// SPDX-License-Identifier: BSD-3-Clause
//
// The configured ports, opened: from struct config to struct ports, with a packet pool for each dataplane lcore. Control
// thread, at start and at the end.
#pragma once

#include <stdbool.h>

#include "control/configuration/config.h"
#include "control/start/daemon.h"
#include "control/start/memory_plan.h"

struct rte_mempool;

struct port_pools {
	struct rte_mempool *pool[CONFIG_CORES_MOST]; // one a dataplane lcore
	unsigned count;
};

// Makes a pool on the memory node of each dataplane core. False with a line in `error`.
bool port_pools_make(const struct config *config, const struct memory_plan *plan,
	struct port_pools *pools, char error[256]);
void port_pools_free(struct port_pools *pools);

// Opens all ports and fills `daemon->ports` (allocated by the caller, zero) and the limitations. On failure false, a line in `error`, and the ports
// opened so far are to be closed by ports_close().
bool ports_open(struct daemon *daemon, struct port_pools *pools, char error[256]);
void ports_close(struct ports *ports);

// Adds a line to what `daemon` can't do, for the log and `barscreenctl status`.
void limitation_add(struct daemon *daemon, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

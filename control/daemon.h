// SPDX-License-Identifier: BSD-3-Clause
//
// The running program as control sees it: what main() made, and what the control socket shows.
// Control thread; the counters inside are written by their lcores.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/config.h"
#include "control/counters.h"
#include "control/log.h"
#include "dataplane/port.h"
#include "dataplane/seam/source.h"

struct desk;

#define DAEMON_LIMITATIONS 32

struct daemon {
	const struct config *config;
	struct ports *ports;
	struct bs_dataplane_counters *dataplane[64];
	uint32_t dataplane_count;
	struct bs_worker_counters *worker[64];
	uint32_t worker_count;
	struct bs_sources *sources; // NULL until made
	struct log_writer *log;
	struct desk *desk;     // asks the lcores; NULL before they are there
	uint64_t started;      // CLOCK_REALTIME, seconds
	_Atomic bool draining; // no new connections, sessions end at their next command
	_Atomic bool stop;     // lcores leave their loops
	char *limitation[DAEMON_LIMITATIONS]; // "port mx0: no checksum offload, done in software"
	uint32_t limitation_count;
};

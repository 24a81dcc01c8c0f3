// SPDX-License-Identifier: BSD-3-Clause
//
// The running program as control sees it: what main() made, and what the control socket shows.
// Control thread; the counters inside are written by their lcores.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/configuration/config.h"
#include "control/counters.h"
#include "control/log/log.h"
#include "control/start/port_losses.h"
#include "dataplane/port/port.h"
#include "dataplane/seam/qsbr.h"
#include "dataplane/seam/source.h"

struct desk;
struct explain_desk;
struct memory_store;
struct dnsl_health;
struct overlay_keeper;
struct policy_store;
struct reload;

#define DAEMON_LIMITATIONS 32

struct daemon {
	const struct config *
		config; // in force: a reload changes its values (control/configuration/config_changes.h)
	struct config *running; // the same, for those who change it
	struct bs_qsbr qsbr;    // of the lcores
	struct policy_store *policies;
	struct overlay_keeper *overlay;
	struct reload *reload;
	struct ports *ports;
	struct port_losses losses[PORTS_MAX]; // of each port
	struct bs_dataplane_counters *dataplane[64];
	uint32_t dataplane_count;
	struct bs_worker_counters *worker[64];
	uint32_t worker_count;
	struct bs_sources *sources;  // NULL until made
	struct memory_store *memory; // the same
	struct log_writer *log;
	struct bs_bell
		*bell; // the control socket's: for those who have an answer that was not ready
	struct dnsl_health *dnsl;     // of all workers; NULL until made
	struct desk *desk;            // asks the lcores; NULL before they are there
	struct explain_desk *explain; // asks the judge; NULL before there is one
	uint64_t started;             // CLOCK_REALTIME, seconds
	_Atomic bool draining;        // no new connections, sessions end at their next command
	bool stopping;                // draining, and exits when it is done
	_Atomic bool stop;            // lcores leave their loops
	char *limitation[DAEMON_LIMITATIONS]; // "port mx0: no checksum offload, done in software"
	uint32_t limitation_count;
};

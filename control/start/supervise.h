// SPDX-License-Identifier: BSD-3-Clause
//
// The control thread's loop while the lcores run: signals, the control socket, reloads, the
// lifetime of runtime entries, the ports' links, draining.
//
// SIGTERM and SIGINT drain: no new connections, sessions end at their next command, and we stop when none is left
// or the drain timeout is over; a second one stops at once. SIGHUP opens the log file again and reloads.
#pragma once

#include "control/start/assembly.h"
#include "control/start/daemon.h"

// Makes the descriptors. False with one line in `error`. Before assembly_start(), after lcore_block_signals().
struct supervisor;
struct supervisor *supervisor_new(char error[256]);
void supervisor_free(struct supervisor *supervisor);

// Returns when it is time to stop; the sentence says why and is for the log.
const char *supervisor_run(
	struct supervisor *supervisor, struct assembly *assembly, struct daemon *daemon);

// SPDX-License-Identifier: BSD-3-Clause
//
// What the log says of a start: version, ports with their addresses, cores, memory, and each thing that this machine
// can't do.
#pragma once

#include "control/start/daemon.h"
#include "control/start/memory_plan.h"

// Control thread, `log` being its ring.
void start_log_write(
	struct bs_log *log, const struct daemon *daemon, const struct memory_plan *plan);

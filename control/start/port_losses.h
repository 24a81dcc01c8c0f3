// SPDX-License-Identifier: BSD-3-Clause
//
// What is lost at a port, before we see it or after we let go of it: read by control about once a second from the driver and the kernel.
// No lcore takes part. A line in the log says so when packets that came are lost, at most one a minute for each port.
//
// af_packet's driver does not tell what its ring had no room for: the kernel is asked at the driver's sockets. Nor does a TAP's, whose
// queue is the kernel's: its interface counts them. A memif knows of no losses: its other end does.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/counters.h"

struct bs_log;
struct daemon;

#define PORT_SOCKETS 64 // a queue each

struct port_losses {
	struct bs_port_counters now;
	uint64_t said;    // received ones lost when the log was last told
	uint64_t said_ms; // and when, 0: never
	int socket[PORT_SOCKETS];
	unsigned sockets; // of af_packet
	bool sought;      // for them
};

// Reads the counters of all ports and tells the log. Control thread; `now_ms`: CLOCK_MONOTONIC.
void port_losses_turn(struct daemon *daemon, struct bs_log *log, uint64_t now_ms);

// True when there is news, with a line for the log. Pure but for `losses`.
bool port_losses_news(
	struct port_losses *losses, const char *port, uint64_t now_ms, char *text, size_t size);

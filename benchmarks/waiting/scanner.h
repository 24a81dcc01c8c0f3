// SPDX-License-Identifier: BSD-3-Clause
//
// Clients that connect and wait, without a state of their own: what a client says follows from what it is told, as scanners do
// it. Of each is kept when its connection was open, four bytes.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "benchmarks/packets/bed.h"

struct scanner {
	struct bed *bed;
	uint32_t clients, sources; // client n is of source n % sources
	uint32_t wait_ms;
	uint32_t pace;     // connections opened in a millisecond at most
	uint32_t *open_ms; // by client: moment of its ACK, 0: not open, SCANNER_GREETED
	uint64_t start_ms;
	uint32_t now_ms; // since the start; begins with 1
	uint32_t
		next; // client to be opened; past all of them a second round looks for those that failed
	uint32_t sent, open, greeted;
	uint32_t paced_ms, allowed; // SYNs that may go out still, as of that moment
	uint32_t asked_ms;          // of the last round's end
	uint32_t worst_ms;
	uint32_t late;  // greeted more than 50 ms after their time
	uint32_t early; // greeted more than 50 ms before it
};

#define SCANNER_GREETED UINT32_MAX
#define SCANNER_LATE_MS 50u

static inline uint64_t scanner_clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Takes what was sent to clients, answers, opens others while `opening`. Returns how many frames it moved.
unsigned scanner_turn(struct scanner *scanner, bool opening);

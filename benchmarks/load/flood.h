// SPDX-License-Identifier: BSD-3-Clause
//
// Packets beside the sessions, at a rate: SYNs and ACKs of addresses that never were there, SYNs of listed ones.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/load/port.h"
#include "benchmarks/load/segment.h"

enum flood_kind { FLOOD_NONE, FLOOD_SYN, FLOOD_ACK, FLOOD_LISTED };

struct flood {
	enum flood_kind kind;
	double rate;         // frames a second
	uint64_t sent, late; // late: given up, since the other end made no room in time
	// Since flood_begin().
	struct wire_side side; // of the strangers
	uint64_t hz, start, due, random;
};

// "FRAMES-A-SECOND:KIND". False: it is not.
bool flood_option(struct flood *flood, const char *text);

void flood_begin(struct flood *flood, const struct wire_side *side, uint64_t hz);

// What is due at `now` (ticks), as far as the port has room. Returns how many.
unsigned flood_go_on(struct flood *flood, struct load_port *port, uint64_t now);

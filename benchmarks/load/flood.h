// SPDX-License-Identifier: BSD-3-Clause
//
// Packets beside the sessions, at a rate: a mix of benchmarks/packets/mix.h, made at the start and sent over and over, so that
// a flood costs the load no more than the copying.
//
// A flood goes behind the sessions' own packets and never waits for room: what finds none in time is not sent, and counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/load/port.h"
#include "benchmarks/load/segment.h"
#include "benchmarks/packets/mix.h"

struct flood_frame;

struct flood {
	double rate; // frames a second; 0: there is no flood
	uint32_t weight[MIX_KINDS];
	uint32_t ipv6;     // percent
	uint32_t prefixes; // on the list of those who are listed: so many IPv4, 3 to 10 of it IPv6
	uint64_t sent, late;
	// Since flood_begin().
	struct flood_frame *frame;
	uint32_t next;
	uint64_t hz, start, due;
};

// "FRAMES-A-SECOND:KIND[=WEIGHT],...". False: it is not.
bool flood_option(struct flood *flood, const char *text);

// Prints the list of those who are listed, a line a prefix. False without memory.
bool flood_print_list(uint32_t prefixes);

// `side` knows the target's MAC address; `hz`: ticks in a second. False without memory.
bool flood_begin(struct flood *flood, const struct wire_side *side, uint64_t hz);
void flood_end(struct flood *flood);

// What is due at `now` (ticks), as far as the port takes it at once; nothing else waits there. Returns how many.
unsigned flood_go_on(struct flood *flood, struct load_port *port, uint64_t now);

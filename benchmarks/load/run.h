// SPDX-License-Identifier: BSD-3-Clause
//
// One run of the load: sessions and perhaps a flood through an open port, for a time, and the line of figures that it prints:
// NAME=FIGURE for each result, times in microseconds.
//
// `busy` is the share of time spent in turns in which there was anything to do. While nothing is there for it the load
// is not what is measured; above 1/1.3 it might be, and whoever reads the figures calls them void. `blocked` is the share in which
// the other end had made no room: it did not take its packets in as fast as they came.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/load/client.h"
#include "benchmarks/load/flood.h"
#include "benchmarks/load/port.h"

struct load {
	// As asked for.
	struct clients_settings settings;
	struct flood flood;
	struct wire_side side; // all but the MAC addresses
	struct script script[SCRIPTS];
	const char *histograms; // a file, or NULL
	double seconds, rate;   // sessions a second; 0: as many as the places allow
	uint64_t most;          // sessions; 0: no bound
	uint32_t router4;
	// The run's own; `port` is open.
	struct load_port port;
	struct clients clients;
	uint64_t hz, start, busy, frames;
	uint64_t due;    // sessions by the rate, since the start
	uint64_t missed; // of them found no place
	uint64_t looked; // ticks
};

// Plays and prints. True when every session went as its script says. A line on standard error where it can't be played.
bool load_run(struct load *load);

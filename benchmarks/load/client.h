// SPDX-License-Identifier: BSD-3-Clause
//
// The load's clients: as much TCP as a client of SMTP needs, one cache line a session, nothing allocated after the start. No
// DPDK: frames come in and go out through the caller.
//
// A session's place in the table is told from its port and its source, so that there is no index to look in: places are in lanes, a
// source belongs to the lane of its lowest bits, and the port's lowest bits are the place in the lane. Each new session of a place
// has another source and the next of the ports that mean the place, so that a pair comes again only after many sessions.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/load/histogram.h"
#include "benchmarks/load/script.h"
#include "benchmarks/load/segment.h"

enum client_time {
	TIME_CONNECT,  // SYN to SYN-ACK
	TIME_GREETING, // SYN-ACK to the end of the first reply
	TIME_REPLY,    // a command to the end of its reply
	TIME_SESSION,  // SYN to the server's FIN
	CLIENT_TIMES
};

struct session; // client.c

struct clients_settings {
	uint32_t places;  // sessions at once
	uint32_t sources; // a power of two
	uint32_t ipv6;    // percent
	uint32_t weight[SCRIPTS];
	uint32_t patience_ms; // for an answer
	uint64_t ticks_ms;    // of the clock in a millisecond
};

struct clients_counters {
	uint64_t begun, good, bad;
	uint64_t received, strays, sent, sent_again, damaged;
	uint64_t good_of[SCRIPTS];
};

struct clients {
	struct clients_settings settings;
	const struct script *script;
	const struct wire_side *side;
	struct session *session;
	uint32_t *free; // a stack of places
	uint32_t free_count;
	uint32_t lanes, lane_places, scan;
	uint64_t number; // of the next session
	uint64_t now;    // ticks, set by the caller once a turn
	uint64_t random;
	struct clients_counters counters;
	struct histogram time[CLIENT_TIMES];
	char fault[256]; // the first bad session's
	// A frame to write to, at least 1514 bytes; it goes out with clients_out(). Never NULL.
	void *self;
	uint8_t *(*frame)(void *self);
	void (*out)(void *self, uint16_t length);
};

// False without memory. `side` is prepared; what is pointed to outlives the clients.
bool clients_begin(struct clients *clients, const struct clients_settings *settings,
	const struct script script[SCRIPTS], const struct wire_side *side);
void clients_end(struct clients *clients);

// Begins a session. False when all places are taken.
bool clients_connect(struct clients *clients);

// The lookup of clients_take() in two steps, so that a burst's lines are fetched together.
void clients_prefetch(const struct clients *clients, const struct segment *segment);
// What the server says. True when a session ended by it.
bool clients_take(struct clients *clients, const struct segment *segment);

// Looks at some places: sends again what got no answer in a second, ends who waited too long. A place is seen at least every
// 100 ms when it is called every `turn_ms`.
void clients_look_after(struct clients *clients, uint32_t places);

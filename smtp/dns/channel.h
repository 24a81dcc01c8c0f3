// SPDX-License-Identifier: BSD-3-Clause
//
// The way to the servers: c-ares on the worker's poller. c-ares sends a packet of ours, sees that what comes back has its id and its question and comes from
// where it was sent, goes over to TCP for a truncated one, and gives up after the time of one try. All else is the resolver's: c-ares 1.18
// would hide a SERVFAIL, doubles its timeouts, and begins with a dead server each time.
//
// c-ares keeps a UDP socket as long as anything is under way in its channel. An answer must not be guessed from a port that is known
// (RFC 5452, 9.2), so a channel takes a few questions and then none until all of them are answered and the socket is closed; there are as
// many channels as the questions need.
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/dns/servers.h"

struct channel;
struct channels;
struct heap;
struct poller;

enum channel_outcome {
	CHANNEL_ANSWER,  // bytes are there
	CHANNEL_SILENCE, // nobody answered in time
	CHANNEL_FAILURE, // nobody is there, or no socket
	CHANNEL_END,     // channels_free()
};

struct channel_ask {
	// Called once, perhaps from within channels_ask(); must not call anything here. `bytes` are c-ares'; `why` is static, of
	// what is no answer.
	void (*done)(struct channel_ask *ask, enum channel_outcome outcome, const uint8_t *bytes,
		size_t length, const char *why);
	struct channel *channel; // our own
};

// `most`: questions under way that there shall be room for at least. NULL with a line in `error`.
struct channels *channels_new(struct heap *heap, struct poller *poller, uint32_t timeout_ms,
	uint32_t most, char error[256]);
void channels_free(struct channels *channels); // all that is under way is told its end

// False when there is no room now; nothing is called then. `edns`: the packet ends with an OPT record (RFC 6891).
bool channels_ask(struct channels *channels, const struct dns_server *server, const uint8_t *packet,
	size_t length, bool edns, struct channel_ask *ask);
// What sockets want without an event. Once a turn, after poller_turn().
void channels_turn(struct channels *channels);
bool channels_restless(const struct channels *channels); // channels_turn() has something to do

// SPDX-License-Identifier: BSD-3-Clause
//
// One connection to a backend: a non-blocking socket, what waits to be sent, what was read and is no whole reply yet. Knows
// nothing of commands. Nothing is called back: its watch's owner asks.
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/worker/poller.h"
#include "smtp/relay/relay_place.h"
#include "smtp/relay/reply_reader.h"

#define LINK_COMMANDS 2048u // RSET, MAIL and RCPT together, with the longest addresses
#define LINK_INPUT    1024u

enum link_state { LINK_CLOSED, LINK_CONNECTING, LINK_OPEN };
enum link_input { LINK_NOTHING, LINK_REPLY, LINK_NONSENSE, LINK_ENDED };

struct relay_link {
	struct poller_watch watch;
	enum link_state state;
	int error; // errno of the failure, 0 for an orderly end
	struct reply_reader reply;
	uint16_t in_start, in_end;
	uint32_t out_start, out_end, out_room;
	uint8_t *out; // `commands`, or a larger buffer of the owner's
	uint8_t in[LINK_INPUT];
	uint8_t commands[LINK_COMMANDS];
};

// False at once with link->error, or it is connecting or open.
bool link_connect(
	struct relay_link *link, struct poller *poller, const struct relay_address *address);
// While connecting: true when that has come to an end, LINK_OPEN or (error) LINK_CLOSED.
bool link_connected(struct relay_link *link, struct poller *poller);
void link_close(struct relay_link *link, struct poller *poller);

// The buffer for what is sent; nothing may be waiting in the one before. NULL: the own one.
void link_use_buffer(struct relay_link *link, uint8_t *buffer, uint32_t room);
uint32_t link_unsent(const struct relay_link *link);
// Room behind what waits; makes it.
uint32_t link_room(struct relay_link *link);
// Adds a command; false when it does not fit.
bool link_say(struct relay_link *link, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
// Sends what the socket takes; `*sent` says how much. False after an error.
bool link_flush(struct relay_link *link, uint32_t *sent);

// The next reply into link->reply. LINK_NOTHING: the kernel was asked and has no more.
enum link_input link_read(struct relay_link *link);

// SPDX-License-Identifier: BSD-3-Clause
//
// What we say before a worker is there, as a function of the record: the templates (control/policy/policy.h) in the order
//
//   [220- teaser]   [554- stutter] text   [554 synchronisation]   503 x replies   [221]
//
// so that any byte of it can be made again for a retransmission, and nothing is kept.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdint.h>

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// Lines before a refusal that is told slowly: at a byte a second some seven minutes.
#define STUTTER_LINES 6u

// Length of all that is to be said, from the first byte on; and of what was said so far.
uint32_t text_whole(const struct dataplane *dataplane, const struct connection *connection);
uint32_t text_length(const struct dataplane *dataplane, const struct connection *connection);

// The connection says `text` next. What arrived is forgotten; a teaser that is still under way stays in front. Returns the offset
// of what was not said yet. Not while the stutter goes on.
uint32_t text_begin(const struct dataplane *dataplane, struct connection *connection,
	enum bs_template_number text);

// Bytes of it that are not acknowledged.
static inline uint32_t text_unacknowledged(
	const struct dataplane *dataplane, const struct connection *connection)
{
	return text_length(dataplane, connection) - connection->text_position;
}

// Copies `count` bytes from `offset` on.
void text_copy(const struct dataplane *dataplane, const struct connection *connection,
	uint32_t offset, uint8_t *out, uint32_t count);

// Takes an acknowledgement (that segment_check() let pass) and the client's window. True when it was progress; the
// retransmission count starts again then.
bool text_acknowledge(const struct dataplane *dataplane, struct connection *connection,
	const struct frame *frame);

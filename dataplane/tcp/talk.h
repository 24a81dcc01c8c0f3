// SPDX-License-Identifier: BSD-3-Clause
//
// A talking connection: payload into the stream, the worker's bytes out, acknowledgements, retransmission, windows
// (RFC 9293, 5681, 6298, 7323, 2018). No FIN of ours is sent here: that waits until all is
// acknowledged and the block is free again (closing.h).
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"
#include "dataplane/tcp/segment.h"

// The client's first bytes: takes a block and tells the worker. What is left to be acknowledged of the text becomes the beginning of
// the stream's send ring; `said` bytes of that were sent already. False when no block is free.
bool talk_open(struct dataplane *dataplane, struct connection *connection,
	const struct frame *frame, const struct payload *payload, uint32_t said);

enum bs_reason talk_input(
	struct dataplane *dataplane, struct connection *connection, const struct frame *frame);
void talk_expired(struct dataplane *dataplane, struct connection *connection);

// Takes the workers' wishes, a bounded number a turn; returns how many.
unsigned talk_wishes(struct dataplane *dataplane);

// Sends the ACKs that this burst's segments are owed. After each burst.
void talk_acknowledge(struct dataplane *dataplane);

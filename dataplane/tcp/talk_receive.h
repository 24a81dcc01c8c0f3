// SPDX-License-Identifier: BSD-3-Clause
//
// The receiving half of a talking connection: payload into the stream's ring, also ahead of order, and the window.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/segment.h"

// Bytes that can be taken from rcv_nxt on: the acceptance window. Never less than what was promised.
uint32_t talk_room(
	const struct connection *connection, struct bs_stream *stream, const struct talk *talk);

// Takes what segment_payload() left, inside talk_room(). Decides about the ACK.
void talk_take(struct dataplane *dataplane, struct connection *connection, struct bs_stream *stream,
	const struct payload *payload);

// True when the worker has made enough room that the client should hear of it (RFC 9293, 3.8.6.2.2).
bool talk_window_opened(
	const struct connection *connection, struct bs_stream *stream, const struct talk *talk);

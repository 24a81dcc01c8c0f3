// SPDX-License-Identifier: BSD-3-Clause
//
// The receiving half of a talking connection: payload into the stream's ring, also ahead of order.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/segment.h"

// Takes what segment_payload() left, inside window_room(). Decides about the ACK. BS_REASON_TCP_NO_ROOM: what is ahead of a gap can't be
// noted, and comes again.
enum bs_reason talk_take(struct dataplane *dataplane, struct connection *connection,
	struct bs_stream *stream, const struct payload *payload);

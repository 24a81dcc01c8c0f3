// SPDX-License-Identifier: BSD-3-Clause
//
// The sending half of a talking connection: the stream's send ring to the client, acknowledgements, retransmission
// (RFC 6298, timeouts rounded up to doubling classes), congestion (RFC 5681; the ring holds less than the initial
// window, so only a loss makes it felt), probes of a closed window.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// Bytes in the ring that were never sent.
uint32_t talk_unsent(const struct dataplane *dataplane, const struct connection *connection);

// True when the worker could write.
bool talk_has_room(struct bs_stream *stream);

// Takes a segment's acknowledgement and window.
void talk_acknowledged(struct dataplane *dataplane, struct connection *connection,
	struct bs_stream *stream, const struct frame *frame);

// Sends what the windows allow, and arms the timer.
void talk_send(struct dataplane *dataplane, struct connection *connection);

// The path takes less than was sent: what is under way goes out again in smaller segments (path_mtu.h).
void talk_send_smaller(struct dataplane *dataplane, struct connection *connection);

// talk_send() when the worker has let go: a window that stays closed is not waited for much longer.
void talk_send_last(struct dataplane *dataplane, struct connection *connection);

// The retransmission timer ran out. False when the client is to be given up.
bool talk_send_again(struct dataplane *dataplane, struct connection *connection);

// The worker let go so long ago that the client is to be given up, whatever he does.
bool talk_overstays(const struct dataplane *dataplane, const struct talk *talk);

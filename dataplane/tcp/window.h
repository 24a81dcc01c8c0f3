// SPDX-License-Identifier: BSD-3-Clause
//
// The window that we give: what may be taken, what is promised, and when it is worth a segment to say so
// (RFC 9293, 3.8.6; RFC 7323, 2). What was promised once is taken, whatever becomes of the ring behind it.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/connection.h"

// The shift we offer: a megabyte of window is as much as a data ring can have (limits.data-ring-most).
#define RECEIVE_SHIFT 4
// Window of a connection without a session block: room for an early talker's first lines.
#define RECORD_WINDOW BS_STREAM_RX
// Announced while a refusal is told slowly (stutter.h). What was promised before, in the handshake, is taken all the same.
#define STUTTER_WINDOW 64u

// Of a connection without a session block: bytes that can be taken, and the window field.
uint32_t window_of_record(const struct connection *connection);
uint16_t window_field_of_record(const struct connection *connection);

// The session block goes: what was promised beyond RECORD_WINDOW stands. Before the stage changes from STAGE_TALKING.
uint32_t window_left(const struct connection *connection, const struct talk *talk);
void window_keep(struct connection *connection, uint32_t left);

// Of a talking one: bytes that can be taken from rcv_nxt on, the acceptance window. Never less than what was promised.
uint32_t window_room(
	const struct connection *connection, struct bs_stream *stream, const struct talk *talk);

// Of a talking one: the window field of its next segment; notes what is promised by it.
uint16_t window_promise(
	const struct connection *connection, struct bs_stream *stream, struct talk *talk);

// True when the worker has made enough room that the client should hear of it (RFC 9293, 3.8.6.2.2).
bool window_opened(
	const struct connection *connection, struct bs_stream *stream, const struct talk *talk);

// Bytes were received in order. True when the client sent half a ring in less than a round trip: the window, not the path nor the
// client, is what holds it (half, since a round trip that is measured whole comes late to a window that doubles).
bool window_cramps(const struct dataplane *dataplane, const struct connection *connection,
	const struct bs_stream *stream, struct talk *talk);

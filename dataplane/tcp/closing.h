// SPDX-License-Identifier: BSD-3-Clause
//
// The end of a connection: our FIN, the client's, TIME_WAIT. All said is acknowledged, no session block is held.
// What the client still sends is acknowledged and thrown away: unread bytes never turn a close into a reset.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// Waits a second for the client to close first, so that TIME_WAIT is its own.
void closing_linger(struct dataplane *dataplane, struct connection *connection);
// Sends our FIN.
void closing_start(struct dataplane *dataplane, struct connection *connection);
// Resets: nothing is left to say or to hear.
void closing_reset(struct dataplane *dataplane, struct connection *connection, uint32_t sequence);

// A segment in STAGE_LINGER to STAGE_TIME_WAIT. *reopen is set when a SYN may begin the next connection of the
// same ports (RFC 9293, 3.10.7.4, TIME-WAIT; RFC 6191): the record is gone then.
enum bs_reason closing_input(struct dataplane *dataplane, struct connection *connection,
	const struct frame *frame, bool *reopen);
void closing_expired(struct dataplane *dataplane, struct connection *connection);

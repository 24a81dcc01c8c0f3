// SPDX-License-Identifier: BSD-3-Clause
//
// A connection before it talks: the wait, those who can't wait, the greeting, and the first byte after it.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// The handshake is complete; `frame` completed it and may carry more.
enum bs_reason waiting_open(
	struct dataplane *dataplane, struct connection *connection, const struct frame *frame);

// A segment in STAGE_WAITING or STAGE_GREETED.
enum bs_reason waiting_input(
	struct dataplane *dataplane, struct connection *connection, const struct frame *frame);

// A delay of STAGE_GREETED is over: the greeting's retransmission, the patience for a first command. The wait's end is greeting.h's.
void waiting_expired(struct dataplane *dataplane, struct connection *connection);

// In overload a suspicious client is told 421.
void waiting_shed(struct dataplane *dataplane, struct connection *connection);

// A good source needs the record of one that waits: it is reset, and its record free.
void waiting_displace(struct dataplane *dataplane, struct connection *connection);

// We are stopping: 421.
void waiting_drain(struct dataplane *dataplane, struct connection *connection);

// The operator wants it gone, in STAGE_WAITING, STAGE_GREETED, STAGE_REFUSED or STAGE_STUTTER: 421 where the greeting was read and the client
// may be spoken to, else a reset.
void waiting_kill(struct dataplane *dataplane, struct connection *connection);

// SPDX-License-Identifier: BSD-3-Clause
//
// From a SYN to a connection: the ingress filter by class, the SYN cache (half-open records, whose SYN-ACK is sent
// again), and SYN cookies when the cache is full or the source goes too fast.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// A SYN without a connection; `class` as bs_classify_bulk() gave it.
enum bs_reason handshake_syn(struct dataplane *dataplane, const struct port *port,
	const struct frame *frame, uint8_t class);

// Any other segment without a connection: perhaps the ACK of a cookie.
enum bs_reason handshake_stray(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// A segment for a half-open record.
enum bs_reason handshake_input(struct dataplane *dataplane, const struct port *port,
	struct connection *connection, const struct frame *frame);

// The SYN-ACK was not answered in time.
void handshake_expired(struct dataplane *dataplane, struct connection *connection);

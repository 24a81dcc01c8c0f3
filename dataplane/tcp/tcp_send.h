// SPDX-License-Identifier: BSD-3-Clause
//
// TCP segments out. Every segment is made from the record at the moment it goes out.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdint.h>

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// The SYN-ACK of a half-open record (syn_ack.h) once more.
void send_syn_ack_again(struct dataplane *dataplane, const struct connection *connection);

// A segment without a payload, for a connection that has no session block.
void send_control(struct dataplane *dataplane, const struct connection *connection,
	uint32_t sequence, uint8_t flags);

// The text of a record from its byte `offset` on, as many segments as it takes.
void send_text(struct dataplane *dataplane, const struct connection *connection, uint32_t offset);

// What is not acknowledged of it in one segment, which the caller sends. NULL when no packet buffer is free or it is not known where to. Only
// where it fits the client's window and send_mss().
struct rte_mbuf *make_text(struct dataplane *dataplane, const struct connection *connection);

// A segment of a talking connection: `count` bytes (at most its mss) of the send ring from sequence number
// `sequence` on, with the acknowledgement, window and SACK blocks of the moment.
void send_talk(struct dataplane *dataplane, struct connection *connection, uint32_t sequence,
	uint32_t count, uint8_t flags);

// RST in answer to a segment of no connection (RFC 9293, 3.10.7.1), back to where it came from, rate-limited.
void send_reset(struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// What every path takes: MTU 576 and 1280 less headers. Nothing that comes from strangers has us send less.
#define MSS_LEAST_IPV4 536u
#define MSS_LEAST_IPV6 1220u
// Largest payload we send to this connection, in its present trouble: less after two retransmissions.
uint16_t send_mss(const struct dataplane *dataplane, const struct connection *connection);

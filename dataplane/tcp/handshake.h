// SPDX-License-Identifier: BSD-3-Clause
//
// From a SYN to a connection: the ingress filter by class, the SYN cache (half-open records, whose SYN-ACK is sent
// again), and SYN cookies when the cache is full or the source goes too fast.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// Whether the class of a source lets its SYN pass: BS_REASON_ACCEPTED, or why not.
static inline enum bs_reason handshake_filter(const struct dataplane *dataplane, uint8_t class)
{
	static const uint8_t reason[BS_ACTION_OWN + 1] = {[BS_ACTION_DROP] = BS_REASON_SYN_LISTED,
		[BS_ACTION_BOGON] = BS_REASON_SYN_BOGON,
		[BS_ACTION_OWN] = BS_REASON_SYN_OWN};
	return (enum bs_reason)reason[dataplane->policy->class[class].action];
}

// A SYN-ACK without a record went out within a cookie's lifetime: an ACK may open a connection.
bool handshake_expects_cookies(const struct dataplane *dataplane);

// Works out for segments without a connection what a burst of them gets cheaper: at most BURST. One that was not prepared is
// when its turn comes.
void handshake_prepare(struct dataplane *dataplane, struct frame *const *frames, unsigned count);

// SYNs without a connection that came in by one port, passed the filter and are prepared: as many of them, from the first on, as may go together,
// which is until one takes a record, and counts their reasons. Returns how many.
unsigned handshake_syns(struct dataplane *dataplane, const struct port *port,
	struct frame *const *frames, unsigned count);

// The same of one.
enum bs_reason handshake_syn(
	struct dataplane *dataplane, const struct port *port, struct frame *frame);

// The same for the ports of a connection that was until now: what we say begins beyond `past`, the last number of that one.
enum bs_reason handshake_syn_again(
	struct dataplane *dataplane, const struct port *port, struct frame *frame, uint32_t past);

// Any other segment without a connection: perhaps the ACK of a cookie.
enum bs_reason handshake_stray(
	struct dataplane *dataplane, const struct port *port, struct frame *frame);

// RST in answer to what belongs to no connection, but to who is to hear nothing of us.
void handshake_reset(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// A segment for a half-open record.
enum bs_reason handshake_input(struct dataplane *dataplane, const struct port *port,
	struct connection *connection, const struct frame *frame);

// The SYN-ACK was not answered in time.
void handshake_expired(struct dataplane *dataplane, struct connection *connection);

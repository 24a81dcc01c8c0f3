// SPDX-License-Identifier: BSD-3-Clause
//
// What a segment means to a connection in a synchronised state: RFC 9293, section 3.10.7.4, steps one to five, with
// RFC 5961's precautions. What comes after (payload, FIN) is each stage's own.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// RFC 5961, 5.2 allows ACKs that are older than SND.UNA by at most the largest window the client ever had of us to
// acknowledge; our send ring bounds it.
#define OLDEST_ACK 4096u

// RFC 9293, 3.10.7.4, first step: some part of the segment is inside [rcv_nxt, rcv_nxt + window). A window of zero takes
// ACKs and a FIN all the same: those at rcv_nxt, whose bytes are cut off, and the empty one behind a prober's byte.
bool segment_acceptable(const struct frame *frame, uint32_t rcv_nxt, uint32_t window);

// The payload that is new: cut at the front to rcv_nxt and at the back to the window's end. What is left
// begins at `sequence`; rcv_nxt or, after a gap, later.
struct payload {
	const uint8_t *bytes;
	uint32_t sequence;
	uint32_t length;
	bool fin; // directly behind the bytes, inside the window
};
struct payload segment_payload(const struct frame *frame, uint32_t rcv_nxt, uint32_t window);

// Steps one to four, and ACK's validity of step five. `snd_max`: the highest sequence number sent.
// SEGMENT_GO_ON, or the segment is answered and done with; SEGMENT_RESET: the client ended the connection.
enum segment_verdict { SEGMENT_GO_ON, SEGMENT_DONE, SEGMENT_RESET };
enum segment_verdict segment_check(struct dataplane *dataplane, struct connection *connection,
	const struct frame *frame, uint32_t window, uint32_t snd_max, enum bs_reason *reason);

// RFC 5961's challenge, or the answer to an empty segment that does not fit: an ACK that says where we are. Bounded (challenge.h): an
// attacker who made us send them would have us help to find the sequence number, and two ends could answer each other for ever.
void segment_challenge(
	struct dataplane *dataplane, struct connection *connection, uint32_t snd_max);

// What a reset by the client ends in: connection_release(), or what has more to do and ends there.
typedef void segment_reset(struct dataplane *dataplane, struct connection *connection);

// The same for a connection without a session block: a reset is `reset`'s. True: go on.
bool segment_goes_on(struct dataplane *dataplane, struct connection *connection,
	const struct frame *frame, uint32_t snd_max, segment_reset *reset, enum bs_reason *reason);

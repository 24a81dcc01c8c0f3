// SPDX-License-Identifier: BSD-3-Clause
//
// The answer to a SYN, written over the SYN in its own packet buffer: under a flood nothing is allocated and nothing but the SYN's own
// cache lines is touched. What a port's answers have in common is prepared: there are eight forms, by family and by the options that are
// answered. A form's words are stored as they are, and its part of the checksums is added up already.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

struct bs_address;
struct dataplane;
struct frame;
struct port;

// Words as they lie in memory.
struct syn_ack_form {
	alignas(64) uint64_t link; // own address and the type behind it
	uint64_t ip;               // the first eight bytes of the header
	uint64_t options;          // the first eight bytes of them
	uint64_t flags, offload;   // of the packet buffer
	uint32_t link_end;         // the last four bytes of the link header
	uint32_t options_end;
	uint32_t tcp;    // bytes 12 to 15 of the header
	uint32_t ip_sum; // of an IPv4 header without its addresses
	uint32_t
		tcp_sum; // of a segment and its pseudo header without what is another's each time; where the port fills it in of the latter
	uint16_t length; // of the frame
	uint16_t unused;
};
_Static_assert(sizeof(struct syn_ack_form) == 64, "a form is one cache line");

#define SYN_ACK_FORMS 8u

// Of one port.
struct syn_ack {
	struct syn_ack_form form[SYN_ACK_FORMS];
	bool fills_ipv4, fills_tcp; // as in struct port
	uint16_t l3;
};

void syn_ack_prepare(struct syn_ack *forms, const struct port *port);

// Sends the SYN-ACKs to prepared SYNs (handshake.h) that came in by `port`, at most a burst of them, back to where they came from, with the
// sequence numbers given; no records are needed. Afterwards the frames' bytes are no longer the SYNs'.
void send_syn_acks(struct dataplane *dataplane, const struct port *port, struct frame *const *syns,
	const uint32_t *sequences, unsigned count);

#define SYN_ACK_OPTIONS_MAX 12u

// RFC 9293, 3.7.1: what we can receive on a port in one segment from this address.
uint16_t own_mss(const struct port *port, const struct bs_address *peer);

// The options of a SYN-ACK to a SYN that offered `options` (cookie.h); returns their length.
uint8_t syn_ack_options(const struct port *port, const struct bs_address *peer, uint8_t options,
	uint8_t bytes[SYN_ACK_OPTIONS_MAX]);

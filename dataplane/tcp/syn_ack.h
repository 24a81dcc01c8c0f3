// SPDX-License-Identifier: BSD-3-Clause
//
// The answer to a SYN, written over the SYN in its own packet buffer: under a flood nothing is allocated and nothing but the SYN's own
// cache lines is touched.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdint.h>

struct bs_address;
struct dataplane;
struct frame;
struct port;

// Sends the SYN-ACK to a prepared SYN (handshake.h) back to where it came from; no record is needed. Afterwards the frame's bytes are
// no longer the SYN's.
void send_syn_ack(
	struct dataplane *dataplane, const struct port *port, struct frame *syn, uint32_t sequence);

#define SYN_ACK_OPTIONS_MAX 12u

// RFC 9293, 3.7.1: what we can receive on a port in one segment from this address.
uint16_t own_mss(const struct port *port, const struct bs_address *peer);

// The options of a SYN-ACK to a SYN that offered `options` (cookie.h); returns their length.
uint8_t syn_ack_options(const struct port *port, const struct bs_address *peer, uint8_t options,
	uint8_t bytes[SYN_ACK_OPTIONS_MAX]);

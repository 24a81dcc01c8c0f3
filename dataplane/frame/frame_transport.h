// SPDX-License-Identifier: BSD-3-Clause
//
// The second half of the frame parser: TCP and ICMP headers. Called by frame.c with addresses, `length`, `l4` and
// `local` filled in and at least one byte behind l4.
#pragma once

#include "dataplane/frame/frame.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/seam/address.h"

static inline bool ipv6_unspecified(const struct bs_address *address)
{
	static const struct bs_address none;
	return bs_address_equal(address, &none);
}

// Fills in what a TCP header says. `at`: a header that is known to be good, at frame->l4; frame->length is set.
static inline void frame_fill_tcp(const uint8_t *at, unsigned checksums, struct frame *frame)
{
	uint32_t ports = load32(at), word = load32(at + 12); // the latter: offset, flags, window
	uint16_t header = (uint16_t)(word >> 28 << 2);
	frame->kind = FRAME_TCP;
	frame->source_port = (uint16_t)(ports >> 16);
	frame->destination_port = (uint16_t)ports;
	frame->sequence = load32(at + 4);
	frame->acknowledgement = load32(at + 8);
	frame->flags = (uint8_t)(word >> 16);
	frame->window = (uint16_t)word;
	frame->options_length = (uint8_t)(header - TCP_LENGTH);
	frame->payload = (uint16_t)(frame->l4 + header);
	frame->payload_length = (uint16_t)(frame->length - frame->payload);
	frame->unchecked = (checksums & FRAME_TCP_GOOD) == 0;
	frame->prepared = 0;
	frame->stood = false;
	frame->class = 0;
}

// `local` is a ready address.
enum bs_reason frame_tcp(unsigned checksums, struct frame *frame);
enum bs_reason frame_icmp(struct frame *frame);
// To a group that we listen to, a ready address, or one that may only be spoken to by neighbour discovery.
enum bs_reason frame_icmp6(
	const struct ports *ports, const struct port *port, bool to_group, struct frame *frame);

// SPDX-License-Identifier: BSD-3-Clause
//
// TCP segments of the load's clients: made from a template of their family in place, and read. A client is a number; its address is
// that number in its family's network. No DPDK.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/address.h"

#define SEGMENT_FIN 0x01u
#define SEGMENT_SYN 0x02u
#define SEGMENT_RST 0x04u
#define SEGMENT_PSH 0x08u
#define SEGMENT_ACK 0x10u

#define SEGMENT_MSS4 1460u // MTU 1500
#define SEGMENT_MSS6 1440u

struct segment {
	uint32_t source; // number of the client; large: it is none of ours
	uint32_t sequence, acknowledgement;
	uint16_t port; // the client's
	uint16_t window;
	uint8_t flags;
	bool ipv6;
	uint16_t length; // of `payload`
	const char *payload;
};

// What all segments have in common.
struct wire_side {
	uint8_t mac[6], peer_mac[6];
	uint32_t network4; // first client's IPv4 address, host byte order
	uint8_t network6
		[16]; // first client's: octets 4 to 7 are the number, so that each has a /64 of its own
	struct bs_address target4, target6;
	uint16_t target_port;
	// Made by segment_prepare().
	uint8_t head4[54], head6[74];
	uint32_t sum4, sum6, ip_sum4; // of what is constant in them and in the pseudo headers
};

void segment_prepare(struct wire_side *side);

// The sum of bytes at an even place, for segment_write().
uint32_t segment_sum(const char *bytes, uint32_t length);

// Writes Ethernet, IP, TCP and payload; a SYN has its MSS. `payload_sum`: segment_sum() of the payload. Returns the frame's length.
uint16_t segment_write(const struct wire_side *side, const struct segment *segment,
	uint32_t payload_sum, uint8_t *frame);

// False: nothing that a server says to one of our clients.
bool segment_read(const struct wire_side *side, const uint8_t *frame, uint32_t length,
	struct segment *segment);

// Whether its IPv4 header's and its TCP's checksums are right; for what segment_read() took.
bool segment_is_sound(const uint8_t *frame, const struct segment *segment);

// SPDX-License-Identifier: BSD-3-Clause
//
// The plain frame: what nearly all are that come to us, and nearly all that a flood is made of. A TCP segment to our service in IPv4
// without options or in IPv6 without extension headers, in one piece, from a source that is somewhere else, and nothing odd about it.
// A look tells it with some sixty instructions and writes nothing, so that a source may be dropped before a frame is filled in. What is
// not plain is no worse for it: frame_parse() reads it step by step and says what it is. What is plain frame_parse() takes as well, and
// fills in the same (tests/fuzz/fuzz_frame.c holds the one against the other).
//
// No DPDK here: the parser is fuzzed as it is.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/frame/frame_transport.h"
#include "dataplane/port/port.h"

#define PLAIN_LOCALS 8u // addresses of ours that are told at once; a power of two

struct plain_local {
	struct bs_address address;
	uint8_t row; // of ports->local; LOCAL_NONE: empty
	uint8_t host_bits; // of its IPv4 prefix: two addresses are on one link when they differ in these alone
};

// Of one port. Owner: one dataplane lcore, or whoever made it.
struct plain {
	uint64_t head, head_mask; // the first eight bytes: to us, from one station
	uint64_t mac;             // of the port, as it lies in memory
	uint32_t tag, tag_mask;   // bytes 12 to 15: the VLAN, where there is one
	uint16_t service;         // as it lies in memory
	uint8_t l3;
	struct plain_local local[PLAIN_LOCALS]; // by the last byte of the address
};

enum plain_kind { PLAIN_NO, PLAIN_IPV4, PLAIN_IPV6 };

void plain_prepare(struct plain *plain, const struct ports *ports, const struct port *port);

// Another than PLAIN_NO: nothing in the frame is wrong but perhaps TCP's checksum. `length` is at most 65,535.
enum plain_kind plain_look(const struct plain *plain, const struct ports *ports,
	const uint8_t *bytes, uint32_t length, unsigned checksums);

static inline const uint8_t *plain_tcp(
	const struct plain *plain, enum plain_kind kind, const uint8_t *bytes)
{
	return bytes + plain->l3 + (kind == PLAIN_IPV4 ? 20 : 40);
}

// enum tcp_flags of a plain frame.
static inline uint8_t plain_flags(
	const struct plain *plain, enum plain_kind kind, const uint8_t *bytes)
{
	return plain_tcp(plain, kind, bytes)[13];
}

// Of a plain frame: where its source stands, four bytes or sixteen.
static inline const uint8_t *plain_source(
	const struct plain *plain, enum plain_kind kind, const uint8_t *bytes)
{
	return bytes + plain->l3 + (kind == PLAIN_IPV4 ? 12 : 8);
}

// Fills in a plain frame.
static inline void plain_fill(const struct plain *plain, enum plain_kind kind,
	const struct port *port, const uint8_t *bytes, unsigned checksums, struct frame *frame)
{
	const uint8_t *ip = bytes + plain->l3, *at = plain_tcp(plain, kind, bytes);
	frame->bytes = bytes;
	frame->port = port->index;
	frame->l3 = plain->l3;
	frame->l4 = (uint16_t)(at - bytes);
	frame->local = plain->local[at[-1] % PLAIN_LOCALS].row;
	if (kind == PLAIN_IPV4) {
		frame->length = (uint16_t)(plain->l3 + load16(ip + 2));
		frame->source = bs_address_from_ipv4(ip + 12);
		frame->destination = bs_address_from_ipv4(ip + 16);
		frame->hop_limit = ip[8];
	} else {
		frame->length = (uint16_t)(frame->l4 + load16(ip + 4));
		frame->source = bs_address_from_ipv6(ip + 8);
		frame->destination = bs_address_from_ipv6(ip + 24);
		frame->hop_limit = ip[7];
	}
	frame_fill_tcp(at, checksums, frame);
}

// frame_parse() accepted a frame: its destination is told at once from now on.
void plain_learn(struct plain *plain, const struct ports *ports, const struct frame *frame);

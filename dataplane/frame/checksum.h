// SPDX-License-Identifier: BSD-3-Clause
//
// The Internet checksum (RFC 1071). No DPDK here: the frame parser uses it and is fuzzed as it is.
//
// Pure functions, any thread.
#pragma once

#include <stdint.h>

#include "dataplane/seam/address.h"

// The checksum over `length` bytes at any alignment, at most 64 KB, started with `sum` (0, or the sum of a
// pseudo header); the result is complemented and in network byte order, ready to be stored. A result over
// bytes that contain a right checksum is 0.
uint16_t internet_checksum(uint32_t sum, const void *bytes, uint32_t length);

// Sum of the pseudo header for TCP (RFC 9293, 3.1) and ICMPv6 (RFC 8200, 8.1), to start internet_checksum() with.
// Two addresses of one family; `length` of the upper layer in bytes.
uint32_t pseudo_header_sum(const struct bs_address *source, const struct bs_address *destination,
	uint8_t protocol, uint32_t length);

// A partial sum of 32 bits folded into the 16 that a port wants in the checksum field of a packet whose
// TCP checksum it fills in itself. Not complemented, as stored.
static inline uint16_t checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// The same of a sum of less than 2^40: of up to 255 words of 32 bits.
static inline uint16_t checksum_fold64(uint64_t sum)
{
	// Of 33 bits, then of 17, then of 16: a carry of the second leaves no room for one of the third.
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

// SPDX-License-Identifier: BSD-3-Clause
//
// The Internet checksum. Sums are taken in the machine's own byte order: a one's complement sum turns its bytes
// with its input (RFC 1071, 2B), so nothing is swapped on the way and the result is stored as it is.
#include "dataplane/frame/checksum.h"

#include <arpa/inet.h>
#include <string.h>

static inline uint32_t word32(const uint8_t *at)
{
	uint32_t word;
	memcpy(&word, at, sizeof(word));
	return word;
}

// 64 bits to 32 with end-around carry (RFC 1071, 2C: the order of additions does not matter).
static inline uint32_t fold64(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return (uint32_t)sum;
}

uint16_t internet_checksum(uint32_t sum, const void *bytes, uint32_t length)
{
	const uint8_t *at = bytes;
	uint64_t total = sum, second = 0;

	// 32-bit words into 64-bit accumulators: no carry can be lost before 2^32 words. Two chains, because
	// one would wait for its own additions.
	for (; length >= 16; length -= 16, at += 16) {
		total += word32(at);
		second += word32(at + 4);
		total += word32(at + 8);
		second += word32(at + 12);
	}
	for (; length >= 4; length -= 4, at += 4)
		total += word32(at);
	if (length > 0) {
		uint32_t rest = 0; // RFC 1071, 1: an odd last byte is padded with zero
		memcpy(&rest, at, length);
		total += rest;
	}
	return (uint16_t)~checksum_fold(fold64(total + second));
}

uint32_t pseudo_header_sum(const struct bs_address *source, const struct bs_address *destination,
	uint8_t protocol, uint32_t length)
{
	uint64_t sum = (uint64_t)htonl(length) + htonl(protocol);

	// The mapped form's ffff is zero in one's complement, but an IPv4 pseudo header has no such words.
	for (unsigned i = bs_address_is_ipv4(source) ? 12 : 0; i < 16; i += 4)
		sum += (uint64_t)word32(source->octet + i) + word32(destination->octet + i);
	return fold64(sum);
}

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

// One body for each width. Sanitizers can't look into what is chosen before they are there.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
	!defined(__clang__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

// Of less the call costs more than it saves.
#define WIDE_LEAST 128u

typedef uint64_t vector __attribute__((vector_size(32)));

// The sum of 32-bit words, `length` bytes of them: a multiple of 64. Halves of 64-bit words are added up apart.
WIDEST static uint64_t wide_sum(const uint8_t *at, uint32_t length)
{
	vector low = {0}, high = {0};
	for (uint32_t i = 0; i < length; i += 64) {
		vector first, second;
		memcpy(&first, at + i, sizeof(first));
		memcpy(&second, at + i + sizeof(first), sizeof(second));
		low += (first & UINT32_MAX) + (second & UINT32_MAX);
		high += (first >> 32) + (second >> 32);
	}
	low += high;
	return low[0] + low[1] + low[2] + low[3];
}

// Apart, so that a header's checksum has no call in it.
static __attribute__((noinline)) uint16_t wide_checksum(
	uint32_t sum, const uint8_t *at, uint32_t length)
{
	uint32_t wide = length & ~63u;
	return internet_checksum(fold64(sum + wide_sum(at, wide)), at + wide, length - wide);
}

uint16_t internet_checksum(uint32_t sum, const void *bytes, uint32_t length)
{
	const uint8_t *at = bytes;
	uint64_t total = sum, second = 0;

	if (length >= WIDE_LEAST)
		return wide_checksum(sum, at, length);
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

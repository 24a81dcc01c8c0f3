// SPDX-License-Identifier: BSD-3-Clause
//
// The Internet checksum against RFC 1071 taken literally.
#include <criterion/criterion.h>

#include <arpa/inet.h>

#include "dataplane/frame/checksum.h"

static uint16_t naive(uint32_t sum, const uint8_t *at, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

// 0 and 0xffff are the same number in one's complement.
static bool same(uint16_t a, uint16_t b)
{
	return a == b || (uint16_t)(a ^ b) == 0xffff;
}

static void fill(uint8_t *at, unsigned length, uint32_t seed)
{
	for (unsigned i = 0; i < length; i++) {
		seed = seed * 1664525 + 1013904223;
		at[i] = (uint8_t)(seed >> 24);
	}
}

Test(checksum, all_lengths_and_alignments)
{
	static uint8_t bytes[1700];
	fill(bytes, sizeof(bytes), 1);
	for (unsigned alignment = 0; alignment < 8; alignment++) {
		for (unsigned length = 0; length < 1600; length++) {
			const uint8_t *at = bytes + alignment;
			cr_assert(same(internet_checksum(0, at, length), naive(0, at, length)),
				"length %u at %u", length, alignment);
		}
	}
}

Test(checksum, carries_everywhere)
{
	static uint8_t bytes[65535];
	memset(bytes, 0xff, sizeof(bytes));
	for (unsigned length = 65000; length <= 65535; length++)
		cr_assert(same(internet_checksum(0xffffffff, bytes, length),
			naive(0, bytes, length))); // all sums are 0 but for the odd byte
	memset(bytes, 0, sizeof(bytes));
	cr_assert_eq(internet_checksum(0, bytes, 1500), 0xffff);
}

Test(checksum, example_of_rfc_1071)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	cr_assert_eq(internet_checksum(0, bytes, sizeof(bytes)), htons((uint16_t)~0xddf2u));
}

Test(checksum, right_one_gives_zero)
{
	uint8_t bytes[64];
	for (uint32_t seed = 0; seed < 5000; seed++) {
		fill(bytes, sizeof(bytes), seed);
		memset(bytes + 10, 0, 2);
		uint16_t checksum = internet_checksum(0, bytes, sizeof(bytes));
		memcpy(bytes + 10, &checksum, 2);
		cr_assert_eq(internet_checksum(0, bytes, sizeof(bytes)), 0);
		bytes[seed % 64] ^= (uint8_t)(1 + seed % 255);
		cr_assert_neq(internet_checksum(0, bytes, sizeof(bytes)), 0);
	}
}

// The pseudo header written out, in front of a segment.
static uint16_t with_pseudo(const struct bs_address *source, const struct bs_address *destination,
	bool ipv4, const uint8_t *segment, unsigned length)
{
	uint8_t bytes[40 + 200] = {0};
	unsigned at;
	if (ipv4) {
		memcpy(bytes, source->octet + 12, 4);
		memcpy(bytes + 4, destination->octet + 12, 4);
		bytes[9] = 6;
		bytes[10] = (uint8_t)(length >> 8);
		bytes[11] = (uint8_t)length;
		at = 12;
	} else {
		memcpy(bytes, source->octet, 16);
		memcpy(bytes + 16, destination->octet, 16);
		bytes[34] = (uint8_t)(length >> 8);
		bytes[35] = (uint8_t)length;
		bytes[39] = 6;
		at = 40;
	}
	memcpy(bytes + at, segment, length);
	return naive(0, bytes, at + length);
}

Test(checksum, pseudo_headers)
{
	uint8_t segment[200];
	struct bs_address a, b;
	for (uint32_t seed = 0; seed < 2000; seed++) {
		unsigned length = 20 + seed % 180;
		bool ipv4 = seed % 2 == 0;
		fill(segment, sizeof(segment), seed);
		fill(a.octet, 16, seed + 7);
		fill(b.octet, 16, seed + 9);
		if (ipv4) {
			a = bs_address_from_ipv4(a.octet);
			b = bs_address_from_ipv4(b.octet);
		}
		uint32_t sum = pseudo_header_sum(&a, &b, 6, length);
		cr_assert(same(internet_checksum(sum, segment, length),
			with_pseudo(&a, &b, ipv4, segment, length)));
		cr_assert(same((uint16_t)~checksum_fold(sum), internet_checksum(sum, NULL, 0)));
	}
}

// SPDX-License-Identifier: BSD-3-Clause
//
// Prefixes as numbers, for those who sort, split and subtract them. Pure functions.
#pragma once

#include "dataplane/seam/address.h"

typedef unsigned __int128 prefix_number; // an address

static inline prefix_number prefix_number_of(const struct bs_address *address)
{
	uint64_t high, low;
	memcpy(&high, address->octet, sizeof(high));
	memcpy(&low, address->octet + 8, sizeof(low));
	return (prefix_number)__builtin_bswap64(high) << 64 | __builtin_bswap64(low);
}

static inline struct bs_address prefix_number_address(prefix_number number)
{
	uint64_t half[2] = {
		__builtin_bswap64((uint64_t)(number >> 64)), __builtin_bswap64((uint64_t)number)};
	return bs_address_from_ipv6(half);
}

// Ones where a prefix of `length` (0 to 128) has its host bits.
static inline prefix_number prefix_number_host(unsigned length)
{
	return length == 0 ? ~(prefix_number)0 : ((prefix_number)1 << (128 - length)) - 1;
}

static inline prefix_number prefix_first(const struct bs_prefix *prefix)
{
	return prefix_number_of(&prefix->address) & ~prefix_number_host(prefix->length);
}

static inline prefix_number prefix_last(const struct bs_prefix *prefix)
{
	return prefix_first(prefix) | prefix_number_host(prefix->length);
}

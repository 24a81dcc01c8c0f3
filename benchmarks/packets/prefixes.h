// SPDX-License-Identifier: BSD-3-Clause
//
// The prefixes of a large list, seeded: in IPv4 60 % /32, 30 % /24, the rest evenly /23 to /16; in IPv6 60 % /64, 30 % /48, the
// rest /128. Scattered, disjoint, outside of what is no address of the Internet, and in an order that is none. No DPDK.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/seam/address.h"

struct prefixes {
	struct bs_prefix *prefix;
	size_t count;
	uint8_t *taken; // IPv4: a byte a /24 that a prefix covers as a whole
};

// In IPv4 the short ones of more would not find room beside each other.
#define PREFIXES_MOST 1200000u

// Up to PREFIXES_MOST. False without memory; prefixes_free() takes either.
bool prefixes_ipv4(struct prefixes *prefixes, size_t count, uint64_t seed);
bool prefixes_ipv6(struct prefixes *prefixes, size_t count, uint64_t seed);
void prefixes_free(struct prefixes *prefixes);

// An address of the prefix, the host bits from `random`.
struct bs_address prefixes_address(const struct bs_prefix *prefix, uint64_t random);

// Whether an address whose last bit is 1 lies in one of the IPv4 prefixes: the /32s are all even.
bool prefixes_hold(const struct prefixes *prefixes, uint32_t odd_ipv4);

// An address that a peer on the Internet may have, as every prefix here holds some.
bool prefixes_is_public(uint32_t ipv4);

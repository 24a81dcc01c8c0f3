// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of IANA's IPv4 and IPv6 special-purpose address registries (RFC 6890, RFC 8190) whose
// "globally reachable" is False, multicast, and IPv6 outside of what is allocated as global unicast.
//
// Rows where the registry says neither yes nor no are left alone, as a good mail refused is worse than
// a bogon let in: 192.88.99.0/24 (6to4 relays), 2002::/16 (6to4), 2001::/32 (Teredo; valid as a
// source by its row).
#include "dataplane/seam/reserved.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define IPV4(a, b, c, d, length) \
	{ \
		{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, 96 + (length) \
	}
// The sixteen-bit groups of the address from its beginning.
#define GROUP(group) (uint8_t)((group) >> 8), (uint8_t)((group)&0xff)
#define IPV6(a, b, c, d, last, length) \
	{ \
		{{GROUP(a), GROUP(b), GROUP(c), GROUP(d), 0, 0, 0, 0, 0, 0, GROUP(last)}}, length \
	}

const struct bs_prefix bs_reserved[] = {
	IPV4(0, 0, 0, 0, 8),       // "this network", RFC 791, 3.2
	IPV4(10, 0, 0, 0, 8),      // private use, RFC 1918
	IPV4(100, 64, 0, 0, 10),   // shared address space, RFC 6598
	IPV4(127, 0, 0, 0, 8),     // loopback, RFC 1122, 3.2.1.3
	IPV4(169, 254, 0, 0, 16),  // link local, RFC 3927
	IPV4(172, 16, 0, 0, 12),   // private use, RFC 1918
	IPV4(192, 0, 0, 0, 24),    // IETF protocol assignments, RFC 6890, 2.1
	IPV4(192, 0, 2, 0, 24),    // documentation, RFC 5737
	IPV4(192, 168, 0, 0, 16),  // private use, RFC 1918
	IPV4(198, 18, 0, 0, 15),   // benchmarking, RFC 2544
	IPV4(198, 51, 100, 0, 24), // documentation, RFC 5737
	IPV4(203, 0, 113, 0, 24),  // documentation, RFC 5737
	IPV4(224, 0, 0, 0, 4),     // multicast, RFC 5771
	IPV4(240, 0, 0, 0, 4),     // reserved, RFC 1112, 4; with limited broadcast, RFC 8190
	// outside 2000::/3 (RFC 4291, 2.4): with ::/128 and ::1/128 (RFC 4291), 64:ff9b:1::/48 (RFC 8215),
	// 100::/64 (RFC 6666), 100:0:0:1::/64 (RFC 9780), 5f00::/16 (RFC 9602), fc00::/7 (RFC 4193),
	// fe80::/10 and ff00::/8 (RFC 4291)
	IPV6(0, 0, 0, 0, 0, 3), IPV6(0x4000, 0, 0, 0, 0, 2), IPV6(0x8000, 0, 0, 0, 0, 1),
	IPV6(0x2001, 0, 0, 0, 0, 23),     // IETF protocol assignments, RFC 2928; with 2001:2::/48
					  // (RFC 5180), 2001:10::/28 (RFC 4843)
	IPV6(0x2001, 0xdb8, 0, 0, 0, 32), // documentation, RFC 3849
	IPV6(0x3fff, 0, 0, 0, 0, 20),     // documentation, RFC 9637
};
const size_t bs_reserved_count = ROWS(bs_reserved);

const struct bs_prefix bs_reachable[] = {
	IPV4(192, 0, 0, 9, 32),           // Port Control Protocol anycast, RFC 7723
	IPV4(192, 0, 0, 10, 32),          // TURN anycast, RFC 8155
	IPV6(0x64, 0xff9b, 0, 0, 0, 96),  // IPv4-IPv6 translation, RFC 6052
	IPV6(0x2001, 0, 0, 0, 0, 32),     // Teredo, RFC 4380: see above
	IPV6(0x2001, 1, 0, 0, 1, 128),    // Port Control Protocol anycast, RFC 7723
	IPV6(0x2001, 1, 0, 0, 2, 128),    // TURN anycast, RFC 8155
	IPV6(0x2001, 1, 0, 0, 3, 128),    // DNS-SD service registration anycast, RFC 9665
	IPV6(0x2001, 3, 0, 0, 0, 32),     // AMT, RFC 7450
	IPV6(0x2001, 4, 0x112, 0, 0, 48), // AS112-v6, RFC 7535
	IPV6(0x2001, 0x20, 0, 0, 0, 28),  // ORCHIDv2, RFC 7343
	IPV6(0x2001, 0x30, 0, 0, 0, 28),  // drone remote ID tags, RFC 9374
};
const size_t bs_reachable_count = ROWS(bs_reachable);

const struct bs_prefix *bs_reserved_of(const struct bs_address *address)
{
	for (size_t i = 0; i < bs_reachable_count; i++)
		if (bs_prefix_contains(&bs_reachable[i], address))
			return NULL;
	for (size_t i = 0; i < bs_reserved_count; i++)
		if (bs_prefix_contains(&bs_reserved[i], address))
			return &bs_reserved[i];
	return NULL;
}

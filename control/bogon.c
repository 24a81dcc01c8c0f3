// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of IANA's IPv4 and IPv6 special-purpose address registries (RFC 6890, RFC 8190) whose
// "globally reachable" is False, multicast, and IPv6 outside of what is allocated as global unicast.
//
// Rows where the registry says neither yes nor no are left alone, as a good mail refused is worse than
// a bogon let in: 192.88.99.0/24 (6to4 relays), 2002::/16 (6to4), 2001::/32 (Teredo; valid as a
// source by its row).

#include "control/bogon.h"

#include <stdlib.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const char *const bogon[] = {
	"0.0.0.0/8",       // "this network", RFC 791, 3.2
	"10.0.0.0/8",      // private use, RFC 1918
	"100.64.0.0/10",   // shared address space, RFC 6598
	"127.0.0.0/8",     // loopback, RFC 1122, 3.2.1.3
	"169.254.0.0/16",  // link local, RFC 3927
	"172.16.0.0/12",   // private use, RFC 1918
	"192.0.0.0/24",    // IETF protocol assignments, RFC 6890, 2.1
	"192.0.2.0/24",    // documentation, RFC 5737
	"192.168.0.0/16",  // private use, RFC 1918
	"198.18.0.0/15",   // benchmarking, RFC 2544
	"198.51.100.0/24", // documentation, RFC 5737
	"203.0.113.0/24",  // documentation, RFC 5737
	"224.0.0.0/4",     // multicast, RFC 5771
	"240.0.0.0/4",     // reserved, RFC 1112, 4; with limited broadcast, RFC 8190
	// outside 2000::/3 (RFC 4291, 2.4): with ::/128 and ::1/128 (RFC 4291), 64:ff9b:1::/48 (RFC 8215),
	// 100::/64 (RFC 6666), 100:0:0:1::/64 (RFC 9780), 5f00::/16 (RFC 9602), fc00::/7 (RFC 4193),
	// fe80::/10 and ff00::/8 (RFC 4291)
	"::/3", "4000::/2", "8000::/1",
	"2001::/23", // IETF protocol assignments, RFC 2928; with 2001:2::/48 (RFC 5180), 2001:10::/28
		     // (RFC 4843)
	"2001:db8::/32", // documentation, RFC 3849
	"3fff::/20",     // documentation, RFC 9637
};

// Rows inside those above that are reachable, by a more specific row of the registry.
static const char *const reachable[] = {
	"192.0.0.9/32",    // Port Control Protocol anycast, RFC 7723
	"192.0.0.10/32",   // TURN anycast, RFC 8155
	"64:ff9b::/96",    // IPv4-IPv6 translation, RFC 6052
	"2001::/32",       // Teredo, RFC 4380: see above
	"2001:1::1/128",   // Port Control Protocol anycast, RFC 7723
	"2001:1::2/128",   // TURN anycast, RFC 8155
	"2001:1::3/128",   // DNS-SD service registration anycast, RFC 9665
	"2001:3::/32",     // AMT, RFC 7450
	"2001:4:112::/48", // AS112-v6, RFC 7535
	"2001:20::/28",    // ORCHIDv2, RFC 7343
	"2001:30::/28",    // drone remote ID tags, RFC 9374
};

static bool read_rows(const char *const *row, size_t count, struct bs_prefix *prefixes)
{
	for (size_t i = 0; i < count; i++)
		if (bs_prefix_parse(row[i], &prefixes[i], NULL) != BS_PREFIX_OK)
			return false;
	return true;
}

bool bogon_rules(struct class_rules *rules, uint8_t class, uint8_t priority,
	const struct bs_prefix *trusted, size_t trusted_count)
{
	struct bs_prefix prefixes[ROWS(bogon)];
	struct bs_prefix *holes = calloc(ROWS(reachable) + trusted_count, sizeof(*holes));
	bool added = false;

	if (holes == NULL)
		return false;
	if (trusted_count > 0)
		memcpy(holes + ROWS(reachable), trusted, trusted_count * sizeof(*holes));
	if (read_rows(bogon, ROWS(bogon), prefixes) && read_rows(reachable, ROWS(reachable), holes))
		added = class_rules_add_without(rules, prefixes, ROWS(bogon), class, priority,
			holes, ROWS(reachable) + trusted_count);
	free(holes);
	return added;
}

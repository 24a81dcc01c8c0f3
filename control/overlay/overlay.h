// SPDX-License-Identifier: BSD-3-Clause
//
// The overlay as it is looked up: entries that the operator added while we run, immutable once built; any number of
// threads read it at once. What is behind an entry (lifetime, note) is control's (control/overlay/overlay_entries.h).
//
// A hash of (prefix, length), one probe for each length that is in use. Changes are small against the class table: 65,536
// entries are 3.7 MB, and a copy with one entry more takes half a millisecond, where painting a table of ranges anew takes
// tens. An attacker chooses the addresses that are asked for, not the entries, so no key is needed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/seam/address.h"

#define BS_OVERLAY_ENTRIES 65536u

enum bs_overlay_verdict { BS_OVERLAY_NONE, BS_OVERLAY_ALLOW, BS_OVERLAY_DENY };

struct bs_overlay_entry {
	struct bs_prefix prefix;
	uint8_t verdict; // BS_OVERLAY_ALLOW or BS_OVERLAY_DENY
};

struct bs_overlay;

// Of entries without two of the same prefix. NULL without memory. Control.
struct bs_overlay *bs_overlay_new(const struct bs_overlay_entry *entry, size_t count);
void bs_overlay_free(struct bs_overlay *overlay);

// What holds for an address: an entry that allows beats one that denies, whichever is narrower.
enum bs_overlay_verdict bs_overlay_lookup(
	const struct bs_overlay *overlay, const struct bs_address *address);

// Which of up to 64 addresses an entry may hold (bit i: the i-th): all that one holds, and few others, so that a burst of addresses of which
// nobody told us anything costs little. Host byte order; an IPv4 address in 32 bits.
uint64_t bs_overlay_may_hold_ipv4(
	const struct bs_overlay *overlay, const uint32_t *addresses, unsigned count);
uint64_t bs_overlay_may_hold_ipv6(const struct bs_overlay *overlay, const uint64_t *high,
	const uint64_t *low, unsigned count);

// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses that can't be on the Internet, and the few within them that can: what the ingress filter drops as bogons
// (control/lists/bogon.c) and where no domain's mail server can be (smtp/checks/sender_mx.c).
//
// Pure, constant; any thread.
#pragma once

#include "dataplane/seam/address.h"

extern const struct bs_prefix bs_reserved[];
extern const size_t bs_reserved_count;
// Prefixes inside those above that are reachable, by a more specific row of the registry.
extern const struct bs_prefix bs_reachable[];
extern const size_t bs_reachable_count;

// The prefix of bs_reserved that has the address, or NULL when it is in none or reachable.
const struct bs_prefix *bs_reserved_of(const struct bs_address *address);

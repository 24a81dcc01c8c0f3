// SPDX-License-Identifier: BSD-3-Clause
//
// Asks a backend what it offers, and on request whether it accepts a recipient; no mail is sent. Blocks: helper threads
// and the control thread only.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "smtp/relay/relay_offers.h"
#include "smtp/relay/relay_place.h"

#define RELAY_PROBE_MS \
	5000u // for all of it but the resolver; a backend that is well needs milliseconds

struct relay_probe {
	// results
	struct relay_address address[RELAY_ADDRESSES];
	unsigned addresses; // 0: not resolved
	unsigned answered;  // index of the one that did
	struct relay_offers offers;
	uint16_t recipient_code; // 0: not asked, or not answered
	char recipient_enhanced[READER_ENHANCED];
	char why[160]; // of a failure
};

// `recipient`: "someone@example.org", NULL: none. `stop`: given up when it becomes true; may be NULL.
bool relay_probe(const struct relay_place *place, const char *hello, const char *recipient,
	const _Atomic bool *stop, struct relay_probe *probe);

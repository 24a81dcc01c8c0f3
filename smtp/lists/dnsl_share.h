// SPDX-License-Identifier: BSD-3-Clause
//
// How many of those lately asked about a DNS list has, each counted once in a window. For smtp/dnsl_health*.c.
//
// Atomics; any worker. What several count in the same moment may be counted twice or be lost once: a share is no account.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DNSL_SEEN \
	1024u // who was counted: twice a window, so that few are pushed out before it ends

struct dnsl_share {
	_Atomic uint64_t
		counts; // asked and hits of the window before, asked and hits of this: 16 bits each
	_Atomic uint64_t began_ms; // of this window
	_Atomic uint32_t run;      // hits since the last miss
	_Atomic uint32_t window;   // its number
	_Atomic uint32_t seen[DNSL_SEEN];
};

// False when it was counted in this window already. `subject`: 64 random bits that are always the same for it.
bool dnsl_share_add(struct dnsl_share *share, uint64_t subject, bool hit, uint64_t now_ms);

enum dnsl_share_state { DNSL_SHARE_GOOD, DNSL_SHARE_RUN, DNSL_SHARE_OVER };

// `bound` in per cent, 100: always good. `was`: what it was before: who is over comes back some way below.
enum dnsl_share_state dnsl_share_state(
	const struct dnsl_share *share, uint8_t bound, enum dnsl_share_state was);

void dnsl_share_view(const struct dnsl_share *share, uint32_t *asked, uint32_t *hits);

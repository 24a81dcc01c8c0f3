// SPDX-License-Identifier: BSD-3-Clause
//
// Early questions: what the DNS says about a client is asked while it waits for the greeting, so that it is there when it is
// wanted. With `refuse-at = connect` what it comes to is a verdict on the source, which the end of the wait meets; and a total
// below `skip-score` ends the wait, and lets the source's next connections skip it.
//
// Owner: one worker.
#pragma once

#include <stdint.h>

#include "smtp/judge/judge.h"

struct bs_early;
struct bs_sources;
struct bs_streams;
struct early;

// `worker`: number of the one that owns it. `sources` may be NULL. NULL without memory.
struct early *early_new(struct judge *judge, struct bs_sources *sources, uint32_t worker);
void early_free(struct early *early);

// A client has begun to wait. Dropped when too many are being asked about: it is a favour.
void early_ask(struct early *early, struct bs_streams *streams, const struct bs_early *what,
	uint64_t now_ms);
// Goes on with those about whom there is news, a bounded number; returns how many.
unsigned early_turn(struct early *early, uint64_t now_ms);
bool early_ready(const struct early *early);

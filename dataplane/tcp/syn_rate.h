// SPDX-License-Identifier: BSD-3-Clause
//
// How fast a source sends SYNs: a fixed array of token buckets under a keyed hash, so that spoofed sources create nothing.
// Sources that share a bucket share its rate; that costs them no more than being answered with a cookie.
// An IPv6 source is a /64.
//
// Owner: one dataplane lcore. A source's SYNs fall to all lcores that poll its port, so each has its part of the rate: a SYN costs as
// many tokens as the port has queues. Buckets that lcores share would have a flood write to lines of each other's. Where they fall
// unevenly some get a cookie that a record was left for.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/siphash.h"

#define SYN_RATE_BUCKETS 65536u // 512 KB
#define SYN_RATE_BURST   64u    // SYNs at once; a mail pool opens some tens of connections
#define SYN_RATE_REFILL  16u    // SYNs a second after that

struct frame;
struct syn_rate;

struct syn_rate *syn_rate_new(const struct siphash_key *key); // NULL without memory
void syn_rate_free(struct syn_rate *rates);

// Finds frame->rate of SYNs, at most a burst of them, and fetches their buckets.
void syn_rate_prepare(const struct syn_rate *rates, struct frame *const *frames, unsigned count);

// Counts a SYN that is prepared and came in by a port with so many `queues`, at most SYN_RATE_BURST; false when its source is over its rate.
bool syn_rate_take(
	struct syn_rate *rates, const struct frame *frame, uint32_t queues, uint32_t now_ms);
